import { DataError } from "../errors.ts";

/** A table by columns. What a file, a form or a program hands to the learner. */
export interface Table {
  /** Where it came from, for messages. */
  readonly source: string;
  readonly names: readonly string[];
  readonly rows: number;
  readonly columns: readonly Column[];
}

export type Column = NumericColumn | TextColumn;

export interface NumericColumn {
  readonly kind: "numeric";
  /** NaN marks a missing value. */
  readonly values: Float64Array;
}

export interface TextColumn {
  readonly kind: "text";
  readonly values: readonly (string | null)[];
  /** The first text in a column of numbers, by its row from 0: probably a mistake. */
  readonly suspect?: { readonly row: number; readonly value: string } | undefined;
}

const MISSING: ReadonlySet<string> = new Set(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]);
const INFINITE = /^[+-]?(inf|infinity)$/i;

/** A column of which at least this share are numbers is meant to be numeric. */
const MOSTLY_NUMERIC = 0.9;

/** Numeric when every cell that is not missing is a finite number; text otherwise. Throws DataError on infinities. */
export function inferColumn(name: string, cells: readonly (string | null)[]): Column {
  const trimmed = cells.map((cell) => (cell === null || MISSING.has(cell.trim()) ? null : cell.trim()));
  const present = trimmed.filter((cell) => cell !== null);
  const isNumber = (cell: string) => Number.isFinite(Number(cell));
  const numbers = present.filter(isNumber).length;
  const infinite = present.find((cell) => INFINITE.test(cell) || Math.abs(Number(cell)) === Infinity);
  if (infinite !== undefined && numbers >= MOSTLY_NUMERIC * (present.length - 1)) {
    const row = trimmed.indexOf(infinite);
    throw new DataError(
      `column "${name}" holds "${infinite}" in data row ${row + 1}: values must be finite; correct it, or leave it empty if it is missing`,
    );
  }
  if (numbers === present.length)
    return {
      kind: "numeric",
      values: Float64Array.from(trimmed, (cell) => (cell === null ? Number.NaN : Number(cell))),
    };
  if (numbers < MOSTLY_NUMERIC * present.length) return { kind: "text", values: trimmed };
  const row = trimmed.findIndex((cell) => cell !== null && !isNumber(cell));
  return { kind: "text", values: trimmed, suspect: { row, value: trimmed[row]! } };
}

/** The column of that name, or undefined. */
export function columnOf(table: Table, name: string): Column | undefined {
  return table.columns[table.names.indexOf(name)];
}

/** The listed rows, in the listed order. */
export function takeTableRows(table: Table, rows: ArrayLike<number>): Table {
  const indices = Array.from(rows);
  const columns = table.columns.map(
    (column): Column =>
      column.kind === "numeric"
        ? { kind: "numeric", values: Float64Array.from(indices, (i) => column.values[i]!) }
        : { ...column, values: indices.map((i) => column.values[i]!) },
  );
  return { ...table, rows: indices.length, columns };
}
