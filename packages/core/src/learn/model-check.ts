import { DATE_WRITINGS } from "./parse-date.ts";
import { inputWidth, type Preprocessor } from "./preprocess.ts";

/*
 * Whether the description inside a model file has the fields that the model's type promises. Each check throws an
 * Error naming the field; `decodeModel` says which file it was.
 */

type Check = (value: unknown, name: string) => void;

const text: Check = (value, name) => expect(typeof value === "string", name, "a text");
const number: Check = (value, name) => expect(Number.isFinite(value), name, "a finite number");
const atLeastZero: Check = (value, name) => expect(Number.isFinite(value) && Number(value) >= 0, name, "at least 0");
const positive: Check = (value, name) => expect(Number.isFinite(value) && Number(value) > 0, name, "above 0");
const truth: Check = (value, name) => expect(typeof value === "boolean", name, "true or false");
const anything: Check = () => {};

const oneOf =
  (...known: readonly string[]): Check =>
  (value, name) =>
    expect(known.includes(value as string), name, `one of ${known.join(", ")}`);

const listOf =
  (item: Check): Check =>
  (value, name) => {
    expect(Array.isArray(value), name, "a list");
    (value as unknown[]).forEach((entry, i) => {
      item(entry, `${name}[${i}]`);
    });
  };

const twoNumbers: Check = (value, name) => {
  listOf(number)(value, name);
  expect((value as number[]).length === 2, name, "two numbers");
};

/** Two numbers in ascending order. */
const pair: Check = (value, name) => {
  listOf(number)(value, name);
  const [low, high, ...others] = value as number[];
  expect(low !== undefined && high !== undefined && low <= high && others.length === 0, name, "two numbers in order");
};

const orNull =
  (check: Check): Check =>
  (value, name) => {
    if (value !== null) check(value, name);
  };

const optional =
  (check: Check): Check =>
  (value, name) => {
    if (value !== undefined) check(value, name);
  };

const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, name) => {
    expect(typeof value === "object" && value !== null, name, "an object");
    for (const [field, check] of Object.entries(fields))
      check((value as Record<string, unknown>)[field], name === "" ? field : `${name}.${field}`);
  };

/** An object of one of several kinds, which the field names. */
function choiceBy(field: string, checks: Readonly<Record<string, Check>>): Check {
  return (value, name) => {
    object({ [field]: oneOf(...Object.keys(checks)) })(value, name);
    checks[(value as Record<string, string>)[field]!]!(value, name);
  };
}

const numericFeature = object({
  name: text,
  mean: number,
  std: positive,
  missing: orNull(number),
  clipped: optional(object({ count: positive, range: pair })),
  durations: optional(truth),
});
const categoryFeature = object({ name: text, levels: listOf(text), shares: listOf(number) });

const datePart = choiceBy("kind", {
  trend: object({ mean: number, std: positive }),
  season: object({ centre: twoNumbers, spread: positive }),
  hour: object({ centre: twoNumbers, spread: positive }),
  weekday: object({ shares: listOf(atLeastZero) }),
});
const dateFeature = object({
  name: text,
  writing: oneOf(...DATE_WRITINGS),
  parts: listOf(datePart),
  missing: orNull(number),
});
const feature = choiceBy("kind", { numeric: numericFeature, category: categoryFeature, date: dateFeature });

const base: Readonly<Record<string, Check>> = {
  task: oneOf("regression", "classification"),
  target: text,
  rows: positive,
  leftOut: positive,
  rowColumns: optional(object({ weight: optional(text), group: optional(text), time: optional(text) })),
  weightless: optional(atLeastZero),
  preprocessor: object({
    features: listOf(feature),
    dropped: listOf(object({ name: text, reason: text })),
    dialect: optional(object({ delimiter: text, decimal: oneOf(".", ",") })),
  }),
  fitted: object({ network: anything, kernel: oneOf("ntk", "nngp"), architecture: text, diagReg: atLeastZero }),
  scores: listOf(object({ name: text, score: number, relativeDiagReg: number })),
  seed: number,
  engine: text,
};

const regression = object({
  ...base,
  targetMean: number,
  targetStd: positive,
  transform: oneOf("identity", "root", "log"),
  smear: listOf(number),
  reach: optional(pair),
  slips: optional(listOf(number)),
  noise: atLeastZero,
  profile: orNull(object({ diagReg: atLeastZero, offset: number, range: pair, floor: atLeastZero })),
});
const classification = object({ ...base, classes: listOf(text), numericClasses: truth, temperature: positive });

/** Throws an Error unless `plain` has every field of a model, apart from the arrays. */
export function checkModelFields(plain: unknown): void {
  object({ task: base["task"]! })(plain, "");
  (plain as { task: string }).task === "regression" ? regression(plain, "") : classification(plain, "");
}

/** Throws an Error unless the arrays have the sizes that the fields ask for. */
export function checkModelSizes(
  preprocessor: Preprocessor,
  outputs: number,
  xTrain: { readonly rows: number; readonly cols: number },
  alpha: { readonly rows: number; readonly cols: number },
): void {
  for (const f of preprocessor.features) {
    if (f.kind === "category") expect(f.levels.length === f.shares.length, `shares of ${f.name}`, "one for each level");
    if (f.kind !== "date") continue;
    for (const part of f.parts)
      if (part.kind === "weekday")
        expect(part.shares.length === 7, `shares of ${f.name}`, "one for each day of the week");
  }
  expect(xTrain.rows > 0, "x_train", "at least one row");
  expect(xTrain.cols === inputWidth(preprocessor), "x_train", `${inputWidth(preprocessor)} columns wide`);
  expect(alpha.rows === xTrain.rows, "alpha", `${xTrain.rows} rows long`);
  expect(alpha.cols === outputs, "alpha", `${outputs} columns wide`);
}

function expect(holds: boolean, name: string, rule: string): void {
  if (!holds) throw new Error(`${name || "the description"} must be ${rule}`);
}
