import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Table } from "ntkit";
import { expect } from "vitest";

/** Tables as programs hold them, and the text files that people's programs write of them. */

export type Value = number | bigint | boolean | string | Date | null;

export interface FrameColumn {
  readonly name: string;
  readonly kind: "number" | "whole" | "id" | "code" | "flag" | "word" | "day" | "moment";
  readonly values: readonly Value[];
}

export type Frame = readonly FrameColumn[];

const LETTERS = "abcXYZ äéß€–09";
const MARKS = ",;|\t\"'\n#=.-/";

/** A text without blanks around it, of which the first character is a letter. */
const word = fc.string({ unit: fc.constantFrom(...LETTERS, ...MARKS), maxLength: 8 }).map((rest) => `w${rest}`.trim());

const number = fc.oneof(
  fc
    .tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 4 }))
    .map(([n, d]) => n / 10 ** d),
  fc.integer({ min: -9999, max: 9999 }).map((n) => n * 1e-12),
);

/** Values of each kind. The first ones show what the column is: a column of ambiguous cells has no right value. */
const VALUES: Readonly<Record<FrameColumn["kind"], fc.Arbitrary<Value> & { first?: Value }>> = {
  number: Object.assign(number, { first: 0.25 }),
  whole: fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
  id: Object.assign(fc.bigInt({ min: 0n, max: 10n ** 20n }), { first: 2n ** 60n + 1n }),
  code: Object.assign(
    fc.integer({ min: 0, max: 9999 }).map((n) => `${n}`.padStart(4, "0")),
    { first: "0071" },
  ),
  flag: fc.boolean(),
  word: Object.assign(word, { first: "zebra" }),
  day: Object.assign(
    fc.integer({ min: -20_000, max: 40_000 }).map((day) => new Date(day * 86_400_000)),
    { first: new Date("2012-05-31") },
  ),
  moment: Object.assign(
    fc.integer({ min: -2e9, max: 4e9 }).map((second) => new Date(second * 1000)),
    { first: new Date("2012-05-31T23:05:06Z") },
  ),
};

const KINDS = Object.keys(VALUES) as FrameColumn["kind"][]; // the keys are those of the record

const column = (kind: FrameColumn["kind"], rows: number): fc.Arbitrary<FrameColumn> => {
  const values = VALUES[kind];
  const cell: fc.Arbitrary<Value> = fc.oneof(
    { weight: 5, arbitrary: values },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  return fc.record({
    name: word,
    kind: fc.constant(kind),
    values: fc.array(cell, { minLength: rows, maxLength: rows }).map((cells) => {
      const first = values.first ?? cells.find((own) => own !== null) ?? (kind === "flag" ? true : 1);
      return [first, ...cells.slice(1)];
    }),
  });
};

/** A table of a number, and one to four columns of any kind. */
export const anyFrame: fc.Arbitrary<Frame> = fc
  .tuple(fc.integer({ min: 3, max: 25 }), fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 }))
  .chain(([rows, kinds]) => fc.tuple(...[...kinds, "number" as const].map((kind) => column(kind, rows))))
  .map((columns) => columns.map((own, j) => ({ ...own, name: `${own.name}${j}` })));

export interface Dialect {
  readonly delimiter: string;
  readonly quoting: "all" | "texts" | "needed";
  readonly decimal: "." | ",";
  readonly thousands: string;
  readonly encoding: "utf-8" | "utf-8-sig" | "utf-16le" | "utf-16be" | "utf-16 without a mark" | "cp1252";
  readonly lineEnd: string;
  readonly index: boolean;
  readonly missing: string;
  readonly trailing: boolean;
  readonly comments: number;
  readonly sep: boolean;
  readonly ends: boolean;
  readonly flags: readonly [string, string];
  readonly days: "iso" | "slashes" | "german" | "american" | "names";
}

