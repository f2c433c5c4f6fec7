import { checkRange } from "../matrix/check.ts";
import * as portable from "../special/portable.ts";
import { assumption, type Bound, bound, checkShare } from "./bound.ts";

/**
 * Grönwall: z' = −Q(t) ∇R(z), R(z) = ½‖z − y‖² and λ ≤ λ_min(Q(t)) for all t give ‖z(t) − y‖ ≤ ‖z(0) − y‖ e^{−λt}, and the same with
 * 2λ for R. `start` is ‖z(0) − y‖, `measured` ‖z(t) − y‖.
 */
export function gronwallDecay({
  smallestEigenvalue,
  t,
  start,
  measured,
}: {
  readonly smallestEigenvalue: number;
  readonly t: number;
  readonly start: number;
  readonly measured?: number | undefined;
}): Bound {
  checkRange("gronwallDecay", "smallestEigenvalue", smallestEigenvalue, 0);
  checkRange("gronwallDecay", "t", t, 0);
  checkRange("gronwallDecay", "start", start, 0);
  return bound({
    assumes: [
      assumption(
        "λ is a lower bound of the kernel's eigenvalues all along the path, above 0",
        smallestEigenvalue > 0,
        smallestEigenvalue,
      ),
    ],
    promises: { what: "‖z(t) − y‖", relation: "at most", value: start * portable.exp(-smallestEigenvalue * t) },
    measured,
  });
}

interface Descent {
  /** κ, smoothness over strong convexity; of least squares λ_max/λ_min of the kernel. */
  readonly conditionNumber: number;
  /** The factor by which the loss is to fall. */
  readonly tolerance: number;
  /** Steps that it took. */
  readonly measured?: number | undefined;
}

/**
 * Steps after which gradient descent of learning rate 1/β has brought the loss of a β-smooth, λ-strongly convex problem down by
 * `tolerance`, κ = β/λ: κ ln(1/tolerance), from f(x_t) − f* ≤ (1 − 1/κ)ᵗ (f(x_0) − f*).
 */
export function gradientDescentIterations({ conditionNumber, tolerance, measured }: Descent): Bound {
  checkDescent("gradientDescentIterations", conditionNumber, tolerance);
  return steps(stepsOf(1 / conditionNumber, 1 / tolerance), measured);
}

/**
 * The same for Nesterov's method with learning rate 1/β and momentum (√κ − 1)/(√κ + 1): √κ ln(2/tolerance), from
 * f(x_t) − f* ≤ (1 − 1/√κ)ᵗ (f(x_0) − f* + λ/2 ‖x_0 − x*‖²), whose bracket is at most 2(f(x_0) − f*). Nesterov (2018), Theorem 2.2.3.
 */
export function nesterovIterations({ conditionNumber, tolerance, measured }: Descent): Bound {
  checkDescent("nesterovIterations", conditionNumber, tolerance);
  return steps(stepsOf(1 / Math.sqrt(conditionNumber), 2 / tolerance), measured);
}

function checkDescent(where: string, conditionNumber: number, tolerance: number): void {
  checkRange(where, "conditionNumber", conditionNumber, 1);
  checkShare(where, "tolerance", tolerance);
}

/** The least t with (1 − share)ᵗ factor ≤ 1. */
function stepsOf(share: number, factor: number): number {
  return share === 1 ? 1 : Math.ceil(portable.log(factor) / -portable.log1p(-share));
}

function steps(value: number, measured: number | undefined): Bound {
  return bound({
    assumes: [assumption("the loss is smooth and strongly convex, the learning rate 1/smoothness", null)],
    promises: { what: "steps", relation: "at most", value },
    measured,
  });
}
