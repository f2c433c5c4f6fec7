import { DataError, FormatError, type Table, valueColumn } from "ntkit";
import { memorySource } from "./byte-source.ts";
import { inputLimit } from "./input-limit.ts";
import { jsonTable } from "./json-table.ts";
import { makeTable } from "./make-table.ts";
import { decodeNpy } from "./npy.ts";
import { NPY_MAGIC, shapeText } from "./npy-header.ts";
import { onlyArray } from "./npz.ts";
import { type ReadOptions, readInput, sourceName } from "./read-input.ts";
import { readParquet } from "./read-parquet.ts";
import { type TextTableOptions, textTable } from "./text-table.ts";

export interface ReadTableOptions extends TextTableOptions, ReadOptions {}

/**
 * Reads a table: CSV, TSV and other separated text, JSON rows, Parquet, .npy or .npz, each of them gzipped or not; "-" is standard
 * input. The format is found in the content. Throws DataError or FormatError with one sentence.
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const bytes = await readInput(path, options);
  const source = sourceName(path);
  if (bytes.length === 0) throw new DataError(`${source} is empty: it needs a line of column names and a line per row`);
  if (startsWith(bytes, "PAR1") || startsWith(bytes, "PARE")) return readParquet(bytes, source, options);
  if (startsWith(bytes, NPY_MAGIC)) return npyTable(bytes, source, options);
  const array = startsWith(bytes, "PK\x03\x04") ? archived(bytes, source, options) : null;
  if (array !== null) return npyTable(array, source, options);
  checkKind(bytes, source);
  const json = options.delimiter === undefined ? jsonTable(bytes, source, options.missing) : null;
  return json ?? textTable(bytes, source, options);
}

/** The array in an archive that NumPy wrote; null for other archives. */
function archived(bytes: Uint8Array, source: string, { limit = inputLimit() }: ReadTableOptions): Uint8Array | null {
  if (/\.xlsx?$/i.test(source)) return null;
  return onlyArray(bytes, source, limit);
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return [...magic].every((char, i) => bytes[i] === char.charCodeAt(0));
}

/** Throws for content that is no text table, where more can be said than that. */
function checkKind(bytes: Uint8Array, source: string): void {
  const ending = /\.(parquet|npy|npz)(\.gz)?$/i.exec(source)?.[1]?.toLowerCase();
  if (startsWith(bytes, "PK") && ending === "npz")
    throw new FormatError(`${source} is a damaged archive, or one of other things than arrays: save it again`);
  if (startsWith(bytes, "PK") || startsWith(bytes, "\xd0\xcf\x11\xe0"))
    throw new FormatError(`${source} is a spreadsheet or an archive, not text: export the sheet as CSV`);
  if (ending === "parquet")
    throw new FormatError(`${source} is not a Parquet file although its name says so: write it again, or rename it`);
  if (ending !== undefined)
    throw new FormatError(`${source} is not a .npy file although its name says so: save the array with numpy.save`);
}

/** An array without rows may claim any number of columns. */
const MAX_COLUMNS = 1_000_000;

/** The columns of an array, named x0, x1, … */
async function npyTable(bytes: Uint8Array, source: string, { missing }: ReadTableOptions): Promise<Table> {
  const { shape, data } = await decodeNpy(memorySource(bytes, source));
  if (shape.length === 0 || shape.length > 2)
    throw new FormatError(
      `${source}: a table needs an array of one or two dimensions, got shape ${shapeText(shape)}: reshape it before saving`,
    );
  const [rows, cols] = [shape[0]!, shape[1] ?? 1];
  if (cols > MAX_COLUMNS)
    throw new DataError(
      `${source}: a table has at most ${MAX_COLUMNS} columns, got shape ${shapeText(shape)}: one row is one example`,
    );
  const names = Array.from({ length: cols }, (_, j) => `x${j}`);
  return makeTable(source, names, rows, (name, j) =>
    valueColumn(
      name,
      Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]!),
      missing,
    ),
  );
}
