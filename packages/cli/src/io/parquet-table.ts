import { type Column, DataError, FormatError, inferColumn, type Table } from "ntkit";
import { exactNumber } from "./exact-number.ts";
import { makeTable } from "./make-table.ts";

/** A table from a Parquet file: numbers stay numbers, dates become ISO text, null is missing. */
export async function parquetTable(bytes: Uint8Array, source: string): Promise<Table> {
  const { names, rows } = await readRows(bytes, source);
  return makeTable(source, names, rows.length, (name, j) =>
    parquetColumn(
      name,
      rows.map((row) => row[j]),
    ),
  );
}

async function readRows(bytes: Uint8Array, source: string): Promise<{ names: string[]; rows: unknown[][] }> {
  const { parquetMetadata, parquetRead, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const slice = (start: number, end?: number): ArrayBuffer => new Uint8Array(bytes.subarray(start, end)).buffer;
  try {
    const metadata = parquetMetadata(slice(0));
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    let rows: unknown[][] = [];
    await parquetRead({
      file: { byteLength: bytes.length, slice },
      metadata,
      compressors,
      onComplete: (result) => {
        rows = result;
      },
    });
    return { names, rows };
  } catch (error) {
    throw new FormatError(`${source} is a damaged, truncated or encrypted Parquet file: copy or write it again`, {
      cause: error,
    });
  }
}

function parquetColumn(name: string, cells: readonly unknown[]): Column {
  const isNumber = (cell: unknown) => cell == null || typeof cell === "number" || typeof cell === "bigint";
  if (!cells.every(isNumber)) return inferColumn(name, cells.map(cellText));
  const inexact = cells.findIndex((cell) => typeof cell === "bigint" && Number.isNaN(exactNumber(cell)));
  if (inexact >= 0)
    throw new DataError(
      `column "${name}" holds ${cells[inexact]} in data row ${inexact + 1}, which float64 cannot hold exactly: save it as float64, or as text if it is an identifier`,
    );
  const values = Float64Array.from(cells, (cell) => (cell == null ? Number.NaN : Number(cell)));
  return numericColumn(name, values);
}

/** A column of numbers, NaN where they are missing. Throws DataError for an infinite one. */
export function numericColumn(name: string, values: Float64Array): Column {
  const infinite = values.findIndex((value) => Math.abs(value) === Infinity);
  if (infinite >= 0)
    throw new DataError(
      `column "${name}" holds ${values[infinite]} in data row ${infinite + 1}: values must be finite; correct it, or make it NaN if it is missing`,
    );
  return { kind: "numeric", values };
}

/** A value as it would stand in a text file. */
function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return `${value}`;
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item));
}
