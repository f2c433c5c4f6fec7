import { ShapeError } from "../errors.ts";
import type { RidgePath } from "../predict/ridge-path.ts";
import { assumption, type Bound, bound } from "./bound.ts";
import { inverseForm } from "./movement.ts";

/**
 * √(2 yᵀH⁻¹y/n): with |x| = 1 and |y| ≤ 1 the wide two-layer ReLU network of which the first layer trains has, beyond terms of order
 * √(log(n/(λ_min δ))/n), at most this expected 1-Lipschitz loss on new inputs. Arora, Du, Hu, Li, Wang (2019), Theorem 5.1. It orders
 * labels by how hard they are to learn: random ones are near √2 · √(1/λ) of the small eigenvalues, smooth ones far below. From
 * `ridgePath(H, y)`, one column; `measured` is a loss on test inputs. O(n).
 */
export function labelComplexity(path: RidgePath, measured?: number): Bound {
  if (path.projected.cols !== 1)
    throw new ShapeError(`labelComplexity: labels must be one column, got ${path.projected.cols}`);
  const n = path.values.length;
  const smallest = path.values[0]!;
  return bound({
    assumes: [
      assumption("λ_min(H) > 0", smallest > path.tolerance, smallest),
      assumption("|x| = 1 and |y| ≤ 1, f = (1/√m) Σ aₖ relu(wₖ·x), first layer trained, m large", null),
    ],
    promises: {
      what: "expected loss on new inputs",
      relation: "at most",
      value: Math.sqrt((2 * inverseForm(path)) / n),
    },
    measured,
  });
}
