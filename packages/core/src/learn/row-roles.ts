import { DataError, didYouMean, listed } from "../errors.ts";
import type { InputOptions } from "./preprocess.ts";
import { normalizedWeights, readWeights } from "./row-weights.ts";
import { type Column, columnOf, type Table, takeTableRows } from "./table.ts";
import { MIN_ROWS } from "./target.ts";

/** Columns that say what rows are, not what is known of them. */
export interface RowColumns {
  /**
   * The column of weights, which is no input: a row of weight w counts as w rows that are alike, in the fit, in leave-one-out and in
   * scores. Only the ratios of weights matter; 0 leaves a row out.
   */
  readonly weight?: string | undefined;
}

/** The same of each row of a fit. */
export interface RowRoles {
  /** What each row counts: above 0, with mean 1. Absent when all count alike. */
  readonly weights?: Float64Array | undefined;
}

/** The rows of a table that are learned from. */
export interface LearnedRows {
  /** Columns that are no inputs for what they say of rows are set aside. */
  readonly table: Table;
  /** Which of the rows asked about these are. */
  readonly kept: readonly number[];
  readonly roles: RowRoles;
  /** What a model remembers of it. */
  readonly record: { readonly rowColumns?: RowColumns; readonly weightless?: number };
}

/** Those of the listed rows, which have a target, that count; throws DataError where fewer than `minRows` do. */
export function learnedRows(
  table: Table,
  target: string,
  rows: readonly number[],
  columns: RowColumns = {},
  minRows: number = MIN_ROWS,
): LearnedRows {
  const { weight } = columns;
  const all = Array.from(rows.keys());
  if (weight === undefined) return { table: takeTableRows(table, rows), kept: all, roles: {}, record: {} };
  const read = readWeights(table.source, weight, rowColumn(table, target, "weight", weight), rows);
  const weights = normalizedWeights(read);
  const kept = all.filter((at) => weights[at]! > 0);
  if (kept.length === 0)
    throw new DataError(`${table.source}: the weight "${weight}" is 0 in every row: give those that count another`);
  if (kept.length < minRows)
    throw new DataError(
      `${table.source}: at least ${minRows} rows with a target and a weight above 0 are needed to learn, got ${kept.length}`,
    );
  const counting = takeTableRows(
    table,
    kept.map((at) => rows[at]!),
  );
  return {
    table: setAside(counting, weight, "weighs the rows"),
    kept,
    roles: { weights: Float64Array.from(kept, (at) => weights[at]!) },
    record: { rowColumns: { weight }, weightless: rows.length - kept.length },
  };
}

/** The columns that are no inputs, those excluded and those that say what rows are. */
export function noInputs({ exclude = [], weight }: InputOptions & RowColumns): InputOptions {
  return { exclude: weight === undefined ? exclude : [...exclude, weight] };
}

/** Roles of the listed rows. */
export function takeRoles({ weights }: RowRoles, rows: ArrayLike<number>): RowRoles {
  return weights ? { weights: Float64Array.from(rows, (i) => weights[i]!) } : {};
}

function rowColumn(table: Table, target: string, role: keyof RowColumns, name: string): Column {
  const column = columnOf(table, name);
  if (!column)
    throw new DataError(
      `${table.source}: no ${role} column is named "${name}"${didYouMean(name, table.names)}; the columns are ${listed(table.names)}`,
    );
  if (name === target)
    throw new DataError(`${table.source}: "${name}" is the target and cannot be the ${role} column too: name another`);
  return column;
}

/** The table where a column is no input, and why. */
function setAside(table: Table, name: string, aside: string): Table {
  const columns = table.columns.map((column, j) => (table.names[j] === name ? { ...column, aside } : column));
  return { ...table, columns };
}
