import type { Layer } from "ntkit";
import type { Algebra } from "./algebra.ts";
import type { Entry } from "./recursion.ts";

type Spec<T extends Layer["type"]> = Extract<Layer, { readonly type: T }>;

/*
 * The layers' infinite rules as formulas for one pair of inputs. They are those of the layers in ntkit, where the mathematics is
 * explained, with self terms p and q mapped as pairs of equal inputs.
 */

/** wStd² c + bStd², and Θ ← own + wStd² Θ, where `own` is there only if the layer trains. */
export function denseMap<T, M>(
  algebra: Algebra<T, M>,
  spec: Spec<"dense">,
  entry: Entry<T>,
  trains: boolean,
): Entry<T> {
  const { constant, add, mul } = algebra;
  const { width, wStd, bStd, parameterization } = spec as Required<Spec<"dense">>; // checked networks are complete
  const [wVar, bVar] = [wStd ** 2, bStd ** 2];
  const affine = (c: T): T => {
    const scaled = wVar === 1 ? c : mul(constant(wVar), c);
    return bVar === 0 ? scaled : add(scaled, constant(bVar));
  };
  const nngp = affine(entry.c);
  const ntk = (): T => {
    if (!trains || entry.ntk === null) return constant(0);
    const bias = bVar > 0 ? add(mul(constant(entry.width), entry.c), constant(1)) : mul(constant(entry.width), entry.c);
    const own = parameterization === "standard" ? bias : nngp;
    return add(own, mul(constant(wVar), entry.ntk));
  };
  return {
    c: nngp,
    sine: affineSine(algebra, wStd, bStd, entry),
    below: bStd === 0 && entry.below !== undefined ? mul(constant(wVar), entry.below) : undefined,
    ntk: entry.ntk === null ? null : ntk(),
    p: affine(entry.p),
    q: affine(entry.q),
    width,
  };
}

function affineSine<T, M>(algebra: Algebra<T, M>, wStd: number, bStd: number, { c, sine, p, q }: Entry<T>): T {
  const { constant, add, mul, sqrt } = algebra;
  const scaled = wStd === 1 ? sine : mul(constant(wStd * wStd), sine);
  if (bStd === 0) return scaled;
  const apart = mul(constant((wStd * bStd) ** 2), squaredDistance(algebra, c, sine, p, q));
  return sqrt(add(mul(scaled, scaled), apart));
}

/** √(pq), by the roots of each, which depend on one input only. */
function geometricMean<T, M>({ mul, sqrt }: Algebra<T, M>, p: T, q: T): T {
  return mul(sqrt(p), sqrt(q));
}

/** √(pq) − c ≥ 0 without cancellation, r = √(pq). */
function belowBound<T, M>({ constant, add, sub, mul, div, less, select }: Algebra<T, M>, r: T, c: T, sine: T): T {
  return select(less(constant(0), c), mul(div(sine, add(r, c)), sine), sub(r, c));
}

/** p + q − 2c */
function squaredDistance<T, M>(algebra: Algebra<T, M>, c: T, sine: T, p: T, q: T): T {
  const { constant, add, sub, mul, sqrt } = algebra;
  const apart = sub(sqrt(p), sqrt(q));
  const below = belowBound(algebra, geometricMean(algebra, p, q), c, sine);
  return add(mul(apart, apart), mul(constant(2), below));
}

/** K and Θ divided by √((p + ε)(q + ε)). */
export function normalized<T, M>(algebra: Algebra<T, M>, spec: Spec<"layerNorm">, entry: Entry<T>): Entry<T> {
  const { constant, add, div, equal, select, sqrt } = algebra;
  const { eps } = spec as Required<Spec<"layerNorm">>; // checked networks are complete
  const own = (p: T): T => sqrt(add(p, constant(eps)));
  const scale = algebra.mul(own(entry.p), own(entry.q));
  const safe = (value: T): T => select(equal(value, constant(0)), constant(1), value);
  const scaled = (value: T): T => div(value, safe(scale));
  const self = (p: T): T => div(p, safe(algebra.mul(own(p), own(p))));
  return {
    c: scaled(entry.c),
    sine: scaled(entry.sine),
    below: entry.below === undefined ? undefined : scaled(entry.below),
    ntk: entry.ntk === null ? null : scaled(entry.ntk),
    p: self(entry.p),
    q: self(entry.q),
    width: entry.width,
  };
}

