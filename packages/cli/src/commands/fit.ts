import { Command } from "commander";
import {
  type Candidate,
  defaultCandidates,
  type Engine,
  encodeModel,
  evaluateClassification,
  evaluateRegression,
  fitClassification,
  fitRegression,
  inferTask,
  type Layer,
  type Model,
  type RowColumns,
  type Table,
  type Task,
} from "ntkit";
import { type ReadTableOptions, readTable } from "../io/table-file.ts";
import { checkWritable, writeFileAtomic } from "../io/write-file.ts";
import type { Output } from "../output.ts";
import { checkPlotPath, type Evaluation, writePlot } from "../plot.ts";
import { type FitSummary, fitReport, fitSummary } from "../report.ts";
import { columnsNamed, excludeOption } from "./column-options.ts";
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
import { chooseReportedEngine, type EngineOptions, withEngineOption } from "./engine.ts";
import { holdOut } from "./hold-out.ts";

interface FitCommandOptions extends CommonOptions, TableOptions, EngineOptions {
  readonly target: string;
  readonly exclude?: readonly string[];
  readonly weight?: string;
  readonly group?: string;
  readonly time?: string;
  readonly task?: Task;
  readonly network?: string;
  readonly testFraction: number;
  readonly test?: string;
  readonly seed: number;
  readonly out?: string;
  readonly plot?: string;
}

export function fitCommand(signal: AbortSignal): Command {
  const command = new Command("fit")
    .addHelpText("before", "Example:\n  ntkit fit houses.csv --target price --out houses.ntkit --plot houses.svg\n")
    .argument("<table>", "CSV, TSV, JSON rows, Parquet, .npy or .npz, each of them gzipped or not; - is standard input")
    .requiredOption("--target <column>", "the column to predict")
    .addOption(excludeOption())
    .option("--weight <column>", "what each row counts, in the fit and in scores; 0 leaves it out")
    .option("--group <column>", "rows with the same value, like those of a patient, are held out and judged together")
    .option("--time <column>", "numbers or dates: the last rows are held out, and rows are judged by earlier ones only")
    .addOption(choiceOption("--task <task>", "found from the target when absent", ["regression", "classification"]))
    .option("--network <file>", "network file (JSON); without it architectures are chosen by leave-one-out")
    .option("--test-fraction <share>", "rows held out to score the model; 0 scores nothing", fraction, 0.2)
    .option("--test <table>", "a table to score the model on, instead of held-out rows")
    .option("--seed <integer>", "decides which rows are held out", integer(0), 0)
    .option("--out <file>", "where the model goes, fitted again on all rows when some were held out")
    .option("--plot <file>", "a picture (.svg): predicted against true, or the confusion matrix")
    .action((table: string, options: FitCommandOptions) => runFit(table, options, signal));
  return withCommonOptions(withEngineOption(withTableOptions(command)));
}

async function runFit(path: string, options: FitCommandOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  await checkPaths([path, options.test, options.network], [options.out, options.plot], options);
  if (options.out !== undefined) await checkWritable(options.out);
  if (options.plot !== undefined) await checkPlotPath(options.plot, options);
  const network = options.network === undefined ? undefined : await readNetwork(options.network, signal);
  const table = await readTable(path, tableReading(options, signal));
  const task = options.task ?? inferTask(table, options.target);
  const exclude = columnsNamed(table, "--exclude", options.exclude);
  const columns: LearnedColumns = { exclude, weight: options.weight, group: options.group, time: options.time };
  const { train, test } = await split(table, task, options, columns, tableReading(options, signal));
  const { engine, notes } = await chooseReportedEngine(options, output);
  const context: FitContext = { options, columns, task, network, engine, signal, output };
  const scored = await fitOn(train, "fitting", context);
  const evaluation = test && (await evaluate(scored, train, test, context));
  const refitted = options.out !== undefined && test !== null && options.test === undefined;
  const model = refitted ? await fitOn(table, "fitting on all rows", context) : scored;
  const summary: FitSummary = { path, table, model: scored, evaluation, engine, notes, options, refitted };
  await save(options, model, evaluation, output);
  for (const line of fitReport(summary)) output.print(line);
  output.result(fitSummary(summary));
}

/** What the columns of the table are. */
interface LearnedColumns extends RowColumns {
  readonly exclude: readonly string[];
}

interface FitContext {
  readonly options: FitCommandOptions;
  readonly columns: LearnedColumns;
  readonly task: Task;
  readonly network: Layer | undefined;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly output: Output;
}

async function split(
  table: Table,
  task: Task,
  { target, seed, testFraction, test }: FitCommandOptions,
  columns: LearnedColumns,
  reading: ReadTableOptions,
): Promise<{ train: Table; test: Table | null }> {
  if (test !== undefined) {
    const rows = await readTable(test, { ...reading, expected: table.names, alike: table.dialect });
    inferTask(rows, target); // throws when the target is not there, before the fit
    return { train: table, test: rows };
  }
  if (testFraction === 0) return { train: table, test: null };
  return holdOut(table, { target, task, testFraction, seed, ...columns });
}

function fitOn(
  table: Table,
  label: string,
  { options, columns, task, network, engine, signal, output }: FitContext,
): Promise<Model> {
  const candidates = network === undefined ? defaultCandidates() : bothKernels(network);
  return output.progress(label, (onProgress): Promise<Model> => {
    const { target, seed } = options;
    const fit = { ...columns, target, seed, candidates, engine, signal, onProgress };
    return inNetworkFile<Model>(options.network, () =>
      task === "regression" ? fitRegression(table, fit) : fitClassification(table, fit),
    );
  });
}

function bothKernels(network: Layer): Candidate[] {
  return [
    { name: "NTK of the network given", network, kernel: "ntk" },
    { name: "NNGP of the network given", network, kernel: "nngp" },
  ];
}

function evaluate(model: Model, train: Table, test: Table, { engine, signal }: FitContext): Promise<Evaluation> {
  const work = { engine, signal };
  return model.task === "regression"
    ? evaluateRegression(model, train, test, work)
    : evaluateClassification(model, train, test, work);
}

async function save(
  { out, plot }: FitCommandOptions,
  model: Model,
  evaluation: Evaluation | null,
  output: Output,
): Promise<void> {
  if (out !== undefined) await writeFileAtomic(out, (write) => write(encodeModel(model)));
  if (plot !== undefined && evaluation) await writePlot(plot, evaluation, model.target);
  if (plot !== undefined && !evaluation) output.note("no plot: there are no test rows to show");
}
