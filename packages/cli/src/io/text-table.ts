import { constants } from "node:buffer";
import { DataError, FormatError, inferColumn, type Table } from "ntkit";
import { checkDelimiter, findDelimiter, quotedDelimiter } from "./delimiter.ts";
import { fromField } from "./formula.ts";
import { makeTable } from "./make-table.ts";

export interface TextTableOptions {
  /** Separates the fields; found by the file's ending and its first lines when absent. */
  readonly delimiter?: string | undefined;
  /** Whether the first line names the columns. Default true; without it they are x0, x1, … */
  readonly header?: boolean | undefined;
}

/** Fields of a line, and the number of the line they start on. */
interface Row {
  readonly fields: readonly string[];
  readonly line: number;
}

/** A table from CSV, TSV and other separated text in UTF-8. */
export async function textTable(bytes: Uint8Array, source: string, options: TextTableOptions = {}): Promise<Table> {
  const text = decode(bytes, source);
  if (options.delimiter !== undefined) checkDelimiter(text, options.delimiter, source);
  const delimiter = options.delimiter ?? findDelimiter(text, source);
  const records = await parseRecords(text, source, delimiter);
  const first = records[0];
  if (!first) throw new DataError(`${source} is empty: it needs a line of column names and a line per row`);
  const header = options.header ?? true;
  const names = header
    ? headerNames(first.fields.map(fromField), source, delimiter)
    : first.fields.map((_, j) => `x${j}`);
  const rows = header ? records.slice(1) : records;
  for (const { fields, line } of rows) {
    if (fields.length !== names.length)
      throw new DataError(
        `${source}, line ${line}: every row must have ${names.length} field${names.length === 1 ? "" : "s"} like the first line, got ${fields.length}: ` +
          `correct the row, or quote fields that hold ${quotedDelimiter(delimiter)}`,
      );
  }
  return makeTable(source, names, rows.length, (name, j) =>
    inferColumn(
      name,
      rows.map(({ fields }) => fromField(fields[j]!)),
      (row) => `line ${rows[row]!.line}`,
    ),
  );
}

function decode(bytes: Uint8Array, source: string): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new FormatError(`${source} is UTF-16 text: save it as UTF-8`);
  const zero = bytes.subarray(0, 2 ** 16).indexOf(0);
  if (zero >= 0)
    throw new FormatError(`${source} is not UTF-8 text (byte ${zero} is 0, as in UTF-16): save it as UTF-8`);
  if (bytes.length > constants.MAX_STRING_LENGTH)
    throw new DataError(
      `${source} holds more than ${constants.MAX_STRING_LENGTH} bytes of text: keep only the rows and columns that are needed`,
    );
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

async function parseRecords(text: string, source: string, delimiter: string): Promise<Row[]> {
  const { parse, CsvError } = await import("csv-parse/sync");
  const records: Row[] = [];
  let ended = 0;
  try {
    parse(text, {
      delimiter,
      bom: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // By default only the first line end seen is one, and others would end up in fields.
      record_delimiter: ["\r\n", "\n", "\r"],
      on_record(fields: string[], { lines }) {
        records.push({ fields, line: lines - fields.reduce((sum, field) => sum + lineEnds(field), 0) });
        ended = lines;
        return null;
      },
    });
    return records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new FormatError(`${source}, line ${ended + 1}: ${QUOTE_ERRORS[error.code] ?? error.message}`, {
      cause: error,
    });
  }
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
