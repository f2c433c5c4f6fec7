import { Command } from "commander";
import {
  type Candidate,
  DataError,
  defaultCandidates,
  type Engine,
  encodeModels,
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
import { readTable } from "../io/table-file.ts";
import { checkWritable, writeFileAtomic } from "../io/write-file.ts";
import type { Output } from "../output.ts";
import { checkPlotPath, type Evaluation, writePlot } from "../plot.ts";
import { type FitSummary, fitReport, fitSummary } from "../report.ts";
import { columnsNamed, excludeOption, targetOption, targetsNamed } from "./column-options.ts";
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
  readonly target: readonly string[];
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
    .addOption(targetOption())
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
  const targets = targetsNamed(table, options.target);
  if (targets.length > 1 && options.plot !== undefined)
    throw new DataError(`--plot shows one target, and --target names ${targets.length}: leave it out, or fit one`);
  const exclude = columnsNamed(table, "--exclude", options.exclude);
  const columns: LearnedColumns = { exclude, weight: options.weight, group: options.group, time: options.time };
  const rows = await testRows(table, options, signal);
  const problems = targets.map((target): Problem => {
    const known = withoutTargets(table, targets, target);
    const task = options.task ?? inferTask(known, target);
    return { target, table: known, task, ...split(known, target, task, options, columns, rows) };
  });
  const { engine, notes } = await chooseReportedEngine(options, output);
  const learned: Learned[] = [];
  for (const problem of problems) {
    const context: FitContext = { options, columns, ...problem, network, engine, signal, output };
    learned.push(await learn(path, problem, notes, context));
  }
  await save(options, learned, output);
  const summaries = learned.map(({ summary }) => summary);
  summaries.forEach((summary, k) => {
    if (k > 0) output.print();
    for (const line of fitReport(summary)) output.print(line);
  });
  output.result(
    summaries.length === 1 ? fitSummary(summaries[0]!) : { table: path, targets: summaries.map(fitSummary) },
  );
}

/** One target and the rows it is learned from. */
interface Problem {
  readonly target: string;
  readonly table: Table;
  readonly task: Task;
  readonly train: Table;
  readonly test: Table | null;
}

/** What a target came to: the model that is saved may be fitted again on all rows. */
interface Learned {
  readonly summary: FitSummary;
  readonly saved: Model;
}

/** The table to learn one target from, where the other targets are no inputs. */
function withoutTargets(table: Table, targets: readonly string[], target: string): Table {
  if (targets.length === 1) return table;
  const others = new Set(targets.filter((name) => name !== target));
  const columns = table.columns.map((column, j) =>
    others.has(table.names[j]!) ? { ...column, aside: "is a target too" } : column,
  );
  return { ...table, columns };
}

async function learn(
  path: string,
  { target, table, train, test }: Problem,
  notes: readonly string[],
  context: FitContext,
): Promise<Learned> {
  const { options, engine } = context;
  const label = options.target.length > 1 || options.target[0] !== target ? `fitting "${target}"` : "fitting";
  const scored = await fitOn(train, label, context);
  const evaluation = test && (await evaluate(scored, train, test, context));
  const refitted = options.out !== undefined && test !== null && options.test === undefined;
  const saved = refitted ? await fitOn(table, `${label} on all rows`, context) : scored;
  return { summary: { path, table, model: scored, evaluation, engine, notes, options, refitted, saved }, saved };
}

/** What the columns of the table are. */
interface LearnedColumns extends RowColumns {
  readonly exclude: readonly string[];
}

interface FitContext {
  readonly options: FitCommandOptions;
  readonly columns: LearnedColumns;
  readonly target: string;
  readonly task: Task;
  readonly network: Layer | undefined;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** The table of --test. */
async function testRows(table: Table, options: FitCommandOptions, signal: AbortSignal): Promise<Table | null> {
  if (options.test === undefined) return null;
  return readTable(options.test, { ...tableReading(options, signal), expected: table.names, alike: table.dialect });
}

function split(
  table: Table,
  target: string,
  task: Task,
  { seed, testFraction }: FitCommandOptions,
  columns: LearnedColumns,
  rows: Table | null,
): { train: Table; test: Table | null } {
  if (rows !== null) {
    inferTask(rows, target); // throws when the target is not there, before the fit
    return { train: table, test: rows };
  }
  if (testFraction === 0) return { train: table, test: null };
  return holdOut(table, { target, task, testFraction, seed, ...columns });
}

function fitOn(
  table: Table,
  label: string,
  { options, columns, target, task, network, engine, signal, output }: FitContext,
): Promise<Model> {
  const candidates = network === undefined ? defaultCandidates() : bothKernels(network);
  return output.progress(label, (onProgress): Promise<Model> => {
    const { seed } = options;
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

async function save({ out, plot }: FitCommandOptions, learned: readonly Learned[], output: Output): Promise<void> {
  if (out !== undefined) await writeFileAtomic(out, (write) => write(encodeModels(learned.map(({ saved }) => saved))));
  const { evaluation, model } = learned[0]!.summary; // of several targets there is no plot
  if (plot !== undefined && evaluation) await writePlot(plot, evaluation, model.target);
  if (plot !== undefined && !evaluation) output.note("no plot: there are no test rows to show");
}
