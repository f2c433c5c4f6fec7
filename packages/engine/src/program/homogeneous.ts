import type { Layer } from "ntkit";
import { type Algebra, numberAlgebra } from "./algebra.ts";
import { chebyshevNodes, evaluateTogether, fitPolynomial, NODE_COUNTS, type Polynomial } from "./chebyshev.ts";
import { type Entry, mapEntry, type RecursionOptions } from "./recursion.ts";

/*
 * Without biases, networks of ReLU and its relatives are homogeneous: K = √(pq) f(ρ), ρ = c/√(pq), and so is Θ, whatever the depth.
 * With s = sin θ = √(1 − ρ²),
 *
 *   f(ρ) = S(s) + ρ D(s)
 *
 * where S and ρD are the even and the odd part. Both S and D are analytic from s = 0, where f is a power series in θ, to s = 1,
 * where even functions of π/2 − θ are power series in cos(π/2 − θ). The nearest singularity of one layer is s = −1, so that polynomials
 * of degree 21 are exact to rounding, and that of L layers of ReLU, which map θ to about θ/(1 + Lθ/3π) in all, also s = −3π/L.
 * The polynomials follow the recursion of numbers at Chebyshev nodes and are compared with it before they take its place.
 */

/** f of K or of Θ. */
export interface AngularFunction {
  /** S and D, in x = 2s − 1. */
  readonly even: Polynomial;
  readonly odd: Polynomial;
  /** f(1) */
  readonly atEqual: number;
}

/** Those of K and Θ that were asked for and found. */
export interface AngularKernels {
  readonly nngp: AngularFunction | undefined;
  readonly ntk: AngularFunction | undefined;
  /** Between these variances the recursion holds. */
  readonly smallest: number;
  readonly largest: number;
}

interface Wanted extends RecursionOptions {
  readonly wantNngp: boolean;
  readonly wantNtk: boolean;
  readonly columns: number;
}

/** Whether K(λx, μz) = λμ K(x, z) and likewise Θ, for λ, μ > 0, by the kinds of the layers alone. */
export function isHomogeneous(layer: Layer): boolean {
  switch (layer.type) {
    case "serial":
      return layer.layers.every(isHomogeneous);
    case "parallel":
      return layer.branches.every(isHomogeneous);
    case "repeat":
      return isHomogeneous(layer.layer);
    case "dense":
      return layer.bStd === 0;
    case "identity":
    case "fanOut":
    case "fanInSum":
    case "fanInConcat":
    case "relu":
    case "leakyRelu":
    case "abRelu":
    case "abs":
      return true;
    default:
      return false;
  }
}

/** Steps of polynomials, for each activation, that take less time than its recursion. */
const STEPS_PER_ACTIVATION = 24;
/** Deeper networks have kernels that are too steep near θ = 0 for polynomials. */
const MOST_ACTIVATIONS = 256;

/** The recursion in numbers, for equal variances. */
type Recursion = (p: number, c: number, sine: number) => Entry<number>;

/**
 * The kernels of a checked network as functions of the angle, each unless no polynomials follow it closely enough, relatively, or
 * they would take longer than the recursion. That of one does not depend on whether the other is asked for.
 */
export function angularKernels(network: Layer, options: Wanted): AngularKernels | undefined {
  if (!isHomogeneous(network)) return undefined;
  const count = activations(network);
  if (count > MOST_ACTIVATIONS) return undefined;
  const at: Recursion = (p, c, sine) => {
    const below = (sine / (p + Math.abs(c))) * sine;
    const entry = { c, sine, below, ntk: options.wantNtk ? 0 : null, p, q: p, width: options.columns };
    return mapEntry(numberAlgebra, network, entry, options);
  };
  let [nngp, ntk]: (AngularFunction | undefined)[] = [];
  for (const nodes of NODE_COUNTS) {
    const [needsNngp, needsNtk] = [options.wantNngp && !nngp, options.wantNtk && !ntk];
    if (!needsNngp && !needsNtk) break;
    const samples = sample(at, nodes);
    if (needsNngp) nngp = angularFit(at, samples, (entry) => entry.c);
    if (needsNtk) ntk = angularFit(at, samples, (entry) => entry.ntk!); // it is there when it was asked for
  }
  const isShort = (f: AngularFunction | undefined): boolean =>
    f !== undefined && steps(f) <= STEPS_PER_ACTIVATION * count;
  const holds = (exponent: number): boolean => Number.isFinite(at(2 ** exponent, 2 ** exponent, 0).c);
  return {
    nngp: isShort(nngp) ? nngp : undefined,
    ntk: isShort(ntk) ? ntk : undefined,
    smallest: 2 ** lastThat(holds, -1),
    largest: 2 ** lastThat(holds, 1),
  };
}

