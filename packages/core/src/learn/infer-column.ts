import { DataError } from "../errors.ts";
import { cellNumber, type DecimalMark, isExactNumber, isPlainNumber, markEvidence } from "./cell-number.ts";
import { dateNote, findDates } from "./find-dates.ts";
import { isPlainlyDuration, parseDuration } from "./parse-duration.ts";
import { asDurations, type Column, isBoolean, type SuspectCell } from "./table.ts";

/** How the cells of a column are to be understood. */
export interface CellReading {
  /** Where a row stands, for messages. "data row 1" and so on when absent. */
  readonly place?: ((row: number) => string) | undefined;
  /** The decimal mark of the table, for columns that do not show their own. */
  readonly decimal?: DecimalMark | undefined;
  /** Whether the cell stood in quotes: then NA among texts is a text. */
  readonly quoted?: ((row: number) => boolean) | undefined;
  /** Texts that mean a missing value in every column, beside the usual ones. */
  readonly missing?: readonly string[] | undefined;
}

/** What stands for a missing value among texts; some of the others are words and classes. */
const MISSING_TEXT: readonly string[] = ["NA", "N/A", "#N/A", "<NA>", "n/a", "NaN", "nan", "null", "NULL", "?"];
/** What stands for one among numbers: what R, pandas, NumPy, Excel, SAS, SQL, C and Python write. */
const MISSING_NUMBER: ReadonlySet<string> = new Set([
  ...MISSING_TEXT,
  "NaT",
  "None",
  "na",
  "-nan",
  "-NaN",
  "#N/A N/A",
  "#NA",
  "1.#QNAN",
  "-1.#IND",
  ".",
  "-",
  "--",
]);
const MISSING_AMONG_TEXTS: ReadonlySet<string> = new Set(MISSING_TEXT);
const INFINITE = /^[+-]?(inf|infinity)$/i;

/** A column of which at least this share are numbers is meant to be numeric. */
const MOSTLY_NUMERIC = 0.9;

/**
 * Numeric when every cell that is not missing is a finite number, however it is written; text otherwise, and for codes: whole numbers
 * of which some begin with 0 or are beyond 2^53 keep every digit. True and false are written in small letters. Throws DataError for an
 * infinite value among numbers.
 */
export function inferColumn(name: string, cells: readonly (string | null)[], reading: CellReading = {}): Column {
  const own = new Set(reading.missing ?? []);
  const trimmed = cells.map((cell) => {
    const text = cell?.trim() ?? "";
    return text === "" || own.has(text) ? null : text;
  });
  const numbers = trimmed.map((cell) => (cell === null || MISSING_NUMBER.has(cell) ? null : cell));
  const plain = reading.decimal !== "," && numbers.every((cell) => cell === null || isPlainNumber(cell));
  const { point, comma } = plain ? { point: true, comma: false } : markEvidence(numbers);
  const mark = point === comma ? (reading.decimal ?? ".") : point ? "." : ",";
  const numeric = numericCells(name, numbers, mark, reading);
  if (numeric !== null) return numeric;
  const values = Float64Array.from(numbers, (cell) => numberOf(cell, mark));
  const row = values.findIndex((value, i) => Number.isNaN(value) && numbers[i] !== null);
  if (row >= 0 && isMostlyNumeric(numbers, values))
    return { kind: "text", values: numbers, suspect: suspectCell(row, numbers, reading) };
  const column = timeColumn(numbers, reading) ?? plainTexts(numbers, values) ?? textColumn(trimmed, reading);
  const mixed = mixedNote(numbers, values);
  return mixed !== null && column.kind === "text" && column.dates === undefined ? { ...column, note: mixed } : column;
}

/** The column of codes, or of true and false, among which NA is a missing value in quotes too; null for other texts. */
function plainTexts(cells: Cells, values: Float64Array): Column | null {
  const present = cells.filter((cell) => cell !== null);
  if (present.length > 0 && present.every(isBoolean))
    return { kind: "text", values: cells.map((cell) => cell?.toLowerCase() ?? null) };
  return areCodes(cells) && values.some((value) => !Number.isNaN(value)) ? { kind: "text", values: cells } : null;
}

/** Of that many different texts among numbers each is named as what may be missing. */
const MOST_CODES = 3;

/** What to say of texts among numbers that are too many to be mistakes, or null where numbers are few. */
function mixedNote(cells: Cells, values: Float64Array): string | null {
  const texts = cells.filter((cell, row): cell is string => cell !== null && Number.isNaN(values[row]!));
  const numbers = cells.filter((cell) => cell !== null).length - texts.length;
  if (texts.length === 0 || numbers < texts.length) return null;
  const different = [...new Set(texts)];
  const areCodes = different.length <= MOST_CODES && different.every((text) => !/[\d,]/.test(text));
  const what = different.length === 1 ? `"${texts[0]}"` : `"${texts[0]}" (${different.length} different)`;
  const advice = areCodes ? `; if they mean missing values, --missing "${different.join(",")}" makes it numbers` : "";
  return `holds ${numbers} numbers and ${texts.length} ${texts.length === 1 ? "text" : "texts"} like ${what}, so that all are texts${advice}`;
}

