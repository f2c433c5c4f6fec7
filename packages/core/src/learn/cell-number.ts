export type DecimalMark = "." | ",";

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const MONEY = "[$€£¥]|EUR|USD|GBP|CHF";
/** Opening bracket, sign, currency, digits with their marks, currency or percent sign, closing bracket. */
const AMOUNT = new RegExp(
  `^(\\()?\\s*([+\\-−]?)\\s*(?:${MONEY})?\\s*([+\\-−]?)([\\d.,'’ \\u00a0\\u2009\\u202f]*\\d[.,]?(?:e[+-]?\\d+)?)\\s*(?:${MONEY}|(%))?\\s*(\\))?$`,
  "i",
);

/** Digits in groups of three by one and the same mark, or without groups, then the decimals. */
const DIGITS: Readonly<Record<DecimalMark, RegExp>> = {
  ".": /^(\d+|[1-9]\d{0,2}([,'’ \u00a0\u2009\u202f])\d{3}(?:\2\d{3})*)?(?:\.(\d*))?(e[+-]?\d+)?$/i,
  ",": /^(\d+|[1-9]\d{0,2}([.'’ \u00a0\u2009\u202f])\d{3}(?:\2\d{3})*)?(?:,(\d*))?(e[+-]?\d+)?$/i,
};

/** Whether the text is a decimal number as programs write them: no groups, no currency, a decimal point. */
export function isPlainNumber(text: string): boolean {
  return PLAIN.test(text);
}

/**
 * The number that a text stands for under a decimal mark, or NaN: also with digits in groups of three, a currency, a percent sign
 * (45% is 0.45), or in brackets, which make it negative.
 */
export function cellNumber(text: string, mark: DecimalMark): number {
  if (PLAIN.test(text) && (mark === "." || !text.includes("."))) return Number(text);
  const amount = AMOUNT.exec(text);
  if (!amount) return Number.NaN;
  const [, open, outer = "", inner = "", body = "", percent, close] = amount;
  const signs = outer + inner;
  if ((open === undefined) !== (close === undefined) || signs.length > 1 || (open && signs)) return Number.NaN;
  const digits = DIGITS[mark].exec(body);
  if (!digits) return Number.NaN;
  const [, whole = "", , decimals = "", exponent = ""] = digits;
  const size = Number(`${whole.replace(/\D/g, "") || "0"}.${decimals || "0"}${exponent}`) / (percent ? 100 : 1);
  return open || (signs !== "" && signs !== "+") ? -size : size;
}

/** Whether a whole number is one of float64, so that it keeps its digits there. */
export function isExactNumber(whole: bigint): boolean {
  const value = Number(whole);
  return Number.isSafeInteger(value) || (Number.isFinite(value) && BigInt(value) === whole);
}

/** What the texts of a column say about its decimal mark. */
export interface MarkEvidence {
  /** Some are numbers with a decimal point only, or with a decimal comma only. */
  readonly point: boolean;
  readonly comma: boolean;
  /** Some hold one comma that may be a decimal comma or part the thousands. */
  readonly either: boolean;
}

export function markEvidence(texts: Iterable<string | null>): MarkEvidence {
  let [point, comma, either] = [false, false, false];
  for (const text of texts) {
    if (text === null || !/[.,]/.test(text)) continue;
    const [asPoint, asComma] = [cellNumber(text, "."), cellNumber(text, ",")];
    const [isPoint, isComma] = [!Number.isNaN(asPoint), !Number.isNaN(asComma)];
    if (isPoint && isComma) either ||= asPoint !== asComma && text.includes(",");
    else if (isComma) comma = true;
    else if (isPoint) point = true;
  }
  return { point, comma, either };
}
