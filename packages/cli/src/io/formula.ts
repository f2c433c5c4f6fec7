/**
 * What spreadsheets take for a formula, or run it as one: OWASP, "CSV injection". The wide forms stand for their narrow ones in
 * East Asian versions.
 */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;

/** No formula, however it begins. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The text as a field of a table that a spreadsheet does not run: behind an apostrophe where it begins like a formula. */
export function withoutFormula(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** What `withoutFormula` was given: an apostrophe before what begins like a formula is no part of the text. */
export function fromField(field: string): string {
  return field.startsWith("'") && FORMULA.test(field) ? field.slice(1) : field;
}
