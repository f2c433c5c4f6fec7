import { ValueError } from "../errors.ts";
import { checkRange } from "../matrix/check.ts";
import { checkChoice } from "../matrix/option-names.ts";
import { child, type Key, normal } from "../random/key.ts";

/**
 * How a step changes the weights w, with the gradient g of the loss (or of a batch's) and the learning rate η:
 *
 *   "gradientDescent"   w ← w − η g
 *   "heavyBall"         v ← μ v − η g,   w ← w + v                                              Polyak (1964)
 *   "nesterov"          y' = w − η g,   w ← y' + μ (y' − y),   y ← y'                           Nesterov (1983)
 *                       μ a number, (√κ − 1)/(√κ + 1) for the condition number κ; or "schedule": k/(k + 3) at step k
 *   "langevin"          w ← w − η g + √(2 η T) ξ,   ξ standard normal; unadjusted, temperature T
 */
export type Optimizer =
  | { readonly type: "gradientDescent" }
  | { readonly type: "heavyBall"; readonly momentum: number }
  | { readonly type: "nesterov"; readonly momentum: number | "schedule" }
  | { readonly type: "langevin"; readonly temperature: number };

export type OptimizerType = Optimizer["type"];

/** (√κ − 1)/(√κ + 1): the constant momentum of Nesterov's method on a quadratic of condition number κ. */
export function nesterovMomentum(conditionNumber: number): number {
  checkRange("nesterovMomentum", "conditionNumber", conditionNumber, 1);
  const root = Math.sqrt(conditionNumber);
  return (root - 1) / (root + 1);
}

/** Throws unless the optimizer's numbers make sense. */
export function checkOptimizer(where: string, optimizer: Optimizer): void {
  checkChoice(where, "the type of the optimizer", optimizer.type, [
    "gradientDescent",
    "heavyBall",
    "nesterov",
    "langevin",
  ]);
  if (optimizer.type === "langevin") checkRange(where, "temperature", optimizer.temperature, 0);
  if (optimizer.type !== "heavyBall" && optimizer.type !== "nesterov") return;
  const { momentum } = optimizer;
  if (momentum === "schedule" && optimizer.type === "nesterov") return;
  if (!(typeof momentum === "number" && momentum >= 0 && momentum < 1))
    throw new ValueError(`${where}: momentum must be at least 0 and below 1, got ${momentum}`);
}

/** Whether the optimizer keeps a second vector beside the weights: velocity v, or Nesterov's y. */
export function keepsMemory({ type }: Optimizer): boolean {
  return type === "heavyBall" || type === "nesterov";
}

/** The optimizer's second vector before the first step. */
export function initialMemory(optimizer: Optimizer, w: Float64Array): Float64Array | null {
  if (optimizer.type === "heavyBall") return new Float64Array(w.length);
  return optimizer.type === "nesterov" ? w.slice() : null;
}

export interface UpdateState {
  readonly w: Float64Array;
  /** See `initialMemory`. */
  readonly memory: Float64Array | null;
  readonly gradient: Float64Array;
  /** From 0. */
  readonly step: number;
  readonly learningRate: number;
  /** For the noise of this step. */
  readonly key: Key | null;
}

/** One step, in place. */
export function update(optimizer: Optimizer, { w, memory, gradient: g, step, learningRate, key }: UpdateState): void {
  switch (optimizer.type) {
    case "gradientDescent":
      for (let i = 0; i < w.length; i++) w[i]! -= learningRate * g[i]!;
      return;
    case "heavyBall": {
      const [v, momentum] = [memory!, optimizer.momentum]; // made by `initialMemory`
      for (let i = 0; i < w.length; i++) {
        v[i] = momentum * v[i]! - learningRate * g[i]!;
        w[i]! += v[i]!;
      }
      return;
    }
    case "nesterov": {
      const y = memory!; // made by `initialMemory`
      const momentum = optimizer.momentum === "schedule" ? step / (step + 3) : optimizer.momentum;
      for (let i = 0; i < w.length; i++) {
        const next = w[i]! - learningRate * g[i]!;
        w[i] = next + momentum * (next - y[i]!);
        y[i] = next;
      }
      return;
    }
    case "langevin": {
      const spread = Math.sqrt(2 * learningRate * optimizer.temperature);
      const noise = spread === 0 ? null : normal(child(key!, 0), w.length); // checked to be there
      for (let i = 0; i < w.length; i++) w[i]! += (noise ? spread * noise[i]! : 0) - learningRate * g[i]!;
      return;
    }
    default:
      optimizer satisfies never;
  }
}
