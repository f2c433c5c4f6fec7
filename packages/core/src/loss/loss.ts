import { ShapeError } from "../errors.ts";
import type { Matrix } from "../matrix/matrix.ts";

/**
 * A loss L(f, y) of outputs f and targets y, both examples x outputs, as a function of f. Anything with a value and a gradient
 * will do; `gradient` writes ∂L/∂f to `out`, all of it, which is as large as f and may not be f.
 */
export interface Loss {
  value(fx: Matrix, y: Matrix): number;
  gradient(fx: Matrix, y: Matrix, out: Matrix): void;
  /** Throws ValueError, in the name of `where`, for targets the loss is not made for. */
  checkTargets?(where: string, y: Matrix): void;
}

/** A loss whose Hessian in f is known: `hessianVectorProduct` writes (∂²L/∂f²) v to `out`, which may be `v`. */
export interface TwiceDifferentiableLoss extends Loss {
  /** For reports, with its scale: "softmax cross-entropy, mean". */
  readonly name: string;
  hessianVectorProduct(fx: Matrix, y: Matrix, v: Matrix, out: Matrix): void;
}

/** "sum": over examples and outputs; "mean": that divided by what the loss says it counts. */
export type LossScale = "sum" | "mean";

/** Throws unless all have the shape of fx. */
export function checkSameShape(where: string, fx: Matrix, ...others: readonly Matrix[]): void {
  for (const other of others) {
    if (other.rows !== fx.rows || other.cols !== fx.cols)
      throw new ShapeError(
        `${where}: outputs and targets must have one shape, got ${fx.rows} x ${fx.cols} and ${other.rows} x ${other.cols}`,
      );
  }
}
