import { DataError } from "ntkit";
import { isComment, quotedDelimiter } from "./delimiter.ts";
import { fromField } from "./formula.ts";
import type { TextRecord } from "./scan-records.ts";

export interface TextColumnsOptions {
  readonly delimiter: string;
  /** Whether the first record names the columns. */
  readonly header: boolean;
  /** Whether the first line only names the separator. */
  readonly skipFirst: boolean;
}

/** The fields of a text table below each other. */
export interface CollectedColumns {
  readonly names: readonly string[];
  readonly fields: readonly (readonly string[])[];
  /** The rows of each column whose field stood in quotes and may be taken for a missing value. */
  readonly quoted: readonly ReadonlySet<number>[];
  /** The line each row starts on. */
  readonly lines: readonly number[];
  /** The column that is no input, and why. */
  readonly aside: { readonly name: string; readonly reason: string } | undefined;
  readonly comments: number;
}

/** What pandas calls a column without a name. */
const INDEX_NAME = "Unnamed: 0";
const INDEX_REASON = "is the index of the rows: it has no name of its own";

/** Gathers records to columns: finds the header, leaves out comments, and tells what has no name. */
export class TextColumns {
  readonly #source: string;
  readonly #options: TextColumnsOptions;
  #skip: boolean;
  #comment: TextRecord | undefined;
  #comments = 0;
  #header: readonly string[] | undefined;
  #started = false;
  #columns: string[][] = [];
  #quoted: Set<number>[] = [];
  #lines: number[] = [];
  #ragged: DataError | undefined;

  constructor(source: string, options: TextColumnsOptions) {
    this.#source = source;
    this.#options = options;
    this.#skip = options.skipFirst;
  }

  add(record: TextRecord): void {
    if (this.#skip) {
      this.#skip = false;
      return;
    }
    const { fields } = record;
    const commented = isComment(record);
    if (!this.#started && this.#header === undefined && commented) {
      this.#comment = record;
      this.#comments++;
      return;
    }
    if (!this.#started && this.#header === undefined && this.#options.header) {
      this.#takeHeader(record);
      if (this.#header === fields) return;
    }
    if (!this.#started) this.#begin(fields);
    if (fields.length !== this.#columns.length) {
      if (commented && fields.length < this.#columns.length) this.#comments++;
      else this.#ragged ??= this.#unequal(record);
    } else if (!this.#ragged) this.#addRow(record);
  }

  /**
   * The record itself, or the comment above it where that has as many fields: "#id,a" names columns, and "# id a" does, as NumPy writes it,
   * when the record is a row with numbers.
   */
  #takeHeader(record: TextRecord): void {
    const { fields } = record;
    const above = this.#comment && commentFields(this.#comment.fields, fields.length);
    const isRow = fields.some((field) => field !== "" && Number.isFinite(Number(field)));
    const joined =
      fields.length > 1 && /^#(\S|$)/.test(this.#comment?.fields[0] ?? "") && this.#options.delimiter !== " ";
    this.#header = above?.length === fields.length && (isRow || joined) ? above : fields;
    if (this.#header !== fields) this.#comments--;
  }

  /** Rows may have one field more than the header, where they have names or end in a separator, or one less where it ends in one. */
  #begin(fields: readonly string[]): void {
    this.#started = true;
    const first = fields.length;
    const header = this.#header;
    const width = header === undefined ? first : header.length;
    const longer = first === width + 1 && (width > 1 || fields.at(-1) === "");
    const shorter = first === width - 1 && header?.at(-1) === "";
    const own = longer || shorter ? first : width;
    this.#columns = Array.from({ length: own }, () => []);
    this.#quoted = Array.from({ length: own }, () => new Set<number>());
  }

  #addRow({ fields, quoted, line }: TextRecord): void {
    const row = this.#lines.length;
    for (let j = 0; j < fields.length; j++) {
      this.#columns[j]!.push(fields[j]!);
      if (quoted?.[j] && fields[j]!.length <= 5) this.#quoted[j]!.add(row);
    }
    this.#lines.push(line);
  }

  #unequal({ fields, line }: TextRecord): DataError {
    const expected = this.#header?.length ?? this.#columns.length;
    return new DataError(
      `${this.#source}, line ${line}: every row must have ${expected} field${expected === 1 ? "" : "s"} like the first line, got ${fields.length}: ` +
        `correct the row, or quote fields that hold ${quotedDelimiter(this.#options.delimiter)}`,
    );
  }

  finish(): CollectedColumns {
    if (this.#ragged) throw this.#ragged;
    if (this.#header === undefined && !this.#started)
      throw new DataError(`${this.#source} is empty: it needs a line of column names and a line per row`);
    if (!this.#started) this.#begin(this.#header!);
    let width = this.#columns.length;
    while (width > 1 && this.#isTrailing(width - 1)) width--;
    const names = this.#names(width);
    const index = this.#options.header && (names[0] === "" || names[0] === INDEX_NAME);
    if (index) names[0] = INDEX_NAME;
    const empty = names.indexOf("");
    if (empty >= 0)
      throw new DataError(`${this.#source}: column ${empty + 1} has no name in the first line: give it one`);
    return {
      names,
      fields: this.#columns.slice(0, width),
      quoted: this.#quoted,
      lines: this.#lines,
      aside: index ? { name: INDEX_NAME, reason: INDEX_REASON } : undefined,
      comments: this.#comments,
    };
  }

  /** Whether the column is what stands behind a separator at the end of every row: nothing, without a name. */
  #isTrailing(j: number): boolean {
    const name = this.#header === undefined ? "" : (this.#header[j] ?? "");
    return name === "" && this.#lines.length > 0 && this.#columns[j]!.every((field) => field === "");
  }

  #names(width: number): string[] {
    const header = this.#header;
    if (header === undefined) return Array.from({ length: width }, (_, j) => `x${j}`);
    const filled = header.filter((name) => name !== "");
    if (filled.length > 0 && filled.every((name) => Number.isFinite(Number(name.replace(",", "."))))) {
      const shown = `${header.slice(0, 3).join(this.#options.delimiter)}${header.length > 3 ? "…" : ""}`;
      throw new DataError(
        `${this.#source}: the first line holds only numbers (${shown}) where column names are expected: add names, or pass --no-header`,
      );
    }
    const own = header.map(fromField);
    return own.length < width ? ["", ...own] : own.slice(0, width);
  }
}

/** The fields of a comment line without the sign that makes it one, unless that is the first of so many names. */
function commentFields(fields: readonly string[], count: number): readonly string[] {
  const [first = "", ...others] = fields;
  const name = first.replace(/^[#|]+\s*/, "");
  if (name === "") return others.length === count ? others : fields;
  return [name, ...others];
}
