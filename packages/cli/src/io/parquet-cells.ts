import type { SchemaElement } from "hyparquet";

function isDecimal({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === "DECIMAL" || logical?.type === "DECIMAL";
}

/** Decimals that can be had as they are stored: hyparquet multiplies them by 0.01 or so, which rounds. */
function isStoredDecimal(element: SchemaElement): boolean {
  return isDecimal(element) && element.type !== "BYTE_ARRAY";
}

/** The description of a column as hyparquet is to read it. */
export function asStored(element: SchemaElement): SchemaElement {
  if (!isStoredDecimal(element)) return element;
  const { converted_type: _converted, logical_type: _logical, ...stored } = element;
  return stored;
}

/**
 * What the values of a column become: decimals the nearest numbers, or whole ones of any size; times of day, which are counts of fractions of a
 * second, texts like 14:05:00.000.
 */
export function cellReader(element: SchemaElement): (cell: unknown) => unknown {
  if (isDecimal(element)) return decimalReader(element);
  const { logical_type: logical, converted_type: converted } = element;
  const unit = logical?.type === "TIME" ? logical.unit : /^TIME_(MILLIS|MICROS)$/.exec(converted ?? "")?.[1];
  if (unit === undefined) return (cell) => cell;
  const perMillisecond = unit === "NANOS" ? 1e6 : unit === "MICROS" ? 1e3 : 1;
  return (cell) =>
    typeof cell === "number" || typeof cell === "bigint"
      ? new Date(Math.floor(Number(cell) / perMillisecond)).toISOString().slice(11, -1)
      : cell;
}

function decimalReader(element: SchemaElement): (cell: unknown) => unknown {
  const { scale: ownScale, logical_type: logical } = element;
  const scale = ownScale ?? (logical?.type === "DECIMAL" ? logical.scale : 0);
  return (cell) => {
    if (element.type === "BYTE_ARRAY") return typeof cell === "number" ? Number(cell.toFixed(scale)) : cell;
    const whole = storedWhole(cell);
    if (whole === null) return cell;
    return scale === 0 ? whole : Number(`${whole}e${-scale}`);
  };
}

/** The whole number of a decimal, in bytes from the largest on, in two's complement. */
function storedWhole(cell: unknown): bigint | null {
  if (typeof cell === "bigint") return cell;
  if (typeof cell === "number") return BigInt(cell);
  if (!(cell instanceof Uint8Array)) return null;
  return BigInt.asIntN(8 * cell.length, BigInt(`0x${Buffer.from(cell).toString("hex") || "0"}`));
}
