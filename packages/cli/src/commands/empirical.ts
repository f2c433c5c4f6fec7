import { Command } from "commander";
import {
  apply,
  countParams,
  DataError,
  type Engine,
  empiricalNngp,
  empiricalNtk,
  type Layer,
  type Matrix,
  type NtkAlgorithm,
  NumericalError,
  outputWidth,
  type Params,
  ShapeError,
} from "ntkit";
import { type NpyArray, writeNpyArray } from "../io/npy.ts";
import type { Output } from "../output.ts";
import {
  type CommonOptions,
  checkPaths,
  choiceOption,
  inNetworkFile,
  integer,
  outputOf,
  readNetwork,
  withCommonOptions,
} from "./common.ts";
import { chooseEngine, type EngineOptions, withEngineOption } from "./engine.ts";
import { checkArrayPath, readInputPair } from "./inputs.ts";
import { checkWeightsPath, drawWeights, readWeights, writeWeights } from "./weights.ts";

interface EmpiricalCommandOptions extends CommonOptions, EngineOptions {
  readonly network: string;
  readonly params?: string;
  readonly seed?: number;
  readonly saveParams?: string;
  readonly x1: string;
  readonly x2?: string;
  readonly get: "ntk" | "nngp" | "outputs";
  readonly full?: boolean;
  readonly trainable?: "all" | "first" | "last";
  readonly algorithm?: NtkAlgorithm | "auto";
  readonly out: string;
}

const EXAMPLES = `Examples:
  ntkit empirical --network net.json --seed 1 --save-params p.safetensors --x1 a.npy --out k.npy
  ntkit empirical --network net.json --params p.safetensors --x1 a.npy --get outputs --out f.npy
`;

export function empiricalCommand(signal: AbortSignal): Command {
  const command = new Command("empirical")
    .addHelpText("before", EXAMPLES)
    .requiredOption("--network <file>", "network file (JSON)")
    .option("--params <file>", "its weights (.safetensors)")
    .option("--seed <integer>", "draw its weights instead", integer(0))
    .option("--save-params <file>", "where the weights drawn go (.safetensors)")
    .requiredOption("--x1 <file>", "inputs, one row per example (.npy)")
    .option("--x2 <file>", "inputs of the columns (.npy); without it the rows of --x1")
    .addOption(
      choiceOption("--get <what>", "tangent kernel, product of outputs, or the outputs of --x1", [
        "ntk",
        "nngp",
        "outputs",
      ]).default("ntk"),
    )
    .option("--full", "the kernel of every pair of outputs, [n1, n2, o, o], not the mean over equal ones")
    .addOption(
      choiceOption("--trainable <layers>", "whose weights the tangent kernel is of (default: all)", [
        "all",
        "first",
        "last",
      ]),
    )
    .addOption(
      choiceOption("--algorithm <name>", "how the tangent kernel is computed (default: auto, the fewest products)", [
        "auto",
        "structured",
        "jacobian",
        "vectorProducts",
      ]),
    )
    .requiredOption("--out <file>", "where the array goes (.npy, float64)")
    .action((options: EmpiricalCommandOptions) => runEmpirical(options, signal));
  return withCommonOptions(withEngineOption(command));
}

