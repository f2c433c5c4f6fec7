import { drawFigure } from "@ntkit/experiments";
import { Command, Option } from "commander";
import { ADAM_DEFAULTS, child, DataError, key, NumericalError } from "ntkit";
import { certifyWidth, defaultEpsilon, regimeOf, type WidthCertificate } from "../certify/certificate.ts";
import { certificateFigure } from "../certify/figure.ts";
import { announcement, forecast, type ScanSize } from "../certify/forecast.ts";
import { certifyLimit, type LimitCertificate } from "../certify/limit.ts";
import type { CertifyProblem } from "../certify/problem.ts";
import { measureWidth, type WidthMeasure } from "../certify/scan.ts";
import { headLines, limitLines, scanTable, widthLines } from "../certify/text.ts";
import { throwIfStopped, unlessStopped } from "../interrupt.ts";
import { readTable } from "../io/table-file.ts";
import type { Output } from "../output.ts";
import { readingSummary } from "../report.ts";
import { checkSvgPath, drawing, writeSvg } from "../svg.ts";
import { isForecast } from "../train/forecast.ts";
import type { LossName } from "../train/scores.ts";
import { theoryOf } from "../train/theory.ts";
import { excludeOption } from "./column-options.ts";
import {
  type CommonOptions,
  checkPaths,
  choiceOption,
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
import {
  checkNetwork,
  finiteWidths,
  lossOption,
  optimizerOf,
  type PreparedData,
  positive,
  prepareFor,
  type Width,
  widths,
} from "./train-setup.ts";

interface CertifyOptions extends CommonOptions, TableOptions, EngineOptions {
  readonly target: string;
  readonly exclude?: readonly string[];
  readonly network: string;
  readonly mse?: number;
  readonly loss?: LossName;
  readonly optimizer: "gradientDescent" | "adam";
  readonly learningRate?: number;
  readonly width?: readonly Width[];
  readonly draws?: number;
  readonly steps?: number;
  readonly quick?: boolean;
  readonly epsilon?: number;
  readonly delta: number;
  readonly trainable: "all" | "first" | "last";
  readonly seed: number;
  readonly plot?: string;
}

const EXAMPLES = `Examples:
  ntkit certify houses.csv --target price --network net.json
  ntkit certify houses.csv --target price --network net.json --mse 0.05 --width 256,1024 --plot certificate.svg
  ntkit certify iris.csv --target species --network three-outputs.json --loss squared
`;

export function certifyCommand(signal: AbortSignal): Command {
  const command = new Command("certify")
    .addHelpText("before", EXAMPLES)
    .argument("<table>", "CSV, TSV, JSON rows, Parquet, .npy or .npz, each of them gzipped or not; - is standard input")
    .requiredOption("--target <column>", "the column to predict: numbers, or classes")
    .requiredOption("--network <file>", "network file (JSON) with one output, or one for each class")
    .addOption(excludeOption())
    .option(
      "--mse <number>",
      "the mean squared error whose time is predicted; 1 is the variance of a target of numbers (default: 0.01)",
      positive,
    )
    .addOption(lossOption())
    .addOption(
      choiceOption("--optimizer <name>", "how a step is taken", ["gradientDescent", "adam"]).default("gradientDescent"),
    )
    .option(
      "--learning-rate <number>",
      "of adam (default: 0.001); gradient descent takes half the stable one",
      positive,
    )
    .addOption(
      new Option(
        "--width <list>",
        "widths of its hidden layers that are measured (default: 64,256,1024; with --quick 64,256)",
      ).argParser(widths),
    )
    .option("--draws <integer>", "networks of each width (default: 3; with --quick 2)", integer(1))
    .option("--steps <integer>", "steps that one network of each width is trained for (default: 500)", integer(1))
    .option("--quick", "fewer and narrower networks: seconds, and a coarser scan")
    .option("--epsilon <number>", "distance from the limit that is asked for; a quarter of λ_min when absent", positive)
    .option("--delta <number>", "chance that the bound on that distance fails", share, 0.1)
    .addOption(
      choiceOption("--trainable <layers>", "which layers train; of first, the others start as ±1", [
        "all",
        "first",
        "last",
      ]).default("all"),
    )
    .option("--seed <integer>", "draws the networks, and the order of shuffled targets", integer(0), 0)
    .option("--plot <file>", "a picture (.svg): the spectrum, and distances from the limit by width")
    .action((table: string, options: CertifyOptions) => runCertify(table, options, signal));
  return withCommonOptions(withEngineOption(withTableOptions(command)));
}

const FULL: ScanSize = { widths: [64, 256, 1024], draws: 3, steps: 500 };
const QUICK: ScanSize = { widths: [64, 256], draws: 2, steps: 500 };

/** What is asked for, and the rest as usual, or quick. */
function sizeOf({ width, draws, steps, quick = false }: CertifyOptions): ScanSize {
  const usual = quick ? QUICK : FULL;
  const list = width === undefined ? usual.widths : finiteWidths(width);
  if (width !== undefined && list.length < width.length)
    throw new DataError("--width inf: the infinite network is always certified; name finite widths");
  return { widths: list, draws: draws ?? usual.draws, steps: steps ?? usual.steps };
}

/** Says how long the scan will take where that is not at once. */
async function announce(problem: CertifyProblem, size: ScanSize, output: Output): Promise<void> {
  const seconds = await forecast(problem, Math.max(...size.widths));
  const line = announcement(size, seconds(size), seconds(QUICK));
  if (line !== null) output.note(`ntkit: ${line}`);
}

function share(text: string): number {
  const value = positive(text);
  if (value < 1) return value;
  throw new DataError(`--delta is a probability, between 0 and 1, got ${text}`);
}

async function runCertify(path: string, options: CertifyOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const { network: networkPath, target, plot, trainable, seed } = options;
  await checkPaths([path, networkPath], [plot], options);
  if (plot !== undefined) await checkSvgPath(plot);
  const size = sizeOf(options);
  const optimizer = optimizerOf(options.optimizer, undefined);
  if (options.learningRate !== undefined && isForecast(optimizer))
    throw new DataError(
      "--learning-rate needs --optimizer adam: gradient descent takes half the largest stable rate; leave it out",
    );
  const given = await readNetwork(networkPath, signal);
  const table = await readTable(path, tableReading(options, signal));
  const data = await prepareFor(given, networkPath, table, { ...options, testFraction: 0 });
  const network = await checkNetwork(given, networkPath, data, size.widths);
  const engine = await chooseEngine(options, output);
  const { train, loss } = data;
  const problem: CertifyProblem = {
    ...{ network, train, loss, optimizer, classes: train.scale.kind !== "numeric", trainable, seed, engine },
  };
  if (options.mse !== undefined && theoryOf(problem).caveat !== null)
    throw new DataError(
      "--mse is of gradient descent on a squared loss: leave it out, or pass --loss squared and --optimizer gradientDescent",
    );
  for (const line of headLines(path, target, data, problem)) output.print(line);
  const limit = await output.progress("infinite network", (onProgress) =>
    inNetworkFile(networkPath, () =>
      certifyLimit(problem, { mse: options.mse ?? 0.01, seeds: child(key(seed), 0) }, { signal, onProgress }),
    ),
  );
  if (limit.maxLearningRate === Infinity)
    throw new NumericalError(`${path}: the tangent kernel of the infinite network is zero, so that nothing is learned`);
  for (const line of limitLines(limit, problem)) output.print(line);
  await announce(problem, size, output);
  const scan = await scanWidths({ problem, limit, options, size, signal, output });
  const certified: Certified = { path, data, options, size, problem, limit, scan, certificate: null };
  const { result, saved } = scan.length === 0 ? { result: certified, saved: [] } : await certify(certified, output);
  const missing = size.widths.slice(scan.length);
  output.result({ ...summary(result), missing });
  throwIfStopped(missing, size.widths.length, saved);
}

interface Scan {
  readonly problem: CertifyProblem;
  readonly limit: LimitCertificate;
  readonly options: CertifyOptions;
  readonly size: ScanSize;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** One width after the other, each printed when it is done, until all are or a signal says stop. */
async function scanWidths({ problem, limit, options, size, signal, output }: Scan): Promise<readonly WidthMeasure[]> {
  const { delta, network, quick = false } = options;
  const setting = { ...size, learningRate: learningRateOf(limit, options), limit: limit.kernel };
  const scan: WidthMeasure[] = [];
  const table = scanTable(problem, size.draws, size.steps, quick);
  for (const line of table.header) output.print(line);
  for (const width of size.widths) {
    const one = await unlessStopped(signal, () =>
      output.progress(`width ${width}`, (onProgress) =>
        inNetworkFile(network, () => measureWidth(problem, setting, width, { signal, onProgress })),
      ),
    );
    if (one === null) break;
    scan.push(one);
    const own = certifyWidth(problem, limit, [one], { epsilon: 1, delta });
    output.print(table.line(one, own.promises[0]!.promises.value));
  }
  for (const line of table.legend) output.print(line);
  return scan;
}

function learningRateOf({ maxLearningRate }: LimitCertificate, { learningRate }: CertifyOptions): number {
  return maxLearningRate === null ? (learningRate ?? ADAM_DEFAULTS.learningRate) : maxLearningRate / 2;
}

interface Certified {
  readonly path: string;
  readonly data: PreparedData;
  readonly options: CertifyOptions;
  readonly size: ScanSize;
  readonly problem: CertifyProblem;
  readonly limit: LimitCertificate;
  readonly scan: readonly WidthMeasure[];
  /** Of the widths in the scan; null where there are none. */
  readonly certificate: WidthCertificate | null;
}

/** What the scan says of all widths, printed and drawn; a line for the file that was written. */
async function certify(scanned: Certified, output: Output): Promise<{ result: Certified; saved: readonly string[] }> {
  const { path, options, problem, limit, scan } = scanned;
  const { epsilon = defaultEpsilon(limit), delta, plot, target } = options;
  const certificate = certifyWidth(problem, limit, scan, { epsilon, delta });
  for (const line of widthLines(certificate, scan, limit)) output.print(line);
  const result = { ...scanned, certificate };
  if (plot === undefined) return { result, saved: [] };
  const title = `${target} of ${path.replace(/^.*\//, "")}`;
  await writeSvg(plot, drawFigure(certificateFigure(title, limit, scan, certificate), await drawing()));
  output.print();
  output.print(`plot: ${plot}`);
  return { result, saved: [`plot: ${plot}`] };
}

/** All of it as one JSON object; what is not finite is null there. */
function summary({ path, data, options, size, problem, limit, scan, certificate }: Certified): object {
  const { target, seed, trainable, quick = false, plot } = options;
  const { engine, network, train, loss, optimizer } = problem;
  const { kernel, eigenvalues, ...rest } = limit;
  return {
    ...{
      table: path,
      ...readingSummary(data.table),
      target,
      rows: train.x.rows,
      inputs: train.x.cols,
      network,
      trainable,
      seed,
    },
    ...{ loss, optimizer, learningRate: learningRateOf(limit, options), theory: theoryOf(problem) },
    engine: { name: engine.name, description: engine.description },
    limit: { ...rest, eigenvalues: Array.from(eigenvalues) },
    quick,
    draws: size.draws,
    steps: size.steps,
    widths: scan.map((one, i) => ({ ...one, regime: regimeOf(one), concentration: certificate?.promises[i] })),
    width: certificate && { ...certificate, promises: undefined },
    plot: certificate && (plot ?? null),
  };
}
