import { ValueError } from "../errors.ts";
import { key, permutation } from "../random/key.ts";
import { type Table, takeTableRows } from "./table.ts";
import { classTarget, numericTarget, type Task } from "./target.ts";

export interface Split {
  readonly train: Table;
  readonly test: Table;
}

/**
 * Holds out a share of the rows that have a target: at random for regression, the same share of every class for
 * classification. The same seed gives the same split.
 */
export function trainTestSplit(
  table: Table,
  { target, task, testFraction, seed }: { target: string; task: Task; testFraction: number; seed: number },
): Split {
  if (!(testFraction > 0 && testFraction < 1))
    throw new ValueError(`trainTestSplit: testFraction must be above 0 and below 1, got ${testFraction}`);
  const { rows, groups } = targetRows(table, target, task);
  const order = [...permutation(key(seed), rows.length)];
  // By class, at random inside each: every stretch of the order then holds the classes in proportion.
  if (groups) order.sort((a, b) => (groups[a]! < groups[b]! ? -1 : groups[a]! > groups[b]! ? 1 : 0));
  const test: number[] = [];
  const train: number[] = [];
  order.forEach((at, i) => {
    const held = Math.floor((i + 1) * testFraction + 0.5) > Math.floor(i * testFraction + 0.5);
    (held ? test : train).push(rows[at]!);
  });
  if (groups) keepEveryClass(table, target, train, test);
  const take = (part: number[]) =>
    takeTableRows(
      table,
      part.sort((a, b) => a - b),
    );
  return { train: take(train), test: take(test) };
}

/**
 * Moves one row of each class that all was held out of back into training: what was never seen cannot be predicted.
 * Leaves the parts as they are when no row would be left to test on.
 */
function keepEveryClass(table: Table, target: string, train: number[], test: number[]): void {
  const { rows, values } = classTarget(table, target);
  const classOf = new Map(rows.map((row, at) => [row, values[at]!]));
  const seen = new Set(train.map((row) => classOf.get(row)));
  const back = new Set<number>();
  for (const row of test) {
    if (!seen.has(classOf.get(row))) back.add(row);
    seen.add(classOf.get(row));
  }
  if (back.size === test.length) return;
  train.push(...back);
  test.splice(0, test.length, ...test.filter((row) => !back.has(row)));
}

function targetRows(table: Table, target: string, task: Task): { rows: number[]; groups: readonly string[] | null } {
  if (task === "regression") return { rows: numericTarget(table, target).rows, groups: null };
  const { rows, values } = classTarget(table, target);
  return { rows, groups: values };
}
