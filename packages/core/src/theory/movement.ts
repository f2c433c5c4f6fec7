import { gainsAt, type RidgePath } from "../predict/ridge-path.ts";
import { assumption, type Bound, bound } from "./bound.ts";

/** Three bounds on how far the weights move, each at least as tight as the one before. */
export interface MovementBounds {
  /** (√λ_max/λ_min) ‖r₀‖: what Grönwall gives for a kernel between λ_min I and λ_max I. */
  readonly loose: Bound;
  /** ‖r₀‖/√λ_min. */
  readonly spectral: Bound;
  /** √(r₀ᵀ H⁻¹ r₀): what the linearized network moves, exactly. */
  readonly sharp: Bound;
}

/**
 * How far the weights move until the residual r₀ = y − f₀ is fitted, from `ridgePath(H, r₀)` with H the tangent kernel at the start:
 * ‖w_∞ − w₀‖, of which `measured` is that of a trained network. A column of r₀ for each output: H is then the kernel of every one, as
 * in the limit, and its square is summed over them. O(n outputs).
 */
export function movementBounds(path: RidgePath, measured?: number): MovementBounds {
  const [least, largest] = [path.values[0]!, path.values.at(-1)!];
  const smallest = least > path.tolerance ? least : 0;
  const norm = Math.sqrt(path.projected.data.reduce((sum, value) => sum + value * value, 0));
  const positive = assumption("λ_min(H) > 0", smallest > 0, smallest);
  const lazy = assumption("the kernel stays as it is at the start", null);
  const of = (value: number, assumes: Bound["assumes"]): Bound =>
    bound({ assumes, promises: { what: "‖w − w₀‖", relation: "at most", value: finite(value) }, measured });
  return {
    loose: of((Math.sqrt(largest) / smallest) * norm, [
      positive,
      assumption("the kernel's eigenvalues stay between those of the start", null),
    ]),
    spectral: of(norm / Math.sqrt(smallest), [positive, lazy]),
    sharp: of(Math.sqrt(inverseForm(path)), [positive, lazy]),
  };
}

/** No bound where an eigenvalue is 0. */
function finite(value: number): number {
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

/** r₀ᵀ H⁺ r₀, summed over the columns of r₀. */
export function inverseForm(path: RidgePath): number {
  const { projected } = path;
  const gains = gainsAt("inverseForm", path, 0);
  return projected.data.reduce((sum, value, at) => sum + gains[Math.floor(at / projected.cols)]! * value ** 2, 0);
}
