import { NtkError } from "../errors.ts";
import { type Engine, zeros } from "../linalg/engine.ts";
import { addToDiagonal, type Matrix, matrix, takeRows, transpose } from "../matrix/matrix.ts";
import * as portable from "../special/portable.ts";
import {
  indefiniteExamples,
  naiveProduct,
  positiveExamples,
  rectangularExamples,
  symmetricExamples,
} from "./engine-examples.ts";
import { atMost, type LawResult } from "./laws.ts";

export interface EngineLawOptions {
  readonly seed?: number;
  /** Size of the matrices, about. */
  readonly n?: number;
  /** Whether slices of a product have the bits of products of slices; only "js" promises it. */
  readonly exactSlices?: boolean;
}

/** Errors are in units of rounding error times the size times the largest value; a backward stable engine stays near 1. */
const ALLOWED = 16 * Number.EPSILON;

/** The laws of an engine on matrices that are hard in different ways. Run it on your own engine. */
export async function checkEngine(engine: Engine, options: EngineLawOptions = {}): Promise<LawResult[]> {
  const { seed = 1, n = 70, exactSlices = engine.name === "js" } = options;
  const results: LawResult[] = [];
  const rectangular = rectangularExamples(seed, n);
  for (const [name, a] of rectangular) {
    results.push(...(await productLaws(engine, name, a)), ...(await svdLaws(engine, name, a)));
  }
  if (exactSlices) results.push(await exactSliceLaw(engine, rectangular[0]![1]));
  for (const [name, a] of positiveExamples(seed, n)) {
    results.push(...(await choleskyLaws(engine, name, a)), ...(await triangularLaws(engine, name, a)));
  }
  for (const [name, a] of indefiniteExamples(seed, n)) results.push(await failureLaw(engine, name, a));
  for (const [name, a] of symmetricExamples(seed, n)) {
    results.push(...(await eighLaws(engine, name, a)), ...(await tridiagonalLaws(engine, name, a)));
  }
  return [...results, ...(await refusalLaws(engine))];
}

/** op(A) op(B) is the sum of products whichever operand comes transposed, and A is as it was. */
export async function productLaws(engine: Engine, name: string, a: Matrix): Promise<LawResult[]> {
  const [before, at] = [a.data.slice(), transpose(a)];
  const scaled = withValues(a, (value) => value / (largest(a) || 1));
  const expected = naiveProduct(a, transpose(scaled));
  const products = [
    await engine.matmul(a, scaled, { transposeB: true }),
    await engine.matmul(a, transpose(scaled)),
    await engine.matmul(at, scaled, { transposeA: true, transposeB: true }),
    await engine.matmul(at, transpose(scaled), { transposeA: true }),
  ];
  const worst = Math.max(...products.map((product) => distance(product, expected, a.cols * largest(a))));
  const reuse = zeros(engine, products[0]!.data.length).fill(3);
  const again = await engine.matmul(a, scaled, { transposeB: true, reuse });
  return [
    atMost(`matmul is the sum of products: ${name}`, worst, ALLOWED),
    law(`matmul gives the same bits again: ${name}`, sameBits(again, products[0]!)),
    law(`matmul leaves its input alone: ${name}`, sameValues(a.data, before)),
  ];
}

async function exactSliceLaw(engine: Engine, a: Matrix): Promise<LawResult> {
  const [b, some] = [transpose(a), [5, 3, 11]];
  const whole = await engine.matmul(a, b);
  const rowsOnly = await engine.matmul(takeRows(a, some), b);
  const columnsOnly = await engine.matmul(a, transpose(takeRows(a, some)));
  const ok =
    sameBits(rowsOnly, takeRows(whole, some)) && sameBits(transpose(columnsOnly), takeRows(transpose(whole), some));
  return law("a slice of a product is the product of the slice, bit for bit", ok);
}

/** A = L Lᵀ with L lower triangular, from the lower triangle of A alone. */
export async function choleskyLaws(engine: Engine, name: string, a: Matrix): Promise<LawResult[]> {
  const input = spoiledAbove(a);
  const before = input.data.slice();
  const factor = await engine.cholesky(input);
  if (!factor.ok) return [law(`cholesky succeeds: ${name}`, false, `pivot ${factor.pivot} is ${factor.value}`)];
  const l = factor.lower;
  const diagReg = largest(a) / 8;
  const shifted = await engine.cholesky(input, { diagReg });
  const sum = await engine.cholesky(addToDiagonal(a, diagReg));
  const bits = sum.ok ? matrix(a.rows, a.rows, sum.lower.data.slice()) : null;
  const reuse = zeros(engine, l.data.length);
  reuse.set(l.data);
  const again = await engine.cholesky(input, { diagReg, reuse });
  const lower = every(l, (value, i, j) => (i === j ? value > 0 : i > j || value === 0));
  return [
    atMost(`L Lᵀ = A: ${name}`, distance(naiveProduct(l, transpose(l)), a, a.rows * largest(a)), ALLOWED),
    law(`L is lower triangular with positive diagonal: ${name}`, lower),
    law(`diagReg is added to the diagonal: ${name}`, shifted.ok && sum.ok && sameBits(shifted.lower, sum.lower)),
    law(`memory is reused without a trace: ${name}`, again.ok && bits !== null && sameBits(again.lower, bits)),
    law(`cholesky leaves its input alone: ${name}`, sameValues(input.data, before)),
  ];
}

