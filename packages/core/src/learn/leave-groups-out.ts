import type { Engine, WorkOptions } from "../linalg/engine.ts";
import { type Matrix, matrix, row, takeBlock, takeRows } from "../matrix/matrix.ts";
import { rowsOfGroups } from "./groups.ts";
import type { LeftOut } from "./leave-inputs-out.ts";
import type { RowsByInput } from "./rows-by-input.ts";
import { solveSmall } from "./solve-small.ts";

/*
 * Leave-one-out where rows go by groups. Let A = C^½ k C^½ + diagReg·I as in leave-inputs-out.ts and G = A⁻¹. Of a group let g be the
 * sum of its weights at each of its inputs U, ȳ the mean of its targets there, and γ = g/c its share of all rows of that input. Then
 *
 *   ȳ − f₋(U) = g^(−½) Q⁻¹ g^½ e,      Q = (1 − γ) + diagReg γ^½ G_UU γ^½,      e = (ȳ − m) + diagReg C^(−½) (G C^½ m)_U
 *   Var₋ f(U) = diagReg g^(−½) (Q⁻¹ − 1) g^(−½)
 *
 * where f₋ is fitted without the group. It is the block inverse of the residual covariance, arranged so that nothing cancels at small
 * ridges: where the group has all rows of its inputs, γ = 1 and Q is diagReg·G_UU alone. A row alone in its group is leaveInputsOut's.
 */

/** Parts of a root R of G: RᵀR = G. */
export interface InverseRoot {
  /** R C^½ m. */
  readonly targets: Matrix;
  /** The columns of R of some inputs. */
  columns(inputs: readonly number[]): Promise<Matrix>;
  /** About how many columns to compute at a time. */
  readonly width: number;
}

/** The groups of the rows, each by its inputs. */
export function groupParts(data: RowsByInput): readonly GroupPart[] {
  const rowCounts = new Uint32Array(data.counts.length);
  for (const input of data.inputOf) rowCounts[input]!++;
  return rowsOfGroups(data.roles.groups!, data.inputOf).map((rows) => partOf(data, rows, rowCounts));
}

/** What is said of every row by a model fitted without its group; null where the ridge is too small to tell. */
export async function leaveGroupsOut(
  data: RowsByInput,
  groups: readonly GroupPart[],
  diagReg: number,
  root: InverseRoot,
  engine: Engine,
  { signal }: WorkOptions,
): Promise<LeftOut | null> {
  const { y, roles } = data;
  const residuals = matrix(y.rows, y.cols);
  const variances = new Float64Array(y.rows);
  for (const batch of batches(groups, root.width)) {
    const columns = await root.columns(batch.flatMap(({ inputs }) => inputs));
    const inverse = await engine.matmul(columns, columns, { transposeA: true, signal });
    const solved = await engine.matmul(columns, root.targets, { transposeA: true, signal });
    let from = 0;
    for (const part of batch) {
      const own = Array.from(part.inputs, (_, a) => from + a);
      from += part.inputs.length;
      const block: InverseBlock = { inverse: takeBlock(inverse, own, own), solved: takeRows(solved, own) };
      const said = await withoutGroup(data, part, block, diagReg, engine);
      if (said === null) return null;
      writeRows(data, part, said, diagReg, residuals, variances);
    }
  }
  return { ok: true, residuals, variances, times: groups.length, y, weights: roles.weights };
}

/** A group by its inputs. */
export interface GroupPart {
  readonly rows: readonly number[];
  readonly inputs: readonly number[];
  /** Where among `inputs` the input of each row is. */
  readonly place: ReadonlyMap<number, number>;
  /** g. */
  readonly weights: Float64Array;
  /** γ: exactly 1 where no other row has the input. */
  readonly shares: Float64Array;
  /** ȳ. */
  readonly means: Matrix;
}

