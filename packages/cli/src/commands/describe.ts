import { Command } from "commander";
import { describeNetwork, type LayerReport, type NetworkReport, NumericalError } from "ntkit";
import { leftAligned } from "../report.ts";
import { type CommonOptions, checkPaths, inNetworkFile, outputOf, readNetwork, withCommonOptions } from "./common.ts";

export function describeCommand(signal: AbortSignal): Command {
  const command = new Command("describe")
    .addHelpText("before", "Example:\n  ntkit describe net.json\n")
    .argument("<network>", "network file (JSON)")
    .action((path: string, options: CommonOptions) => runDescribe(path, options, signal));
  return withCommonOptions(command);
}

async function runDescribe(path: string, options: CommonOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const report = await describe(path, signal);
  output.print(`${path}: ${report.parametricLayers} layers with weights, ${report.layers.length} in all`);
  output.print();
  output.print("For two inputs with ⟨x,x⟩/d = 1 and correlation 1/2, after each layer:");
  output.print();
  for (const line of leftAligned([HEAD, ...report.layers.map(cells)])) output.print(line);
  output.result({ network: path, ...report });
}

async function describe(path: string, signal: AbortSignal): Promise<NetworkReport> {
  await checkPaths([path], [], {});
  const network = await readNetwork(path, signal);
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
