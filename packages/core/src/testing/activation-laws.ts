import { type Activation, SINE_UNKNOWN, sineByQuadrature } from "../activations/activation.ts";
import { ValueError } from "../errors.ts";
import { key, uniform } from "../random/key.ts";
import { gaussLegendre } from "../special/gauss-legendre.ts";
import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import { seriesLaws } from "./activation-series-laws.ts";
import { atMost, type LawResult, TOLERANCE } from "./laws.ts";

export interface ActivationLawOptions {
  readonly seed?: number;
  /** Number of random pairs for the laws that need no quadrature. */
  readonly pairs?: number;
  /** φ is constant but for jumps: κ̇ is 0 by definition, and not ∂κ/∂c. */
  readonly isStep?: boolean;
}

/** Two inputs by the angle between them and their variances. */
type PairOfRows = readonly [theta: number, p: number, q: number];

/** The laws of an activation, on random, special and extreme pairs of inputs. Run it on your own activation. */
export function checkActivation(
  activation: Activation,
  { seed = 1, pairs = 40, isStep = false }: ActivationLawOptions = {},
): LawResult[] {
  const rows = randomPairs(seed, pairs, [0.02, Math.PI - 0.02], [-3, 1]);
  return [
    ...rangeLaws(activation),
    ...boundLaws(activation, rows),
    isStep ? stepLaw(activation, rows) : priceLaw(activation, seed),
    ...(hasPhi(activation) ? [...phiLaws(activation), ...seriesLaws(activation)] : []),
  ];
}

/** Some activations are known by their κ alone. */
function hasPhi({ phi }: Activation): boolean {
  try {
    phi(0);
    return true;
  } catch (error) {
    if (error instanceof ValueError) return false;
    throw error;
  }
}

function randomPairs(
  seed: number,
  count: number,
  [minAngle, maxAngle]: readonly [number, number],
  [minExponent, maxExponent]: readonly [number, number],
): PairOfRows[] {
  const draws = uniform(key(seed), 3 * count);
  const variance = (draw: number) => 10 ** (minExponent + (maxExponent - minExponent) * draw);
  return Array.from({ length: count }, (_, i) => [
    minAngle + (maxAngle - minAngle) * draws[3 * i]!,
    variance(draws[3 * i + 1]!),
    variance(draws[3 * i + 2]!),
  ]);
}

/** [κ, κ̇, new sine or SINE_UNKNOWN]. */
function dual(activation: Activation, [theta, p, q]: PairOfRows): [number, number, number] {
  const r = Math.sqrt(p) * Math.sqrt(q);
  return dualAt(activation, r * portable.cos(theta), theta === Math.PI ? 0 : r * portable.sin(theta), p, q);
}

function dualAt(activation: Activation, c: number, sine: number, p: number, q: number): [number, number, number] {
  const out = new Float64Array([0, 0, SINE_UNKNOWN]);
  activation.dual(c, sine, p, q, out);
  return [out[0]!, out[1]!, out[2]!];
}

/** √(κ(p,p,p) κ(q,q,q)), the bound on |κ|, and the same of κ̇. */
function bounds(activation: Activation, p: number, q: number): [number, number] {
  const [first, second] = [dualAt(activation, p, 0, p, p), dualAt(activation, q, 0, q, q)];
  return [Math.sqrt(first[0]) * Math.sqrt(second[0]), Math.sqrt(first[1]) * Math.sqrt(second[1])];
}

/** |error| / scale, where 0/0 is 0. */
function relative(error: number, scale: number): number {
  return error === 0 ? 0 : Math.abs(error) / scale;
}

const EXTREME_VARIANCES = [0, 1e-300, 1e-150, 1e-6, 1, 100, 1e4, 1e150, 1e300];
const EXTREME_ANGLES = [0, 1e-17, 1e-8, 1, Math.PI / 2, Math.PI - 1e-8, Math.PI];

/** What κ, κ̇ and the sine may be at all. */
function rangeLaws(activation: Activation): LawResult[] {
  const isNumber = ([kappa, kappaDot, sine]: readonly number[]) =>
    !Number.isNaN(kappa) && !Number.isNaN(kappaDot) && (sine! >= 0 || sine === SINE_UNKNOWN);
  const areFinite = (values: readonly number[]) => isNumber(values) && values.every(Number.isFinite);
  const extreme = EXTREME_VARIANCES.flatMap((p) => [p, 1, 1e300].map((q) => [Math.min(p, q), Math.max(p, q)] as const));
  const moderate = [0, 1e-12, 1, 50].map((p) => [p, 50] as const);
  return [
    everywhere("κ, κ̇ and the sine are numbers for zero, duplicate, antipodal and extreme rows", extreme, isNumber),
    everywhere("κ, κ̇ and the sine are finite for zero, duplicate and antipodal rows", moderate, areFinite),
  ];

  function everywhere(
    law: string,
    variances: readonly (readonly [number, number])[],
    holds: (values: readonly number[]) => boolean,
  ): LawResult {
    for (const [p, q] of variances) {
      for (const theta of EXTREME_ANGLES) {
        const values = dual(activation, [theta, p, q]);
        if (!holds(values)) return { law, ok: false, detail: `${values.join(", ")} at ${at([theta, p, q])}` };
      }
    }
    return { law, ok: true, detail: `${variances.length * EXTREME_ANGLES.length} pairs` };
  }
}

