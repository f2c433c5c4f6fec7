import type { Activation } from "../activations/activation.ts";
import { key, uniform } from "../random/key.ts";
import { atMost, type LawResult, TOLERANCE } from "./laws.ts";

const COEFFICIENTS = 10;
const POINTS = [-2.3, -0.9, -0.13, 0.2, 0.7, 1.9];
const HUGE = [1e3, 1e6, 1e150];

/** What ties `taylor` and `map`, where an activation has them, to φ and φ'. */
export function seriesLaws(activation: Activation): LawResult[] {
  const { taylor, map } = activation;
  return [...(taylor ? taylorLaws(activation, taylor) : []), ...(map ? [mapLaw(activation, map)] : [])];
}

function taylorLaws({ phi, dphi, kinks = [] }: Activation, taylor: NonNullable<Activation["taylor"]>): LawResult[] {
  const at = (x: number): Float64Array => {
    const out = new Float64Array(COEFFICIENTS);
    taylor(x, out);
    return out;
  };
  const points = POINTS.filter((x) => kinks.every((kink) => Math.abs(x - kink) > 0.05));
  const values = [...points, ...kinks].flatMap((x) => {
    const [value, slope] = at(x);
    return [Math.abs(value! - phi(x)) / scaleOf(phi(x)), Math.abs(slope! - dphi(x)) / scaleOf(dphi(x))];
  });
  const remainders = points.flatMap((x) =>
    [-0.02, 0.02].map((h) => {
      const sum = at(x).reduceRight((tail, coefficient) => tail * h + coefficient, 0);
      return Math.abs(sum - phi(x + h)) / scaleOf(phi(x));
    }),
  );
  const { finiteDifference, taylorSum } = TOLERANCE;
  return [
    atMost("taylor begins with phi and dphi", worst(values), 4 * Number.EPSILON),
    atMost("k·taylor[k] is the derivative of taylor[k − 1]", worst(slopeErrors(at, points)), finiteDifference),
    atMost("Σ taylor[k] hᵏ is phi(x + h)", worst(remainders), taylorSum),
    atMost("taylor at a kink is the mean of both sides", worst(kinkErrors(at, kinks)), finiteDifference),
    lawOfSize(at),
  ];
}

/** Differences of fourth order, k = 1 … 6. */
function slopeErrors(at: (x: number) => Float64Array, points: readonly number[]): number[] {
  const h = 1e-3;
  return points.flatMap((x) => {
    const [far, near, here, next, last] = [x - 2 * h, x - h, x, x + h, x + 2 * h].map(at) as [Float64Array, ...Series4];
    return [1, 2, 3, 4, 5, 6].map((k) => {
      const slope = (8 * (next[k - 1]! - near[k - 1]!) - (last[k - 1]! - far[k - 1]!)) / (12 * h);
      return Math.abs(k * here[k]! - slope) / scaleOf(slope);
    });
  });
}

type Series4 = [Float64Array, Float64Array, Float64Array, Float64Array];

function kinkErrors(at: (x: number) => Float64Array, kinks: readonly number[]): number[] {
  const h = 1e-9;
  return kinks.flatMap((kink) => {
    const [here, left, right] = [at(kink), at(kink - h), at(kink + h)];
    return Array.from(here.subarray(1), (value, k) => {
      const mean = (left[k + 1]! + right[k + 1]!) / 2;
      return Math.abs(value - mean) / scaleOf(mean);
    });
  });
}

function lawOfSize(at: (x: number) => Float64Array): LawResult {
  const points = HUGE.flatMap((x) => [-x, x]);
  const wrong = points.find((x) => at(x).some(Number.isNaN));
  const detail = wrong === undefined ? `${points.length} points` : `${at(wrong).join(", ")} at ${wrong}`;
  return { law: "taylor is numbers however large |x|", ok: wrong === undefined, detail };
}

/** The same bits as phi and dphi, with slopes and without, and when x is written over. */
function mapLaw({ phi, dphi, kinks = [] }: Activation, map: NonNullable<Activation["map"]>): LawResult {
  const special = [0, 1e-300, 1e-17, 1e-8, 6, 30, 700, 750, ...HUGE].flatMap((x) => [x, -x]);
  const random = uniform(key(1), 200).map((u) => 20 * u - 10);
  const x = new Float64Array([...special, Number.NaN, ...kinks, ...POINTS, ...random]);
  const [out, slope, inPlace] = [new Float64Array(x.length), new Float64Array(x.length), x.slice()];
  const inPlaceSlope = new Float64Array(x.length);
  map(x, out, null);
  const alone = out.slice();
  map(x, out, slope);
  map(inPlace, inPlace, inPlaceSlope);
  const wrong = x.find((v, i) => {
    const [value, derivative] = [phi(v), dphi(v)];
    const areValues = [alone[i], out[i], inPlace[i]].every((found) => Object.is(found, value));
    return !areValues || !Object.is(slope[i], derivative) || !Object.is(inPlaceSlope[i], derivative);
  });
  const detail = wrong === undefined ? `${x.length} points` : `differs at ${wrong}`;
  return { law: "map has the bits of phi and dphi", ok: wrong === undefined, detail };
}

function scaleOf(value: number): number {
  return Math.max(1, Math.abs(value));
}

/** The largest, NaN if any is NaN. */
function worst(errors: readonly number[]): number {
  return Math.max(0, ...errors);
}
