import { isUtf8 } from "node:buffer";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import type { Options } from "csv-parse";
import { DataError, FormatError, inferColumn, type Table } from "ntkit";
import { checkDelimiter, findDelimiter, quotedDelimiter } from "./delimiter.ts";
import { fromField } from "./formula.ts";
import { makeTable } from "./make-table.ts";

export interface TextTableOptions {
  /** Separates the fields; found by the file's ending and its first lines when absent. */
  readonly delimiter?: string | undefined;
  /** Whether the first line names the columns. Default true; without it they are x0, x1, … */
  readonly header?: boolean | undefined;
  /** Which columns are texts, kept as they stand in the file, whatever they hold. None when absent. */
  readonly verbatim?: ((name: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of fields that may be held, with all else on V8's heap. Four fifths of what Node may use when absent. */
  readonly heap?: number | undefined;
}

/** A table from CSV, TSV and other separated text in UTF-8. */
export async function textTable(bytes: Uint8Array, source: string, options: TextTableOptions = {}): Promise<Table> {
  checkText(bytes, source);
  const start = new TextDecoder().decode(bytes.subarray(0, 2 ** 20), { stream: true });
  if (options.delimiter !== undefined) checkDelimiter(start, options.delimiter, source);
  const delimiter = options.delimiter ?? findDelimiter(start, source);
  const header = options.header ?? true;
  const { first, columns, lines } = await parseColumns(bytes, source, { ...options, delimiter, header });
  if (!first) throw new DataError(`${source} is empty: it needs a line of column names and a line per row`);
  const names = header ? headerNames(first.map(fromField), source, delimiter) : first.map((_, j) => `x${j}`);
  return makeTable(source, names, lines.length, (name, j) => {
    const cells = columns[j]!.map(fromField);
    if (options.verbatim?.(name)) return { kind: "text", values: cells };
    return inferColumn(name, cells, (row) => `line ${lines[row]}`);
  });
}

/** Throws when the bytes are not text in UTF-8. */
function checkText(bytes: Uint8Array, source: string): void {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new FormatError(`${source} is UTF-16 text: save it as UTF-8`);
  const zero = bytes.subarray(0, 2 ** 16).indexOf(0);
  if (zero >= 0)
    throw new FormatError(`${source} is not UTF-8 text (byte ${zero} is 0, as in UTF-16): save it as UTF-8`);
  if (!isUtf8(bytes))
    throw new FormatError(`${source} is not UTF-8 text (byte ${firstInvalidByte(bytes)} is not): save it as UTF-8`);
}

/** Where text first stops being UTF-8, by bisection. */
function firstInvalidByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isValidStart(bytes, middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether the bytes before `end` are valid, but for a character that may be cut there. */
function isValidStart(bytes: Uint8Array, end: number): boolean {
  let last = end - 1;
  while (last > 0 && last > end - 4 && (bytes[last]! & 0xc0) === 0x80) last--;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(last, end), { stream: true });
    return isUtf8(bytes.subarray(0, last));
  } catch {
    return false;
  }
}

interface Parsed {
  /** The fields of the first line. */
  readonly first: readonly string[] | undefined;
  /** The fields below each other, those of the first line only where it is no header. */
  readonly columns: readonly (readonly string[])[];
  /** The line each row starts on. */
  readonly lines: readonly number[];
}

interface Parsing extends TextTableOptions {
  readonly delimiter: string;
  readonly header: boolean;
}

async function parseColumns(bytes: Uint8Array, source: string, parsing: Parsing): Promise<Parsed> {
  const { parse, CsvError } = await import("csv-parse");
  let first: readonly string[] | undefined;
  let columns: string[][] = [];
  const lines: number[] = [];
  let ended = 0;
  let ragged: DataError | undefined;
  const take = (fields: readonly string[], line: number) => {
    if (first === undefined) {
      first = fields;
      columns = fields.map(() => []);
      if (parsing.header) return;
    }
    if (fields.length !== first.length)
      ragged ??= unequal(source, line, first.length, fields.length, parsing.delimiter);
    if (ragged) return;
    for (const [j, field] of fields.entries()) columns[j]!.push(field);
    lines.push(line);
  };
  const parser = parse({
    ...DIALECT,
    delimiter: parsing.delimiter,
    on_record(fields: string[], { lines: end }) {
      take(fields, end - fields.reduce((sum, field) => sum + lineEnds(field), 0));
      ended = end;
      return null;
    },
  });
  try {
    await pipeline(Readable.from(pieces(bytes, source, parsing)), parser.resume());
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new FormatError(`${source}, line ${ended + 1}: ${QUOTE_ERRORS[error.code] ?? error.message}`, {
      cause: error,
    });
  }
  if (ragged) throw ragged;
  return { first, columns, lines };
}

const DIALECT: Options = {
  bom: true,
  trim: true,
  relax_column_count: true,
  skip_empty_lines: true,
  // By default only the first line end seen is one, and others would end up in fields.
  record_delimiter: ["\r\n", "\n", "\r"],
};

/** Bytes parsed at a time: some 100 ms. */
const PIECE = 2 ** 18;

/** The bytes in pieces, with time for signals between them, and an error before the fields fill all memory that Node may use. */
async function* pieces(
  bytes: Uint8Array,
  source: string,
  { signal, heap }: TextTableOptions,
): AsyncGenerator<Uint8Array> {
  const most = heap ?? 0.8 * getHeapStatistics().heap_size_limit;
  for (let at = 0; at < bytes.length; at += PIECE) {
    await setImmediate();
    signal?.throwIfAborted();
    if (getHeapStatistics().used_heap_size > most)
      throw new DataError(
        `${source} holds more text than Node has memory for (${(most / 1e9).toPrecision(3)} GB): keep only the rows and columns that are needed, save it as .npy or .parquet, or raise NODE_OPTIONS=--max-old-space-size`,
      );
    yield bytes.subarray(at, at + PIECE);
  }
}

function unequal(source: string, line: number, expected: number, actual: number, delimiter: string): DataError {
  return new DataError(
    `${source}, line ${line}: every row must have ${expected} field${expected === 1 ? "" : "s"} like the first line, got ${actual}: ` +
      `correct the row, or quote fields that hold ${quotedDelimiter(delimiter)}`,
  );
}

function lineEnds(field: string): number {
  return field.includes("\n") || field.includes("\r") ? field.split(/\r\n|\n|\r/).length - 1 : 0;
}

const QUOTE_ERRORS: Readonly<{ [code: string]: string }> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened in this row and never closed: close it, or double it if it is meant",
  CSV_INVALID_CLOSING_QUOTE: "text follows the closing quote of a field: double quotes that are meant",
  INVALID_OPENING_QUOTE:
    "a quote stands inside a field that does not start with one: put the field in quotes and double those inside",
};

function headerNames(names: readonly string[], source: string, delimiter: string): readonly string[] {
  const filled = names.filter((name) => name !== "");
  if (filled.length > 0 && filled.every((name) => Number.isFinite(Number(name)))) {
    const shown = `${names.slice(0, 3).join(delimiter)}${names.length > 3 ? "…" : ""}`;
    throw new DataError(
      `${source}: the first line holds only numbers (${shown}) where column names are expected: add names, or pass --no-header`,
    );
  }
  const empty = names.indexOf("");
  if (empty >= 0) throw new DataError(`${source}: column ${empty + 1} has no name in the first line: give it one`);
  return names;
}
