import { Command, Option } from "commander";
import { type KernelName, kernelFn, ShapeError } from "ntkit";
import { readNpyMatrix, writeNpy } from "../io/npy.ts";
import { checkWritable } from "../io/write-file.ts";
import { type CommonOptions, outputOf, readNetwork, withCommonOptions } from "./common.ts";

interface KernelOptions extends CommonOptions {
  readonly network: string;
  readonly x1: string;
  readonly x2?: string;
  readonly get: KernelName;
  readonly out: string;
}

export function kernelCommand(signal: AbortSignal): Command {
  const command = new Command("kernel")
    .description("Compute the exact infinite-width kernel of a network between the rows of two arrays.")
    .addHelpText("before", "Example:\n  ntkit kernel --network net.json --x1 a.npy --x2 b.npy --get ntk --out k.npy\n")
    .requiredOption("--network <file>", "network file (JSON)")
    .requiredOption("--x1 <file>", "inputs, one row per example (.npy)")
    .option("--x2 <file>", "inputs of the columns (.npy); without it the rows of --x1")
    .addOption(new Option("--get <kernel>", "which kernel").choices(["nngp", "ntk"]).default("ntk"))
    .requiredOption("--out <file>", "where the matrix goes (.npy, float64)")
    .action((options: KernelOptions) => runKernel(options, signal));
  return withCommonOptions(command);
}

async function runKernel(options: KernelOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  await checkWritable(options.out);
  const network = await readNetwork(options.network);
  const x1 = await readNpyMatrix(options.x1);
  const x2 = options.x2 === undefined ? null : await readNpyMatrix(options.x2);
  if (x2 && x2.cols !== x1.cols)
    throw new ShapeError(
      `${options.x2}: both inputs must have the same number of columns, got ${x2.cols}, and ${x1.cols} in ${options.x1}`,
    );
  const gram = await output.progress("kernel", (onProgress) =>
    kernelFn(network)(x1, x2, options.get, { signal, onProgress }),
  );
  await writeNpy(options.out, gram);
  output.note(`${options.get} of ${options.network}: ${gram.rows} x ${gram.cols}, written to ${options.out}`);
  output.result({ get: options.get, shape: [gram.rows, gram.cols], out: options.out });
}
