import { ValueError } from "../errors.ts";
import { checkRange } from "../matrix/check.ts";
import { checkChoice } from "../matrix/option-names.ts";
import { child, type Key, normal } from "../random/key.ts";
import * as portable from "../special/portable.ts";

/**
 * How a step changes the weights w, with the gradient g of the loss (or of a batch's) and the learning rate η:
 *
 *   "gradientDescent"   w ← w − η g
 *   "heavyBall"         v ← μ v − η g,   w ← w + v                                              Polyak (1964)
 *   "nesterov"          y' = w − η g,   w ← y' + μ (y' − y),   y ← y'                           Nesterov (1983)
 *                       μ a number, (√κ − 1)/(√κ + 1) for the condition number κ; or "schedule": k/(k + 3) at step k
 *   "langevin"          w ← w − η g + √(2 η T) ξ,   ξ standard normal; unadjusted, temperature T
 *   "adam"              m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,                        Kingma and Ba (2015)
 *                       w ← w − η m̂/(√v̂ + ε),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ) after t steps, weight by weight;
 *                       β₁ 0.9, β₂ 0.999, ε 1e-8 where not given
 *
 * Adam's path depends on the weights one by one, not on the tangent kernel alone: no kernel forecasts it.
 */
export type Optimizer =
  | { readonly type: "gradientDescent" }
  | { readonly type: "heavyBall"; readonly momentum: number }
  | { readonly type: "nesterov"; readonly momentum: number | "schedule" }
  | { readonly type: "langevin"; readonly temperature: number }
  | {
      readonly type: "adam";
      readonly beta1?: number | undefined;
      readonly beta2?: number | undefined;
      readonly epsilon?: number | undefined;
    };

type Adam = Extract<Optimizer, { readonly type: "adam" }>;

interface AdamNumbers {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Adam's numbers where none are given, those of Kingma and Ba; a learning rate too, for no largest stable one is known beforehand. */
export const ADAM_DEFAULTS: AdamNumbers & { readonly learningRate: number } = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};

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
    "adam",
  ]);
  if (optimizer.type === "langevin") checkRange(where, "temperature", optimizer.temperature, 0);
  if (optimizer.type === "adam") checkAdam(where, adamNumbers(optimizer));
  if (optimizer.type !== "heavyBall" && optimizer.type !== "nesterov") return;
  const { momentum } = optimizer;
  if (momentum === "schedule" && optimizer.type === "nesterov") return;
  if (!(typeof momentum === "number" && momentum >= 0 && momentum < 1))
    throw new ValueError(`${where}: momentum must be at least 0 and below 1, got ${momentum}`);
}

function checkAdam(where: string, adam: AdamNumbers): void {
  for (const name of ["beta1", "beta2"] as const)
    if (!(typeof adam[name] === "number" && adam[name] >= 0 && adam[name] < 1))
      throw new ValueError(`${where}: ${name} must be at least 0 and below 1, got ${adam[name]}`);
  checkRange(where, "epsilon", adam.epsilon, 0);
  if (adam.epsilon === 0)
    throw new ValueError(`${where}: epsilon must be above 0, for weights whose gradient is 0, got 0: pass 1e-300`);
}

function adamNumbers({
  beta1 = ADAM_DEFAULTS.beta1,
  beta2 = ADAM_DEFAULTS.beta2,
  epsilon = ADAM_DEFAULTS.epsilon,
}: Adam): AdamNumbers {
  return { beta1, beta2, epsilon };
}

/** How many vectors the optimizer keeps beside the weights: velocity v, Nesterov's y, or Adam's m and v. */
export function memoryVectors({ type }: Optimizer): 0 | 1 | 2 {
  if (type === "adam") return 2;
  return type === "heavyBall" || type === "nesterov" ? 1 : 0;
}

/** The optimizer's vectors before the first step, one after the other, or null where it has none. */
export function initialMemory(optimizer: Optimizer, w: Float64Array): Float64Array | null {
  if (optimizer.type === "nesterov") return w.slice();
  const vectors = memoryVectors(optimizer);
  return vectors === 0 ? null : new Float64Array(vectors * w.length);
}

export interface UpdateState {
  readonly w: Float64Array;
  /** See `initialMemory`: its vectors. */
  readonly memory: readonly Float64Array[];
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
      const [v, momentum] = [memory[0]!, optimizer.momentum]; // made by `initialMemory`
      for (let i = 0; i < w.length; i++) {
        v[i] = momentum * v[i]! - learningRate * g[i]!;
        w[i]! += v[i]!;
      }
      return;
    }
    case "nesterov": {
      const y = memory[0]!; // made by `initialMemory`
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
    case "adam":
      adamStep(adamNumbers(optimizer), { w, memory, gradient: g, step, learningRate });
      return;
    default:
      optimizer satisfies never;
  }
}

function adamStep(
  { beta1, beta2, epsilon }: AdamNumbers,
  { w, memory, gradient: g, step, learningRate }: Omit<UpdateState, "key">,
): void {
  const [m, v] = [memory[0]!, memory[1]!]; // made by `initialMemory`
  const seen1 = 1 - portable.power(beta1, step + 1);
  const seen2 = 1 - portable.power(beta2, step + 1);
  for (let i = 0; i < w.length; i++) {
    m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
    v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! * g[i]!;
    w[i]! -= (learningRate * (m[i]! / seen1)) / (Math.sqrt(v[i]! / seen2) + epsilon);
  }
}
