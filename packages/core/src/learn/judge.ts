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
import { forwardWindows, leaveFutureOut, type WindowRoot, type WindowSystem, windowSystem } from "./forward-windows.ts";
import { groupParts, type InverseRoot, leaveGroupsOut } from "./leave-groups-out.ts";
import { type LeftOut, leaveInputsOut, weighedTargets } from "./leave-inputs-out.ts";
import type { RowsByInput } from "./rows-by-input.ts";

/** What is said of rows by models that were fitted without them, at one absolute ridge; null where that ridge is too small. */
export type Judge = (diagReg: number) => Promise<LeftOut | null>;

/** For many ridges: one decomposition of the weighted kernel matrix, then little for each. */
export async function judgeByPath(gram: Matrix, data: RowsByInput, options: PredictOptions): Promise<Judge> {
  const { engine = jsEngine, signal } = options;
  if (data.roles.times) return judgeWindowsByPath(gram, data, data.roles.times, options);
  const path = await tridiagonalPath(gram, weighedTargets(data), { engine, signal });
  if (data.roles.groups) {
    const groups = groupParts(data);
    return async (diagReg) =>
      singularOnTridiagonal("leave groups out", path, diagReg) === null
        ? leaveGroupsOut(data, groups, diagReg, rootOfPath(path, diagReg), engine, { signal })
        : null;
  }
  return async (diagReg) => {
    const weighted = await looAt(path, diagReg, { engine, signal });
    return weighted.ok ? leaveInputsOut(data, weighted, diagReg) : null;
  };
}

/** For few ridges: a Cholesky factorization each, all in the same memory. */
export function judgeByCholesky(gram: Matrix, data: RowsByInput, reuse: Float64Array, options: PredictOptions): Judge {
  const { engine = jsEngine, signal } = options;
  const targets = weighedTargets(data);
  if (data.roles.times) return judgeWindowsByCholesky(gram, data, data.roles.times, options);
  if (data.roles.groups) {
    const groups = groupParts(data);
    return async (diagReg) => {
      const factor = await factorizeRegularized("leave groups out", gram, diagReg, engine, { signal, reuse });
      if (!factor.ok) return null;
      const half = (b: Matrix) => engine.solveTriangular(factor.lower, b, { signal });
      const columns = (inputs: readonly number[]) => half(unitColumns(gram.rows, inputs));
      const root: InverseRoot = { targets: await half(targets), columns, width: 128 };
      return leaveGroupsOut(data, groups, diagReg, root, engine, { signal });
    };
  }
  return async (diagReg) => {
    const factored = await looFromCholesky(gram, targets, { diagReg, engine, signal, reuse });
    if (!factored.ok) return null;
    const { ok, residuals, variances } = factored; // without the factor: one at a time is memory enough
    return leaveInputsOut(data, { ok, residuals, variances }, diagReg);
  };
}

async function judgeWindowsByPath(
  gram: Matrix,
  data: RowsByInput,
  times: Float64Array,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<Judge> {
  const systems = forwardWindows(times).map((window) => windowSystem(gram, data, window));
  const paths: { readonly path: TridiagonalPath; readonly cross: Matrix }[] = [];
  for (const { gram: past, targets, cross } of systems) {
    const path = await tridiagonalPath(past, targets, { engine, signal });
    paths.push({ path, cross: await engine.matmul(path.basis, cross, { signal }) });
  }
  return async (diagReg) => {
    if (paths.some(({ path }) => singularOnTridiagonal("leave the future out", path, diagReg) !== null)) return null;
    const roots = paths.map(({ path, cross }) => ({
      targets: halfOnTridiagonal(path, diagReg, path.projected),
      cross: halfOnTridiagonal(path, diagReg, cross),
    }));
    return leaveFutureOut(data, systems, roots, diagReg, engine, { signal });
  };
}

function judgeWindowsByCholesky(
  gram: Matrix,
  data: RowsByInput,
  times: Float64Array,
  { engine = jsEngine, signal }: PredictOptions,
): Judge {
  const windows = forwardWindows(times);
  return async (diagReg) => {
    const systems: WindowSystem[] = [];
    const roots: WindowRoot[] = [];
    for (const window of windows) {
      const { gram: past, targets, cross, ...asked } = windowSystem(gram, data, window);
      const factor = await factorizeRegularized("leave the future out", past, diagReg, engine, { signal });
      if (!factor.ok) return null;
      const half = (b: Matrix) => engine.solveTriangular(factor.lower, b, { signal });
      roots.push({ targets: await half(targets), cross: await half(cross) });
      systems.push({ ...asked, gram: past, targets, cross });
    }
    return leaveFutureOut(data, systems, roots, diagReg, engine, { signal });
  };
}

function rootOfPath(path: TridiagonalPath, diagReg: number): InverseRoot {
  const { basis, projected } = path;
  return {
    targets: halfOnTridiagonal(path, diagReg, projected),
    width: 32,
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
