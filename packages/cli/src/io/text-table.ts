import { setImmediate } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import {
  type Column,
  DataError,
  type DecimalMark,
  FormatError,
  inferColumn,
  markEvidence,
  type Table,
  type TableDialect,
} from "ntkit";
import { decodePieces, type Encoding, findEncoding } from "./decode-text.ts";
import { checkDelimiter, findDelimiter, namedDelimiter } from "./delimiter.ts";
import { fromField } from "./formula.ts";
import { makeTable } from "./make-table.ts";
import { type BrokenRecord, RecordScanner } from "./scan-records.ts";
import { TextColumns } from "./text-columns.ts";

export interface TextTableOptions {
  /** Separates the fields; found by the file's ending and its first lines when absent. */
  readonly delimiter?: string | undefined;
  /** Whether the first line names the columns. Default true; without it they are x0, x1, … */
  readonly header?: boolean | undefined;
  /** How letters are stored; found by looking at the bytes when absent. */
  readonly encoding?: Encoding | undefined;
  /** Texts that mean a missing value, beside the usual ones. */
  readonly missing?: readonly string[] | undefined;
  /** Columns that the table should have: a separator that finds them is the right one. */
  readonly expected?: readonly string[] | undefined;
  /** How the table of training was written: this one is read alike where that fits. */
  readonly alike?: TableDialect | undefined;
  /** Which columns are texts, kept as they stand in the file, whatever they hold. None when absent. */
  readonly verbatim?: ((name: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of fields that may be held, with all else on V8's heap. Four fifths of what Node may use when absent. */
  readonly heap?: number | undefined;
}

/** A table from CSV, TSV and other separated text. */
export async function textTable(bytes: Uint8Array, source: string, options: TextTableOptions = {}): Promise<Table> {
  const encoding = options.encoding ?? findEncoding(bytes, source);
  const start = firstText(bytes, encoding, source);
  if (options.delimiter !== undefined) checkDelimiter(start, options.delimiter, source);
  const named = namedDelimiter(start);
  const delimiter = options.delimiter ?? named ?? findDelimiter(start, source, options);
  const columns = new TextColumns(source, {
    delimiter,
    header: options.header ?? true,
    skipFirst: named !== undefined,
  });
  await scan(bytes, encoding, source, columns, { ...options, delimiter });
  const { names, fields, quoted, lines, aside, comments } = columns.finish();
  const usual = options.alike?.delimiter === delimiter ? options.alike.decimal : undefined;
  const decimal = tableMark(fields, delimiter, usual);
  const table = makeTable(source, names, lines.length, (name, j): Column => {
    if (options.verbatim?.(name)) return { kind: "text", values: fields[j]!.map(fromField) };
    const column = inferColumn(name, fields[j]!.map(fromField), {
      place: (row) => `line ${lines[row]}`,
      quoted: (row) => quoted[j]!.has(row),
      decimal,
      missing: options.missing,
    });
    return name === aside?.name ? { ...column, aside: aside.reason } : column;
  });
  const dialect = { delimiter, decimal };
  return { ...table, dialect, understood: understood({ delimiter, encoding, decimal, comments, width: names.length }) };
}

/** The first part of the text, that tells how the rest is written. */
function firstText(bytes: Uint8Array, encoding: Encoding, source: string): string {
  const [start = ""] = decodePieces(bytes.subarray(0, 2 ** 18), encoding, source, true);
  return start;
}

/** The mark of columns that do not tell theirs: that of those which do, else the usual one, else a comma where commas do not separate fields. */
function tableMark(
  fields: readonly (readonly string[])[],
  delimiter: string,
  usual: DecimalMark | undefined,
): DecimalMark {
  const found = fields.map((field) => markEvidence(field.slice(0, 1000)));
  const [points, commas] = [
    found.some(({ point, comma }) => point && !comma),
    found.some((one) => one.comma && !one.point),
  ];
  if (points !== commas) return commas ? "," : ".";
  return usual ?? (delimiter !== "," && found.some(({ either }) => either) ? "," : ".");
}

interface Understanding {
  readonly delimiter: string;
  readonly encoding: Encoding;
  readonly decimal: DecimalMark;
  readonly comments: number;
  readonly width: number;
}

function understood({ delimiter, encoding, decimal, comments, width }: Understanding): string {
  const separated = delimiter === " " ? "separated by blanks" : `${delimiter === "\t" ? "tab" : delimiter} separated`;
  return [
    width > 1 ? separated : "one column",
    ...(decimal === "," ? ["decimal comma"] : []),
    encoding,
    ...(comments > 0 ? [`${comments} comment line${comments === 1 ? "" : "s"} left out`] : []),
  ].join(", ");
}

interface Scanning extends TextTableOptions {
  readonly delimiter: string;
}

async function scan(
  bytes: Uint8Array,
  encoding: Encoding,
  source: string,
  columns: TextColumns,
  { delimiter, signal, heap }: Scanning,
): Promise<void> {
  const scanner = new RecordScanner({ delimiter }, (record) => columns.add(record));
  for (const piece of decodePieces(bytes, encoding, source)) {
    await setImmediate();
    signal?.throwIfAborted();
    checkHeap(source, heap);
    scanner.push(piece);
    if (scanner.broken) break;
  }
  scanner.end();
  if (scanner.broken) throw brokenRecord(source, scanner.broken);
}

/** Throws before the fields fill all memory that Node may use. */
function checkHeap(source: string, most = 0.8 * getHeapStatistics().heap_size_limit): void {
  if (getHeapStatistics().used_heap_size > most)
    throw new DataError(
      `${source} holds more text than Node has memory for (${(most / 1e9).toPrecision(3)} GB): keep only the rows and columns that are needed, save it as .npy or .parquet, or raise NODE_OPTIONS=--max-old-space-size`,
    );
}

const BROKEN: Readonly<Record<BrokenRecord["reason"], string>> = {
  open: "a quote is opened in this row and never closed: close it, or double it if it is meant",
  after: "text follows the closing quote of a field: double quotes that are meant",
};

function brokenRecord(source: string, { line, reason }: BrokenRecord): FormatError {
  return new FormatError(`${source}, line ${line}: ${BROKEN[reason]}`);
}
