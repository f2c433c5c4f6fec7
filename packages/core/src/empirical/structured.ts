import type { Engine } from "../linalg/engine.ts";
import { partOf, type Work } from "../linalg/work.ts";
import type { LayerFactors, TracedBatch } from "./collect-factors.ts";
import { type KernelBuilder, type OutputMode, outputPairs } from "./output-axes.ts";

/**
 * Θ = Σ over layers of (wScale² A A'ᵀ + bScale²) ∘ (D D'ᵀ): no gradient is ever formed. For n examples, o outputs and width W it
 * takes o pullbacks of the batch, O(n o W²), and O(n² o W) (full: o²) for the products; memory O(n W) for each layer (full: times o).
 * Novak, Sohl-Dickstein, Schoenholz (2022), "structured derivatives".
 */
export async function addStructured(
  builder: KernelBuilder,
  mode: OutputMode,
  first: TracedBatch,
  second: TracedBatch | null,
  engine: Engine,
  work: Work,
): Promise<void> {
  const outputs = first.fx.cols;
  if (mode === "full") return addFull(builder, first, second, engine, work);
  for (let a = 0; a < outputs; a++) {
    const part = partOf(work, a / outputs, (a + 1) / outputs);
    const left = await first.factors(a, partOf(part, 0, 0.3));
    const right = second && (await second.factors(a, partOf(part, 0.3, 0.6)));
    await addPair(builder, [a, a], left, right ?? left, engine);
    await part.breathe(1);
  }
}

async function addFull(
  builder: KernelBuilder,
  first: TracedBatch,
  second: TracedBatch | null,
  engine: Engine,
  work: Work,
): Promise<void> {
  const outputs = first.fx.cols;
  const every = async (batch: TracedBatch, part: Work) => {
    const all: ReadonlyMap<string, LayerFactors>[] = [];
    for (let a = 0; a < outputs; a++) all.push(await batch.factors(a, partOf(part, a / outputs, (a + 1) / outputs)));
    return all;
  };
  const left = await every(first, partOf(work, 0, 0.3));
  const right = second ? await every(second, partOf(work, 0.3, 0.5)) : left;
  const pairs = outputPairs("full", outputs);
  for (const [i, [a, b]] of pairs.entries()) {
    await addPair(builder, [a, b], left[a]!, right[b]!, engine);
    await work.breathe(0.5 + (0.5 * (i + 1)) / pairs.length);
  }
}

async function addPair(
  builder: KernelBuilder,
  [a, b]: readonly [number, number],
  left: ReadonlyMap<string, LayerFactors>,
  right: ReadonlyMap<string, LayerFactors>,
  engine: Engine,
): Promise<void> {
  for (const [path, { input, cotangent, wScale, bScale }] of left) {
    const other = right.get(path)!; // the same network
    const inputs = await engine.matmul(input, other.input, { transposeB: true });
    const cotangents = await engine.matmul(cotangent, other.cotangent, { transposeB: true });
    const [w2, b2] = [wScale * wScale, bScale * bScale];
    for (let at = 0; at < inputs.data.length; at++)
      builder.add(a, b, at, (w2 * inputs.data[at]! + b2) * cotangents.data[at]!);
  }
}
