import { meanAndStd } from "./mean-and-std.ts";
import { asNumeric, asTexts, type Column, type Table } from "./table.ts";
import { targetColumn } from "./target.ts";

/** Fewer rows than this agree by chance. */
const MIN_ROWS = 10;

/** The correlation of a target in other units, or rounded. */
const COPIED = 0.9999;

/**
 * The columns that say what the target is: of numbers, those that differ from it by units and an offset; of classes, those with another
 * name for each. A model that has them is perfect, and useless where they are not known before the target.
 */
export function copiesOfTarget(table: Table, target: string): readonly string[] {
  const own = targetColumn(table, target);
  return table.names.filter((name, j) => {
    if (name === target) return false;
    const column = table.columns[j]!;
    return (own.kind === "numeric" && isLinear(own, column)) || isRenamed(own, column);
  });
}

function isLinear(target: Column, column: Column): boolean {
  const [a, b] = [asNumeric(target)?.values, asNumeric(column)?.values];
  if (!a || !b) return false;
  const rows = Array.from(a.keys()).filter((i) => !Number.isNaN(a[i]!) && !Number.isNaN(b[i]!));
  if (rows.length < MIN_ROWS) return false;
  const [p, q] = [standardized(a, rows), standardized(b, rows)];
  return Math.abs(p.reduce((sum, value, i) => sum + value * q[i]!, 0)) >= COPIED * rows.length;
}

/** All zero where the values are equal. */
function standardized(values: Float64Array, rows: readonly number[]): Float64Array {
  const some = Float64Array.from(rows, (i) => values[i]!);
  const { mean, std } = meanAndStd(some);
  return some.map((value) => (std === 0 ? 0 : (value - mean) / std));
}

/** Two kinds of values or more, in two rows each on average, each of them in the rows of one of as many classes. */
function isRenamed(target: Column, column: Column): boolean {
  if (target.kind === "numeric") return false;
  const [classes, texts] = [asTexts(target, []), asTexts(column, [])];
  const [classOf, textOf] = [new Map<string, string>(), new Map<string, string>()];
  let rows = 0;
  for (const [i, own] of classes.entries()) {
    const text = texts[i]!;
    if (own === null || text === null) continue;
    rows++;
    if ((classOf.get(text) ?? own) !== own || (textOf.get(own) ?? text) !== text) return false;
    classOf.set(text, own);
    textOf.set(own, text);
  }
  return rows >= MIN_ROWS && classOf.size > 1 && classOf.size <= rows / 2;
}
