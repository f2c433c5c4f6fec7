import { basename } from "node:path";
import { Command, Option } from "commander";
import { DataError, type KernelName, kernelFn, type Matrix, ShapeError } from "ntkit";
import { readNpyMatrix, writeNpy } from "../io/npy.ts";
import { checkWritable } from "../io/write-file.ts";
import { type CommonOptions, checkPaths, inNetworkFile, outputOf, readNetwork, withCommonOptions } from "./common.ts";
import { chooseEngine, type EngineOptions, withEngineOption } from "./engine.ts";

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
    .addOption(new Option("--get <kernel>", "which kernel").choices(["nngp", "ntk"]).default("ntk"))
    .requiredOption("--out <file>", "where the matrix goes (.npy, float64)")
    .action((options: KernelOptions) => runKernel(options, signal));
  return withCommonOptions(withEngineOption(command));
}

async function runKernel(options: KernelOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const { x1: path1, x2: path2, network: networkPath, out } = options;
  await checkPaths([networkPath, path1, path2], [out], options);
  if (/\.[a-z0-9]+$/i.test(basename(out)) && !/\.npy$/i.test(out))
    throw new DataError(`${out}: kernels are written as .npy`);
  await checkWritable(out);
  const network = await readNetwork(networkPath);
  const x1 = await readInputs(path1);
  const x2 = path2 === undefined ? null : await readInputs(path2);
  if (x2 && x2.cols !== x1.cols)
    throw new ShapeError(
      `${path2}: both inputs must have the same number of columns, got ${x2.cols}, and ${x1.cols} in ${path1}`,
    );
  const { engine } = await chooseEngine(options, output);
  const gram = await output.progress("kernel", (onProgress) =>
    inNetworkFile(networkPath, () => kernelFn(network)(x1, x2, options.get, { engine, signal, onProgress })),
  );
  await writeNpy(out, gram);
  output.note(`${options.get} of ${networkPath}: ${gram.rows} x ${gram.cols}, written to ${out}`);
  output.result({ get: options.get, shape: [gram.rows, gram.cols], out });
}

/** Rows of finite numbers, one at least in each. */
async function readInputs(path: string): Promise<Matrix> {
  const x = await readNpyMatrix(path);
  if (x.cols === 0) throw new ShapeError(`${path}: inputs must have at least one column, got shape (${x.rows}, 0)`);
  const at = x.data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new DataError(
      `${path}: every value must be finite, got ${x.data[at]} at row ${Math.floor(at / x.cols)}, column ${at % x.cols}, both from 0: replace it, or leave the row out`,
    );
  return x;
}
