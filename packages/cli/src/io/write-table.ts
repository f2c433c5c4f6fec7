import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { DataError, matrix } from "ntkit";
import { withoutFormula } from "./formula.ts";
import { writeNpy } from "./npy.ts";
import { writeFileAtomic } from "./write-file.ts";

export interface OutputColumn {
  readonly name: string;
  /** NaN and null are missing: NaN and nothing in text, null in Parquet. */
  readonly values: ArrayLike<number | string | null>;
}

export type TableFormat = "csv" | "txt" | "tsv" | "tab" | "parquet" | "npy";

/** Separators of the formats that are text. */
const DELIMITERS: Readonly<Partial<Record<TableFormat, string>>> = { csv: ",", txt: ",", tsv: "\t", tab: "\t" };

/** Rows that are made into text at a time. */
const BLOCK = 10_000;

/** The format by the ending of a name like predictions.tsv.gz: "tsv". Throws for one that is not written. */
export function tableFormat(path: string): TableFormat {
  const [, ending = "csv", gzip] = /\.([a-z0-9]+)(\.gz)?$/i.exec(path) ?? [];
  const format = ending.toLowerCase();
  if (format in DELIMITERS) return format as TableFormat;
  if ((format === "parquet" || format === "npy") && gzip === undefined) return format;
  throw new DataError(
    `${path}: tables are written as .csv or .tsv, each with or without .gz, .parquet or .npy, not as .${ending}${gzip ?? ""}`,
  );
}

/**
 * Writes columns of equal length by the ending of `path`, gzipped when it ends in .gz; "-" or undefined is standard
 * output, as CSV. Every finite number is read back with the same bits, and every text as it is: one that a spreadsheet would run
 * as a formula stands behind an apostrophe, which `readTable` takes off.
 */
export async function writeTable(path: string | undefined, columns: readonly OutputColumn[]): Promise<void> {
  const format = path === undefined || path === "-" ? "csv" : tableFormat(path);
  if (format === "npy") return writeNpy(path, toMatrix(`${path}`, columns));
  if (format === "parquet") return writeParquet(path, columns);
  const blocks = textBlocks(columns, DELIMITERS[format]!);
  await writeFileAtomic(path, async (write) => {
    if (path?.toLowerCase().endsWith(".gz")) {
      for await (const bytes of Readable.from(blocks).pipe(createGzip())) await write(bytes);
    } else for (const block of blocks) await write(new TextEncoder().encode(block));
  });
}

/** Lines of separated fields. */
export function tableText(columns: readonly OutputColumn[], delimiter = ","): string {
  return [...textBlocks(columns, delimiter)].join("");
}

function* textBlocks(columns: readonly OutputColumn[], delimiter: string): Generator<string> {
  // A row of one empty field would be an empty line, which readers skip.
  const alone = columns.length === 1;
  const field = (value: number | string | null) => {
    const text = fieldText(value);
    return quoted(typeof value === "string" ? withoutFormula(text) : text, delimiter, alone);
  };
  yield `${columns.map(({ name }) => field(name)).join(delimiter)}\n`;
  const rows = columns[0]?.values.length ?? 0;
  for (let start = 0; start < rows; start += BLOCK) {
    const lines: string[] = [];
    for (let i = start; i < Math.min(rows, start + BLOCK); i++)
      lines.push(`${columns.map(({ values }) => field(values[i]!)).join(delimiter)}\n`);
    yield lines.join("");
  }
}

function fieldText(value: number | string | null): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  return Object.is(value, -0) ? "-0" : `${value}`;
}

/** RFC 4180: fields with a separator, a quote or a line end stand in quotes, quotes inside are doubled. */
function quoted(field: string, delimiter: string, alone: boolean): string {
  const special = field.includes(delimiter) || /["\r\n]|^\s|\s$/.test(field) || (alone && field === "");
  return special ? `"${field.replaceAll('"', '""')}"` : field;
}

/** DOUBLE where all values are numbers, else text. */
async function writeParquet(path: string | undefined, columns: readonly OutputColumn[]): Promise<void> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columns.map(({ name, values }) => {
    const cells = Array.from(values);
    if (cells.every((cell) => typeof cell === "number"))
      return { name, type: "DOUBLE" as const, data: cells.map((cell) => (Number.isNaN(cell) ? null : cell)) };
    return { name, type: "STRING" as const, data: cells.map((cell) => (cell === null ? null : fieldText(cell))) };
  });
  await writeFileAtomic(path, (write) => write(new Uint8Array(parquetWriteBuffer({ columnData }))));
}

function toMatrix(path: string, columns: readonly OutputColumn[]): ReturnType<typeof matrix> {
  const rows = columns[0]?.values.length ?? 0;
  const result = matrix(rows, columns.length);
  columns.forEach(({ name, values }, j) => {
    for (let i = 0; i < rows; i++) {
      const value = values[i]!;
      if (typeof value !== "number")
        throw new DataError(
          `${path}: .npy holds numbers only, but column "${name}" holds text: write .csv or .parquet`,
        );
      result.data[i * columns.length + j] = value;
    }
  });
  return result;
}
