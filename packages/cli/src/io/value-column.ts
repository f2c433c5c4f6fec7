import { type Column, DataError, inferColumn } from "ntkit";
import { exactNumber } from "./exact-number.ts";

/** A column of values as a program has them: numbers, true and false, dates, texts; null or undefined is missing. */
export function valueColumn(name: string, cells: readonly unknown[], missing: readonly string[] = []): Column {
  if (cells.some(isNested))
    return { kind: "text", values: cells.map(cellText), aside: "holds lists or structures, not one value a row" };
  const isNumber = (cell: unknown) => cell == null || typeof cell === "number" || typeof cell === "bigint";
  const isInexact = (cell: unknown) => typeof cell === "bigint" && Number.isNaN(exactNumber(cell));
  // Whole numbers that float64 cannot hold are ids: as texts they keep their digits.
  if (!cells.every(isNumber) || cells.some(isInexact))
    return inferColumn(name, cells.map(cellText), { missing, quoted: () => true });
  return numericColumn(
    name,
    Float64Array.from(cells, (cell) => (cell == null ? Number.NaN : Number(cell))),
    missing,
  );
}

/** A column of numbers, NaN where they are missing or what `missing` names. Throws DataError for an infinite one. */
export function numericColumn(name: string, values: Float64Array, missing: readonly string[] = []): Column {
  const infinite = values.findIndex((value) => Math.abs(value) === Infinity);
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
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

/** A value as it would stand in a text file. */
function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return `${value}`;
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item));
}