interface Sample {
  readonly rho: number;
  readonly acute: Entry<number>;
  readonly obtuse: Entry<number>;
}

function sample(at: Recursion, nodes: number): readonly Sample[] {
  return chebyshevNodes(nodes).map((x) => {
    const s = (1 + x) / 2;
    const rho = Math.sqrt((1 - s) * (1 + s));
    return { rho, acute: at(1, rho, s), obtuse: at(1, -rho, s) };
  });
}

type Output = (entry: Entry<number>) => number;

function angularFit(at: Recursion, samples: readonly Sample[], of: Output): AngularFunction | undefined {
  const atEqual = of(at(1, 1, 0));
  const least = 2 ** -55 * Math.abs(atEqual);
  const even = fitPolynomial(
    samples.map(({ acute, obtuse }) => (of(acute) + of(obtuse)) / 2),
    least,
  );
  const odd = fitPolynomial(
    samples.map(({ rho, acute, obtuse }) => (of(acute) - of(obtuse)) / (2 * rho)),
    least,
  );
  if (!even || !odd) return undefined;
  const found = { even, odd, atEqual };
  return follows(found, (rho, s) => of(at(1, rho, s))) ? found : undefined;
}

function activations(layer: Layer): number {
  const sum = (layers: readonly Layer[]): number => layers.reduce((total, each) => total + activations(each), 0);
  switch (layer.type) {
    case "serial":
      return sum(layer.layers);
    case "parallel":
      return sum(layer.branches);
    case "repeat":
      return layer.times * activations(layer.layer);
    case "relu":
    case "leakyRelu":
    case "abRelu":
    case "abs":
      return 1;
    default:
      return 0;
  }
}

function steps({ even, odd }: AngularFunction): number {
  const stepsOf = ({ basis, coefficients }: Polynomial): number => (basis === "powers" ? 1 : 1.5) * coefficients.length;
  return stepsOf(even) + stepsOf(odd);
}

/** How far values may be from those of the recursion: relatively, and in units of f(1) sin θ, where they may pass through 0. */
const RELATIVE = 2e-14;
const ROUNDING = 2 ** -51;

/** Compares with the recursion from one end to the other, with ever more points towards the ends, where f may vanish. */
function follows(f: AngularFunction, exact: (rho: number, s: number) => number): boolean {
  const sines = Array.from({ length: 60 }, (_, k) => (k < 40 ? (k + 0.5) / 40 : 3 ** (35 - k)));
  return sines.every((s) => {
    const size = Math.sqrt((1 - s) * (1 + s));
    return [size, -size].every((rho) => {
      const expected = exact(rho, s);
      const [found] = angularValues(numberAlgebra, [f], { c: rho, sine: s, r: 1, scale: 1 });
      return Math.abs(found! - expected) <= RELATIVE * Math.abs(expected) + ROUNDING * s * Math.abs(f.atEqual);
    });
  });
}

/** The largest exponent up to 512, in that direction, of which the condition, true at 0, holds. */
function lastThat(holds: (exponent: number) => boolean, direction: 1 | -1): number {
  let exponent = 0;
  for (let size = 256; size >= 1; size /= 2) if (holds(direction * (exponent + size))) exponent += size;
  return direction * exponent;
}

/** What the value of a pair is computed from; `scale` is 1/r, or anything where r is 0. */
export interface AngularPair<T> {
  readonly c: T;
  /** √(r² − c²) */
  readonly sine: T;
  /** √(pq) */
  readonly r: T;
  readonly scale: T;
}

/** r f(c/r) of each function; of equal directions f(1) c, which is exact on the diagonal. */
export function angularValues<T, M>(
  algebra: Algebra<T, M>,
  functions: readonly AngularFunction[],
  { c, sine, r, scale }: AngularPair<T>,
): readonly T[] {
  const { add, and, constant, equal, less, mul, select, sub } = algebra;
  const s = mul(sine, scale);
  const x = sub(add(s, s), constant(1));
  const isEqual = and(equal(sine, constant(0)), less(constant(0), c));
  const polynomials = functions.flatMap(({ even, odd }) => [even, odd]);
  const values = evaluateTogether(algebra, polynomials, x);
  return functions.map(({ atEqual }, i) => {
    const mixed = add(mul(r, values[2 * i]!), mul(c, values[2 * i + 1]!));
    return select(isEqual, mul(constant(atEqual), c), mixed);
  });
}
