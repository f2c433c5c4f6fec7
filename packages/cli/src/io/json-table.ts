import { isUtf8 } from "node:buffer";
import { getHeapStatistics } from "node:v8";
import { DataError, FormatError, type Table, tableFromRows } from "ntkit";
import { makeTable } from "./make-table.ts";
import { parseJson } from "./parse-json.ts";

/** Values of JSON take this many times the memory of their text. */
const GROWTH = 8;

/** A table from rows of objects in JSON: a list of them, or one in each line (NDJSON). Null when the content is neither by its beginning. */
export function jsonTable(bytes: Uint8Array, source: string, missing: readonly string[] = []): Table | null {
  const named = /\.(json|ndjson|jsonl)(\.gz)?$/i.test(source);
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 2 ** 12)).toString("utf8");
  const lines = /^\ufeff?\s*\{/.test(start);
  if (!named && !lines && !/^\ufeff?\s*\[\s*(\{|\]\s*$)/.test(start)) return null;
  if (GROWTH * bytes.length > getHeapStatistics().heap_size_limit)
    throw new DataError(
      `${source} holds more JSON than Node has memory for: save it as .csv or .parquet, or raise NODE_OPTIONS=--max-old-space-size`,
    );
  if (!isUtf8(bytes)) throw new FormatError(`${source} is not UTF-8 text, as JSON must be: save it as UTF-8`);
  const text = keepLongNumbers(new TextDecoder().decode(bytes).trim());
  const rows = lines ? lineValues(text, source) : listValues(text, source);
  return rowTable(rows, source, lines ? "line" : "row", missing);
}

/** Whole numbers that float64 may round are put in quotes: ids keep their digits. */
function keepLongNumbers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) ? `"${token}"` : token,
  );
}

interface Row {
  readonly value: unknown;
  readonly place: number;
}

function lineValues(text: string, source: string): Row[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [{ value: parseJson(line), place: i + 1 }];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new FormatError(`${source}, line ${i + 1}: it must hold one JSON object: ${error.message}`, {
        cause: error,
      });
    }
  });
}

function listValues(text: string, source: string): Row[] {
  let list: unknown;
  try {
    list = parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FormatError(`${source} is not JSON: ${error.message}`, { cause: error });
  }
  if (!Array.isArray(list)) throw new FormatError(`${source} is no list of objects, one a row: write it as one`);
  return list.map((value: unknown, i) => ({ value, place: i + 1 }));
}

function rowTable(rows: readonly Row[], source: string, place: string, missing: readonly string[]): Table {
  const objects = rows.map(({ value, place: at }) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new FormatError(`${source}, ${place} ${at}: it must be an object of names and values, like {"a": 1}`);
  });
  const { names, columns } = tableFromRows(objects, { source, missing });
  const table = makeTable(source, names, rows.length, (_, j) => columns[j]!);
  return { ...table, understood: place === "line" ? "JSON, one object a line" : "JSON, a list of objects" };
}
