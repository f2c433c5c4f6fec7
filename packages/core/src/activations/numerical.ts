import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { LARGEST_ANGLE } from "./angle-cell.ts";
import { differenceQuotient } from "./difference-quotient.ts";
import { integratePair } from "./integrate-pair.ts";
import { mehlerDual } from "./mehler.ts";
import { nearlyParallelDual } from "./nearly-parallel.ts";
import { remembered } from "./remembered.ts";
import { hasTables, rowMoments, type SmoothPieces } from "./row-series.ts";

export interface NumericalOptions {
  readonly name: string;
  /** Any function that grows no faster than a polynomial. */
  readonly phi: (x: number) => number;
  /** φ'; by default a difference quotient of order 6 that does not reach across kinks, good to about 1e-12. */
  readonly dphi?: (x: number) => number;
  /** Points where φ or one of its derivatives jumps. */
  readonly kinks?: readonly number[];
  /** Taylor coefficients, for derivatives of finite networks of higher order than the first: see `Activation`. */
  readonly taylor?: NonNullable<Activation["taylor"]>;
  /** φ and φ' of a whole array: see `Activation`. */
  readonly map?: NonNullable<Activation["map"]>;
}

/**
 * An activation known by its values alone: κ and κ̇ to 1e-10 of √(κ(p,p,p) κ(q,q,q)), of √(κ̇(p,p,p) κ̇(q,q,q)), for any
 * correlation and variances up to 100, and as far beyond as the quadrature converges (else it throws a NumericalError); the new sine
 * of nearly parallel features to 1e-14 of the first.
 *
 * Rows at angles of 1/4 and more, each to the line of the other, have a short Mehler series (`mehler.ts`), and so have all rows of
 * little variance where φ is smooth. Other nearly parallel rows are some dot products of tables of each row where φ has no kink but at 0
 * (`nearly-parallel.ts`). Either way a pair costs 1 to 20 microseconds once its rows are known, a row 1 to 50 milliseconds, the most of
 * them where φ is steep. The rest is integrated pair by pair: 0.1 ms where φ jumps at 0, 0.2 to 10 ms where kinks are elsewhere and
 * variances up to 100, some 100 ms beyond.
 */
export function numericalActivation(options: NumericalOptions): Activation {
  const { name, phi, dphi, kinks = [], taylor, map } = options;
  const pieces: SmoothPieces = { name, phi, dphi: dphi ?? differenceQuotient(phi, kinks), kinks };
  const dual = pairDual(pieces);
  return {
    name,
    smoothness: kinks.length > 0 ? "kinked" : "smooth",
    kinks,
    phi: pieces.phi,
    dphi: pieces.dphi,
    ...(taylor && { taylor }),
    ...(map && { map }),
    dual,
  };
}

function pairDual(pieces: SmoothPieces): Activation["dual"] {
  const moments = remembered(ROWS, (p) => rowMoments(pieces, p));
  const bySeries = mehlerDual(pieces, moments);
  const isSmooth = pieces.kinks.length === 0;
  const byTables = hasTables(pieces) ? nearlyParallelDual(pieces, moments) : undefined;
  return (c, sine, p, q, out) => {
    const [first, second] = [moments(p), moments(q)];
    if (p === q && sine === 0 && c >= 0) {
      out[0] = finiteOrInfinity(first.square);
      out[1] = finiteOrInfinity(first.slopeSquare);
      out[2] = 0;
      return;
    }
    const pair = { c, sine, p, q };
    const isNarrow = p > 0 && q > 0 && portable.atan2(sine, Math.abs(c)) <= LARGEST_ANGLE;
    const done =
      isNarrow && byTables
        ? (isSmooth && bySeries(pair, "short", out)) || byTables(pair, out)
        : bySeries(pair, "long", out);
    if (!done) integratePair(pieces, pair, first, second, out);
    out[0] = finiteOrInfinity(out[0]!);
    out[1] = finiteOrInfinity(out[1]!);
  };
}

/** Rows whose moments are kept, twice. */
const ROWS = 4096;

function finiteOrInfinity(x: number): number {
  return Number.isNaN(x) ? Infinity : x;
}
