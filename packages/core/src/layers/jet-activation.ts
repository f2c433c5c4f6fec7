import type { Activation } from "../activations/activation.ts";
import { type Jet, makeJet } from "./jet.ts";
import type { ForwardScope } from "./rule.ts";

export interface MappedJet {
  readonly output: Jet;
  /** φ' along the line, where the trace differentiates. */
  readonly slope: Jet | null;
}

/** φ of every entry, along the line. */
export function mapJet(activation: Activation, x: Jet, scope: ForwardScope): MappedJet {
  const values = scope.allocate(x.terms[0].length);
  const isConstant = x.terms.every((term, k) => k === 0 || term === null);
  if (isConstant) {
    const slopes = scope.differentiates ? scope.allocate(values.length) : null;
    mapValues(activation, x.terms[0], values, slopes);
    const still = (data: Float64Array): Jet =>
      makeJet(x.rows, x.cols, x.terms.length, (k) => (k === 0 ? data : null), scope.allocate);
    return { output: still(values), slope: slopes && still(slopes) };
  }
  return composeTaylor(activation, x, values, scope);
}

function mapValues({ map, phi, dphi }: Activation, x: Float64Array, out: Float64Array, slope: Float64Array | null) {
  if (map) return map(x, out, slope);
  for (let i = 0; i < out.length; i++) out[i] = phi(x[i]!);
  if (slope) for (let i = 0; i < slope.length; i++) slope[i] = dphi(x[i]!);
}

/** φ(x₀ + δ) = Σ cₙ δⁿ with the Taylor coefficients cₙ of φ at x₀, and φ' = Σ (n + 1) cₙ₊₁ δⁿ, entry by entry. */
function composeTaylor(activation: Activation, x: Jet, first: Float64Array, scope: ForwardScope): MappedJet {
  const terms = x.terms.length;
  const taylor = taylorOf(activation, terms + (scope.differentiates ? 1 : 0), scope);
  const results = (data: Float64Array): Float64Array[] =>
    x.terms.map((_, k) => (k === 0 ? data : scope.allocate(first.length)));
  const output = results(first);
  const slope = scope.differentiates ? results(scope.allocate(first.length)) : null;
  const coefficients = new Float64Array(terms + 1);
  const slopes = new Float64Array(terms);
  const delta = new Float64Array(terms);
  const [sum, spare] = [new Float64Array(terms), new Float64Array(terms)];
  for (let at = 0; at < first.length; at++) {
    for (let k = 1; k < terms; k++) delta[k] = x.terms[k]?.[at] ?? 0;
    taylor(x.terms[0][at]!, coefficients);
    compose(coefficients, delta, sum, spare);
    for (let k = 0; k < terms; k++) output[k]![at] = sum[k]!;
    if (!slope) continue;
    for (let n = 0; n < terms; n++) slopes[n] = (n + 1) * coefficients[n + 1]!;
    compose(slopes, delta, sum, spare);
    for (let k = 0; k < terms; k++) slope[k]![at] = sum[k]!;
  }
  const jet = (data: readonly Float64Array[]): Jet => makeJet(x.rows, x.cols, terms, (k) => data[k]!, scope.allocate);
  return { output: jet(output), slope: slope && jet(slope) };
}

/** Σ coefficients[n] δⁿ cut off after the length of δ, δ₀ = 0, by Horner's rule. */
function compose(coefficients: Float64Array, delta: Float64Array, sum: Float64Array, spare: Float64Array): void {
  const terms = delta.length;
  sum.fill(0);
  for (let n = terms - 1; n >= 0; n--) {
    spare.set(sum);
    for (let k = 0; k < terms; k++) {
      let product = 0;
      for (let i = 1; i <= k; i++) product += delta[i]! * spare[k - i]!;
      sum[k] = product;
    }
    sum[0]! += coefficients[n]!;
  }
}

/** The first `count` Taylor coefficients at a point. */
function taylorOf(
  { name, phi, dphi, taylor }: Activation,
  count: number,
  scope: ForwardScope,
): (x: number, out: Float64Array) => void {
  if (taylor) return taylor;
  if (count > 2)
    scope.fail(`needs derivatives of order ${count - 1}, and ${name} gives only phi and dphi: give it a \`taylor\``);
  return (x, out) => {
    out[0] = phi(x);
    out[1] = dphi(x);
  };
}
