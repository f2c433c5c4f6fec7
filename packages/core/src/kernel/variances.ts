import { NumericalError } from "../errors.ts";
import type { KernelState } from "../layers/kernel-state.ts";
import { isBranches } from "../layers/rule.ts";
import type { Layer } from "../layers/spec.ts";
import type { Work } from "../linalg/work.ts";
import { type Batch, inputTile } from "./input.ts";
import { interpretKernel, type Recursion } from "./interpret.ts";

/** Self terms K(x, x) of each input on its way through a network, the input layer included. */
export interface Variances {
  /** The smallest above 0 of each row, and the largest. */
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
  /** Those of the outputs. */
  readonly output: Float64Array;
}

/** Below this, float64 holds fewer than 53 bits. */
const SMALLEST_NORMAL = 2 ** -1022;

/** Rows that are followed between two breaths. */
const ROWS_AT_A_TIME = 64;

/** Follows the self terms of all rows. O(n depth): little beside the pairs. Throws as `followRows` does. */
export async function followVariances(
  where: string,
  recursion: Recursion,
  batch: Batch,
  work: Work,
): Promise<Variances> {
  const { rows } = batch.x;
  const all = { smallest: new Float64Array(rows), largest: new Float64Array(rows), output: new Float64Array(rows) };
  for (let from = 0; from < rows; from += ROWS_AT_A_TIME) {
    const part = followRows(where, recursion, batch, from, Math.min(rows, from + ROWS_AT_A_TIME));
    all.smallest.set(part.smallest, from);
    all.largest.set(part.largest, from);
    all.output.set(part.output, from);
    await work.breathe(0);
  }
  return all;
}

/**
 * Follows the self terms of rows [from, to). As |K(x, z)| ≤ √(K(x, x) K(z, z)), covariances are in range where these are. Throws a
 * NumericalError that names the layer and the row where a variance leaves the range of float64: a later layer may be bounded and
 * show nothing of it.
 */
export function followRows(where: string, recursion: Recursion, batch: Batch, from: number, to: number): Variances {
  const rows = to - from;
  const input = inputTile(batch, batch, { row: from, rows, col: 0, cols: 0 }, false);
  const largest = input.var1.slice();
  const smallest = largest.map((value) => value || Infinity);
  const visit = (layer: Layer, place: string, before: KernelState, after: KernelState): void => {
    if (isBranches(after)) return;
    for (let i = 0; i < rows; i++) {
      const value = after.var1[i]!;
      if (!Number.isFinite(value) || isUnderflow(recursion, layer, before, i, value))
        throw outOfRange(where, layer, place, from + i, value);
      if (value > largest[i]!) largest[i] = value;
      if (value > 0 && value < smallest[i]!) smallest[i] = value;
    }
  };
  const output = interpretKernel(recursion, input, (layer, after, place, before) => {
    visit(layer, place, before, after);
    return after;
  });
  // The variance of branches is that of no input.
  return { smallest, largest, output: isBranches(output) ? new Float64Array(rows) : output.var1 };
}

/** Whether digits were lost to underflow: 0 is right only where the layer maps variance 1 to 0 as well, or the input was 0. */
function isUnderflow(recursion: Recursion, layer: Layer, before: KernelState, row: number, value: number): boolean {
  if (value >= SMALLEST_NORMAL) return false;
  if (value > 0) return true;
  if (isBranches(before) || before.var1[row] === 0) return false;
  const one = Float64Array.of(1);
  const empty = new Float64Array();
  const unit = { ...before, rows: 1, cols: 0, nngp: empty, sine: empty, ntk: null, var1: one, var2: empty };
  const mapped = interpretKernel({ ...recursion, network: layer }, unit);
  return isBranches(mapped) || mapped.var1[0] !== 0;
}

function outOfRange(where: string, { type }: Layer, place: string, row: number, value: number): NumericalError {
  const what = value < 1 ? "underflows" : "overflows";
  const advice = value < 1 ? "raise wStd" : "lower wStd";
  return new NumericalError(
    `${where}: the variance of row ${row} ${what} float64 at ${place === "" ? type : `${place} (${type})`}: rescale the inputs or ${advice}`,
  );
}
