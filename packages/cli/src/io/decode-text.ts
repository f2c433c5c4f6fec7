import { isUtf8 } from "node:buffer";
import { DataError, FormatError } from "ntkit";

/** Names of encodings, as `--encoding` takes them and the report says them. */
export const ENCODINGS = ["utf-8", "utf-16", "utf-16be", "latin-1", "cp1252"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** What the decoder of the platform calls them; its latin-1 is cp1252, which differs from it in control characters only. */
const LABELS: Readonly<Record<Encoding, string>> = {
  "utf-8": "utf-8",
  "utf-16": "utf-16le",
  "utf-16be": "utf-16be",
  "latin-1": "windows-1252",
  cp1252: "windows-1252",
};

/** The encoding of a text by its first bytes and, for texts of one byte a character, by all of them. Throws FormatError for none. */
export function findEncoding(bytes: Uint8Array, source: string): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const start = bytes.subarray(0, 2 ** 16);
  const zero = start.indexOf(0);
  if (zero >= 0) return wideEncoding(start) ?? refuse(source, zero, "is 0, as in no text");
  if (isUtf8(bytes)) return "utf-8";
  const control = bytes.findIndex(isControl);
  if (control >= 0) refuse(source, control, `is a control character (${bytes[control]})`);
  checkNotUtf8(bytes, source);
  return "latin-1";
}

function refuse(source: string, at: number, why: string): never {
  throw new FormatError(`${source} is not text: byte ${at} ${why}; name a text table, .parquet or .npy`);
}

/** UTF-16 without a mark: every other byte of what is mostly ASCII is 0. */
function wideEncoding(start: Uint8Array): Encoding | null {
  const zeros = [0, 0];
  for (let i = 0; i < start.length; i++) if (start[i] === 0) zeros[i % 2]!++;
  const [even, odd] = [zeros[0]!, zeros[1]!];
  if (odd > start.length / 5 && even === 0) return "utf-16";
  return even > start.length / 5 && odd === 0 ? "utf-16be" : null;
}

/** Control characters but tab, line ends and form feed, and the five bytes that cp1252 has no letter for. */
function isControl(byte: number): boolean {
  if (byte < 32) return byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13;
  return byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d;
}

/** Throws for text in UTF-8 of which a few bytes are damaged: read as latin-1, every letter of it would be wrong. */
function checkNotUtf8(bytes: Uint8Array, source: string): void {
  const text = new TextDecoder().decode(bytes.subarray(0, 2 ** 20), { stream: true });
  let [wrong, right] = [0, 0];
  for (const letter of text.matchAll(/[^\0-\x7f]/gu)) {
    if (letter[0] === "\ufffd") wrong++;
    else right++;
  }
  if (right > wrong)
    throw new FormatError(
      `${source} is UTF-8 text with bytes that are not (the first is byte ${firstInvalidByte(bytes)}): correct them, or pass --encoding`,
    );
}

/** Where text first stops being UTF-8, by bisection. */
function firstInvalidByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isValidStart(bytes, middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether the bytes before `end` are valid, but for a character that may be cut there. */
function isValidStart(bytes: Uint8Array, end: number): boolean {
  let last = end - 1;
  while (last > 0 && last > end - 4 && (bytes[last]! & 0xc0) === 0x80) last--;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(last, end), { stream: true });
    return isUtf8(bytes.subarray(0, last));
  } catch {
    return false;
  }
}

/** Bytes decoded at a time: some 100 ms of work on what they hold. */
const PIECE = 2 ** 18;

/**
 * The text in pieces, without a byte-order mark. Throws DataError for bytes that the encoding does not allow; a character may be `cut` at the end
 * of bytes that are a part of the text.
 */
export function* decodePieces(bytes: Uint8Array, encoding: Encoding, source: string, cut = false): Generator<string> {
  const decoder = new TextDecoder(LABELS[encoding], { fatal: true });
  try {
    for (let at = 0; at < bytes.length; at += PIECE)
      yield decoder.decode(bytes.subarray(at, at + PIECE), { stream: true });
    if (!cut) yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DataError(`${source} is not ${encoding} text: pass another --encoding, or none`, { cause: error });
  }
}
