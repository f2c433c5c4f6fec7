import { ValueError } from "../errors.ts";
import { columnVector } from "../matrix/matrix.ts";
import { key, permutation } from "../random/key.ts";
import { rowsOfGroups } from "./groups.ts";
import { type InputOptions, learnFeatures, preprocess } from "./preprocess.ts";
import { learnedRows, noInputs, type RowColumns, type RowRoles } from "./row-roles.ts";
import { rowsInTime, timeSteps } from "./row-times.ts";
import { isDesign, rowsByInput } from "./rows-by-input.ts";
import { type Table, takeTableRows } from "./table.ts";
import { classTarget, numericTarget, type Task } from "./target.ts";

/** Which rows may be held out, and what is an input: of equal inputs all rows are held out or none. */
export interface SplitOptions extends InputOptions, RowColumns {
  readonly target: string;
  readonly task: Task;
  /** Share of the rows to hold out, above 0 and below 1. */
  readonly testFraction: number;
  readonly seed: number;
}

export interface Split {
  readonly train: Table;
  readonly test: Table;
}

/** Row numbers that stay on one side. */
type Group = readonly number[];

/**
 * Holds out a share of the rows that have a target: at random for regression, the same share of every class for
 * classification. Rows with equal inputs stay on one side, so that no row held out has a twin in training; only where
 * inputs are the few levels of a design, each observed many times, do single rows go. With a column of groups, these
 * stay on one side instead; with one of times, the last rows are held out. Rows of weight 0 stay
 * in training, which leaves them out. The same seed gives the same split.
 */
export function trainTestSplit(table: Table, { target, task, testFraction, seed, ...columns }: SplitOptions): Split {
  if (!(testFraction > 0 && testFraction < 1))
    throw new ValueError(`trainTestSplit: testFraction must be above 0 and below 1, got ${testFraction}`);
  const { rows, classes, labels } = targetRows(table, target, task);
  const { kept, roles } = learnedRows(table, target, rows, columns);
  const counting = kept.map((at) => rows[at]!);
  const own = Float64Array.from(kept, (at) => labels[at]!);
  if (roles.times) return splitInTime(table, rows, counting, roles.times, testFraction);
  const groups = groupsOfRows(table, target, counting, own, roles, noInputs(columns));
  const order = Array.from(permutation(key(seed), groups.length), (at) => groups[at]!);
  // By class, at random inside each: every stretch of the order then holds the classes in proportion.
  const parts = holdGroupsOut(classes ? byClass(order, classes) : order, testFraction);
  const { test } = classes ? keepEveryClass(parts, classes) : parts;
  const take = (part: readonly number[]) =>
    takeTableRows(
      table,
      part.toSorted((a, b) => a - b),
    );
  const held = new Set(test.flat());
  return { train: take(rows.filter((row) => !held.has(row))), test: take([...held]) };
}

/** Holds out the last rows, those of one time together: as near to the share as leaves rows on both sides. */
function splitInTime(
  table: Table,
  rows: readonly number[],
  counting: readonly number[],
  times: Float64Array,
  testFraction: number,
): Split {
  const order = rowsInTime(times);
  const wanted = order.length * (1 - testFraction);
  const steps = timeSteps(Float64Array.from(order, (at) => times[at]!));
  const cut = steps.reduce((best, step) => (Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best));
  const held = new Set(order.slice(cut).map((at) => counting[at]!));
  return {
    train: takeTableRows(
      table,
      rows.filter((row) => !held.has(row)),
    ),
    test: takeTableRows(
      table,
      [...held].sort((a, b) => a - b),
    ),
  };
}

/** In the order of the class that most of their rows have. */
function byClass(groups: readonly Group[], classes: ReadonlyMap<number, string>): readonly Group[] {
  const labelled = groups.map((group) => ({ group, own: mostFrequent(group.map((row) => classes.get(row)!)) }));
  labelled.sort((a, b) => (a.own < b.own ? -1 : a.own > b.own ? 1 : 0));
  return labelled.map(({ group }) => group);
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

interface GroupSplit {
  readonly train: readonly Group[];
  readonly test: readonly Group[];
}

/**
 * Holds a group out where the rows held out then come nearer to their share of the rows seen; the smallest group where no
 * other was, one of several being so large that it would be more than its share.
 */
function holdGroupsOut(order: readonly Group[], testFraction: number): GroupSplit {
  const [train, test]: [Group[], Group[]] = [[], []];
  let [seen, held] = [0, 0];
  for (const group of order) {
    seen += group.length;
    const holds = Math.floor(seen * testFraction + group.length / 2) >= held + group.length;
    (holds ? test : train).push(group);
    if (holds) held += group.length;
  }
  const smallest = order.reduce((least, group) => (group.length < least.length ? group : least), order[0] ?? []);
  if (test.length > 0 || train.length < 2 || smallest.length === 1) return { train, test };
  return { train: train.filter((group) => group !== smallest), test: [smallest] };
}

/**
 * Moves the first group of each class that all was held out of back into training: what was never seen cannot be
 * predicted. Leaves the parts as they are when no row would be left to test on.
 */
function keepEveryClass({ train, test }: GroupSplit, classes: ReadonlyMap<number, string>): GroupSplit {
  const seen = new Set(train.flat().map((row) => classes.get(row)));
  const back = test.filter((group) => {
    const unseen = group.some((row) => !seen.has(classes.get(row)));
    if (unseen) for (const row of group) seen.add(classes.get(row));
    return unseen;
  });
  if (back.length === test.length) return { train, test };
  return { train: [...train, ...back], test: test.filter((group) => !back.includes(group)) };
}

/** The rows by their inputs, as the learner sees them: columns that it leaves out do not count. */
function groupsOfRows(
  table: Table,
  target: string,
  rows: readonly number[],
  labels: Float64Array,
  { groups }: RowRoles,
  options: InputOptions,
): readonly Group[] {
  const known = takeTableRows(table, rows);
  const preprocessor = learnFeatures(known, target, options);
  const hasInputs = preprocessor.features.length > 0;
  const x = hasInputs ? preprocess(preprocessor, known) : columnVector(Float64Array.from(rows.keys()));
  const data = rowsByInput(x, columnVector(labels));
  const tableRows = (group: Group): Group => group.map((at) => rows[at]!);
  if (groups) return rowsOfGroups(groups, data.inputOf).map(tableRows);
  if (isDesign(data)) return rows.map((row) => [row]);
  const byInput = Array.from(data.counts, (): number[] => []);
  data.inputOf.forEach((input, at) => {
    byInput[input]!.push(rows[at]!);
  });
  return byInput;
}

interface TargetRows {
  readonly rows: readonly number[];
  /** The class of each row; null for regression. */
  readonly classes: ReadonlyMap<number, string> | null;
  /** Targets, or the numbers of the classes. */
  readonly labels: Float64Array;
}

function targetRows(table: Table, target: string, task: Task): TargetRows {
  if (task === "regression") {
    const { rows, values } = numericTarget(table, target);
    return { rows, classes: null, labels: values };
  }
  const { rows, values } = classTarget(table, target);
  const names = [...new Set(values)];
  const number = new Map(names.map((name, k) => [name, k]));
  return {
    rows,
    classes: new Map(rows.map((row, at) => [row, values[at]!])),
    labels: Float64Array.from(values, (value) => number.get(value)!),
  };
}
