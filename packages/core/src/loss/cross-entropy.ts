import { ValueError } from "../errors.ts";
import { type Matrix, row } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";
import { checkSameShape, type LossScale, type TwiceDifferentiableLoss } from "./loss.ts";

/**
 * Binary cross-entropy of logits f with targets y in [0, 1], each output a question of its own:
 *
 *   L = c Σ (ln(1 + eᶠ) − y f),      ∂L/∂f = c(p − y),      ∂²L/∂f² = c p(1 − p),      p = 1/(1 + e⁻ᶠ)
 *
 * "sum" c = 1; "mean" (default) c = 1/(examples · outputs). Finite at every finite f.
 */
export function binaryCrossEntropy(scale: LossScale = "mean"): TwiceDifferentiableLoss {
  const factor = (y: Matrix): number => (scale === "sum" ? 1 : 1 / (y.rows * y.cols));
  return {
    name: `binary cross-entropy, ${scale}`,
    value(fx, y) {
      checkSameShape("binaryCrossEntropy", fx, y);
      let sum = 0;
      for (let at = 0; at < fx.data.length; at++) {
        const [f, target] = [fx.data[at]!, y.data[at]!];
        sum += (f > 0 ? (1 - target) * f : -target * f) + portable.log1p(portable.exp(-Math.abs(f)));
      }
      return factor(y) * sum;
    },
    gradient(fx, y, out) {
      checkSameShape("binaryCrossEntropy", fx, y, out);
      const c = factor(y);
      for (let at = 0; at < fx.data.length; at++) {
        const [f, target] = [fx.data[at]!, y.data[at]!];
        const tail = portable.exp(-Math.abs(f)) / (1 + portable.exp(-Math.abs(f)));
        out.data[at] = c * (f > 0 ? 1 - target - tail : tail - target);
      }
    },
    hessianVectorProduct(fx, y, v, out) {
      checkSameShape("binaryCrossEntropy", fx, y, v, out);
      const c = factor(y);
      for (let at = 0; at < fx.data.length; at++) {
        const tail = portable.exp(-Math.abs(fx.data[at]!));
        out.data[at] = c * v.data[at]! * (tail / (1 + tail) ** 2);
      }
    },
    checkTargets(where, y) {
      const at = y.data.findIndex((value) => !(value >= 0 && value <= 1));
      if (at >= 0)
        throw new ValueError(`${where}: targets of binary cross-entropy must be between 0 and 1, got ${y.data[at]}`);
    },
  };
}

/**
 * Softmax cross-entropy of logits f, one column a class, with targets y that are probabilities (one-hot or soft):
 *
 *   L = c Σᵢ (ln Σⱼ e^fᵢⱼ − Σⱼ yᵢⱼ fᵢⱼ),      ∂L/∂f = c(p − y),      (∂²L/∂f²) v = c p ∘ (v − ⟨p, v⟩),      p = softmax(f)
 *
 * "sum" c = 1; "mean" (default) c = 1/examples. An average over examples and classes, as `mean(log_softmax · y)` computes it
 * elsewhere, has another 1/classes in c: its learning rate is `classes` times this one.
 */
export function softmaxCrossEntropy(scale: LossScale = "mean"): TwiceDifferentiableLoss {
  const factor = (y: Matrix): number => (scale === "sum" ? 1 : 1 / y.rows);
  return {
    name: `softmax cross-entropy, ${scale}`,
    value(fx, y) {
      checkSameShape("softmaxCrossEntropy", fx, y);
      let sum = 0;
      for (let i = 0; i < fx.rows; i++) {
        const [f, target] = [row(fx, i), row(y, i)];
        const best = indexOfLargest(f);
        let rest = 0;
        for (let j = 0; j < f.length; j++) {
          if (j !== best) rest += portable.exp(f[j]! - f[best]!);
          sum += target[j]! * (f[best]! - f[j]!);
        }
        sum += portable.log1p(rest);
      }
      return factor(y) * sum;
    },
    gradient(fx, y, out) {
      checkSameShape("softmaxCrossEntropy", fx, y, out);
      const c = factor(y);
      for (let i = 0; i < fx.rows; i++) {
        const [target, change] = [row(y, i), row(out, i)];
        const { best, others } = softmax(row(fx, i), change);
        for (let j = 0; j < change.length; j++)
          change[j] = c * (j === best ? 1 - target[j]! - others : change[j]! - target[j]!);
      }
    },
    hessianVectorProduct(fx, y, v, out) {
      checkSameShape("softmaxCrossEntropy", fx, y, v, out);
      const c = factor(y);
      const p = new Float64Array(fx.cols);
      for (let i = 0; i < fx.rows; i++) {
        const [direction, product] = [row(v, i), row(out, i)];
        softmax(row(fx, i), p);
        const mean = p.reduce((sum, weight, j) => sum + weight * direction[j]!, 0);
        for (let j = 0; j < p.length; j++) product[j] = c * p[j]! * (direction[j]! - mean);
      }
    },
    checkTargets: checkDistributions,
  };
}

/** p ← softmax(f); the place of its largest value, and 1 less that value to full relative precision. */
function softmax(f: Float64Array, p: Float64Array): { readonly best: number; readonly others: number } {
  const best = indexOfLargest(f);
  let rest = 0;
  for (let j = 0; j < f.length; j++) {
    p[j] = portable.exp(f[j]! - f[best]!);
    if (j !== best) rest += p[j]!;
  }
  for (let j = 0; j < f.length; j++) p[j]! /= 1 + rest;
  return { best, others: rest / (1 + rest) };
}

function indexOfLargest(values: Float64Array): number {
  let best = 0;
  for (let j = 1; j < values.length; j++) if (values[j]! > values[best]!) best = j;
  return best;
}

function checkDistributions(where: string, y: Matrix): void {
  for (let i = 0; i < y.rows; i++) {
    const target = row(y, i);
    const total = target.reduce((sum, value) => sum + value, 0);
    if (target.some((value) => !(value >= 0)) || !(Math.abs(total - 1) <= 1e-9))
      throw new ValueError(
        `${where}: each row of targets of softmax cross-entropy must be probabilities that sum to 1, row ${i} sums to ${total}`,
      );
  }
}
