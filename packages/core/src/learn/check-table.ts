import { DataError } from "../errors.ts";
import type { Table } from "./table.ts";

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
    const row = kind === "numeric" ? values.findIndex((value) => Math.abs(value) === Infinity) : -1;
    if (row >= 0)
      throw new DataError(
        `${source}: column "${name}" holds ${values[row]} in data row ${row + 1}: values must be finite, or NaN if missing`,
      );
  });
}
