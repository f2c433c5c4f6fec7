import { DataError, FormatError, type Table, valueColumn } from "ntkit";
import { type InputLimit, tooLarge } from "./input-limit.ts";
import { makeTable } from "./make-table.ts";
import { asStored, cellReader } from "./parquet-cells.ts";

export interface ParquetOptions {
  readonly limit: InputLimit;
  /** Texts that mean a missing value. */
  readonly missing?: readonly string[] | undefined;
  /** Called with each page that was read, then when all are: from there on it ends. */
  readonly onPage: () => void;
  readonly onRead: () => void;
}

/** A table from a Parquet file: numbers stay numbers, dates become ISO text, null is missing. May never end: see `readParquet`. */
export async function parquetTable(bytes: Uint8Array, source: string, options: ParquetOptions): Promise<Table> {
  const { names, rows, columns, index } = await readColumns(bytes, source, options);
  options.onRead();
  return makeTable(source, names, rows, (name, j) => {
    const { cells, filled } = columns[j]!;
    if (filled !== rows) throw damaged(source);
    const column = valueColumn(name, cells, options.missing);
    return index.has(name) ? { ...column, aside: "is the index of the rows, as pandas says in the file" } : column;
  });
}

interface Cells {
  readonly cells: unknown[];
  filled: number;
}

interface Columns {
  readonly names: readonly string[];
  readonly rows: number;
  readonly columns: readonly Cells[];
  /** Names of columns that are an index. */
  readonly index: ReadonlySet<string>;
}

async function readColumns(bytes: Uint8Array, source: string, { limit, onPage }: ParquetOptions): Promise<Columns> {
  const { parquetMetadata, parquetRead, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const slice = (start: number, end?: number): ArrayBuffer => new Uint8Array(bytes.subarray(start, end)).buffer;
  try {
    const found = parquetMetadata(slice(0));
    const elements = parquetSchema(found).children.map(({ element }) => element);
    const metadata = { ...found, schema: found.schema.map(asStored) };
    const names = elements.map(({ name }) => name);
    const rows = Number(metadata.num_rows);
    if (8 * rows * names.length > limit.bytes) throw tooLarge(`${source}, unpacked,`, limit);
    const columns = elements.map((): Cells => ({ cells: new Array(rows), filled: 0 }));
    const readers = new Map(names.map((name, j) => [name, { own: columns[j]!, read: cellReader(elements[j]!) }]));
    await parquetRead({
      file: { byteLength: bytes.length, slice },
      metadata,
      compressors,
      onPage,
      onChunk({ columnName, columnData, rowStart }) {
        const { own, read } = readers.get(columnName)!; // the schema names all of them
        for (let i = 0; i < columnData.length; i++) own.cells[rowStart + i] = read(columnData[i]);
        own.filled += columnData.length;
      },
    });
    return { names, rows, columns, index: pandasIndex(metadata.key_value_metadata) };
  } catch (error) {
    throw error instanceof DataError ? error : damaged(source, error);
  }
}

/** The columns that pandas wrote as the index of its frame. */
function pandasIndex(metadata: readonly { readonly key: string; readonly value?: string }[] = []): ReadonlySet<string> {
  const text = metadata.find(({ key }) => key === "pandas")?.value;
  try {
    const { index_columns: names = [] } = JSON.parse(text ?? "{}") as { index_columns?: unknown };
    return new Set(Array.isArray(names) ? names.filter((name) => typeof name === "string") : []);
  } catch {
    return new Set(); // what others write there is no business of this reader
  }
}

function damaged(source: string, cause?: unknown): FormatError {
  return new FormatError(`${source} is a damaged, truncated or encrypted Parquet file: copy or write it again`, {
    cause,
  });
}
