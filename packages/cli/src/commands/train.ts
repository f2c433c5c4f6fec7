import { Command, Option } from "commander";
import { ADAM_DEFAULTS, DataError, NumericalError } from "ntkit";
import { throwIfStopped, unlessStopped } from "../interrupt.ts";
import { readTable } from "../io/table-file.ts";
import { checkWritable } from "../io/write-file.ts";
import { tableFormat } from "../io/write-table.ts";
import type { Output } from "../output.ts";
import { checkSvgPath } from "../svg.ts";
import { type FiniteRun, finiteRun } from "../train/finite-width.ts";
import { isForecast } from "../train/forecast.ts";
import { type InfiniteLimit, type InfiniteRun, infiniteLimit, infiniteRun } from "../train/infinite-width.ts";
import type { SweepOptimizer, SweepProblem } from "../train/problem.ts";
import type { LossName } from "../train/scores.ts";
import { widthTable } from "../train/table.ts";
import { excludeOption } from "./column-options.ts";
import {
  type CommonOptions,
  checkPaths,
  choiceOption,
  fraction,
  inNetworkFile,
  integer,
  outputOf,
  readNetwork,
  type TableOptions,
  tableReading,
  withCommonOptions,
  withTableOptions,
} from "./common.ts";
import { chooseEngine, type EngineOptions, withEngineOption } from "./engine.ts";
import { headLines, saveRun, type TrainFiles, type TrainSummary, trainSummary } from "./train-report.ts";
import {
  checkNetwork,
  finiteWidths,
  lossOption,
  momentum,
  optimizerOf,
  type PreparedData,
  positive,
  prepareFor,
  type Width,
  widths,
} from "./train-setup.ts";
import { checkWeightsPath } from "./weights.ts";

interface TrainCommandOptions extends CommonOptions, TableOptions, EngineOptions, TrainFiles {
  readonly target: string;
  readonly exclude?: readonly string[];
  readonly network: string;
  readonly width?: readonly Width[];
  readonly loss?: LossName;
  readonly steps: number;
  readonly learningRate?: number;
  readonly optimizer: SweepOptimizer["type"];
  readonly momentum?: number | "schedule";
  readonly batchSize?: number;
  readonly trainable: "all" | "first" | "last";
  readonly seed: number;
  readonly testFraction: number;
}

const EXAMPLES = `Examples:
  ntkit train houses.csv --target price --network net.json --width 64,256,1024,inf --plot widths.svg
  ntkit train houses.csv --target price --network net.json --width 256 --save-params p.safetensors --save-network n.json
  ntkit train iris.csv --target species --network three-outputs.json --loss softmax --optimizer adam --learning-rate 0.01
`;

export function trainCommand(signal: AbortSignal): Command {
  const choices = (flags: string, what: string, names: readonly string[]) =>
    choiceOption(flags, what, names).default(names[0]);
  const command = new Command("train")
    .addHelpText("before", EXAMPLES)
    .argument("<table>", "CSV, TSV, JSON rows, Parquet, .npy or .npz, each of them gzipped or not; - is standard input")
    .requiredOption("--target <column>", "the column to predict: numbers, or classes")
    .requiredOption("--network <file>", "network file (JSON) with one output, or one for each class")
    .addOption(excludeOption())
    .addOption(
      new Option(
        "--width <list>",
        "widths of its hidden layers; inf is the infinite network (default: 64,256,1024,inf; of adam 64,256,1024)",
      ).argParser(widths),
    )
    .addOption(lossOption())
    .option("--steps <integer>", "steps of training", integer(1), 1000)
    .option(
      "--learning-rate <number>",
      "half the largest stable one of the infinite network when absent; of adam 0.001",
      positive,
    )
    .addOption(
      choices("--optimizer <name>", "how a step is taken", ["gradientDescent", "heavyBall", "nesterov", "adam"]),
    )
    .option("--momentum <number>", "of heavyBall (0.9 when absent) or nesterov (schedule when absent)", momentum)
    .option("--batch-size <integer>", "rows of a mini-batch; all rows when absent", integer(1))
    .addOption(choices("--trainable <layers>", "which layers train", ["all", "first", "last"]))
    .option("--seed <integer>", "draws initial weights, mini-batches and the rows held out", integer(0), 0)
    .option("--test-fraction <share>", "rows held out to test on; 0 for none", fraction, 0.2)
    .option("--plot <file>", "a picture (.svg): losses, movement, kernels and what was learned")
    .option("--out <file>", "a table of losses and movement by width and step")
    .option("--save-params <file>", "the trained weights (.safetensors) of the one finite width")
    .option("--save-network <file>", "the network file (JSON) of that width")
    .action((table: string, options: TrainCommandOptions) => runTrain(table, options, signal));
  return withCommonOptions(withEngineOption(withTableOptions(command)));
}

async function runTrain(path: string, options: TrainCommandOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const optimizer = optimizerOf(options.optimizer, options.momentum);
  const list = widthsOf(options.width, optimizer);
  await checkFiles(path, options, list);
  const given = await readNetwork(options.network, signal);
  const table = await readTable(path, tableReading(options, signal));
  const data = await prepareFor(given, options.network, table, options);
  const network = await checkNetwork(given, options.network, data, list);
  const engine = await chooseEngine(options, output);
  const { steps, batchSize, trainable, seed } = options;
  const { train, test, shown, loss } = data;
  const problem: SweepProblem = {
    ...{ network, train, test, shown, steps, loss, optimizer, classes: train.scale.kind !== "numeric" },
    ...{ batchSize: batchSize ?? null, trainable, seed, engine },
  };
  const context = { path, options, data, problem, list, signal, output };
  const summary = await sweep(context);
  const lines = await saveRun(summary);
  for (const line of lines) output.print(line);
  output.result(trainSummary(summary));
  throwIfStopped(summary.missing, list.length, lines);
  failWhereDiverged(summary);
}

