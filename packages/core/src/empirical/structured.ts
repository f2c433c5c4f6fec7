import type { Engine } from "../linalg/engine.ts";
import { partOf, type Work } from "../linalg/work.ts";
import { allFinite } from "../matrix/check.ts";
import { type Matrix, matrix } from "../matrix/matrix.ts";
import type { LayerFactors, TracedRows } from "./collect-factors.ts";
import type { KernelBuilder, OutputMode } from "./output-axes.ts";

/** Cotangents pulled back at once, at most, where outputs need not be paired with one another. */
const ROWS_AT_ONCE = 1024;

export interface StructuredRequest {
  readonly mode: OutputMode;
  readonly outputs: number;
  readonly first: readonly TracedRows[];
  /** Null for the same as the first. */
  readonly second: readonly TracedRows[] | null;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Θ = Σ over layers of (wScale² A A'ᵀ + bScale²) ∘ (D D'ᵀ): no gradient is ever formed. For n examples, o outputs and width W it
 * takes o pullbacks of the batch, O(n o W²), and O(n² o W) (full: o²) for the products; memory O(n W) for each layer (full: times o).
 * Novak, Sohl-Dickstein, Schoenholz (2022), "structured derivatives".
 */
export async function addStructured(builder: KernelBuilder, request: StructuredRequest, work: Work): Promise<void> {
  const { mode, outputs, first, second } = request;
  const rows = Math.max(...first.map((block) => block.rows), ...(second ?? []).map((block) => block.rows));
  const count = mode === "full" ? outputs : Math.min(outputs, Math.max(1, Math.floor(ROWS_AT_ONCE / rows)));
  const inputGrams = new Map<string, Matrix>();
  for (let from = 0; from < outputs; from += count) {
    const part = partOf(work, from / outputs, Math.min(1, (from + count) / outputs));
    const chunk = { from, count: Math.min(count, outputs - from) };
    await addChunk(builder, request, chunk, inputGrams, part);
  }
}

interface Chunk {
  /** The first output. */
  readonly from: number;
  readonly count: number;
}

async function addChunk(
  builder: KernelBuilder,
  request: StructuredRequest,
  chunk: Chunk,
  inputGrams: Map<string, Matrix>,
  work: Work,
): Promise<void> {
  const { first, second } = request;
  const left = await pulledBack(first, chunk, partOf(work, 0, 0.3));
  const right = second ? await pulledBack(second, chunk, partOf(work, 0.3, 0.5)) : left;
  for (const [i, a] of left.entries()) {
    // Of a symmetric kernel the blocks below the diagonal are those above it.
    for (const [j, b] of right.entries()) {
      if (!second && j < i) continue;
      for (const path of a.layers.keys()) {
        const pair = [a.layers.get(path)!, b.layers.get(path)!] as const; // the same network
        const key = `${path} ${i} ${j}`;
        const gram = inputGrams.get(key) ?? (await product(request, pair[0].input, pair[1].input));
        if (chunk.count < request.outputs) inputGrams.set(key, gram);
        const place = { row: a.from, col: b.from, mirrored: !second && j > i };
        await addLayer(builder, request, chunk, pair, gram, place);
      }
      await work.breathe(0.5 + (0.5 * (i * right.length + j + 1)) / (left.length * right.length));
    }
  }
}

interface Pulled {
  readonly from: number;
  readonly layers: ReadonlyMap<string, LayerFactors>;
}

async function pulledBack(blocks: readonly TracedRows[], chunk: Chunk, work: Work): Promise<readonly Pulled[]> {
  const pulled: Pulled[] = [];
  for (const [i, block] of blocks.entries()) {
    pulled.push({ from: block.from, layers: block.factors(chunk.from, chunk.count) });
    await work.breathe((i + 1) / blocks.length);
  }
  return pulled;
}

interface Place {
  readonly row: number;
  readonly col: number;
  /** Whether the transposed block is to be filled too. */
  readonly mirrored: boolean;
}

async function addLayer(
  builder: KernelBuilder,
  request: StructuredRequest,
  chunk: Chunk,
  [left, right]: readonly [LayerFactors, LayerFactors],
  gram: Matrix,
  place: Place,
): Promise<void> {
  const { mode } = request;
  const [w2, b2] = [left.wScale ** 2, left.bScale ** 2];
  const add = (a: number, b: number, { data }: Matrix): void => {
    for (let r = 0, at = 0; r < gram.rows; r++) {
      for (let c = 0; c < gram.cols; c++, at++) {
        const value = (w2 * gram.data[at]! + b2) * data[at]!;
        builder.add(a, b, place.row + r, place.col + c, value);
        if (place.mirrored) builder.add(b, a, place.col + c, place.row + r, value);
      }
    }
  };
  // Of a mean over the outputs it does not matter which of them a term is of.
  if (mode === "trace") return add(0, 0, await sumOfProducts(request, left.cotangents, right.cotangents));
  const outputs = Array.from({ length: chunk.count }, (_, k) => k);
  for (const a of outputs) {
    for (const b of mode === "full" ? outputs : [a])
      add(chunk.from + a, chunk.from + b, await product(request, left.cotangents[a]!, right.cotangents[b]!));
  }
}

type Multiplication = Pick<StructuredRequest, "engine" | "signal">;

function product(request: Multiplication, a: Matrix, b: Matrix): Promise<Matrix> {
  return sumOfProducts(request, [a], [b]);
}

/** Multiplications that the calling thread does itself: handing a small product to others takes longer than the product. */
const SMALL_WORK = 1e9;

/** Σ Aₖ Bₖᵀ */
async function sumOfProducts(
  { engine, signal }: Multiplication,
  a: readonly Matrix[],
  b: readonly Matrix[],
): Promise<Matrix> {
  const [{ rows: m, cols: k }, { rows: n }] = [a[0]!, b[0]!]; // there is at least one output
  if (engine.blas && m * n * k <= SMALL_WORK) {
    const sum = matrix(m, n);
    for (const [i, left] of a.entries()) engine.blas.gemm(sum, left, b[i]!, { transposeB: true, accumulate: i > 0 });
    if (allFinite(sum.data)) return sum;
  }
  const sum = await engine.matmul(a[0]!, b[0]!, { transposeB: true, signal });
  for (let i = 1; i < a.length; i++) {
    const { data } = await engine.matmul(a[i]!, b[i]!, { transposeB: true, signal });
    for (let at = 0; at < data.length; at++) sum.data[at]! += data[at]!;
  }
  return sum;
}
