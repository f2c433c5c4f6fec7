import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import type { LeaveOneOut } from "../predict/leave-one-out.ts";
import { isDesign, isPlain, type RowsByInput } from "./rows-by-input.ts";

/*
 * Kernel ridge regression on rows of which some have equal inputs, or which have weights w. Let k be the kernel matrix of the
 * different inputs, c their counts, that is the sums of the weights of their rows, m their mean targets and C = diag(c). All rows together give the coefficients (k + diagReg·C⁻¹)⁻¹ m, with
 *
 *   k + diagReg·C⁻¹ = C^(−½) (C^½ k C^½ + diagReg·I) C^(−½)
 *
 * so that one decomposition of the weighted matrix C^½ k C^½ serves every ridge, with the targets C^½ m. To leave out one
 * of its rows is to leave out all rows that have this input.
 */

/** C^½ k C^½, in the memory of k. */
export function weighGram(gram: Matrix, counts: Float64Array): Matrix {
  const roots = counts.map(Math.sqrt);
  for (let i = 0; i < gram.rows; i++)
    for (let j = 0; j < gram.cols; j++) gram.data[i * gram.cols + j]! *= roots[i]! * roots[j]!;
  return gram;
}

/** C^½ m. */
export function weighedTargets({ means, counts }: Pick<RowsByInput, "means" | "counts">): Matrix {
  return weighRows(matrix(means.rows, means.cols, means.data.slice()), counts);
}

/** C^½ a, in the memory of a: from coefficients of the weighted matrix those of the inputs. */
export function weighRows(a: Matrix, counts: Float64Array): Matrix {
  return scaleRows(a, (input) => Math.sqrt(counts[input]!));
}

/** C^(−½) a, in the memory of a: from a Cholesky factor of the weighted matrix, ridge included, that of k + diagReg·C⁻¹. */
export function unweighRows(a: Matrix, counts: Float64Array): Matrix {
  return scaleRows(a, (input) => 1 / Math.sqrt(counts[input]!));
}

function scaleRows(a: Matrix, factor: (row: number) => number): Matrix {
  for (let i = 0; i < a.rows; i++) {
    const [values, by] = [row(a, i), factor(i)];
    for (let j = 0; j < values.length; j++) values[j]! *= by;
  }
  return a;
}

/** What a model says of rows that it was fitted without. */
export interface LeftOut extends LeaveOneOut {
  /** How many times rows were left out: once for each different input, row of a design, group, or time. */
  readonly times: number;
  /** The rows that the residuals are of, where these are not all in their order. */
  readonly rows?: Uint32Array | undefined;
  /** The targets of these rows. */
  readonly y: Matrix;
  /** What these rows count; absent when all count alike. */
  readonly weights?: Float64Array | undefined;
}

/**
 * What is said of every row without all rows of its input, from the same of the weighted matrix; of a design without
 * this row alone (`isDesign`). The variance is that of the target of a row of this weight.
 */
export function leaveInputsOut(data: RowsByInput, weighted: LeaveOneOut, diagReg: number): LeftOut {
  const { counts, inputOf, y, means, roles } = data;
  if (isPlain(data)) return { ...weighted, times: counts.length, y };
  const single = isDesign(data);
  const residuals = matrix(y.rows, y.cols);
  const variances = new Float64Array(y.rows);
  inputOf.forEach((input, i) => {
    const [count, weight] = [counts[input]!, roles.weights?.[i] ?? 1];
    const variance = weighted.variances[input]!;
    // Of the inverse, times diagReg/w: (1 − w/c) of what differs inside the input, w/c of its mean.
    const share = weight / count;
    const leverage = 1 - share + (diagReg / variance) * share;
    if (single) variances[i] = diagReg / leverage / weight;
    else
      variances[i] = count === 1 && share === 1 ? variance : Math.max(variance - diagReg, 0) / count + diagReg / weight;
    for (let j = 0; j < y.cols; j++) {
      const inside = y.data[i * y.cols + j]! - means.data[input * y.cols + j]!;
      const ofMean = weighted.residuals.data[input * y.cols + j]! / Math.sqrt(count);
      residuals.data[i * y.cols + j] = single ? (inside + (ofMean * diagReg) / variance) / leverage : inside + ofMean;
    }
  });
  return { ok: true, residuals, variances, times: single ? y.rows : counts.length, y, weights: roles.weights };
}
