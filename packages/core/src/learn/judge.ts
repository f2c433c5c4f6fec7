import { jsEngine } from "../linalg/js-engine.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { looAt, looFromCholesky } from "../predict/leave-one-out.ts";
import type { PredictOptions } from "../predict/options.ts";
import { factorizeRegularized } from "../predict/regularized-solve.ts";
import {
  halfOnTridiagonal,
  singularOnTridiagonal,
  type TridiagonalPath,
  tridiagonalPath,
} from "../predict/tridiagonal-path.ts";
import { type InverseRoot, leaveGroupsOut } from "./leave-groups-out.ts";
import { type LeftOut, leaveInputsOut, weighedTargets } from "./leave-inputs-out.ts";
import type { RowsByInput } from "./rows-by-input.ts";

/** What is said of rows by models that were fitted without them, at one absolute ridge; null where that ridge is too small. */
export type Judge = (diagReg: number) => Promise<LeftOut | null>;

/** For many ridges: one decomposition of the weighted kernel matrix, then little for each. */
export async function judgeByPath(gram: Matrix, data: RowsByInput, options: PredictOptions): Promise<Judge> {
  const { engine = jsEngine, signal } = options;
  const path = await tridiagonalPath(gram, weighedTargets(data), { engine, signal });
  if (data.roles.groups)
    return async (diagReg) =>
      singularOnTridiagonal("leave groups out", path, diagReg) === null
        ? leaveGroupsOut(data, diagReg, rootOfPath(path, diagReg), engine, { signal })
        : null;
  return async (diagReg) => {
    const weighted = await looAt(path, diagReg, { engine, signal });
    return weighted.ok ? leaveInputsOut(data, weighted, diagReg) : null;
  };
}

/** For few ridges: a Cholesky factorization each, all in the same memory. */
export function judgeByCholesky(gram: Matrix, data: RowsByInput, reuse: Float64Array, options: PredictOptions): Judge {
  const { engine = jsEngine, signal } = options;
  const targets = weighedTargets(data);
  if (data.roles.groups)
    return async (diagReg) => {
      const factor = await factorizeRegularized("leave groups out", gram, diagReg, engine, { signal, reuse });
      if (!factor.ok) return null;
      const half = (b: Matrix) => engine.solveTriangular(factor.lower, b, { signal });
      const columns = (inputs: readonly number[]) => half(unitColumns(gram.rows, inputs));
      return leaveGroupsOut(data, diagReg, { targets: await half(targets), columns }, engine, { signal });
    };
  return async (diagReg) => {
    const factored = await looFromCholesky(gram, targets, { diagReg, engine, signal, reuse });
    if (!factored.ok) return null;
    const { ok, residuals, variances } = factored; // without the factor: one at a time is memory enough
    return leaveInputsOut(data, { ok, residuals, variances }, diagReg);
  };
}

function rootOfPath(path: TridiagonalPath, diagReg: number): InverseRoot {
  const { basis, projected } = path;
  return {
    targets: halfOnTridiagonal(path, diagReg, projected),
    columns: async (inputs) => {
      const columns = matrix(basis.rows, inputs.length);
      for (let k = 0; k < basis.rows; k++)
        for (let j = 0; j < inputs.length; j++)
          columns.data[k * inputs.length + j] = basis.data[k * basis.cols + inputs[j]!]!;
      return halfOnTridiagonal(path, diagReg, columns);
    },
  };
}

/** Columns of the identity. */
function unitColumns(rows: number, which: readonly number[]): Matrix {
  const columns = matrix(rows, which.length);
  which.forEach((input, j) => {
    columns.data[input * which.length + j] = 1;
  });
  return columns;
}