/** Self terms divided by `keep`; covariances of different inputs stay. */
export function dropped<T, M>(algebra: Algebra<T, M>, { keep }: Spec<"dropout">, entry: Entry<T>): Entry<T> {
  const { constant, add, div, mul, sqrt } = algebra;
  const kept = (value: T): T => div(value, constant(keep));
  const [p, q] = [kept(entry.p), kept(entry.q)];
  const apart = mul(mul(geometricMean(algebra, p, q), geometricMean(algebra, p, q)), constant((1 - keep) * (1 + keep)));
  return { ...entry, sine: sqrt(add(mul(entry.sine, entry.sine), apart)), below: undefined, p, q };
}

/** K = Σ Kᵢ, Θ = Σ Θᵢ. */
export function summed<T, M>(algebra: Algebra<T, M>, entries: readonly Entry<T>[]): Entry<T> {
  const sum = (values: readonly T[]): T => values.reduce((a, b) => algebra.add(a, b));
  const c = sum(entries.map((entry) => entry.c));
  return {
    c,
    sine: sumSine(algebra, entries, c),
    ntk: entries[0]!.ntk === null ? null : sum(entries.map((entry) => entry.ntk!)),
    p: sum(entries.map((entry) => entry.p)),
    q: sum(entries.map((entry) => entry.q)),
    width: entries[0]!.width,
  };
}

/** K = Σ nᵢ Kᵢ / Σ nᵢ, nᵢ the width of branch i, likewise Θ. */
export function concatenated<T, M>(algebra: Algebra<T, M>, entries: readonly Entry<T>[]): Entry<T> {
  const width = entries.reduce((total, entry) => total + entry.width, 0);
  const weighted = entries.map((entry) => {
    const share = (value: T): T => algebra.mul(algebra.constant(entry.width / width), value);
    return {
      ...entry,
      c: share(entry.c),
      sine: share(entry.sine),
      below: undefined,
      ntk: entry.ntk === null ? null : share(entry.ntk),
      p: share(entry.p),
      q: share(entry.q),
    };
  });
  return { ...summed(algebra, weighted), width };
}

/** The sine of a sum: (R − C)(R + C) with R = √(Σpᵢ Σqᵢ), as `fanInSum` of ntkit explains. */
function sumSine<T, M>(algebra: Algebra<T, M>, entries: readonly Entry<T>[], c: T): T {
  const { abs, add, constant, div, equal, less, mul, neg, select, sqrt, sub } = algebra;
  const sum = (values: readonly T[]): T => values.reduce((a, b) => add(a, b));
  const bound = geometricMean(algebra, sum(entries.map(({ p }) => p)), sum(entries.map(({ q }) => q)));
  const products = sum(entries.map(({ p, q }) => geometricMean(algebra, p, q)));
  const isZero = equal(bound, constant(0));
  const wide = select(isZero, constant(1), add(bound, products));
  let slack = constant(0);
  for (const [i, a] of entries.entries()) {
    for (const b of entries.slice(0, i)) {
      const cross = sub(mul(sqrt(a.p), sqrt(b.q)), mul(sqrt(b.p), sqrt(a.q)));
      slack = add(slack, mul(div(cross, wide), cross));
    }
  }
  const isNegative = less(c, constant(0));
  const below = sum(
    entries.map(({ c: own, sine, p, q }) =>
      belowBound(algebra, geometricMean(algebra, p, q), select(isNegative, neg(own), own), sine),
    ),
  );
  return select(isZero, constant(0), mul(sqrt(add(slack, below)), sqrt(add(bound, abs(c)))));
}

/** K = Π Kᵢ, Θ = Σᵢ Θᵢ Π_{j≠i} Kⱼ. */
export function product<T, M>(algebra: Algebra<T, M>, entries: readonly Entry<T>[]): Entry<T> {
  const { add, mul } = algebra;
  return entries.reduce((a, b) => ({
    c: mul(a.c, b.c),
    sine: productSine(algebra, a, b),
    ntk: a.ntk !== null && b.ntk !== null ? add(mul(a.ntk, b.c), mul(a.c, b.ntk)) : null,
    p: mul(a.p, b.p),
    q: mul(a.q, b.q),
    width: a.width,
  }));
}

/** With |c| for c: r₁r₂ − c₁c₂ = r₁(r₂ − c₂) + c₂(r₁ − c₁), times r₁r₂ + c₁c₂. */
function productSine<T, M>(algebra: Algebra<T, M>, a: Entry<T>, b: Entry<T>): T {
  const { abs, add, mul, sqrt } = algebra;
  const [ra, rb] = [geometricMean(algebra, a.p, a.q), geometricMean(algebra, b.p, b.q)];
  const [ca, cb] = [abs(a.c), abs(b.c)];
  const below = add(mul(ra, belowBound(algebra, rb, cb, b.sine)), mul(cb, belowBound(algebra, ra, ca, a.sine)));
  return mul(sqrt(below), sqrt(add(mul(ra, rb), mul(ca, cb))));
}
