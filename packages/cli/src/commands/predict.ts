import { Command, InvalidArgumentError } from "commander";
import {
  brief,
  column,
  DataError,
  decodeModels,
  inferColumn,
  listed,
  type Model,
  type PredictTableOptions,
  predictClassification,
  predictMeans,
  predictRegression,
  type Table,
  type UnknownCells,
  unknownCells,
} from "ntkit";
import { makeTable } from "../io/make-table.ts";
import { readInput } from "../io/read-input.ts";
import { readTable } from "../io/table-file.ts";
import { checkWritable } from "../io/write-file.ts";
import { type OutputColumn, tableFormat, writeTable } from "../io/write-table.ts";
import { columnsNamed, columnsOption, mayName } from "./column-options.ts";
import {
  type CommonOptions,
  checkPaths,
  outputOf,
  type TableOptions,
  tableReading,
  withCommonOptions,
  withTableOptions,
} from "./common.ts";
import { chooseEngine, type EngineOptions, withEngineOption } from "./engine.ts";

interface PredictCommandOptions extends CommonOptions, TableOptions, EngineOptions {
  readonly keep?: readonly string[];
  readonly out?: string;
  readonly level: number;
  readonly intervals: boolean;
}

export function predictCommand(signal: AbortSignal): Command {
  const command = new Command("predict")
    .addHelpText("before", "Example:\n  ntkit predict houses.ntkit new.csv --out prices.csv\n")
    .argument("<model>", "a model that ntkit fit saved")
    .argument("<table>", "a table with the columns of training, in any order; - is standard input")
    .option(
      "--out <file>",
      "where predictions go (.csv, .tsv, each with or without .gz, .parquet, .npy); without it standard output, as CSV",
    )
    .addOption(columnsOption("--keep <columns>", "columns to write beside the predictions, like id; may be repeated"))
    .option("--level <share>", "how often an interval should hold the truth", openFraction, 0.95)
    .option("--no-intervals", "predictions alone, which take a fraction of the time")
    .action((model: string, table: string, options: PredictCommandOptions) =>
      runPredict(model, table, options, signal),
    );
  return withCommonOptions(withEngineOption(withTableOptions(command)));
}

/** What nobody has to be told. */
const PLAIN_CSV = ", separated, utf-8";

async function runPredict(
  modelPath: string,
  tablePath: string,
  options: PredictCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const output = outputOf(options);
  await checkPaths([modelPath, tablePath], [options.out], options);
  if (options.out !== undefined && options.out !== "-") {
    tableFormat(options.out);
    await checkWritable(options.out);
  }
  const models = decodeModels(await readInput(modelPath, { signal }), modelPath);
  const { table, kept } = await readRows(tablePath, models, options, signal);
  const engine = await chooseEngine(options, output);
  const columns = [...kept];
  for (const model of models) {
    const label = models.length === 1 ? "predicting" : `predicting "${model.target}"`;
    const predicted = await output.progress(label, (onProgress) =>
      predictColumns(model, table, options, { engine, signal, onProgress }),
    );
    columns.push(...predicted.map(({ name, values }) => ({ name: columnName(models, model, name), values })));
  }
  checkNames(columns);
  const targets = models.map(({ target }) => target);
  if (options.out !== undefined) {
    await writeTable(options.out, columns);
    output.note(`${table.rows} predictions of ${listed(targets.map((name) => `"${name}"`))} written to ${options.out}`);
  } else if (!options.json) await writeTable(undefined, columns);
  if (table.understood !== undefined && table.understood !== PLAIN_CSV)
    output.note(brief(`${tablePath} was read as: ${table.understood}`));
  const unknown = unknownOf(models, table);
  if (unknown.rows > 0) output.note(unknownNote(unknown, table.rows));
  output.result({
    model: modelPath,
    table: tablePath,
    ...(targets.length === 1 ? { target: targets[0] } : { targets }),
    rows: table.rows,
    unknown,
    out: options.out ?? null,
    ...(options.out === undefined
      ? { columns: Object.fromEntries(columns.map(({ name, values }) => [name, Array.from(values)])) }
      : {}),
  });
}

/** What is unknown of the rows to one of the models at least; of a column, what is to the model that knows least of it. */
function unknownOf(models: readonly Model[], table: Table): UnknownCells {
  const features = models.flatMap(({ preprocessor }) => preprocessor.features);
  const { rows, columns } = unknownCells({ preprocessor: { features, dropped: [] } }, table);
  const names = columns.map(({ name }) => name);
  return { rows, columns: columns.filter(({ name }, j) => names.indexOf(name) === j) }; // the most comes first
}

