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
  /**
   * The first text in a column of numbers, probably a mistake: its row from 0 in the table as it was read, and the
   * words for that row in a message, like "line 17".
   */
  readonly suspect?: { readonly row: number; readonly place: string; readonly value: string } | undefined;
}

const MISSING: ReadonlySet<string> = new Set(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]);
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?(inf|infinity)$/i;

/** A column of which at least this share are numbers is meant to be numeric. */
const MOSTLY_NUMERIC = 0.9;

/**
 * Numeric when every cell that is not missing is a finite decimal number; text otherwise. `place` says in messages
 * where a row stands. Throws DataError for an infinite value among numbers.
 */
export function inferColumn(
  name: string,
  cells: readonly (string | null)[],
  place: (row: number) => string = (row) => `data row ${row + 1}`,
): Column {
  const trimmed = cells.map((cell) => (cell === null || MISSING.has(cell.trim()) ? null : cell.trim()));
  const isText = (cell: string | null) => cell !== null && !DECIMAL.test(cell) && !INFINITE.test(cell);
  const present = trimmed.filter((cell) => cell !== null).length;
  const texts = trimmed.filter(isText).length;
  if (present - texts < MOSTLY_NUMERIC * present) return { kind: "text", values: trimmed };
  const infinite = trimmed.findIndex(
    (cell) => cell !== null && (INFINITE.test(cell) || Math.abs(Number(cell)) === Infinity),
  );
  if (infinite >= 0)
    throw new DataError(
      `column "${name}" holds "${trimmed[infinite]}" in ${place(infinite)}: values must be finite; correct it, or leave it empty if it is missing`,
    );
  if (texts === 0) return { kind: "numeric", values: Float64Array.from(trimmed, numberOrNaN) };
  const row = trimmed.findIndex(isText);
  return { kind: "text", values: trimmed, suspect: { row, place: place(row), value: trimmed[row]! } };
}

const DECIMAL_COMMA = /^[+-]?\d+,\d+$/;

/** Throws DataError for texts of which all are numbers and most have a decimal comma, unless they are few different ones. */
export function checkDecimalComma(source: string, name: string, { values }: TextColumn): void {
  const present = values.filter((value) => value !== null);
  const commas = present.filter((value) => DECIMAL_COMMA.test(value));
  if (new Set(commas).size <= 10 || commas.length < MOSTLY_NUMERIC * present.length) return;
  if (!present.every((value) => DECIMAL_COMMA.test(value) || DECIMAL.test(value))) return;
  const row = values.indexOf(commas[0]!);
  throw new DataError(
    `${source}: column "${name}" holds "${commas[0]}" in data row ${row + 1}, a number with a comma: write decimals with a point, and thousands without a mark`,
  );
}

function numberOrNaN(cell: string | null): number {
  return cell === null ? Number.NaN : Number(cell);
}

/** The columns by their names, to look many up: each alone takes time that grows with their number. */
export function columnsByName({ names, columns }: Table): ReadonlyMap<string, Column> {
  return new Map(names.map((name, j) => [name, columns[j]!]));
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
