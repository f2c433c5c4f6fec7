import { jetOf } from "../layers/jet.ts";
import type { Params } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { Work } from "../linalg/work.ts";
import { type Matrix, matrix, row } from "../matrix/matrix.ts";
import { countParams } from "../network/params.ts";
import { type NetworkOptions, type NetworkTrace, outputTerm, traceNetwork } from "../network/trace.ts";

/**
 * What a dense layer adds to the tangent kernel is made of: with inputs A [n, fan-in] and cotangents D [n, width] of its outputs,
 * the gradients of example i are wScale Aᵢᵀ Dᵢ and bScale Dᵢ, so that their inner products are
 *
 *   (wScale² A A'ᵀ + bScale²) ∘ (D D'ᵀ)
 */
export interface LayerFactors {
  readonly input: Matrix;
  readonly cotangent: Matrix;
  readonly wScale: number;
  /** 0 without a bias. */
  readonly bScale: number;
}

/** A batch evaluated in blocks of rows, from which cotangents of any output can be pulled back. */
export interface TracedBatch {
  readonly fx: Matrix;
  /** The factors of every layer that trains, by position, for one output. */
  factors(output: number, work: Work): Promise<ReadonlyMap<string, LayerFactors>>;
}

/** Multiplications between two looks at the signal, about. */
const BLOCK_WORK = 1e9;
const MIN_ROWS = 128;

export async function traceBatch(
  network: Layer,
  params: Params,
  x: Matrix,
  trains: ReadonlySet<string>,
  options: NetworkOptions,
  work: Work,
): Promise<TracedBatch> {
  const height = Math.max(MIN_ROWS, Math.floor(BLOCK_WORK / countParams(params)));
  const traces: NetworkTrace[] = [];
  for (let from = 0; from < x.rows || from === 0; from += height) {
    const rows = Math.min(height, x.rows - from);
    const block = matrix(rows, x.cols, x.data.subarray(from * x.cols, (from + rows) * x.cols));
    traces.push(traceNetwork(network, params, block, { ...options, trains }));
    await work.breathe(from / x.rows);
  }
  return {
    fx: stack(traces.map((trace) => outputTerm(trace))),
    async factors(output, breathing) {
      const blocks: Map<string, LayerFactors>[] = [];
      for (const [i, trace] of traces.entries()) {
        blocks.push(factorsOf(trace, output));
        await breathing.breathe(i / traces.length);
      }
      return joined(blocks);
    },
  };
}

function factorsOf(trace: NetworkTrace, output: number): Map<string, LayerFactors> {
  const { rows, cols } = trace.output;
  const unit = matrix(rows, cols);
  for (let i = 0; i < rows; i++) row(unit, i)[output] = 1;
  const factors = new Map<string, LayerFactors>();
  trace.pullback(jetOf(unit), ({ path, input, cotangent, wScale, bScale, hasBias }) => {
    factors.set(path, {
      input: matrix(rows, input.cols, input.terms[0]),
      cotangent: matrix(rows, cotangent.cols, cotangent.terms[0]),
      wScale,
      bScale: hasBias ? bScale : 0,
    });
  });
  return factors;
}

function joined(blocks: readonly Map<string, LayerFactors>[]): ReadonlyMap<string, LayerFactors> {
  const first = blocks[0]!;
  if (blocks.length === 1) return first;
  return new Map(
    [...first].map(([path, factors]) => {
      const parts = blocks.map((block) => block.get(path)!); // the same layers meet cotangents in every block
      const input = stack(parts.map((part) => part.input));
      return [path, { ...factors, input, cotangent: stack(parts.map((part) => part.cotangent)) }] as const;
    }),
  );
}

function stack(parts: readonly Matrix[]): Matrix {
  if (parts.length === 1) return parts[0]!;
  const { cols } = parts[0]!;
  const whole = matrix(
    parts.reduce((sum, part) => sum + part.rows, 0),
    cols,
  );
  let at = 0;
  for (const part of parts) {
    whole.data.set(part.data, at);
    at += part.data.length;
  }
  return whole;
}
