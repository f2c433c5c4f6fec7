import { DataError, ShapeError } from "../errors.ts";
import { optionNames } from "../matrix/option-names.ts";
import type { RowColumns } from "./row-roles.ts";
import { normalizedWeights, readWeights } from "./row-weights.ts";
import type { Column, Table } from "./table.ts";

/** What an estimator is told of each training row, beside inputs and target. */
export interface RowValues {
  /** What each row counts, at least 0: see `RowColumns.weight`. */
  readonly sampleWeight?: ArrayLike<number> | undefined;
}

export const ROW_NAMES: readonly string[] = optionNames<RowValues>({ sampleWeight: true });

/** The table with these values as columns of names that no other column has, and which columns they are. */
export function withRowColumns(
  where: string,
  table: Table,
  { sampleWeight }: RowValues,
): { table: Table; columns: RowColumns } {
  if (sampleWeight === undefined) return { table, columns: {} };
  const weight = newName(table, "weight");
  return { table: withColumn(table, weight, weightColumn(where, sampleWeight, table.rows)), columns: { weight } };
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
  if (sampleWeight.length !== rows)
    throw new ShapeError(
      `${where}: sampleWeight must have one weight for each of the ${rows} rows, got ${sampleWeight.length}`,
    );
  return { kind: "numeric", values: Float64Array.from(sampleWeight) };
}

/** The name, or with as many primes as no column has. */
export function newName({ names }: Table, name: string): string {
  let own = name;
  while (names.includes(own)) own += "'";
  return own;
}

function withColumn(table: Table, name: string, column: Column): Table {
  return { ...table, names: [...table.names, name], columns: [...table.columns, column] };
}