function at([theta, p, q]: PairOfRows): string {
  return `angle ${theta}, variances ${p} and ${q}`;
}

/** The law that the error is at most the tolerance for every pair; names the worst pair. */
function forEveryPair(
  law: string,
  rows: readonly PairOfRows[],
  tolerance: number,
  error: (row: PairOfRows) => number,
): LawResult {
  let [worst, worstRow] = [0, rows[0]];
  for (const row of rows) {
    const found = error(row);
    if (!(found <= worst)) [worst, worstRow] = [found, row];
    if (Number.isNaN(found)) break;
  }
  const result = atMost(law, worst, tolerance);
  return worstRow ? { ...result, detail: `${result.detail}, at ${at(worstRow)}` } : result;
}

function boundLaws(activation: Activation, rows: readonly PairOfRows[]): LawResult[] {
  const { closedForm } = TOLERANCE;
  return [
    forEveryPair("|κ(c, p, q)| ≤ √(κ(p,p,p) κ(q,q,q)) (Cauchy-Schwarz)", rows, closedForm, ([theta, p, q]) => {
      const [bound] = bounds(activation, p, q);
      return relative(Math.max(0, Math.abs(dual(activation, [theta, p, q])[0]) - bound), bound);
    }),
    forEveryPair("κ and κ̇ are symmetric in the two inputs", rows, closedForm, ([theta, p, q]) => {
      const [[kappa, kappaDot], [swapped, swappedDot]] = [
        dual(activation, [theta, p, q]),
        dual(activation, [theta, q, p]),
      ];
      const [bound, boundDot] = bounds(activation, p, q);
      return Math.max(relative(swapped - kappa, bound), relative(swappedDot - kappaDot, Math.max(boundDot, 1)));
    }),
    forEveryPair("sine² + κ² = κ(p,p,p) κ(q,q,q) where the sine is given", rows, closedForm, ([theta, p, q]) => {
      const [kappa, , sine] = dual(activation, [theta, p, q]);
      const [bound] = bounds(activation, p, q);
      return sine === SINE_UNKNOWN ? 0 : relative(sine * sine + kappa * kappa - bound * bound, bound * bound);
    }),
  ];
}

function stepLaw(activation: Activation, rows: readonly PairOfRows[]): LawResult {
  return forEveryPair("κ̇ = 0, by definition for a step", rows, 0, (row) => Math.abs(dual(activation, row)[1]));
}

/** Differences of fourth order in c at fixed p and q. */
function priceLaw(activation: Activation, seed: number): LawResult {
  const rows = randomPairs(seed, 20, [0.6, 2.5], [-0.5, 0.5]);
  return forEveryPair("κ̇ = ∂κ/∂c (Price's theorem)", rows, TOLERANCE.finiteDifference, ([theta, p, q]) => {
    const r = Math.sqrt(p * q);
    const [c, h] = [r * portable.cos(theta), 1e-3 * r];
    const kappa = (x: number) => dualAt(activation, x, Math.sqrt((r - x) * (r + x)), p, q)[0];
    const slope = (8 * (kappa(c + h) - kappa(c - h)) - (kappa(c + 2 * h) - kappa(c - 2 * h))) / (12 * h);
    const [bound, boundDot] = bounds(activation, p, q);
    return relative(slope - dual(activation, [theta, p, q])[1], Math.max(bound / r, boundDot));
  });
}

const QUADRATURE_ROWS: readonly PairOfRows[] = [
  [1.1, 1, 1],
  [2.6, 0.3, 2],
  [0.05, 1.2, 0.7],
];

