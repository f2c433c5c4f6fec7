import { DataError } from "../errors.ts";
import type { Table } from "./table.ts";

/** Larger values leave no room to add or subtract a few of them. */
const LARGEST = 1e305;

/** Throws DataError unless names are unique and every column has a value, finite or missing, for every row. */
export function checkTable({ source, names, rows, columns }: Table): void {
  if (names.length !== columns.length)
    throw new DataError(`${source}: ${columns.length} columns need as many names, got ${names.length}`);
  const seen = new Set<string>();
  columns.forEach(({ kind, values }, j) => {
    const name = names[j]!;
    if (seen.has(name)) throw new DataError(`${source}: two columns are named "${name}": rename one of them`);
    seen.add(name);
    if (values.length !== rows)
      throw new DataError(`${source}: column "${name}" has ${values.length} values in a table of ${rows} rows`);
    const row = kind === "numeric" ? values.findIndex((value) => Math.abs(value) > LARGEST) : -1;
    if (row < 0) return;
    const rule = Number.isFinite(values[row])
      ? `values must lie within ±${LARGEST}; rescale the column`
      : "values must be finite, or NaN if missing";
    throw new DataError(`${source}: column "${name}" holds ${values[row]} in data row ${row + 1}: ${rule}`);
  });
}
