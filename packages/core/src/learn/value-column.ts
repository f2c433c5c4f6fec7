import { DataError } from "../errors.ts";
import { isExactNumber } from "./cell-number.ts";
import { inferColumn } from "./infer-column.ts";
import type { Column } from "./table.ts";

/**
 * A column of values as a program has them: numbers, true and false, dates, texts; null, undefined and NaN are missing, and so is what `missing`
 * names. Throws DataError for an infinite number.
 */
export function valueColumn(
  name: string,
  cells: readonly unknown[] | Float64Array,
  missing: readonly string[] = [],
): Column {
  if (cells instanceof Float64Array) return numericColumn(name, cells, missing);
  if (cells.some(isNested))
    return { kind: "text", values: cells.map(cellText), aside: "holds lists or structures, not one value a row" };
  const isNumber = (cell: unknown) => cell == null || typeof cell === "number" || typeof cell === "bigint";
  const isInexact = (cell: unknown) => typeof cell === "bigint" && !isExactNumber(cell);
  // Whole numbers that float64 cannot hold are ids: as texts they keep their digits.
  if (!cells.every(isNumber) || cells.some(isInexact))
    return inferColumn(name, cells.map(cellText), { missing, quoted: () => true });
  const values = Float64Array.from(cells, (cell) => (cell == null ? Number.NaN : Number(cell)));
  return numericColumn(name, values, missing);
}

function numericColumn(name: string, values: Float64Array, missing: readonly string[]): Column {
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw new DataError(
      `column "${name}" holds ${values[infinite]} in data row ${infinite + 1}: values must be finite; correct it, or make it NaN if it is missing`,
    );
  const codes = new Set(missing.map(Number));
  return {
    kind: "numeric",
    values: missing.length === 0 ? values : values.map((value) => (codes.has(value) ? Number.NaN : value)),
  };
}

function isNested(value: unknown): boolean {
  return (typeof value === "object" && value !== null && !(value instanceof Date)) || typeof value === "function";
}

/** A value as it would stand in a text file. */
function cellText(value: unknown): string | null {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item));
}
