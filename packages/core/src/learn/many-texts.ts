/*
 * A column of texts that differ from row to row is not learned from: a text that no other row has says nothing of other rows. Why, in words
 * that fit what it holds.
 */

/** Whether texts of so many kinds in so many rows are too many to be categories. */
export function tooManyTexts(kinds: number, rows: number): boolean {
  return kinds > 20 && kinds > rows / 2;
}

const DATE =
  /^(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?|\d{1,2}[-/. ](\d{1,2}|[a-z]{3,9})[-/. ,]+\d{2,4})([T ,]+\d{1,2}:\d{2}.*)?$/i;
const TIME = /^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[ap]m)?$/i;

/** A column of which at least this share look alike is of that kind. */
const MOSTLY = 0.9;

/** Why such a column is left out, to follow its name. */
export function whyLeftOut(values: readonly (string | null)[], kinds: number): string {
  const present = values.filter((value) => value !== null);
  const mostly = (holds: (value: string) => boolean) => present.filter(holds).length >= MOSTLY * present.length;
  const counted = `${kinds} different in ${values.length} rows`;
  if (mostly((value) => DATE.test(value) || TIME.test(value)))
    return `holds dates or times like "${present[0]}" that are not read in one and the same way, ${counted}: write them all like 2012-01-31 14:05`;
  if (mostly((value) => value.split(/\s+/).length >= 4)) return `holds free text, ${counted}`;
  if (new Set(present).size === present.length) return `differs in every row, like an identifier (${counted})`;
  return `has too many different texts to be categories, ${counted}`;
}