async function runEmpirical(options: EmpiricalCommandOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const { network: networkPath, params: paramsPath, seed, saveParams, out } = options;
  checkOptions(options);
  await checkPaths([networkPath, paramsPath, options.x1, options.x2], [out, saveParams], options);
  await checkArrayPath(out, options.get === "outputs" ? "outputs" : "kernels");
  if (saveParams !== undefined) await checkWeightsPath(saveParams);
  const network = await readNetwork(networkPath, signal);
  const { x1, x2 } = await readInputPair(options.x1, options.x2, signal);
  checkRows(options.x1, x1);
  if (x2 && options.x2 !== undefined) checkRows(options.x2, x2);
  const outputs = await inNetworkFile(networkPath, async () => outputWidth(network, x1.cols));
  if (typeof outputs !== "number")
    throw new DataError(`${networkPath}: the network ends in ${outputs.length} branches: put a fanIn layer after them`);
  if (options.full) checkSize(x1.rows, (x2 ?? x1).rows, outputs);
  const source = { network, networkPath, x: x1, inputPath: options.x1, signal };
  const params =
    paramsPath === undefined ? await drawWeights(seed ?? 0, source) : await readWeights(paramsPath, source);
  const engine = await chooseEngine(options, output);
  const array = await compute({ network, params, x1, x2, options, engine, signal, output });
  await writeNpyArray(out, array);
  if (saveParams !== undefined) await writeWeights(saveParams, params, { seed: `${seed}` });
  const weights = countParams(params);
  output.note(
    `${options.get} of ${networkPath} with ${weights} weights: ${array.shape.join(" x ")}, written to ${out}${saveParams === undefined ? "" : `; the weights to ${saveParams}`}`,
  );
  output.result({
    get: options.get,
    shape: array.shape,
    weights,
    params: paramsPath ?? null,
    seed: seed ?? null,
    out,
    saveParams: saveParams ?? null,
  });
}

function checkOptions({
  params,
  seed,
  saveParams,
  get,
  full,
  x2,
  trainable,
  algorithm,
}: EmpiricalCommandOptions): void {
  if ((params === undefined) === (seed === undefined))
    throw new DataError(
      `${params === undefined ? "the network needs weights" : "--params and --seed exclude each other"}: pass --params FILE to read them, or --seed N to draw them`,
    );
  if (saveParams !== undefined && seed === undefined)
    throw new DataError(`--save-params writes the weights that --seed draws: pass --seed N, or leave it out`);
  if (get !== "ntk" && (trainable !== undefined || algorithm !== undefined))
    throw new DataError(
      `--${trainable === undefined ? "algorithm" : "trainable"} is of the tangent kernel: leave it out, or pass --get ntk`,
    );
  if (get === "outputs" && (full || x2 !== undefined))
    throw new DataError(`--${full ? "full" : "x2"} is of kernels: leave it out, or pass --get ntk or --get nngp`);
}

function checkRows(path: string, { rows }: Matrix): void {
  if (rows === 0) throw new ShapeError(`${path}: at least one row is needed, one per example, got none`);
}

/** More numbers than this are 16 GiB. */
const MAX_VALUES = 2 ** 31;

function checkSize(n1: number, n2: number, outputs: number): void {
  if (n1 * n2 * outputs ** 2 <= MAX_VALUES) return;
  throw new DataError(
    `--full would be ${n1} x ${n2} x ${outputs} x ${outputs} numbers, at most ${MAX_VALUES} are possible: pass fewer inputs, or leave it out`,
  );
}

interface Request {
  readonly network: Layer;
  readonly params: Params;
  readonly x1: Matrix;
  readonly x2: Matrix | null;
  readonly options: EmpiricalCommandOptions;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly output: Output;
}

async function compute({ network, params, x1, x2, options, engine, signal, output }: Request): Promise<NpyArray> {
  const { get, full, trainable, algorithm, network: path } = options;
  const array = await output.progress(`empirical ${get}`, (onProgress) =>
    inNetworkFile(path, async (): Promise<NpyArray> => {
      if (get === "outputs") return arrayOf(apply(network, params, x1, { engine }));
      const empirical = get === "ntk" ? empiricalNtk : empiricalNngp;
      const work = { trainable, algorithm, engine, signal, onProgress };
      if (full) return await empirical(network, params, x1, x2, { ...work, traceAxes: [] });
      return arrayOf(await empirical(network, params, x1, x2, work));
    }),
  );
  if (array.data.every(Number.isFinite)) return array;
  throw new NumericalError(`${get} of ${path} leaves the range of float64: use smaller weights or inputs`);
}

function arrayOf({ rows, cols, data }: Matrix): NpyArray {
  return { shape: [rows, cols], data };
}
