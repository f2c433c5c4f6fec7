import { jetOf } from "../layers/jet.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { Work } from "../linalg/work.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import { finiteTrace } from "../network/overflow.ts";
import { countParams } from "../network/params.ts";
import type { NetworkOptions, NetworkTrace } from "../network/trace.ts";

/**
 * What a dense layer adds to the tangent kernel is made of: with inputs A [n, fan-in] and cotangents D [n, width] of its outputs,
 * the gradients of example i are wScale Aᵢᵀ Dᵢ and bScale Dᵢ, so that their inner products are
 *
 *   (wScale² A A'ᵀ + bScale²) ∘ (D D'ᵀ)
 */
export interface LayerFactors {
  readonly input: Matrix;
  /** For each of the outputs asked for. */
  readonly cotangents: readonly Matrix[];
  readonly wScale: number;
  /** 0 without a bias. */
  readonly bScale: number;
}

/** Some rows of a batch, evaluated. */
export interface TracedRows {
  readonly from: number;
  readonly rows: number;
  readonly outputs: number;
  /** The factors of every layer that trains, by position, for the outputs [first, first + count). */
  factors(first: number, count: number): ReadonlyMap<string, LayerFactors>;
}

/** Multiplications between two looks at the signal, about; fewer rows than the least keep products from their speed. */
const BLOCK_WORK = 1e9;
const MIN_ROWS = 256;

/** The batch in blocks of `most` rows at most, of nearly the same height. */
export async function traceBatch(
  network: Layer,
  params: Params,
  x: Matrix,
  trains: ReadonlySet<string>,
  options: NetworkOptions,
  work: Work,
  most: number = Math.max(MIN_ROWS, Math.floor(BLOCK_WORK / countParams(params))),
): Promise<readonly TracedRows[]> {
  const height = Math.ceil(x.rows / Math.ceil(x.rows / most));
  const blocks: TracedRows[] = [];
  const allocate = options.engine?.allocate;
  for (let from = 0; from < x.rows; from += height) {
    const rows = Math.min(height, x.rows - from);
    const block = matrix(rows, x.cols, x.data.subarray(from * x.cols, (from + rows) * x.cols));
    const trace = finiteTrace("empiricalNtk", network, params, block, {
      ...options,
      trains,
      ...(allocate ? { allocate } : {}),
    });
    const outputs = trace.output.cols;
    blocks.push({ from, rows, outputs, factors: (first, count) => factorsOf(trace, first, count) });
    await work.breathe((from + rows) / x.rows);
  }
  return blocks;
}

function factorsOf(trace: NetworkTrace, first: number, count: number): ReadonlyMap<string, LayerFactors> {
  const { rows, cols } = trace.output;
  const units = matrix(count * rows, cols);
  for (let k = 0, at = first; k < count; k++, at++) {
    for (let i = 0; i < rows; i++, at += cols) units.data[at] = 1;
  }
  const factors = new Map<string, LayerFactors>();
  trace.pullback(jetOf(units), ({ path, input, cotangent, wScale, bScale, hasBias }) => {
    const [{ cols: width }, size] = [cotangent, rows * cotangent.cols];
    factors.set(path, {
      input: matrix(rows, input.cols, input.terms[0]),
      cotangents: Array.from({ length: count }, (_, k) =>
        matrix(rows, width, cotangent.terms[0].subarray(k * size, (k + 1) * size)),
      ),
      wScale,
      bScale: hasBias ? bScale : 0,
    });
  });
  return factors;
}
