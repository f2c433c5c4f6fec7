import { type DecimalMark, isPlainNumber } from "./cell-number.ts";
import type { DateWriting } from "./parse-date.ts";
import { parseDuration } from "./parse-duration.ts";

/** A table by columns. What a file, a form or a program hands to the learner. */
export interface Table {
  /** Where it came from, for messages. */
  readonly source: string;
  readonly names: readonly string[];
  readonly rows: number;
  readonly columns: readonly Column[];
  /** How its file was understood, in a few words: "`;` separated, decimal comma". */
  readonly understood?: string | undefined;
  /** How its text was written; absent for other tables. */
  readonly dialect?: TableDialect | undefined;
}

/** How a text table is written, as far as other tables of the same kind may not show it. */
export interface TableDialect {
  /** Between fields; " " stands for a run of blanks. */
  readonly delimiter: string;
  readonly decimal: DecimalMark;
}

export type Column = NumericColumn | TextColumn;

/** What a reader may say of a column. */
interface ColumnRemarks {
  /** How its cells were understood, where that may be doubted. */
  readonly note?: string | undefined;
  /** Why it is no input, as words after its name: "numbers the rows". */
  readonly aside?: string | undefined;
}

export interface NumericColumn extends ColumnRemarks {
  readonly kind: "numeric";
  /** NaN marks a missing value. */
  readonly values: Float64Array;
  /** Whether they are seconds that durations last. */
  readonly durations?: boolean | undefined;
}

export interface TextColumn extends ColumnRemarks {
  readonly kind: "text";
  readonly values: readonly (string | null)[];
  /** How dates or times are written, if the column holds them. */
  readonly dates?: DateWriting | undefined;
  /**
   * The first other text in a column of numbers or dates, probably a mistake: its row from 0 in the table as it was read, and the
   * words for that row in a message, like "line 17".
   */
  readonly suspect?: SuspectCell | undefined;
}

export interface SuspectCell {
  readonly row: number;
  readonly place: string;
  readonly value: string;
  /** What the others are: numbers when absent. */
  readonly among?: "dates" | undefined;
}

const BOOLEAN = /^(true|false)$/i;

/** Whether a text is true or false, however its letters are written. */
export function isBoolean(text: string): boolean {
  return BOOLEAN.test(text);
}

/** The column as numbers: texts that all are numbers, or true (1) and false (0), too. Null when some are neither. */
export function asNumeric(column: Column): NumericColumn | null {
  if (column.kind === "numeric") return column;
  const number = (text: string | null) => {
    if (text === null) return Number.NaN;
    if (isBoolean(text)) return text.toLowerCase() === "true" ? 1 : 0;
    return isPlainNumber(text) ? Number(text) : Number.NaN;
  };
  const values = Float64Array.from(column.values, number);
  if (column.values.some((text, i) => text !== null && !Number.isFinite(values[i]!))) return null;
  return { kind: "numeric", values };
}

/** The column as seconds: texts that all are durations too, those of a few hours that look like times of day. Null when some are neither. */
export function asDurations(column: Column): NumericColumn | null {
  if (column.kind === "numeric") return column;
  const values = Float64Array.from(column.values, (text) => (text === null ? Number.NaN : parseDuration(text)));
  if (column.values.some((text, i) => text !== null && Number.isNaN(values[i]!))) return null;
  return { kind: "numeric", values, durations: true };
}

/**
 * The texts of a column, of which `known` are levels or classes it may hold: where those are true and false, the numbers 1 and 0 are
 * too, and the other way round.
 */
export function asTexts(column: Column, known: readonly string[]): readonly (string | null)[] {
  if (column.kind === "text") {
    const { values } = column;
    if (!known.includes("1") && !known.includes("0")) return values;
    const flag = (text: string | null) =>
      text !== null && isBoolean(text) ? `${+(text.toLowerCase() === "true")}` : text;
    return values.map((text) => (text !== null && known.includes(text) ? text : flag(text)));
  }
  const flags = known.includes("true") || known.includes("false");
  const text = (value: number): string | null => {
    if (Number.isNaN(value)) return null;
    return flags && (value === 0 || value === 1) && !known.includes(`${value}`) ? `${value === 1}` : `${value}`;
  };
  return Array.from(column.values, text);
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
        ? { ...column, values: Float64Array.from(indices, (i) => column.values[i]!) }
        : { ...column, values: indices.map((i) => column.values[i]!) },
  );
  return { ...table, rows: indices.length, columns };
}
