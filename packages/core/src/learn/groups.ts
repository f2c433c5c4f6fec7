import { asTexts, type Column } from "./table.ts";

/** The number of a row that belongs to no group. */
export const NO_GROUP = 0xffffffff;

/** The groups of the listed rows, numbered as they come; NO_GROUP where the value is missing. */
export function readGroups(column: Column, rows: readonly number[]): Uint32Array {
  const texts = asTexts(column, []);
  const numbers = new Map<string, number>();
  return Uint32Array.from(rows, (i) => {
    const text = texts[i] ?? null;
    if (text === null) return NO_GROUP;
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
}

/** The rows of each group; rows without one belong to those of equal inputs that have none either. */
export function rowsOfGroups(groups: Uint32Array, inputOf: Uint32Array): readonly (readonly number[])[] {
  const members = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const id = group === NO_GROUP ? -1 - inputOf[i]! : group;
    const rows = members.get(id);
    if (rows) rows.push(i);
    else members.set(id, [i]);
  });
  return [...members.values()];
}