export const anyDialect: fc.Arbitrary<Dialect> = fc
  .record<Dialect>({
    delimiter: fc.constantFrom(",", ";", "\t", "|", " "),
    quoting: fc.constantFrom("all", "texts", "needed"),
    decimal: fc.constantFrom(".", ","),
    thousands: fc.constantFrom("", "", ",", ".", " ", "'"),
    encoding: fc.constantFrom("utf-8", "utf-8-sig", "utf-16le", "utf-16be", "utf-16 without a mark", "cp1252"),
    lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
    index: fc.boolean(),
    missing: fc.constantFrom("", "NA", "N/A", "#N/A", "NaN", "null", "NULL", "n/a", "?", "-999", "n.k."),
    trailing: fc.boolean(),
    comments: fc.constantFrom(0, 0, 1, 3),
    sep: fc.boolean(),
    ends: fc.boolean(),
    flags: fc.constantFrom(["True", "False"], ["TRUE", "FALSE"], ["true", "false"]),
    days: fc.constantFrom("iso", "slashes", "german", "american", "names"),
  })
  .filter(({ decimal, thousands }) => decimal !== thousands)
  .map((own) => ({
    ...own,
    // R separates by blanks and quotes texts then. Runs of blanks cannot show what is not there, and no program writes "sep= ".
    quoting: own.delimiter === " " && own.quoting === "needed" ? "texts" : own.quoting,
    trailing: own.trailing && own.delimiter !== " ",
    sep: own.sep && own.delimiter !== " ",
    comments: own.sep ? 0 : own.comments,
  }));

/** The bytes of the frame in that dialect. */
export function written(frame: Frame, dialect: Dialect): Uint8Array {
  const { delimiter, lineEnd, index, trailing, comments, sep, ends } = dialect;
  const rows = frame[0]!.values.length;
  const line = (fields: readonly string[]) => fields.join(delimiter) + (trailing ? delimiter : "");
  const header = frame.map(({ name }) => quoted(name, true, dialect));
  const lines = Array.from({ length: rows }, (_, i) => [
    ...(index ? [quoted(`${i}`, false, dialect)] : []),
    ...frame.map(({ kind, values }) => field(kind, values[i]!, dialect)),
  ]);
  const text = [
    ...(sep ? [`sep=${delimiter}`] : []),
    ...Array.from({ length: comments }, (_, i) => `# remark ${i}: a,b;c`),
    line(index ? [quoted("", true, dialect), ...header] : header),
    ...lines.map(line),
  ].join(lineEnd);
  return encoded(ends ? text + lineEnd : text, dialect.encoding);
}

function field(kind: FrameColumn["kind"], value: Value, dialect: Dialect): string {
  // Among words, NA in quotes is one of them.
  if (value === null)
    return kind === "word" ? dialect.missing || quoted("", false, dialect) : quoted(dialect.missing, false, dialect);
  if (typeof value === "boolean") return quoted(dialect.flags[value ? 0 : 1], false, dialect);
  if (value instanceof Date) return quoted(dateText(value, kind, dialect), true, dialect);
  if (typeof value === "number") return quoted(numberText(value, dialect), false, dialect);
  return quoted(`${value}`, typeof value === "string", dialect);
}

function quoted(text: string, isText: boolean, { delimiter, quoting }: Dialect): string {
  const needs = text.includes(delimiter) || /["\n\r]/.test(text) || (delimiter === " " && /^$|[ \t]/.test(text));
  if (!needs && (quoting === "needed" || (quoting === "texts" && !isText))) return text;
  return `"${text.replaceAll('"', '""')}"`;
}

function numberText(value: number, { decimal, thousands }: Dialect): string {
  const [, sign = "", whole = "", rest = ""] = /^(-?)(\d+)(.*)$/.exec(`${value}`)!;
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, thousands)}${rest.replace(".", decimal)}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function dateText(date: Date, kind: FrameColumn["kind"], { days }: Dialect): string {
  const iso = date.toISOString();
  const [year, month, day] = iso.slice(0, 10).split("-") as [string, string, string]; // three parts, by the standard
  const texts: Record<Dialect["days"], string> = {
    iso: `${year}-${month}-${day}`,
    slashes: `${year}/${month}/${day}`,
    german: `${day}.${month}.${year}`,
    american: `${Number(month)}/${Number(day)}/${year}`,
    names: `${day}-${MONTHS[Number(month) - 1]}-${year}`,
  };
  return kind === "day" ? texts[days] : `${texts[days]} ${iso.slice(11, 19)}`;
}

