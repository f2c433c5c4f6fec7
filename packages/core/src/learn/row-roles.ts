import { DataError, didYouMean, listed } from "../errors.ts";
import { NO_GROUP, readGroups } from "./groups.ts";
import type { InputOptions } from "./preprocess.ts";
import { readTimes } from "./row-times.ts";
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
  /**
   * The column of groups, like patients, which is no input: rows of one group are held out and left out together, so that what is judged
   * is how well new groups are predicted. A row without a value is a group of its own, with those of equal inputs.
   */
  readonly group?: string | undefined;
  /**
   * The column of times, numbers or dates: the last rows are held out, and rows are judged by models fitted on earlier ones only. It may
   * be an input. Not together with `group`.
   */
  readonly time?: string | undefined;
}

/** The same of each row of a fit. */
export interface RowRoles {
  /** What each row counts: above 0, with mean 1. Absent when all count alike. */
  readonly weights?: Float64Array | undefined;
  /** The group of each row (`readGroups`). Absent when rows go by their inputs. */
  readonly groups?: Uint32Array | undefined;
  /** When each row was. Absent when rows have no order. */
  readonly times?: Float64Array | undefined;
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
  const counted = weighRowsOf(table, target, rows, columns, minRows);
  const { kept, weights } = counted;
  const known = takeTableRows(
    table,
    kept.map((at) => rows[at]!),
  );
  const groups = groupsOf(known, target, columns);
  const times = timesOf(
    known,
    table,
    target,
    kept.map((at) => rows[at]!),
    columns,
  );
  return {
    table: setAside(setAside(known, columns.weight, "weighs the rows"), columns.group, "groups the rows"),
    kept,
    roles: { ...(weights && { weights }), ...(groups && { groups }), ...(times && { times }) },
    record: recordOf(columns, rows.length - kept.length),
  };
}

function recordOf({ weight, group, time }: RowColumns, weightless: number): LearnedRows["record"] {
  if (weight === undefined && group === undefined && time === undefined) return {};
  const rowColumns = {
    ...(weight !== undefined && { weight }),
    ...(group !== undefined && { group }),
    ...(time !== undefined && { time }),
  };
  return { rowColumns, ...(weight !== undefined && { weightless }) };
}

/** Which of the rows count, and what they count. */
function weighRowsOf(
  table: Table,
  target: string,
  rows: readonly number[],
  { weight }: RowColumns,
  minRows: number,
): { readonly kept: readonly number[]; readonly weights?: Float64Array } {
  const all = Array.from(rows.keys());
  if (weight === undefined) return { kept: all };
  const read = readWeights(table.source, weight, rowColumn(table, target, "weight", weight), rows);
  const weights = normalizedWeights(read);
  const kept = all.filter((at) => weights[at]! > 0);
  if (kept.length === 0)
    throw new DataError(`${table.source}: the weight "${weight}" is 0 in every row: give those that count another`);
  if (kept.length < minRows)
    throw new DataError(
      `${table.source}: at least ${minRows} rows with a target and a weight above 0 are needed to learn, got ${kept.length}`,
    );
  return { kept, weights: Float64Array.from(kept, (at) => weights[at]!) };
}

function groupsOf(known: Table, target: string, { group }: RowColumns): Uint32Array | undefined {
  if (group === undefined) return undefined;
  const groups = readGroups(
    rowColumn(known, target, "group", group),
    Array.from({ length: known.rows }, (_, i) => i),
  );
  if (groups[0] !== NO_GROUP && groups.every((one) => one === groups[0]))
    throw new DataError(
      `${known.source}: "${group}" puts all ${known.rows} rows to learn from into one group, so that no other rows can judge them: learn without groups, or hold fewer rows out`,
    );
  return groups;
}

function timesOf(
  known: Table,
  table: Table,
  target: string,
  rows: readonly number[],
  { time, group }: RowColumns,
): Float64Array | undefined {
  if (time === undefined) return undefined;
  if (group !== undefined)
    throw new DataError(
      `${table.source}: rows are judged by groups ("${group}") or by time ("${time}"), not by both: leave one of them out`,
    );
  const times = readTimes(table.source, time, rowColumn(table, target, "time", time), rows);
  if (times.every((one) => one === times[0]))
    throw new DataError(
      `${table.source}: the time "${time}" is the same in all ${known.rows} rows to learn from, so that none is later than others: learn without it`,
    );
  return times;
}

/** The columns that are no inputs, those excluded and those that say what rows are. */
export function noInputs({ exclude = [], weight, group }: InputOptions & RowColumns): InputOptions {
  return { exclude: [...exclude, ...[weight, group].filter((name) => name !== undefined)] };
}

/** Roles of the listed rows. */
export function takeRoles({ weights, groups, times }: RowRoles, rows: ArrayLike<number>): RowRoles {
  return {
    ...(weights && { weights: Float64Array.from(rows, (i) => weights[i]!) }),
    ...(groups && { groups: Uint32Array.from(rows, (i) => groups[i]!) }),
    ...(times && { times: Float64Array.from(rows, (i) => times[i]!) }),
  };
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
function setAside(table: Table, name: string | undefined, aside: string): Table {
  if (name === undefined) return table;
  const columns = table.columns.map((column, j) => (table.names[j] === name ? { ...column, aside } : column));
  return { ...table, columns };
}
