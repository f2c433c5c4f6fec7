import { DataError } from "../errors.ts";
import { checkOptions, optionNames } from "../matrix/option-names.ts";
import type { Table } from "./table.ts";
import { valueColumn } from "./value-column.ts";

export interface RowsOptions {
  /** Where the rows came from, for messages. "rows" when absent. */
  readonly source?: string | undefined;
  /** Texts and numbers that mean a missing value, beside the usual ones. */
  readonly missing?: readonly string[] | undefined;
}

const NAMES = optionNames<RowsOptions>({ source: true, missing: true });

/**
 * A table of objects, one a row: numbers, whole numbers of any size, true and false, dates and texts under the names of their columns. A name
 * that an object lacks is missing there, as are null, undefined and NaN; columns of lists or structures are set aside.
 *
 *   const houses = tableFromRows([{ area: 80, town: "Ulm" }, { area: 95, town: null }]);
 */
export function tableFromRows(rows: readonly object[], options: RowsOptions = {}): Table {
  checkOptions("tableFromRows", options, NAMES);
  const { source = "rows", missing } = options;
  const cells = new Map<string, unknown[]>();
  rows.forEach((row, i) => {
    if (typeof row !== "object" || row === null || Array.isArray(row))
      throw new DataError(
        `${source}: row ${i + 1} must be an object of names and values, like {"a": 1}, got ${row === null ? "null" : Array.isArray(row) ? "a list" : typeof row}`,
      );
    for (const [name, cell] of Object.entries(row)) {
      const column = cells.get(name) ?? new Array<unknown>(rows.length).fill(null);
      column[i] = cell;
      cells.set(name, column);
    }
  });
  try {
    const columns = Array.from(cells, ([name, own]) => valueColumn(name, own, missing));
    return { source, names: [...cells.keys()], rows: rows.length, columns };
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${source}: ${error.message}`, { cause: error });
    throw error;
  }
}