/** The infinite network is among them where its path is known. */
function widthsOf(given: readonly Width[] | undefined, optimizer: SweepOptimizer): readonly Width[] {
  const known = isForecast(optimizer);
  if (given?.includes("inf") && !known)
    throw new DataError(
      "--width inf: how Adam trains an infinite network does not follow from its tangent kernel: name finite widths, or another --optimizer",
    );
  return given ?? (known ? [64, 256, 1024, "inf"] : [64, 256, 1024]);
}

async function checkFiles(path: string, options: TrainCommandOptions, width: readonly Width[]): Promise<void> {
  const { network, out, plot, saveParams, saveNetwork } = options;
  await checkPaths([path, network], [out, plot, saveParams, saveNetwork], options);
  if (out !== undefined) {
    tableFormat(out);
    await checkWritable(out);
  }
  if (plot !== undefined) await checkSvgPath(plot);
  if (saveParams !== undefined) await checkWeightsPath(saveParams);
  if (saveNetwork !== undefined) {
    if (!saveNetwork.toLowerCase().endsWith(".json"))
      throw new DataError(`${saveNetwork}: networks are written as .json`);
    await checkWritable(saveNetwork);
  }
  const saved = saveParams !== undefined ? "--save-params" : "--save-network";
  if ((saveParams ?? saveNetwork) !== undefined && finiteWidths(width).length !== 1)
    throw new DataError(
      `${saved} is of one finite network, --width names ${finiteWidths(width).length}: pass one, like --width 256,inf`,
    );
}

interface Context {
  readonly path: string;
  readonly options: TrainCommandOptions;
  readonly data: PreparedData;
  readonly problem: SweepProblem;
  readonly list: readonly Width[];
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** One width after the other, each printed when it is done, until all are or a signal says stop. */
async function sweep({ path, options, data, problem, list, signal, output }: Context): Promise<TrainSummary> {
  const { target, network: networkPath } = options;
  const limit = await output.progress("infinite width", (onProgress) =>
    inNetworkFile(networkPath, () => infiniteLimit(problem, { signal, onProgress })),
  );
  const maxLearningRate = limit.descent?.maxLearningRate ?? null;
  const learningRate = options.learningRate ?? defaultRate(maxLearningRate, path);
  const { engine } = problem;
  const base = { path, target, data, problem, learningRate, maxLearningRate, engine, files: options };
  const table = widthTable(problem);
  for (const line of [...headLines(base, options.learningRate !== undefined), "", table.header]) output.print(line);
  const asked: (FiniteRun | InfiniteRun)[] = [];
  const { descent } = limit;
  const infinite =
    descent &&
    (await output.progress("infinite width", (onProgress) =>
      infiniteRun(problem, descent, learningRate, { signal, onProgress }),
    ));
  const setting: Setting = { problem, limit, learningRate, networkPath, signal, output };
  for (const width of list) {
    const run = width === "inf" ? infinite : await trainOne(width, setting);
    if (run === null) continue;
    asked.push(run);
    output.print(table.line(run));
    if (learningRate >= (run.maxLearningRate ?? Infinity)) output.note(tooLarge(run, problem.loss, learningRate));
  }
  for (const line of ["", ...table.legend]) output.print(line);
  const missing = list.filter((width) => asked.every((run) => run.width !== width));
  return { ...base, asked, missing, infinite };
}

interface Setting {
  readonly problem: SweepProblem;
  readonly limit: InfiniteLimit;
  readonly learningRate: number;
  readonly networkPath: string;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** The network trained at one width, or null when a signal came before it was done. */
async function trainOne(
  width: number,
  { problem, limit, learningRate, networkPath, signal, output }: Setting,
): Promise<FiniteRun | null> {
  if (signal.aborted) return null;
  return unlessStopped(signal, () =>
    output.progress(`width ${width}`, (onProgress) =>
      inNetworkFile(networkPath, () => finiteRun(problem, limit, width, learningRate, { signal, onProgress })),
    ),
  );
}

function defaultRate(maxLearningRate: number | null, path: string): number {
  if (maxLearningRate === null) return ADAM_DEFAULTS.learningRate;
  if (Number.isFinite(maxLearningRate)) return maxLearningRate / 2;
  throw new NumericalError(`${path}: the tangent kernel of the infinite network is zero, so that nothing is learned`);
}

function tooLarge({ width, maxLearningRate }: FiniteRun | InfiniteRun, loss: LossName, learningRate: number): string {
  const stable = loss === "squared" ? "the largest stable one" : "the largest that is stable around any outputs";
  return `ntkit: width ${width}: the learning rate ${learningRate.toPrecision(4)} is not below ${stable}, ${maxLearningRate?.toPrecision(4)}`;
}

function failWhereDiverged({ asked, learningRate }: TrainSummary): void {
  const diverged = asked.filter(({ status }) => status === "diverged");
  if (diverged.length === 0) return;
  const names = diverged.map(({ width }) => `${width}`).join(", ");
  const stable = Math.min(...diverged.map(({ maxLearningRate }) => maxLearningRate ?? learningRate));
  throw new NumericalError(
    `the loss left the range of float64 at width ${names} with the learning rate ${learningRate.toPrecision(4)}: pass --learning-rate below ${stable.toPrecision(4)}`,
  );
}
