/**
 * Errors that ntkit throws. Each says where, the rule, the value, and what to do, in one sentence.
 *
 * Throwing is for wrong input. Numerical failure (a matrix that is not positive definite) is a value: see
 * `linalg/engine.ts`.
 */
export type NtkErrorCode = "shape" | "value" | "network" | "data" | "format" | "numerical";

/** Base of every error ntkit throws on purpose; anything else that escapes is a bug. Its message is one line, and short. */
export class NtkError extends Error {
  readonly code: NtkErrorCode;

  constructor(code: NtkErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(brief(printable(message)), options);
    this.code = code;
    this.name = "NtkError";
  }
}

/** Sizes of arrays that must agree do not. */
export class ShapeError extends NtkError {
  constructor(message: string) {
    super("shape", message);
    this.name = "ShapeError";
  }
}

/** An argument is outside its domain. */
export class ValueError extends NtkError {
  constructor(message: string) {
    super("value", message);
    this.name = "ValueError";
  }
}

/** A network description is wrong; `path` is where the layer stands in it, e.g. "layers[3].branches[1]", "" for the whole. */
export class NetworkError extends NtkError {
  readonly path: string;

  constructor(path: string, message: string) {
    super("network", path === "" ? message : `${path}: ${message}`);
    this.name = "NetworkError";
    this.path = path;
  }
}

/** A table cannot be learned from or predicted on as it is. */
export class DataError extends NtkError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("data", message, options);
    this.name = "DataError";
  }
}

/** A file's bytes are not what its format promises. */
export class FormatError extends NtkError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("format", message, options);
    this.name = "FormatError";
  }
}

/** A value left the range of float64, or a matrix could not be factorized. */
export class NumericalError extends NtkError {
  constructor(message: string) {
    super("numerical", message);
    this.name = "NumericalError";
  }
}

/** Narrows to an ntkit error, optionally of one code. */
export function isNtkError(error: unknown, code?: NtkErrorCode): error is NtkError {
  return error instanceof NtkError && (code === undefined || error.code === code);
}

/**
 * The text with control characters as escapes (`\\x1b`), so that names and cells from data move no cursor, and with those
 * that turn the direction of writing, so that it reads as it is stored.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return ESCAPES[character] ?? (code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`);
}

/** Longer than this a quotation, a word, and a message are cut in the middle. */
const LONGEST = { quotation: 100, word: 240, message: 600 } as const;

/** The message without endless quotations and words, a few lines at most. */
export function brief(message: string): string {
  if (message.length <= LONGEST.quotation) return message;
  const quotations = message.replace(/"[^"]*"/g, (quotation) => shortened(quotation, LONGEST.quotation));
  const words = quotations.replace(/\S+/g, (word) => shortened(word, LONGEST.word));
  return shortened(words, LONGEST.message);
}

/** The first two thirds and the last third of what there is room for. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor(most / 3);
  const [first, last] = [text.slice(0, most - end - 1), text.slice(-end)];
  return `${first.replace(/[\ud800-\udbff]$/, "")}…${last.replace(/^[\udc00-\udfff]/, "")}`;
}

/** The names with commas between them, and how many more there are than can be read. */
export function listed(names: readonly string[], most = 20): string {
  const rest = names.length - most;
  return rest > 1 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}

/** A value as messages quote it: short, and never itself an error, whatever the value is. */
export function quoted(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint" || value === undefined) return `${value}`;
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  let text: string;
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    return "an object that JSON cannot hold";
  }
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * The candidate nearest to `word` by edit distance, or undefined when none is near enough to be meant: one slip in a short
 * word, and one for each three letters of a longer one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_NAME) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(word.length - candidate.length) >= bestDistance) continue; // it is at least that far away
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    const alike = distance === 0 || distance < Math.max(word.length, candidate.length); // some letter is shared
    if (alike && distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Nobody mistypes a longer name, and comparing it takes the square of its length. */
const LONGEST_NAME = 200;

/** ` (did you mean "x"?)`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const guess = nearest(word, candidates);
  return guess === undefined ? "" : ` (did you mean "${guess}"?)`;
}

/** Letters to insert, leave out, replace or swap with their neighbour, at least; one row at a time. O(|a||b|). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Infinity));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
