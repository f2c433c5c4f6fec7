import { DataError, ShapeError } from "../errors.ts";
import { optionNames } from "../matrix/option-names.ts";
import type { RowColumns } from "./row-roles.ts";
import { normalizedWeights, readWeights } from "./row-weights.ts";
import type { Column, Table } from "./table.ts";

/** What an estimator is told of each training row, beside inputs and target. */
export interface RowValues {
  /** What each row counts, at least 0: see `RowColumns.weight`. */
  readonly sampleWeight?: ArrayLike<number> | undefined;
  /** The group of each row, a number or a text, or null for none: see `RowColumns.group`. */
  readonly groups?: ArrayLike<string | number | null> | undefined;
  /** When each row was, which is no input then: see `RowColumns.time`. */
  readonly times?: ArrayLike<number> | undefined;
}

export const ROW_NAMES: readonly string[] = optionNames<RowValues>({ sampleWeight: true, groups: true, times: true });

/** The table with these values as columns of names that no other column has, and which columns they are. */
export function withRowColumns(
  where: string,
  table: Table,
  { sampleWeight, groups, times }: RowValues,
): { table: Table; columns: RowColumns } {
  const made: [keyof RowColumns, Column][] = [];
  if (sampleWeight) made.push(["weight", weightColumn(where, sampleWeight, table.rows)]);
  if (groups) made.push(["group", groupColumn(where, groups, table.rows)]);
  if (times) made.push(["time", timeColumn(where, times, table.rows)]);
  const names = made.map(([role]) => newName(table, role));
  return {
    table: {
      ...table,
      names: [...table.names, ...names],
      columns: [...table.columns, ...made.map(([, column]) => column)],
    },
    columns: Object.fromEntries(made.map(([role], j) => [role, names[j]!])),
  };
}

/** Weights of rows that are scored. */
export function weightsOf(
  where: string,
  sampleWeight: ArrayLike<number> | undefined,
  rows: number,
): Float64Array | undefined {
  if (sampleWeight === undefined) return undefined;
  const column = weightColumn(where, sampleWeight, rows);
  const all = Array.from({ length: rows }, (_, i) => i);
  const weights = normalizedWeights(readWeights(where, "sampleWeight", column, all));
  if (weights.every((weight) => weight === 0))
    throw new DataError(`${where}: every weight is 0, so that no row counts: give those that count another`);
  return weights;
}

function weightColumn(where: string, sampleWeight: ArrayLike<number>, rows: number): Column {
  checkCount(where, "sampleWeight must have one weight", sampleWeight.length, rows);
  return { kind: "numeric", values: Float64Array.from(sampleWeight) };
}

function groupColumn(where: string, groups: ArrayLike<string | number | null>, rows: number): Column {
  checkCount(where, "groups must have one group", groups.length, rows);
  const text = (group: string | number | null) => (group === null || Number.isNaN(group) ? null : `${group}`);
  return { kind: "text", values: Array.from(groups, text) };
}

function timeColumn(where: string, times: ArrayLike<number>, rows: number): Column {
  checkCount(where, "times must have one time", times.length, rows);
  return { kind: "numeric", values: Float64Array.from(times), aside: "orders the rows" };
}

function checkCount(where: string, rule: string, count: number, rows: number): void {
  if (count !== rows) throw new ShapeError(`${where}: ${rule} for each of the ${rows} rows, got ${count}`);
}

/** The name, or with as many primes as no column has. */
export function newName({ names }: Table, name: string): string {
  let own = name;
  while (names.includes(own)) own += "'";
  return own;
}
