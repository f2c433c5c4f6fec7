import type { Matrix } from "../matrix/matrix.ts";

/**
 * Activations of a batch along a line in the space of weights, w + ε v: Σₖ terms[k] εᵏ, cut off after the last term. A term that
 * is null is zero. With one term, just the activations; entry (i, j) of each stands at i * cols + j.
 *
 * Cotangents are jets too: those of a gradient along the line. Cotangents of several outputs may be pulled back at once, one batch of
 * rows after the other.
 */
export interface Jet {
  readonly rows: number;
  readonly cols: number;
  readonly terms: readonly [Float64Array, ...(Float64Array | null)[]];
}

/** Gives memory whose content is arbitrary: whoever asks writes to all of it. */
export type Allocate = (length: number) => Float64Array;

/** The matrix with `order` further terms that are zero. */
export function jetOf({ rows, cols, data }: Matrix, order = 0): Jet {
  return { rows, cols, terms: [data, ...new Array<null>(order).fill(null)] };
}

/** Term k as a matrix (a view), or null where it is zero. */
export function termOf(jet: Jet, k: number): Matrix | null {
  const data = jet.terms[k] ?? null;
  return data && { rows: jet.rows, cols: jet.cols, data };
}

/** A jet whose term k is term(k), and of the first term's shape. */
export function makeJet(
  rows: number,
  cols: number,
  terms: number,
  term: (k: number) => Float64Array | null,
  allocate: Allocate,
): Jet {
  const first = term(0) ?? allocate(rows * cols).fill(0);
  return { rows, cols, terms: [first, ...Array.from({ length: terms - 1 }, (_, k) => term(k + 1))] };
}

/** Every term mapped on its own: what a linear map without weights does. */
export function mapTerms(jet: Jet, cols: number, map: (term: Float64Array) => Float64Array): Jet {
  const [first, ...rest] = jet.terms;
  return { rows: jet.rows, cols, terms: [map(first), ...rest.map((term) => term && map(term))] };
}

/** c · jet; the jet itself when c = 1. */
export function scaleJet(jet: Jet, c: number, allocate: Allocate): Jet {
  if (c === 1) return jet;
  return mapTerms(jet, jet.cols, (term) => {
    const out = allocate(term.length);
    for (let i = 0; i < out.length; i++) out[i] = c * term[i]!;
    return out;
  });
}

/** The entrywise sum. */
export function addJets(a: Jet, b: Jet, allocate: Allocate): Jet {
  const term = (k: number): Float64Array | null => {
    const [x, y] = [a.terms[k] ?? null, b.terms[k] ?? null];
    if (!(x && y)) return x ?? y;
    const out = allocate(x.length);
    for (let i = 0; i < out.length; i++) out[i] = x[i]! + y[i]!;
    return out;
  };
  return makeJet(a.rows, a.cols, a.terms.length, term, allocate);
}

/** The entrywise product: (ab)ₖ = Σ aᵢ bₖ₋ᵢ. The one with fewer rows serves each batch of rows of the other. */
export function multiplyJets(a: Jet, b: Jet, allocate: Allocate): Jet {
  const term = (k: number): Float64Array | null => {
    let out: Float64Array | null = null;
    for (let i = 0; i <= k; i++) {
      const [x, y] = [a.terms[i], b.terms[k - i]];
      if (!(x && y)) continue;
      const [long, short] = x.length >= y.length ? [x, y] : [y, x];
      if (out) addProducts(long, short, out);
      else out = products(long, short, allocate(long.length));
    }
    return out;
  };
  return makeJet(Math.max(a.rows, b.rows), a.cols, a.terms.length, term, allocate);
}

/** Eight at a time: the steps of the loop cost as much as the products. */
function products(long: Float64Array, short: Float64Array, out: Float64Array): Float64Array {
  for (let start = 0; start < out.length; start += short.length) {
    let i = 0;
    for (let at = start; i + 7 < short.length; i += 8, at += 8) {
      out[at] = long[at]! * short[i]!;
      out[at + 1] = long[at + 1]! * short[i + 1]!;
      out[at + 2] = long[at + 2]! * short[i + 2]!;
      out[at + 3] = long[at + 3]! * short[i + 3]!;
      out[at + 4] = long[at + 4]! * short[i + 4]!;
      out[at + 5] = long[at + 5]! * short[i + 5]!;
      out[at + 6] = long[at + 6]! * short[i + 6]!;
      out[at + 7] = long[at + 7]! * short[i + 7]!;
    }
    for (; i < short.length; i++) out[start + i] = long[start + i]! * short[i]!;
  }
  return out;
}

function addProducts(long: Float64Array, short: Float64Array, out: Float64Array): void {
  for (let start = 0; start < out.length; start += short.length)
    for (let i = 0; i < short.length; i++) out[start + i]! += long[start + i]! * short[i]!;
}