function suspectCell(row: number, cells: Cells, reading: CellReading): SuspectCell {
  return { row, place: placeOf(reading)(row), value: cells[row]! };
}

/** The column of dates, of times of day or of durations, or null when it holds none. Hours beyond 23 are those of durations. */
function timeColumn(cells: Cells, reading: CellReading): Column | null {
  const dates = findDates(cells);
  if (dates === null || dates.unread !== undefined) {
    const durations = durationColumn(cells);
    if (durations !== null) return durations;
  }
  if (dates === null) return null;
  const { writing, unread } = dates;
  if (unread !== undefined)
    return { kind: "text", values: cells, suspect: { ...suspectCell(unread, cells, reading), among: "dates" } };
  const note = dateNote(cells, dates);
  return { kind: "text", values: cells, dates: writing, ...(note !== undefined && { note }) };
}

function durationColumn(cells: Cells): Column | null {
  const first = cells.find((cell) => cell !== null);
  if (first == null || !cells.some((cell) => cell !== null && isPlainlyDuration(cell))) return null;
  const seconds = asDurations({ kind: "text", values: cells });
  return seconds && { ...seconds, note: `"${first}" is read as ${parseDuration(first)} seconds` };
}

function placeOf({ place = (row) => `data row ${row + 1}` }: CellReading): (row: number) => string {
  return place;
}

/** The column of numbers, or null when a cell is none or all are codes. */
function numericCells(
  name: string,
  cells: readonly (string | null)[],
  mark: DecimalMark,
  reading: CellReading,
): Column | null {
  const values = Float64Array.from(cells, (cell) => numberOf(cell, mark));
  const isPresent = (row: number) => cells[row] !== null;
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  const text = values.findIndex((value, row) => Number.isNaN(value) && isPresent(row));
  if (infinite >= 0 && isMostlyNumeric(cells, values))
    throw new DataError(
      `column "${name}" holds "${cells[infinite]}" in ${placeOf(reading)(infinite)}: values must be finite; correct it, or leave it empty if it is missing`,
    );
  if (text >= 0 || areCodes(cells) || mixesPercents(cells, values)) return null;
  const unusual = cells.findIndex(
    (cell) => cell !== null && !isPlainNumber(mark === "," ? cell.replace(",", ".") : cell),
  );
  return {
    kind: "numeric",
    values,
    ...(unusual >= 0 && { note: `"${cells[unusual]}" is read as ${values[unusual]}` }),
  };
}

type Cells = readonly (string | null)[];

function isMostlyNumeric(cells: Cells, values: Float64Array): boolean {
  const present = cells.reduce((sum, cell) => sum + (cell === null ? 0 : 1), 0);
  const numbers = values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  return numbers >= MOSTLY_NUMERIC * present;
}

function numberOf(cell: string | null, mark: DecimalMark): number {
  if (cell === null) return Number.NaN;
  if (!INFINITE.test(cell)) return cellNumber(cell, mark);
  return cell.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Whole numbers of which one begins with 0 or would lose digits. */
function areCodes(cells: Cells): boolean {
  if (!cells.every((cell) => cell === null || /^[+-]?\d+$/.test(cell))) return false;
  return cells.some(
    (cell) => cell !== null && (/^[+-]?0\d/.test(cell) || !isExactNumber(BigInt(cell.replace("+", "")))),
  );
}

function mixesPercents(cells: Cells, values: Float64Array): boolean {
  if (!cells.some((cell) => cell?.endsWith("%"))) return false;
  return cells.some((cell, row) => cell !== null && !cell.endsWith("%") && values[row] !== 0);
}

function textColumn(trimmed: readonly (string | null)[], { quoted = () => false }: CellReading): Column {
  const texts = trimmed.filter((cell) => cell !== null && !MISSING_AMONG_TEXTS.has(cell));
  // Beside other codes of two or three capitals, NA is one of them: Namibia, not "not available".
  const codes = new Set(texts);
  const isCode = codes.size >= 2 && [...codes].every((text) => /^[A-Z]{2,3}$/.test(text!));
  let [kept, taken] = [0, 0];
  const values = trimmed.map((cell, row) => {
    if (cell === null || !MISSING_AMONG_TEXTS.has(cell)) return cell;
    const keeps = quoted(row) || (isCode && cell === "NA");
    if (keeps) kept++;
    else taken++;
    return keeps ? cell : null;
  });
  const note = kept > 0 ? missingNote(trimmed, values, kept, taken) : undefined;
  return { kind: "text", values, ...(note === undefined ? {} : { note }) };
}

function missingNote(
  cells: readonly (string | null)[],
  values: readonly (string | null)[],
  kept: number,
  taken: number,
): string {
  const text = cells[values.findIndex((value) => value !== null && MISSING_AMONG_TEXTS.has(value))]!;
  return `"${text}" is a text in ${kept} rows${taken > 0 ? ` and a missing value in ${taken}` : ", not a missing value"}`;
}
