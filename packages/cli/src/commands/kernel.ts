import { Command } from "commander";
import { type KernelName, kernelFn } from "ntkit";
import { writeNpy } from "../io/npy.ts";
import {
  type CommonOptions,
  checkPaths,
  choiceOption,
  inNetworkFile,
  outputOf,
  readNetwork,
  withCommonOptions,
} from "./common.ts";
import { chooseEngine, type EngineOptions, withEngineOption } from "./engine.ts";
import { checkArrayPath, readInputPair } from "./inputs.ts";

interface KernelOptions extends CommonOptions, EngineOptions {
  readonly network: string;
  readonly x1: string;
  readonly x2?: string;
  readonly get: KernelName;
  readonly out: string;
}

export function kernelCommand(signal: AbortSignal): Command {
  const command = new Command("kernel")
    .addHelpText("before", "Example:\n  ntkit kernel --network net.json --x1 a.npy --x2 b.npy --get ntk --out k.npy\n")
    .requiredOption("--network <file>", "network file (JSON)")
    .requiredOption("--x1 <file>", "inputs, one row per example (.npy)")
    .option("--x2 <file>", "inputs of the columns (.npy); without it the rows of --x1")
    .addOption(choiceOption("--get <kernel>", "which kernel", ["nngp", "ntk"]).default("ntk"))
    .requiredOption("--out <file>", "where the matrix goes (.npy, float64)")
    .action((options: KernelOptions) => runKernel(options, signal));
  return withCommonOptions(withEngineOption(command));
}

async function runKernel(options: KernelOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const { x1: path1, x2: path2, network: networkPath, out } = options;
  await checkPaths([networkPath, path1, path2], [out], options);
  await checkArrayPath(out, "kernels");
  const network = await readNetwork(networkPath, signal);
  const { x1, x2 } = await readInputPair(path1, path2, signal);
  const engine = await chooseEngine(options, output);
  const gram = await output.progress("kernel", (onProgress) =>
    inNetworkFile(networkPath, () => kernelFn(network)(x1, x2, options.get, { engine, signal, onProgress })),
  );
  await writeNpy(out, gram);
  output.note(`${options.get} of ${networkPath}: ${gram.rows} x ${gram.cols}, written to ${out}`);
  output.result({ get: options.get, shape: [gram.rows, gram.cols], out });
}