function partOf(
  { inputOf, roles, y, counts }: RowsByInput,
  rows: readonly number[],
  rowCounts: Uint32Array,
): GroupPart {
  const inputs = [...new Set(rows.map((i) => inputOf[i]!))];
  const place = new Map(inputs.map((input, at) => [input, at]));
  const weights = new Float64Array(inputs.length);
  const own = new Uint32Array(inputs.length);
  const means = matrix(inputs.length, y.cols);
  for (const i of rows) {
    const at = place.get(inputOf[i]!)!;
    const weight = roles.weights?.[i] ?? 1;
    weights[at]! += weight;
    own[at]!++;
    for (let j = 0; j < y.cols; j++) means.data[at * y.cols + j]! += weight * y.data[i * y.cols + j]!;
  }
  for (let at = 0; at < means.data.length; at++) means.data[at]! /= weights[Math.floor(at / y.cols)]!;
  const shares = weights.map((weight, at) => {
    const input = inputs[at]!;
    return own[at] === rowCounts[input] ? 1 : Math.min(weight / counts[input]!, 1);
  });
  return { rows, inputs, place, weights, shares, means };
}

function* batches(groups: readonly GroupPart[], width: number): Generator<GroupPart[]> {
  let [batch, columns]: [GroupPart[], number] = [[], 0];
  for (const group of groups) {
    batch.push(group);
    columns += group.inputs.length;
    if (columns < width) continue;
    yield batch;
    [batch, columns] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

interface SaidWithout {
  /** ȳ − f₋ of each input of the group. */
  readonly residuals: Matrix;
  readonly variances: Float64Array;
}

/** Of the inputs of a group. */
interface InverseBlock {
  /** G_UU. */
  readonly inverse: Matrix;
  /** (G C^½ m)_U. */
  readonly solved: Matrix;
}

/** Smaller systems are solved on the calling thread. */
const SMALL = 64;

async function withoutGroup(
  data: RowsByInput,
  { inputs, weights, shares, means }: GroupPart,
  { inverse: block, solved }: InverseBlock,
  diagReg: number,
  engine: Engine,
): Promise<SaidWithout | null> {
  const [size, outputs] = [inputs.length, means.cols];
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < size; b++) block.data[a * size + b]! *= diagReg * Math.sqrt(shares[a]! * shares[b]!);
    block.data[a * size + a]! += 1 - shares[a]!;
  }
  // The targets g^½ e beside the identity, whose columns give the diagonal of Q⁻¹.
  const right = matrix(size, outputs + size);
  inputs.forEach((input, a) => {
    const [mean, own, gain] = [row(data.means, input), row(means, a), row(solved, a)];
    const scale = diagReg / Math.sqrt(data.counts[input]!);
    for (let j = 0; j < outputs; j++) {
      const inside = shares[a] === 1 ? 0 : own[j]! - mean[j]!;
      right.data[a * right.cols + j] = Math.sqrt(weights[a]!) * (inside + scale * gain[j]!);
    }
    right.data[a * right.cols + outputs + a] = 1;
  });
  const whole = size < SMALL ? solveSmall(block, right) : await solveLarge(block, right, engine);
  if (whole === null) return null;
  const residuals = matrix(size, outputs);
  const variances = weights.map((weight, a) => {
    for (let j = 0; j < outputs; j++)
      residuals.data[a * outputs + j] = whole.data[a * whole.cols + j]! / Math.sqrt(weight);
    return (diagReg / weight) * Math.max(whole.data[a * whole.cols + outputs + a]! - 1, 0);
  });
  return { residuals, variances };
}

async function solveLarge(a: Matrix, b: Matrix, engine: Engine): Promise<Matrix | null> {
  const factor = await engine.cholesky(a);
  if (!factor.ok) return null;
  return engine.solveTriangular(factor.lower, await engine.solveTriangular(factor.lower, b), { transpose: true });
}

function writeRows(
  { y, inputOf, roles }: RowsByInput,
  { rows, place, means }: GroupPart,
  said: SaidWithout,
  diagReg: number,
  residuals: Matrix,
  variances: Float64Array,
): void {
  for (const i of rows) {
    const at = place.get(inputOf[i]!)!;
    variances[i] = said.variances[at]! + diagReg / (roles.weights?.[i] ?? 1);
    for (let j = 0; j < y.cols; j++) {
      const inside = y.data[i * y.cols + j]! - means.data[at * y.cols + j]!;
      residuals.data[i * y.cols + j] = inside + said.residuals.data[at * y.cols + j]!;
    }
  }
}
