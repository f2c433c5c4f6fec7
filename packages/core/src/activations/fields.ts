import { didYouMean, NetworkError, quoted } from "../errors.ts";

/** The rule for one field of a network description. */
export interface Field {
  readonly kind: "number" | "integer" | "numbers" | "choice" | "text";
  /** Absent means that the field must be given. */
  readonly default?: number | string;
  readonly min?: number;
  readonly max?: number;
  /** The most numbers that a list may hold. */
  readonly maxCount?: number;
  /** Whether `min` itself is allowed (default) or not. */
  readonly open?: boolean;
  readonly choices?: readonly string[];
}

/** One rule for each field of the description T, apart from `type`. */
export type Fields<T> = { readonly [K in Exclude<keyof T, "type" | "layer" | "layers" | "branches">]-?: Field };

/**
 * The description with defaults filled in. Throws a NetworkError naming the field, and the layer at `place`, when one is unknown,
 * missing or out of range.
 */
export function completeFields(
  place: string,
  spec: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Field>>,
  structural: readonly string[] = [],
): Record<string, unknown> {
  const where = `${spec["type"]}`;
  for (const key of Object.keys(spec)) {
    if (key === "type" || Object.hasOwn(fields, key) || structural.includes(key)) continue;
    const known = [...Object.keys(fields), ...structural];
    const list = known.length > 0 ? `has the fields ${known.join(", ")}` : "has no fields";
    throw new NetworkError(place, `unknown field "${key}" of ${where}${didYouMean(key, known)}; ${where} ${list}`);
  }
  const complete: Record<string, unknown> = { ...spec };
  for (const [key, field] of Object.entries(fields)) {
    const value = spec[key] === undefined ? field.default : spec[key];
    if (value === undefined) throw new NetworkError(place, `${where} needs the field "${key}" (${rule(field)})`);
    const odd = [value]
      .flat()
      .find((number) => typeof number === "number" && Number.isFinite(number) && !hasSquare(number));
    if (odd !== undefined)
      throw new NetworkError(place, `${key} of ${where} must be 0 or ${SMALLEST} to ${LARGEST} in size, got ${odd}`);
    if (!allowed(value, field))
      throw new NetworkError(
        place,
        `${key} of ${where} must be ${rule(field)}, got ${shown(value, field)}${suggestion(value, field)}`,
      );
    complete[key] = value;
  }
  return complete;
}

function suggestion(value: unknown, { kind, choices = [] }: Field): string {
  return kind === "choice" && typeof value === "string" ? didYouMean(value, choices) : "";
}

function allowed(value: unknown, field: Field): boolean {
  if (field.kind === "choice") return typeof value === "string" && (field.choices ?? []).includes(value);
  if (field.kind === "text") return typeof value === "string" && value !== "";
  if (field.kind === "numbers") {
    if (!Array.isArray(value) || value.length === 0 || value.length > (field.maxCount ?? Infinity)) return false;
    return Array.from(value).every(Number.isFinite);
  }
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  if (field.kind === "integer" && !Number.isInteger(value)) return false;
  const { min = -Infinity, max = Infinity, open = false } = field;
  return (open ? value > min : value >= min) && value <= max;
}

/** Sizes of numbers whose squares, which kernels are made of, keep all their digits in float64. */
const [SMALLEST, LARGEST] = [1e-150, 1e150];

function hasSquare(value: number): boolean {
  const size = Math.abs(value);
  return size === 0 || (size >= SMALLEST && size <= LARGEST);
}

function shown(value: unknown, { maxCount = Infinity }: Field): string {
  return Array.isArray(value) && value.length > maxCount ? `${value.length}` : quoted(value);
}

function rule(field: Field): string {
  if (field.kind === "choice") return `one of ${(field.choices ?? []).join(", ")}`;
  if (field.kind === "text") return "a name";
  if (field.kind === "numbers")
    return `a list of ${field.maxCount === undefined ? "" : `1 to ${field.maxCount} `}finite numbers`;
  const noun = field.kind === "integer" ? "an integer" : "a finite number";
  if (field.min !== undefined && field.max !== undefined) {
    return `${noun} ${field.open ? "above" : "from"} ${field.min} ${field.open ? "and at most" : "to"} ${field.max}`;
  }
  if (field.min !== undefined) return `${noun} ${field.open ? "above" : "of at least"} ${field.min}`;
  return noun;
}