/** The failure names a pivot that is not positive and a ridge that works. */
export async function failureLaw(engine: Engine, name: string, a: Matrix): Promise<LawResult> {
  const result = await engine.cholesky(spoiledAbove(a));
  const title = `a failed cholesky names its pivot and a ridge that works: ${name}`;
  if (result.ok) return law(title, false, "it succeeded");
  const { pivot, value, suggestedDiagReg } = result;
  const repaired = await engine.cholesky(addToDiagonal(a, suggestedDiagReg));
  const named = value <= 0 && pivot >= 0 && pivot < a.rows;
  return law(title, named && repaired.ok, `pivot ${pivot} is ${value}, suggested ${suggestedDiagReg}`);
}

/** L X = B and Lᵀ X = B for the Cholesky factor of A, one and many right-hand sides. */
export async function triangularLaws(engine: Engine, name: string, a: Matrix): Promise<LawResult[]> {
  const factor = await engine.cholesky(a);
  if (!factor.ok) return [];
  const [l, n] = [factor.lower, a.rows];
  const input = spoiledAbove(l);
  const results: LawResult[] = [];
  for (const columns of [1, n + 2]) {
    const b = withValues(matrix(n, columns), (_, i, j) => portable.cos(i + 2 * j));
    const before = b.data.slice();
    const [down, up] = [
      await engine.solveTriangular(input, b),
      await engine.solveTriangular(input, b, { transpose: true }),
    ];
    const worst = Math.max(residual(l, down, b), residual(transpose(l), up, b));
    results.push(
      atMost(`L X = B and Lᵀ X = B, ${columns} columns: ${name}`, worst, ALLOWED),
      law(`solveTriangular leaves B alone, ${columns} columns: ${name}`, sameValues(b.data, before)),
    );
  }
  return results;
}

/** max |L X - B| entry by entry, in units of n Σ |L| |X|: what substitution guarantees however ill-conditioned L is. */
function residual(l: Matrix, x: Matrix, b: Matrix): number {
  const [product, size] = [naiveProduct(l, x), naiveProduct(withValues(l, Math.abs), withValues(x, Math.abs))];
  let worst = 0;
  for (let i = 0; i < b.data.length; i++) {
    worst = Math.max(worst, Math.abs(product.data[i]! - b.data[i]!) / (l.rows * (size.data[i]! || 1)));
  }
  return worst;
}

/** A = V diag(values) Vᵀ, V orthogonal, values ascending, from the lower triangle of A alone. */
export async function eighLaws(engine: Engine, name: string, a: Matrix): Promise<LawResult[]> {
  const input = spoiledAbove(a);
  const before = input.data.slice();
  const { values, vectors } = await engine.eigh(input);
  const scaled = withValues(vectors, (value, i) => value * values[i]!);
  const error = distance(naiveProduct(transpose(vectors), scaled), a, a.rows * spread(values));
  return [
    atMost(`V Λ Vᵀ = A: ${name}`, error, ALLOWED),
    atMost(`eigenvectors are orthonormal: ${name}`, unorthonormality(vectors), ALLOWED),
    law(
      `eigenvalues ascend: ${name}`,
      values.every((value, i) => i === 0 || value >= values[i - 1]!),
    ),
    law(`eigh leaves its input alone: ${name}`, sameValues(input.data, before)),
  ];
}

/** A = Q T Qᵀ, Q orthogonal, from the lower triangle of A alone; nothing to hold for an engine without it. */
export async function tridiagonalLaws(engine: Engine, name: string, a: Matrix): Promise<LawResult[]> {
  if (!engine.tridiagonalForm) return [];
  const input = spoiledAbove(a);
  const before = input.data.slice();
  const { diagonal, offDiagonal, basis } = await engine.tridiagonalForm(input);
  const t = withValues(matrix(a.rows, a.rows), (_, i, j) =>
    i === j ? diagonal[i]! : Math.abs(i - j) === 1 ? offDiagonal[Math.min(i, j)]! : 0,
  );
  const product = naiveProduct(transpose(basis), naiveProduct(t, basis));
  return [
    atMost(`Q T Qᵀ = A: ${name}`, distance(product, a, a.rows * largest(a)), ALLOWED),
    atMost(`the tridiagonal basis is orthonormal: ${name}`, unorthonormality(basis), ALLOWED),
    law(`tridiagonalForm leaves its input alone: ${name}`, sameValues(input.data, before)),
  ];
}

