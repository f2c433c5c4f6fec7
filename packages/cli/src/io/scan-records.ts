/** How the records of a text table are written. */
export interface RecordFormat {
  /** Between fields; " " stands for a run of blanks and tabs. */
  readonly delimiter: string;
}

export interface TextRecord {
  readonly fields: readonly string[];
  /** Which fields stood in quotes; absent when none did. */
  readonly quoted?: readonly boolean[] | undefined;
  /** The line it starts on, from 1. */
  readonly line: number;
}

/** What is wrong with a record, and the line it starts on. */
export interface BrokenRecord {
  readonly line: number;
  readonly reason: "open" | "after";
}

/**
 * Splits text that comes in pieces into records. Fields may stand in quotes, doubled inside, around separators and line ends; a quote inside
 * a field that does not start with one is a character. Blanks around fields and lines without text are left out. Line ends are \n, \r\n or \r.
 */
export class RecordScanner {
  readonly #format: RecordFormat;
  readonly #take: (record: TextRecord) => void;
  #rest = "";
  #line = 0;
  #started = 0;
  #open: OpenRecord | null = null;
  broken: BrokenRecord | undefined;

  constructor(format: RecordFormat, take: (record: TextRecord) => void) {
    this.#format = format;
    this.#take = take;
  }

  push(piece: string): void {
    const text = this.#rest + piece;
    const ends = /\r\n|\n|\r/g;
    let from = 0;
    for (let end = ends.exec(text); end !== null && !this.broken; end = ends.exec(text)) {
      if (end[0] === "\r" && ends.lastIndex === text.length) break; // "\n" may follow in the next piece
      this.#takeLine(text.slice(from, end.index), end[0]);
      from = ends.lastIndex;
    }
    this.#rest = text.slice(from);
  }

  end(): void {
    if (this.#rest !== "" && !this.broken) this.#takeLine(this.#rest.replace(/\r$/, ""), "");
    this.#rest = "";
    if (this.#open !== null) this.broken ??= { line: this.#started, reason: "open" };
  }

  #takeLine(text: string, lineEnd: string): void {
    this.#line++;
    if (this.#open === null) {
      this.#started = this.#line;
      if (text.trim() === "" && !hasEmptyFields(text, this.#format.delimiter)) return;
      if (!text.includes('"')) {
        this.#take({ fields: splitPlain(text, this.#format.delimiter), line: this.#line });
        return;
      }
      this.#open = { fields: [], quoted: [], field: null };
    }
    const state = splitQuoted(text, lineEnd, this.#format.delimiter, this.#open);
    if (state === "open") return;
    const { fields, quoted } = this.#open;
    this.#open = null;
    if (state === "after") this.broken = { line: this.#started, reason: "after" };
    else this.#take({ fields, quoted, line: this.#started });
  }
}

/** A line of tabs alone is a row of empty fields where tabs separate. */
function hasEmptyFields(text: string, delimiter: string): boolean {
  return delimiter === "\t" && text.includes("\t");
}

function splitPlain(text: string, delimiter: string): string[] {
  if (delimiter === " ") return text.trim().split(/[ \t]+/);
  const fields = text.split(delimiter);
  for (let j = 0; j < fields.length; j++) fields[j] = fields[j]!.trim();
  return fields;
}

interface OpenRecord {
  readonly fields: string[];
  readonly quoted: boolean[];
  /** The field in quotes that the line before did not close. */
  field: string | null;
}

/** Splits a line, going on with what the lines before it left open. */
function splitQuoted(text: string, lineEnd: string, delimiter: string, record: OpenRecord): "done" | "open" | "after" {
  const blanks = delimiter === " ";
  let at = record.field === null ? skipBlanks(text, 0, delimiter) : 0;
  while (true) {
    if (record.field !== null || text[at] === '"') {
      const start = record.field ?? "";
      const close = closingQuote(text, record.field === null ? at + 1 : at);
      const inner = text
        .slice(record.field === null ? at + 1 : at, close < 0 ? undefined : close)
        .replaceAll('""', '"');
      if (close < 0) {
        record.field = `${start}${inner}${lineEnd}`;
        return "open";
      }
      record.field = null;
      record.fields.push(start + inner);
      record.quoted.push(true);
      at = skipBlanks(text, close + 1, delimiter);
      if (at >= text.length) return "done";
      if (blanks ? at === close + 1 : !text.startsWith(delimiter, at)) return "after";
    } else {
      const end = blanks ? nextBlank(text, at) : text.indexOf(delimiter, at);
      record.fields.push(text.slice(at, end < 0 ? undefined : end).trim());
      record.quoted.push(false);
      if (end < 0) return "done";
      at = end;
    }
    at = skipBlanks(text, at + (blanks ? 0 : delimiter.length), delimiter);
    if (blanks && at >= text.length) return "done";
  }
}

/** Where the quote that closes a field stands, or -1; two in a row are one that is meant. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return -1;
}

function nextBlank(text: string, from: number): number {
  const found = text.slice(from).search(/[ \t]/);
  return found < 0 ? -1 : from + found;
}

function skipBlanks(text: string, from: number, delimiter: string): number {
  let at = from;
  while (at < text.length && (text[at] === " " || (text[at] === "\t" && delimiter !== "\t"))) at++;
  return at;
}
