import { didYouMean, ValueError } from "ntkit";

/** A number, or a list of numbers, that a run may set. */
export type ParamSpec = NumberParam | ListParam;

interface Range {
  /** What it is, for `--help` and reports. */
  readonly what: string;
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

export interface NumberParam extends Range {
  readonly kind: "number";
  readonly full: number;
  /** For a run of seconds; `full` where absent. */
  readonly quick?: number;
}

export interface ListParam extends Range {
  readonly kind: "list";
  readonly full: readonly number[];
  readonly quick?: readonly number[];
}

export type ParamSpecs = Readonly<Record<string, ParamSpec>>;
export type ParamValue = number | readonly number[];
export type ParamValues<Specs extends ParamSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name]["kind"] extends "number"
    ? number
    : Specs[Name]["kind"] extends "list"
      ? readonly number[]
      : ParamValue;
};

/** A whole number. */
export function count(
  what: string,
  full: number,
  { quick = full, min = 1, max = 1e9 }: { quick?: number; min?: number; max?: number } = {},
): NumberParam {
  return { kind: "number", what, full, quick, min, max, integer: true };
}

export function real(
  what: string,
  full: number,
  { quick = full, min = 0, max = 1e300 }: { quick?: number; min?: number; max?: number } = {},
): NumberParam {
  return { kind: "number", what, full, quick, min, max };
}

/** Whole numbers. */
export function counts(
  what: string,
  full: readonly number[],
  { quick = full, min = 1, max = 1e9 }: { quick?: readonly number[]; min?: number; max?: number } = {},
): ListParam {
  return { kind: "list", what, full, quick, min, max, integer: true };
}

export function reals(
  what: string,
  full: readonly number[],
  { quick = full, min = 0, max = 1e300 }: { quick?: readonly number[]; min?: number; max?: number } = {},
): ListParam {
  return { kind: "list", what, full, quick, min, max };
}

/** The parameters of a run: the defaults, or those of a quick run, with what was set. Throws ValueError for what does not fit. */
export function resolveParams(
  specs: ParamSpecs,
  { quick = false, set = {} }: { readonly quick?: boolean; readonly set?: Readonly<Record<string, ParamValue>> } = {},
): Record<string, ParamValue> {
  for (const name of Object.keys(set)) {
    if (!Object.hasOwn(specs, name)) throw new ValueError(unknownName(name, Object.keys(specs)));
  }
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const value = set[name] ?? (quick ? (spec.quick ?? spec.full) : spec.full);
      checkParam(name, spec, value);
      return [name, value];
    }),
  );
}

/** Reads "k=v" or "k=v1,v2" for one of the specifications. */
export function parseParam(specs: ParamSpecs, text: string): readonly [name: string, value: ParamValue] {
  const [name = "", value, ...rest] = text.split("=").map((part) => part.trim());
  if (value === undefined || value === "" || rest.length > 0)
    throw new ValueError(`--set ${text}: write name=value, or name=value,value,… for a list`);
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (!spec) throw new ValueError(unknownName(name, Object.keys(specs)));
  const numbers = value.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (spec.kind === "number" && numbers.length !== 1)
    throw new ValueError(`${name} is one number, got "${value}": ${spec.what}`);
  const parsed = spec.kind === "number" ? numbers[0]! : numbers;
  checkParam(name, spec, parsed, value);
  return [name, parsed];
}

function unknownName(name: string, known: readonly string[]): string {
  const names = known.length === 0 ? "there is nothing to set" : `there is ${known.join(", ")}`;
  return `no parameter "${name}": ${names}${didYouMean(name, known)}`;
}

function checkParam(name: string, spec: ParamSpec, value: ParamValue, written: string = String(value)): void {
  const values = typeof value === "number" ? [value] : value;
  if ((typeof value === "number") !== (spec.kind === "number") || values.length === 0)
    throw new ValueError(`${name} is ${spec.kind === "number" ? "one number" : "a list of numbers"}, got ${written}`);
  for (const own of values) {
    if (own >= spec.min && own <= spec.max && (!spec.integer || Number.isInteger(own))) continue;
    const rule = `${spec.integer ? "a whole number" : "a number"} from ${spec.min} to ${spec.max}`;
    throw new ValueError(`${name} must be ${rule} (${spec.what}), got ${written}`);
  }
}
