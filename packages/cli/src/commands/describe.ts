import { Command } from "commander";
import { describeNetwork, type Layer, type LayerReport, type NetworkReport, NumericalError } from "ntkit";
import { readInput, sourceName } from "../io/read-input.ts";
import type { Output } from "../output.ts";
import { leftAligned } from "../report.ts";
import { type CommonOptions, checkPaths, inNetworkFile, networkIn, outputOf, withCommonOptions } from "./common.ts";
import { describeModels, isSafetensors } from "./describe-model.ts";

export function describeCommand(signal: AbortSignal): Command {
  const command = new Command("describe")
    .addHelpText("before", "Examples:\n  ntkit describe net.json\n  ntkit describe houses.ntkit\n")
    .argument("<file>", "network file (JSON), or a model that ntkit fit saved")
    .action((path: string, options: CommonOptions) => runDescribe(path, options, signal));
  return withCommonOptions(command);
}

async function runDescribe(path: string, options: CommonOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  await checkPaths([path], [], {});
  const bytes = await readInput(path, { signal });
  if (!isSafetensors(bytes)) {
    const report = await describe(path, await networkIn(path, bytes));
    printLayers(path, report, output);
    output.result({ network: path, ...report });
    return;
  }
  const results: object[] = [];
  for (const { lines, network, summary } of describeModels(sourceName(path), bytes)) {
    const report = await describe(path, network);
    if (results.length > 0) output.print();
    for (const line of [...lines, ""]) output.print(line);
    printLayers(path, report, output);
    results.push({ ...summary, ...report });
  }
  output.result(results.length === 1 ? results[0]! : { model: path, targets: results });
}

function printLayers(path: string, report: NetworkReport, output: Output): void {
  output.print(`${path}: ${report.parametricLayers} layers with weights, ${report.layers.length} in all`);
  output.print();
  output.print("For two inputs with ⟨x,x⟩/d = 1 and correlation 1/2, after each layer:");
  output.print();
  for (const line of leftAligned([HEAD, ...report.layers.map(cells)])) output.print(line);
}

async function describe(path: string, network: Layer): Promise<NetworkReport> {
  const report = await inNetworkFile(path, async () => describeNetwork(network));
  const kernels = report.layers.flatMap(({ nngpSelf, nngpCross, ntkSelf, ntkCross }) =>
    [nngpSelf, nngpCross, ntkSelf, ntkCross].filter((value) => value !== null),
  );
  if (!kernels.every(Number.isFinite))
    throw new NumericalError(`${path}: the kernels leave the range of float64: lower wStd and bStd`);
  return report;
}

const HEAD = ["position", "layer", "K(x,x)", "K(x,x')", "Θ(x,x)", "Θ(x,x')"];

function cells(layer: LayerReport): string[] {
  const number = (value: number) => value.toPrecision(6);
  return [
    layer.path === "" ? "·" : layer.path,
    layer.text,
    ...[layer.nngpSelf, layer.nngpCross, layer.ntkSelf, layer.ntkCross].map((v) => (v === null ? "" : number(v))),
  ];
}
