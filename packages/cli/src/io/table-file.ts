import { type Column, DataError, FormatError, inferColumn, type Table } from "ntkit";
import { decodeNpy } from "./npy.ts";
import { readInput } from "./read-input.ts";

export interface ReadTableOptions {
  /** Separates the fields of a text file; found from the first line when absent. */
  readonly delimiter?: string | undefined;
  /** Whether the first line names the columns. Default true; without it they are x0, x1, … */
  readonly header?: boolean | undefined;
}

/**
 * Reads a table: CSV, TSV and other separated text, Parquet or .npy, each of them gzipped or not; "-" is standard
 * input. The format is found in the content. Throws DataError or FormatError with one sentence.
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const bytes = await readInput(path);
  const source = path === "-" ? "standard input" : path;
  if (bytes.length === 0) throw new DataError(`${source} is empty: it needs a line of column names and a line per row`);
  if (startsWith(bytes, "PAR1")) return parquetTable(bytes, source);
  if (startsWith(bytes, "\x93NUMPY")) return npyTable(bytes, source);
  if (startsWith(bytes, "PK"))
    throw new FormatError(`${source} is a spreadsheet or zip archive: save the sheet as CSV`);
  return textTable(decodeText(bytes, source), source, options);
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return [...magic].every((char, i) => bytes[i] === char.charCodeAt(0));
}

function decodeText(bytes: Uint8Array, source: string): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new FormatError(`${source} is UTF-16 text: save it as UTF-8`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FormatError(`${source} is not UTF-8 text (byte ${firstInvalidByte(bytes)} is not): save it as UTF-8`, {
      cause: error,
    });
  }
}

/** Where decoding first fails, by bisection: a prefix of valid text decodes, but for a character cut at its end. */
function firstInvalidByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}

const DELIMITERS = [",", "\t", ";", "|"];

async function textTable(text: string, source: string, options: ReadTableOptions): Promise<Table> {
  const firstLine = /^[^\r\n]*/.exec(text)![0];
  const delimiter = options.delimiter ?? mostFrequent(firstLine);
  const { records, lines } = await parseRecords(text, source, delimiter);
  const [first, ...rest] = records;
  if (!first) throw new DataError(`${source} is empty: it needs a line of column names and a line per row`);
  const header = options.header ?? true;
  const names = header ? headerNames(first, source, delimiter) : first.map((_, j) => `x${j}`);
  const rows = header ? rest : records;
  checkDelimiter(names, delimiter, firstLine, source);
  rows.forEach((row, i) => {
    if (row.length !== names.length)
      throw new DataError(
        `${source}, line ${lines[header ? i + 1 : i]}: every row must have ${names.length} fields like the first line, got ${row.length}`,
      );
  });
  if (rows.length === 0) throw new DataError(`${source} has column names but no rows`);
  return makeTable(source, names, rows.length, (name, j) =>
    inferColumn(
      name,
      rows.map((row) => row[j]!),
    ),
  );
}

async function parseRecords(
  text: string,
  source: string,
  delimiter: string,
): Promise<{ records: string[][]; lines: number[] }> {
  const { parse, CsvError } = await import("csv-parse/sync");
  try {
    const lines: number[] = [];
    const records: string[][] = parse(text, {
      delimiter,
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record(record: string[], info) {
        lines.push(info.lines);
        return record;
      },
    });
    return { records, lines };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = "lines" in error ? `, line ${error.lines}` : "";
    const reason = error.code.startsWith("CSV_QUOTE_NOT_CLOSED") ? "a quote is opened and never closed" : error.message;
    throw new FormatError(`${source}${line}: ${reason}: correct the quotes of that row`, { cause: error });
  }
}

function mostFrequent(line: string): string {
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

function headerNames(first: readonly string[], source: string, delimiter: string): string[] {
  const names = first.map((name) => name.trim());
  const empty = names.indexOf("");
  if (empty >= 0) throw new DataError(`${source}: column ${empty + 1} has no name in the first line: give it one`);
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined && !names.every(isNumber)) {
    const places = names.flatMap((name, j) => (name === twice ? [j + 1] : []));
    throw new DataError(`${source}: columns ${places.join(" and ")} are both named "${twice}": rename one`);
  }
  if (names.length > 0 && names.every(isNumber))
    throw new DataError(
      `${source}: the first line holds only numbers (${names.slice(0, 3).join(delimiter)}…) where column names are expected: add names, or pass --no-header`,
    );
  return names;
}

function isNumber(text: string): boolean {
  return text !== "" && Number.isFinite(Number(text));
}

function checkDelimiter(names: readonly string[], delimiter: string, firstLine: string, source: string): void {
  if (names.length > 1) return;
  const other = DELIMITERS.find((candidate) => candidate !== delimiter && firstLine.includes(candidate));
  if (other === undefined) return;
  const shown = (text: string) => (text === "\t" ? "tab" : `"${text}"`);
  throw new DataError(
    `${source}: splitting at ${shown(delimiter)} gives one column, but the first line holds ${shown(other)}: pass --delimiter ${other === "\t" ? "tab" : `"${other}"`}`,
  );
}

function makeTable(
  source: string,
  names: readonly string[],
  rows: number,
  column: (name: string, j: number) => Column,
): Table {
  try {
    return { source, names, rows, columns: names.map(column) };
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${source}: ${error.message}`);
    throw error;
  }
}

async function parquetTable(bytes: Uint8Array, source: string): Promise<Table> {
  const { parquetReadObjects, parquetMetadata } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer; // a fresh copy
  try {
    parquetMetadata(file);
  } catch (error) {
    throw new FormatError(`${source} is a damaged or truncated Parquet file: copy or write it again`, { cause: error });
  }
  const records = await parquetReadObjects({ file, compressors });
  if (records.length === 0) throw new DataError(`${source} has columns but no rows`);
  const names = Object.keys(records[0]!);
  return makeTable(source, names, records.length, (name) =>
    inferColumn(
      name,
      records.map((record) => cellText(record[name])),
    ),
  );
}

/** A Parquet value as it would stand in a text file. */
function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object")
    return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item));
  return `${value}`;
}

function npyTable(bytes: Uint8Array, source: string): Table {
  const { shape, data } = decodeNpy(bytes, source);
  if (shape.length > 2)
    throw new FormatError(`${source}: a table needs an array of 1 or 2 axes, got shape (${shape.join(", ")})`);
  const [rows, cols] = [shape[0] ?? 1, shape[1] ?? 1];
  const names = Array.from({ length: cols }, (_, j) => `x${j}`);
  return makeTable(source, names, rows, (name, j) => {
    const values = Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]!);
    const infinite = values.findIndex((value) => Math.abs(value) === Infinity);
    if (infinite >= 0) throw new DataError(`column "${name}" holds ${values[infinite]} in data row ${infinite + 1}`);
    return { kind: "numeric", values };
  });
}
