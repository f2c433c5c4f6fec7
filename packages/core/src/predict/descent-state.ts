import { ShapeError, ValueError } from "../errors.ts";
import { checkFinite, checkRange } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";

/** How fast outputs and coefficients move under momentum: change per unit of t. */
export interface DescentVelocity {
  readonly fxTrain: Matrix;
  readonly alpha: Matrix;
  readonly fxTest?: Matrix;
}

/** Training at one time: plain data, from which it can go on. */
export interface DescentState {
  readonly t: number;
  /** n x outputs. */
  readonly fxTrain: Matrix;
  /** α, n x outputs: w − w₀ = Jᵀ α for the weights of the linearized network. */
  readonly alpha: Matrix;
  /** m x outputs: there when kTestTrain was given. */
  readonly fxTest?: Matrix;
  /** There with momentum. */
  readonly velocity?: DescentVelocity;
}

/** Where to start, or a DescentState to go on from. What is left out is zero. */
export interface DescentOrigin {
  readonly t?: number | undefined;
  readonly fxTrain?: Matrix | undefined;
  readonly alpha?: Matrix | undefined;
  readonly fxTest?: Matrix | undefined;
  readonly velocity?: Partial<DescentVelocity> | undefined;
}

/** An origin with nothing left out. */
export interface CompleteOrigin {
  readonly t: number;
  readonly fxTrain: Matrix;
  readonly alpha: Matrix;
  readonly fxTest: Matrix;
  readonly velocity: Required<DescentVelocity>;
}

/** Fills an origin with zeros, n x outputs and m x outputs; throws where a shape or a value is wrong. */
export function completeOrigin(
  where: string,
  origin: DescentOrigin,
  sizes: { readonly n: number; readonly outputs: number; readonly m: number | null },
  momentum: number | undefined,
): CompleteOrigin {
  const { n, outputs } = sizes;
  const m = sizes.m ?? 0;
  const { t = 0, velocity = {} } = origin;
  checkRange(where, "start.t", t, 0);
  if (origin.velocity && momentum === undefined)
    throw new ValueError(`${where}: start has a velocity, but there is no momentum: give momentum, or start without`);
  if (sizes.m === null && (origin.fxTest || velocity.fxTest))
    throw new ValueError(`${where}: start.fxTest says nothing without kTestTrain: give both or neither`);
  const filled = (name: string, given: Matrix | undefined, rows: number): Matrix => {
    if (given === undefined) return matrix(rows, outputs);
    if (given.rows !== rows || given.cols !== outputs)
      throw new ShapeError(`${where}: start.${name} must be ${rows} x ${outputs}, got ${given.rows} x ${given.cols}`);
    checkFinite(`${where}: start.${name}`, given);
    return given;
  };
  return {
    t,
    fxTrain: filled("fxTrain", origin.fxTrain, n),
    alpha: filled("alpha", origin.alpha, n),
    fxTest: filled("fxTest", origin.fxTest, m),
    velocity: {
      fxTrain: filled("velocity.fxTrain", velocity.fxTrain, n),
      alpha: filled("velocity.alpha", velocity.alpha, n),
      fxTest: filled("velocity.fxTest", velocity.fxTest, m),
    },
  };
}