/** A = U diag(values) Vᵀ with orthonormal columns in U and V, whatever the rank; values descending, none negative. */
export async function svdLaws(engine: Engine, name: string, a: Matrix): Promise<LawResult[]> {
  const before = a.data.slice();
  const { values, left, right } = await engine.svd(a);
  const scaled = withValues(right, (value, i) => value * values[i]!);
  const size = Math.max(a.rows, a.cols) * spread(values);
  const descending = values.every((value, i) => value >= 0 && (i === 0 || value <= values[i - 1]!));
  return [
    atMost(`U Σ Vᵀ = A: ${name}`, distance(naiveProduct(transpose(left), scaled), a, size), ALLOWED),
    atMost(
      `singular vectors are orthonormal: ${name}`,
      Math.max(unorthonormality(left), unorthonormality(right)),
      ALLOWED,
    ),
    law(`singular values descend: ${name}`, descending && values.length === Math.min(a.rows, a.cols)),
    law(`svd leaves its input alone: ${name}`, sameValues(a.data, before)),
  ];
}

/** Wrong sizes, values that are not finite, and an aborted signal are refused by name. */
async function refusalLaws(engine: Engine): Promise<LawResult[]> {
  const [tall, square] = [matrix(3, 2), matrix(2, 2, Float64Array.of(1, 0, 0, 1))];
  const bad = matrix(2, 2, Float64Array.of(1, 0, Number.NaN, 1));
  const signal = AbortSignal.abort("enough");
  const cases: readonly (readonly [string, Promise<unknown>, (error: unknown) => boolean])[] = [
    ["matmul of 3 x 2 and 3 x 2", engine.matmul(tall, tall), hasCode("shape")],
    ["cholesky of 3 x 2", engine.cholesky(tall), hasCode("shape")],
    ["eigh of 3 x 2", engine.eigh(tall), hasCode("shape")],
    ["solveTriangular of 2 x 2 and 3 x 2", engine.solveTriangular(square, tall), hasCode("shape")],
    ["solveTriangular with a zero pivot", engine.solveTriangular(matrix(2, 2), square), hasCode("value")],
    ["matmul of NaN", engine.matmul(square, bad), hasCode("value")],
    ["cholesky of NaN", engine.cholesky(bad), hasCode("value")],
    ["eigh of NaN", engine.eigh(bad), hasCode("value")],
    ["svd of NaN", engine.svd(bad), hasCode("value")],
    ["solveTriangular of NaN", engine.solveTriangular(bad, square), hasCode("value")],
    ["eigh with an aborted signal", engine.eigh(square, { signal }), (error) => error === "enough"],
    ["matmul with an aborted signal", engine.matmul(square, square, { signal }), (error) => error === "enough"],
  ];
  const settled = await Promise.allSettled(cases.map(([, promise]) => promise));
  return cases.map(([name, , expected], i) => {
    const outcome = settled[i]!;
    return law(`refused: ${name}`, outcome.status === "rejected" && expected(outcome.reason), outcome.status);
  });
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof NtkError && error.code === code;
}

function law(title: string, ok: boolean, detail: string = ok ? "holds" : "does not hold"): LawResult {
  return { law: title, ok, detail };
}

/** max |A - B| in units of `size` (absolute when that is 0); Infinity when the shapes differ or a value is NaN. */
function distance(a: Matrix, b: Matrix, size: number): number {
  if (a.rows !== b.rows || a.cols !== b.cols) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.data.length; i++) worst = Math.max(worst, Math.abs(a.data[i]! - b.data[i]!) / (size || 1));
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}

function unorthonormality(rows: Matrix): number {
  const gram = naiveProduct(rows, transpose(rows));
  const identity = addToDiagonal(matrix(rows.rows, rows.rows), 1);
  return distance(gram, identity, Math.max(rows.rows, rows.cols));
}

function largest(a: Matrix): number {
  return spread(a.data);
}

function spread(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** A with NaN above the diagonal, for what promises not to look there. */
function spoiledAbove(a: Matrix): Matrix {
  return withValues(a, (value, i, j) => (j > i ? Number.NaN : value));
}

function withValues(a: Matrix, change: (value: number, i: number, j: number) => number): Matrix {
  return matrix(
    a.rows,
    a.cols,
    a.data.map((value, i) => change(value, Math.floor(i / a.cols), i % a.cols)),
  );
}

function every(a: Matrix, test: (value: number, i: number, j: number) => boolean): boolean {
  return a.data.every((value, i) => test(value, Math.floor(i / a.cols), i % a.cols));
}

function sameBits(a: Matrix, b: Matrix): boolean {
  return a.rows === b.rows && a.cols === b.cols && sameValues(a.data, b.data);
}

function sameValues(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, i) => Object.is(value, b[i]));
}
