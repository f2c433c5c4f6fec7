import type { Params } from "../layers/rule.ts";
import type { Activations } from "../layers/scope.ts";
import type { Layer } from "../layers/spec.ts";
import type { TwiceDifferentiableLoss } from "../loss/loss.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { gradient, hvp, jvp, vjp } from "../network/derivatives.ts";
import { apply, init } from "../network/network.ts";
import { flattenParams, unflattenParams } from "../network/params.ts";
import { key, normal, split } from "../random/key.ts";
import { atMost, type LawResult, TOLERANCE } from "./laws.ts";

export interface DerivativeLawOptions {
  readonly activations?: Activations;
  readonly seed?: number;
  /** Columns of the inputs. */
  readonly inputWidth?: number;
}

/**
 * A finite network's derivatives: jvp is a finite difference of the outputs, vjp its transpose, hvp a finite difference of the
 * gradient of a loss, and symmetric. Activations without `taylor` have no hvp and are not asked for it.
 */
export function checkDerivatives(
  network: Layer,
  { activations = {}, seed = 1, inputWidth = 3 }: DerivativeLawOptions = {},
): LawResult[] {
  const [kx, kw, kv, ku, ky] = split(key(seed), 5) as [never, never, never, never, never];
  const n = 4;
  const x = matrix(n, inputWidth, normal(kx, n * inputWidth));
  const params = init(network, inputWidth, { seed: kw, activations });
  const point = flattenParams(params);
  const [v, u] = [normal(kv, point.length), normal(ku, point.length)].map((z) => unit(z)) as [
    Float64Array,
    Float64Array,
  ];
  const at = (t: number): Params => unflattenParams(params, added(point, t, v));
  const tangent = unflattenParams(params, v);

  const { fx, derivative } = jvp(network, params, x, tangent, { activations });
  const slope = difference((t) => apply(network, at(t), x, { activations }).data);
  const cotangent = matrix(fx.rows, fx.cols, normal(ky, fx.data.length));
  const pulled = flattenParams(vjp(network, params, x, { activations }).pullback(cotangent));
  const laws = [
    atMost("jvp is the derivative of the outputs", distance(derivative.data, slope), TOLERANCE.finiteDifference),
    atMost(
      "⟨J v, u⟩ = ⟨v, Jᵀ u⟩",
      Math.abs(dot(derivative.data, cotangent.data) - dot(v, pulled)) / (norm(pulled) * norm(v)),
      TOLERANCE.closedForm,
    ),
  ];
  const loss = quartic;
  const gradientAt = (t: number): Float64Array =>
    flattenParams(gradient(network, at(t), x, cotangent, loss, { activations }).gradient);
  const product = (direction: Float64Array): Float64Array =>
    flattenParams(hvp(network, params, x, cotangent, loss, unflattenParams(params, direction), { activations }));
  const [hv, hu] = [product(v), product(u)];
  return [
    ...laws,
    atMost("hvp is the derivative of the gradient", distance(hv, difference(gradientAt)), TOLERANCE.finiteDifference),
    atMost("⟨H v, u⟩ = ⟨v, H u⟩", Math.abs(dot(hv, u) - dot(v, hu)) / (norm(hv) + norm(hu)), TOLERANCE.closedForm),
  ];
}

/** Σ (f − y)²/2 + (f − y)⁴/24: its third derivative does not vanish. */
const quartic: TwiceDifferentiableLoss = {
  name: "quartic",
  value: (fx, y) => fx.data.reduce((sum, f, i) => sum + (f - y.data[i]!) ** 2 / 2 + (f - y.data[i]!) ** 4 / 24, 0),
  gradient: (fx, y, out) => fill(out, (i) => fx.data[i]! - y.data[i]! + (fx.data[i]! - y.data[i]!) ** 3 / 6),
  hessianVectorProduct: (fx, y, v, out) => fill(out, (i) => (1 + (fx.data[i]! - y.data[i]!) ** 2 / 2) * v.data[i]!),
};

function fill(out: Matrix, value: (i: number) => number): void {
  for (let i = 0; i < out.data.length; i++) out.data[i] = value(i);
}

/** Step of the finite differences; weights are of order 1 and directions have length 1. */
const STEP = 2e-3;

/** Fourth order, at 0. */
function difference(f: (t: number) => Float64Array): Float64Array {
  const [p1, m1, p2, m2] = [f(STEP), f(-STEP), f(2 * STEP), f(-2 * STEP)] as const;
  return p1.map((value, i) => (8 * (value - m1[i]!) - (p2[i]! - m2[i]!)) / (12 * STEP));
}

const added = (a: Float64Array, t: number, v: Float64Array): Float64Array => a.map((value, i) => value + t * v[i]!);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));
const unit = (a: Float64Array): Float64Array => a.map((value) => value / norm(a));
const distance = (a: Float64Array, b: Float64Array): number =>
  norm(a.map((value, i) => value - b[i]!)) / Math.max(1e-3, norm(b));