/** Of what cp1252 has beyond latin-1, the two that words have. */
const CP1252: Readonly<Record<string, number>> = { "€": 0x80, "–": 0x96 };

function encoded(text: string, encoding: Dialect["encoding"]): Uint8Array {
  const cp1252 = Uint8Array.from([...text], (letter) => CP1252[letter] ?? letter.charCodeAt(0));
  // A few words of cp1252 are UTF-8 of other letters too: which are meant, nobody can tell.
  if (encoding === "cp1252" && !isUtf8(cp1252)) return cp1252;
  if (encoding === "utf-8" || encoding === "cp1252") return Buffer.from(text);
  if (encoding === "utf-8-sig") return Buffer.from(`\ufeff${text}`);
  const little = Buffer.from(encoding === "utf-16 without a mark" ? text : `\ufeff${text}`, "utf16le");
  return encoding === "utf-16be" ? little.swap16() : little;
}

/** The frame as JSON: a list of objects, or one a line; whole numbers that JavaScript cannot hold stand there in digits. */
export function asJson(frame: Frame, lines: boolean): Uint8Array {
  const rows = frame[0]!.values.map((_, i) => Object.fromEntries(frame.map(({ name, values }) => [name, values[i]])));
  const text = (value: object) =>
    JSON.stringify(value, (_, own: unknown) => (typeof own === "bigint" ? `<${own}>` : own)).replace(
      /"<(\d+)>"/g,
      "$1",
    );
  return Buffer.from(lines ? rows.map((row) => `${text(row)}\n`).join("") : text(rows));
}

/** How a column stands in a Parquet file: one of the types that have its values. */
const PARQUET: Readonly<Record<FrameColumn["kind"], Partial<SchemaElement>>> = {
  number: { type: "DOUBLE" },
  whole: { type: "INT64" },
  id: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  code: { type: "BYTE_ARRAY", logical_type: { type: "STRING" } },
  flag: { type: "BOOLEAN" },
  word: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  day: { type: "INT32", converted_type: "DATE" },
  moment: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
};

/** The frame as Parquet. */
export function asParquet(frame: Frame): Uint8Array {
  const elements = frame.map(
    ({ name, kind, values }): SchemaElement => ({
      name,
      repetition_type: values.includes(null) ? "OPTIONAL" : "REQUIRED",
      ...PARQUET[kind],
    }),
  );
  const stored = (kind: FrameColumn["kind"], value: Value) => {
    if (value === null) return undefined;
    return kind === "whole" ? BigInt(value as number) : kind === "id" ? `${value}` : value; // a column holds one kind
  };
  return new Uint8Array(
    parquetWriteBuffer({
      schema: [{ name: "root", num_children: frame.length }, ...elements],
      columnData: frame.map(({ name, kind, values }) => ({ name, data: values.map((own) => stored(kind, own)) })),
    }),
  );
}

/** Throws unless the table holds the frame: names, values, what is missing, and dates as such. */
export function expectFrame(
  table: Table,
  frame: Frame,
  dateTexts: (date: Date, kind: FrameColumn["kind"]) => string,
): void {
  const own = table.names
    .map((name, j) => ({ name, ...table.columns[j]! }))
    .filter(({ name }) => name !== "Unnamed: 0");
  expect(own.map(({ name }) => name)).toEqual(frame.map(({ name }) => name));
  frame.forEach(({ kind, values }, j) => {
    const { values: found, ...remarks } = own[j]!;
    expect([...found]).toEqual(values.map((value) => expectedValue(value, kind, dateTexts)));
    expect(remarks.kind).toBe(kind === "number" || kind === "whole" ? "numeric" : "text");
    expect("dates" in remarks).toBe(kind === "day" || kind === "moment");
  });
}

function expectedValue(
  value: Value,
  kind: FrameColumn["kind"],
  dateTexts: (date: Date, kind: FrameColumn["kind"]) => string,
): number | string | null {
  if (value === null) return kind === "number" || kind === "whole" ? Number.NaN : null;
  if (value instanceof Date) return dateTexts(value, kind);
  return typeof value === "number" ? value : `${value}`;
}