/** What ties κ, κ̇ and the sine to φ and φ'. */
function phiLaws(activation: Activation): LawResult[] {
  const { phi, dphi, kinks = [] } = activation;
  const { quadrature } = TOLERANCE;
  const ownZero = phi(0) * phi(0);
  return [
    atMost(
      "κ of two zero rows is φ(0)²",
      relative(dualAt(activation, 0, 0, 0, 0)[0] - ownZero, Math.max(1, ownZero)),
      TOLERANCE.closedForm,
    ),
    forEveryPair("κ = E φ(u) φ(v), by quadrature", QUADRATURE_ROWS, quadrature, (row) => {
      const [bound] = bounds(activation, row[1], row[2]);
      return relative(productExpectation(phi, kinks, row) - dual(activation, row)[0], bound);
    }),
    forEveryPair("κ̇ = E φ'(u) φ'(v), by quadrature", QUADRATURE_ROWS, quadrature, (row) => {
      const [, boundDot] = bounds(activation, row[1], row[2]);
      return relative(productExpectation(dphi, kinks, row) - dual(activation, row)[1], Math.max(boundDot, 1));
    }),
    derivativeLaw(activation),
    nearlyParallelLaw(activation),
  ];
}

function derivativeLaw({ phi, dphi, kinks = [] }: Activation): LawResult {
  const h = 1e-3;
  const points = [-2.3, -0.9, -0.1, 0.2, 0.7, 1.9].filter((x) => kinks.every((kink) => Math.abs(x - kink) > 2 * h));
  const errors = points.map((x) => {
    const slope = (8 * (phi(x + h) - phi(x - h)) - (phi(x + 2 * h) - phi(x - 2 * h))) / (12 * h);
    return Math.abs(slope - dphi(x)) / Math.max(1, Math.abs(slope));
  });
  return atMost("dphi is the derivative of phi", Math.max(0, ...errors), TOLERANCE.finiteDifference);
}

/** Angles from 1e-2 down to 1e-8, rows of equal and of slightly different length. */
function nearlyParallelLaw(activation: Activation): LawResult {
  const rows = [1e-2, 1e-4, 1e-8].flatMap((eps): PairOfRows[] => [
    [0.7 * eps, 0.8, 0.8],
    [0.4 * eps, 0.8, 0.8 * (1 + eps) ** 2],
  ]);
  const law = "the sine of nearly parallel rows is that of quadrature where it is given, and finite where not";
  return forEveryPair(law, rows, 16 * Number.EPSILON, (row) => {
    const [theta, p, q] = row;
    const r = Math.sqrt(p) * Math.sqrt(q);
    const byQuadrature = sineByQuadrature(activation, r * portable.cos(theta), r * portable.sin(theta), p, q);
    const [, , sine] = dual(activation, row);
    if (sine === SINE_UNKNOWN) return byQuadrature >= 0 && Number.isFinite(byQuadrature) ? 0 : Number.NaN;
    return relative(sine - byQuadrature, bounds(activation, p, q)[0]);
  });
}

/**
 * E f(u) f(v) the slow way, sharing with what it checks only the nodes of a rule: u = √p x, v = √q (cos θ x + sin θ y), panels
 * in y split where v has a kink, in x where u has one and, as finely as sin θ asks for, where v would for y = 0.
 */
function productExpectation(f: (x: number) => number, kinks: readonly number[], [theta, p, q]: PairOfRows): number {
  const [rootP, rootQ, cos, sin] = [Math.sqrt(p), Math.sqrt(q), portable.cos(theta), portable.sin(theta)];
  const transitions = kinks.flatMap((kink) =>
    [-8, -4, -2, -1, 0, 1, 2, 4, 8].map((k) => (kink / rootQ + k * sin) / cos),
  );
  return gaussianIntegral([...kinks.map((kink) => kink / rootP), ...transitions], (x) => {
    const breaks = kinks.map((kink) => (kink / rootQ - cos * x) / sin);
    return f(rootP * x) * gaussianIntegral(breaks, (y) => f(rootQ * (cos * x + sin * y)));
  });
}

/** E f(z), z ~ N(0, 1), by 20-point panels no wider than 1 between −10, the breaks and 10. */
function gaussianIntegral(breaks: readonly number[], f: (z: number) => number): number {
  const { nodes, weights } = gaussLegendre(20);
  const edges = [-10, ...breaks.filter((z) => Math.abs(z) < 10).sort((a, b) => a - b), 10];
  let sum = 0;
  for (let k = 1; k < edges.length; k++) {
    const [low, length] = [edges[k - 1]!, edges[k]! - edges[k - 1]!];
    const panels = Math.ceil(length);
    for (let panel = 0; panel < panels; panel++) {
      const half = length / panels / 2;
      const middle = low + (2 * panel + 1) * half;
      for (let i = 0; i < nodes.length; i++) {
        const z = middle + half * nodes[i]!;
        sum += half * weights[i]! * portable.exp(-0.5 * z * z) * f(z);
      }
    }
  }
  return sum / SQRT_TWO_PI;
}