/** The name of a column of predictions: with its target where there are several. */
function columnName(models: readonly Model[], { target }: Model, name: string): string {
  if (models.length === 1) return name;
  const share = name.startsWith(SHARE) ? name.slice(SHARE.length) : null;
  return share === null ? `${name}_${target}` : `${SHARE}${target}_${share}`;
}

/** Throws where targets and classes make the same name. */
function checkNames(columns: readonly OutputColumn[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined)
    throw new DataError(
      `two columns of predictions would be named "${twice}": fit these targets in files of their own`,
    );
}

/** Columns that the note on unknown values names. */
const MOST_UNKNOWN = 8;

/** Which predictions were made without knowing all inputs. */
function unknownNote({ rows, columns }: UnknownCells, all: number): string {
  const cells = columns.flatMap(({ name, missing, unseen }) => [
    ...(missing > 0 ? [`"${name}" is missing in ${missing}`] : []),
    ...(unseen > 0 ? [`"${name}" has a category that training did not have in ${unseen}`] : []),
  ]);
  const share = rows === all ? (all === 1 ? "the row" : `all ${all} rows`) : `${rows} of ${all} rows`;
  return brief(
    `not all is known of ${share}, so predictions there average over what may be: ${listed(cells, MOST_UNKNOWN)}`,
  );
}

interface RowsToPredict {
  readonly table: Table;
  /** The columns of --keep as they stand in the file. */
  readonly kept: readonly OutputColumn[];
}

async function readRows(
  path: string,
  models: readonly Model[],
  options: PredictCommandOptions,
  signal: AbortSignal,
): Promise<RowsToPredict> {
  const { keep, out } = options;
  // An id like 007 keeps its zeros, but where only numbers can be written.
  const expected = inputNames(models);
  const alike = models[0]?.preprocessor.dialect;
  const verbatim = out !== undefined && out !== "-" && tableFormat(out) === "npy" ? undefined : mayName(keep);
  const table = await readTable(path, { ...tableReading(options, signal), verbatim, expected, alike });
  const names = columnsNamed(table, "--keep", keep);
  const predicted = new Set(
    models.flatMap((model) => predictedNames(model).map((name) => columnName(models, model, name))),
  );
  const taken = names.find((name) => predicted.has(name));
  if (taken !== undefined)
    throw new DataError(`--keep: "${taken}" is the name of a column of predictions: rename it in ${table.source}`);
  const own = new Map(table.names.map((name, j) => [name, table.columns[j]!]));
  const kept = names.map((name) => ({ name, values: own.get(name)!.values }));
  return { table: verbatim ? asInputs(table, models, verbatim, options.missing) : table, kept };
}

function inputNames(models: readonly Model[]): readonly string[] {
  return [...new Set(models.flatMap(({ preprocessor }) => preprocessor.features.map(({ name }) => name)))];
}

/** The table with those verbatim columns that are inputs as the models read them. */
function asInputs(
  { source, names, rows, columns, ...read }: Table,
  models: readonly Model[],
  verbatim: (name: string) => boolean,
  missing: readonly string[] | undefined,
): Table {
  const inputs = new Set(inputNames(models));
  const reading = { decimal: read.dialect?.decimal, missing };
  const table = makeTable(source, names, rows, (name, j) => {
    const own = columns[j]!;
    return own.kind === "text" && verbatim(name) && inputs.has(name) ? inferColumn(name, own.values, reading) : own;
  });
  return { ...read, ...table };
}

function predictedNames(model: Model): readonly string[] {
  return model.task === "regression"
    ? ["prediction", "lower", "upper"]
    : ["prediction", ...model.classes.map(shareName)];
}

const SHARE = "p_";

function shareName(name: string): string {
  return `${SHARE}${name}`;
}

/** `prediction`, then `lower` and `upper` unless they are not asked for, or `p_<class>` for each class. */
async function predictColumns(
  model: Model,
  table: Table,
  { level, intervals }: Pick<PredictCommandOptions, "level" | "intervals">,
  options: PredictTableOptions,
): Promise<OutputColumn[]> {
  if (model.task === "regression" && !intervals)
    return [{ name: "prediction", values: await predictMeans(model, table, options) }];
  if (model.task === "regression") {
    const { prediction, lower, upper } = await predictRegression(model, table, { ...options, level });
    return [
      { name: "prediction", values: prediction },
      { name: "lower", values: lower },
      { name: "upper", values: upper },
    ];
  }
  const { prediction, classes, probabilities } = await predictClassification(model, table, options);
  const shares = classes.map((name, k) => ({ name: shareName(name), values: column(probabilities, k) }));
  return [{ name: "prediction", values: prediction }, ...shares];
}

function openFraction(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("it must be a number between 0 and 1.");
  return value;
}
