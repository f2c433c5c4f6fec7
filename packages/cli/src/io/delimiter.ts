import { DataError, type MarkEvidence, markEvidence } from "ntkit";
import { RecordScanner, type TextRecord } from "./scan-records.ts";

/** A blank stands for a run of blanks. */
const DELIMITERS: readonly string[] = [",", "\t", ";", "|", " "];

/** What separates fields in files of this ending, when their first line holds it. */
const USUAL: Readonly<Record<string, string>> = { csv: ",", tsv: "\t", tab: "\t" };

/** Records that are looked at. */
const SAMPLE = 100;

interface Split {
  readonly delimiter: string;
  readonly records: readonly TextRecord[];
  /** Fields that most records have. */
  readonly fields: number;
  /** Whether nearly all have as many. */
  readonly fits: boolean;
  /** Whether there is a name for each field. */
  readonly exact: boolean;
  /** How many of the expected columns the first record names. */
  readonly known: number;
}

/** What other tables say of the separator. */
interface Hints {
  readonly expected?: readonly string[] | undefined;
  readonly alike?: { readonly delimiter: string } | undefined;
}

/**
 * The separator of a text table: one that splits its first lines alike and finds the columns that are expected, rather that of the table it is to be
 * like, then the usual one of the file's ending, else the one that makes most fields.
 */
export function findDelimiter(text: string, source: string, { expected = [], alike }: Hints = {}): string {
  const ending = /\.([a-z]+)(\.gz)?$/i.exec(source)?.[1]?.toLowerCase() ?? "";
  const names = new Set(expected);
  const all = DELIMITERS.map((delimiter) => trySplit(text, delimiter, names));
  const most = Math.max(...all.map(({ known }) => known));
  const known = most > 0 ? all.filter((split) => split.known === most) : all;
  const fitting = known.filter(({ fits }) => fits);
  const possible = fitting.length > 0 || most === 0 ? fitting : known;
  const same = possible.find(({ delimiter }) => delimiter === alike?.delimiter);
  if (same) return same.delimiter;
  const pool = fitting.some(({ delimiter }) => delimiter !== " ")
    ? fitting.filter(({ delimiter }) => delimiter !== " ")
    : fitting;
  const blanks = fitting.find(({ delimiter }) => delimiter === " ");
  if (blanks?.exact && commasAreDecimal(blanks) && pool.every(({ delimiter, exact }) => delimiter === "," && !exact))
    return blanks.delimiter;
  const [comma, other] = [pool.find(({ delimiter }) => delimiter === ","), pool.find(commasAreDecimal)];
  if (comma && other) return other.delimiter;
  if (pool.length > 0) return (pool.find(({ delimiter }) => delimiter === USUAL[ending]) ?? widest(pool)).delimiter;
  const plain = known.filter(({ delimiter }) => delimiter !== " ");
  const usual = plain.find(({ delimiter, records }) => delimiter === USUAL[ending] && firstWidth(records) > 1);
  return (
    usual ??
    plain.reduce(
      (best, next) => (firstWidth(next.records) > firstWidth(best.records) ? next : best),
      plain[0] ?? all[0]!,
    )
  ).delimiter;
}

function widest(splits: readonly Split[]): Split {
  return splits.reduce((best, next) => (next.fields > best.fields ? next : best));
}

function firstWidth(records: readonly TextRecord[]): number {
  return records[0]?.fields.length ?? 0;
}

function trySplit(text: string, delimiter: string, names: ReadonlySet<string>): Split {
  const { records, broken } = firstRecords(text, delimiter);
  const counts = new Map<number, number>();
  for (const { fields } of records.slice(1)) counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1);
  const [fields, count] = [...counts].reduce(
    (best, next) => (next[1] > best[1] ? next : best),
    [firstWidth(records), 0],
  );
  const alike = !broken && count >= 0.9 * (records.length - 1);
  const header = firstWidth(records);
  // Names of rows and separators at the end of each have no name above them.
  const fits = fields > 1 && alike && (header === fields || (header > 1 && Math.abs(header - fields) === 1));
  const known = records[0]?.fields.filter((name) => names.has(name)).length ?? 0;
  return {
    delimiter,
    records,
    fields,
    fits: fits && (delimiter !== " " || isNoSentence(records)),
    exact: header === fields,
    known,
  };
}

interface Sample {
  readonly records: readonly TextRecord[];
  /** Whether text follows the closing quote of a field, as it does at a wrong separator. */
  readonly broken: boolean;
}

function firstRecords(text: string, delimiter: string): Sample {
  const records: TextRecord[] = [];
  const scanner = new RecordScanner({ delimiter }, (record) => {
    if (records.length > 0 || !isComment(record)) records.push(record);
  });
  const sample = text.slice(0, 2 ** 16);
  for (let at = 0; at < sample.length && records.length < SAMPLE; at += 2 ** 13)
    scanner.push(sample.slice(at, at + 2 ** 13));
  if (records.length < SAMPLE && sample.length === text.length) scanner.end();
  return { records, broken: scanner.broken?.reason === "after" };
}

/** Whether a line before the rows says something about them: behind # or, in the files of C4.5, behind one |. */
export function isComment({ fields, quoted }: TextRecord): boolean {
  return !quoted?.[0] && (fields[0]!.startsWith("#") || (/^\|[^|]*$/.test(fields[0]!) && fields.length === 1));
}

/** Whether some column holds numbers in half of the rows, or all names stand in quotes: words in a sentence are separated by blanks too. */
function isNoSentence(records: readonly TextRecord[]): boolean {
  if (records[0]!.quoted?.every((own) => own)) return true;
  const rows = records.length > 1 ? records.slice(1) : records;
  const isNumber = (field = "") => /^[+-]?[\d.,]*\d/.test(field);
  return rows[0]!.fields.some((_, j) => 2 * rows.filter(({ fields }) => isNumber(fields[j])).length >= rows.length);
}

/** Whether commas stand in fields that are all numbers, so that a split at commas would cut them. */
function commasAreDecimal({ delimiter, records }: Split): boolean {
  if (delimiter === ",") return false;
  const commas = records.slice(1).flatMap(({ fields }) => fields.filter((field) => field.includes(",")));
  const evidence: MarkEvidence = markEvidence(commas);
  return (
    commas.length > 0 &&
    !evidence.point &&
    commas.every((field) => markEvidence([field]).comma || markEvidence([field]).either)
  );
}

/** Throws when a separator that was asked for cannot be one, or clearly is not the one of this text. */
export function checkDelimiter(text: string, delimiter: string, source: string): void {
  if (delimiter === "" || /["\r\n]/.test(delimiter))
    throw new DataError(`--delimiter must be text without quotes and line ends, got ${JSON.stringify(delimiter)}`);
  const count = (candidate: string) => firstWidth(firstRecords(text, candidate).records);
  if (count(delimiter) > 1) return;
  const other = DELIMITERS.find((candidate) => candidate !== " " && count(candidate) > 1);
  if (other !== undefined)
    throw new DataError(
      `${source}: splitting at ${quotedDelimiter(delimiter)} gives one column, but the first line holds ${quotedDelimiter(other)}: pass --delimiter ${quotedDelimiter(other)}`,
    );
}

/** The separator that a first line "sep=;" names, as Excel writes and reads it. */
export function namedDelimiter(text: string): string | undefined {
  return /^"?sep=([^"\r\n])"?[ \t]*(?:[\r\n]|$)/i.exec(text)?.[1];
}

/** A separator as messages and the command line name it. */
export function quotedDelimiter(delimiter: string): string {
  return delimiter === "\t" ? "tab" : JSON.stringify(delimiter);
}
