import type { Machine, TaskContext } from "./context.ts";
import { COLUMN, packStrips, STRIP, stripsOf } from "./strips.ts";
import { KERNELS, multiplyStrips, type ResultSteps } from "./tile-product.ts";

/** Rows that are reduced before the rest of the matrix is updated, by products of that depth. */
export const PANEL = 32;
/** Rows of the matrix that one call of the product kernel updates. */
const BAND = 128;
/** Below this the squared length of a row (of a matrix whose largest entry is near 1) is zero. */
const NEGLIGIBLE = 1e-280;

/** What is reduced; broadcast. See `Tridiagonal` for what the arrays hold in the end. */
export interface Reduction {
  readonly n: number;
  /** The matrix, then the reflectors. */
  readonly a: Float64Array;
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
  readonly tau: Float64Array;
}

/**
 * The matrix in WebAssembly memory: row-major at 0, with rows `pitch` numbers apart. Behind it w of the rows of the panel, and
 * behind that room for strips.
 *
 * Above the diagonal it is zero but for the 4 x 4 blocks on it and, where products went beyond it, up to BAND columns. What is
 * further away is never written to, so that the system gives it no memory.
 */
interface Bench extends Reduction {
  readonly machine: Machine;
  readonly memory: Float64Array;
  readonly pitch: number;
  readonly w: number;
  readonly strips: number;
  /** The panel: rows from `start` up to `end`. */
  readonly start: number;
  readonly end: number;
}

/** Bytes that `reducePanel` needs for a matrix of that size. */
export function reductionBytes(n: number): number {
  const { strips, pitch } = layoutOf(n);
  return 8 * (strips + 2 * PANEL * pitch);
}

function layoutOf(n: number): { pitch: number; w: number; strips: number } {
  const pitch = 8 * Math.ceil(n / 8) + 8; // never a power of two, for the sake of the caches
  const w = pitch * pitch;
  return { pitch, w, strips: w + PANEL * pitch };
}

/**
 * Handler: one panel of the reduction to tridiagonal form, the algorithm of core's `tridiagonalize`, in the machine named
 * after the reduction. The panels follow each other from the last rows to the first, all on one thread.
 */
export function reducePanel(
  context: TaskContext,
  { id, start, end }: { id: string; start: number; end: number },
): null {
  const reduction = context.value<Reduction>(id);
  const { n, diagonal, offDiagonal, tau } = reduction;
  const machine = context.machine(id);
  const memory = machine.numbers(reductionBytes(n));
  const bench: Bench = { ...reduction, ...layoutOf(n), machine, memory, start, end };
  const { pitch, w } = bench;
  if (end === n) loadMatrix(bench);
  memory.fill(0, w, w + PANEL * pitch);
  for (let i = end - 1; i >= start; i--) {
    updateRow(bench, i);
    diagonal[i] = memory[i * pitch + i]!;
    memory.fill(0, i * pitch + i, i * pitch + Math.min(pitch, i + BAND + STRIP));
    if (i === 0) break;
    const reflector = makeReflector(memory, i * pitch, i);
    offDiagonal[i - 1] = reflector.norm;
    tau[i] = reflector.tau;
    makeUpdate(bench, i, reflector.tau);
  }
  updateMatrix(bench);
  for (let i = start; i < end; i++) placeReflector(bench, i);
  return null;
}

/** Above the diagonal writes only where zeros are missing: the system gives no memory to what nobody wrote to. */
function placeReflector({ n, a, memory, pitch }: Bench, i: number): void {
  for (let j = 0; j < i; j++) a[i * n + j] = memory[i * pitch + j]!;
  for (let j = i; j < n; j++) if (a[i * n + j] !== 0) a[i * n + j] = 0;
}

function loadMatrix({ n, a, memory, pitch }: Bench): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      memory[i * pitch + j] = a[i * n + j]!;
      if (j >= i - (i % STRIP)) memory[j * pitch + i] = a[i * n + j]!;
    }
  }
}

/** a[i] -= Σ v[i] w + w[i] v over the rows of the panel below i. */
function updateRow({ machine, memory, pitch, w, start, end }: Bench, i: number): void {
  const subtract = machine.code(KERNELS)["subtract"]!;
  for (let r = i + 1; r < end; r++) {
    const [v, wr] = [r * pitch, w + (r - start) * pitch];
    subtract(8 * i * pitch, 8 * wr, 8 * v, memory[v + i]!, memory[wr + i]!, paddedBytes(i + 1));
  }
}

function paddedBytes(count: number): number {
  return 64 * Math.ceil(count / 8);
}

/**
 * Overwrites x = data[start, start + count) by v with v[count - 1] = 1 such that (I - tau v vᵀ) x = (0, …, 0, norm).
 * A head of x whose squares underflow is dropped, because its computed length would make the reflector not orthogonal.
 *
 * The same as in ntkit's `tridiagonalize.ts`, which workers cannot import: browsers do not resolve names of packages for them.
 */
function makeReflector(data: Float64Array, start: number, count: number): { norm: number; tau: number } {
  const last = start + count - 1;
  const alpha = data[last]!;
  let sum = 0;
  for (let j = start; j < last; j++) sum += data[j]! * data[j]!;
  data[last] = 1;
  if (sum < NEGLIGIBLE) {
    data.fill(0, start, last);
    return { norm: alpha, tau: 0 };
  }
  const norm = alpha > 0 ? -Math.sqrt(alpha * alpha + sum) : Math.sqrt(alpha * alpha + sum);
  for (let j = start; j < last; j++) data[j]! /= alpha - norm;
  return { norm, tau: (norm - alpha) / norm };
}

/** w = p - ½ tau (pᵀ v) v with p = tau (A now) v, for the reflector v in row i. */
function makeUpdate({ machine, memory, pitch, w, start, end }: Bench, i: number, tau: number): void {
  const { multiplySymmetric, subtract, dot } = machine.code(KERNELS);
  const [v, p, bytes] = [i * pitch, w + (i - start) * pitch, paddedBytes(i)];
  multiplySymmetric!(0, 8 * pitch, 8 * v, 8 * p, stripsOf(i));
  memory.fill(0, p + i, p + bytes / 8);
  for (let r = i + 1; r < end; r++) {
    const [vr, wr] = [8 * r * pitch, 8 * (w + (r - start) * pitch)];
    subtract!(8 * p, wr, vr, dot!(vr, 8 * v, bytes), dot!(wr, 8 * v, bytes), bytes);
  }
  const half = 0.5 * tau * tau * dot!(8 * p, 8 * v, bytes);
  for (let j = 0; j < i; j++) memory[p + j] = tau * memory[p + j]! - half * memory[v + j]!;
  memory.fill(0, p + i, p + pitch);
}

/** A -= Σ v wᵀ + w vᵀ over the panel, for the rows before it and on and below the diagonal. */
function updateMatrix({ machine, memory, pitch, w, strips, start, end }: Bench): void {
  if (start === 0) return;
  const depth = end - start;
  const [v, other] = [strips, strips + PANEL * pitch];
  const column = { rowStep: 1, colStep: pitch };
  packStrips({ data: memory, offset: start * pitch, ...column }, { rows: start, cols: depth }, depth, memory, v);
  packStrips({ data: memory, offset: w, ...column }, { rows: start, cols: depth }, depth, memory, other);
  const steps: ResultSteps = { pitch: 8 * pitch, xStep: COLUMN, yStep: 8 * STRIP * pitch };
  for (const [x, y] of [
    [v, other],
    [other, v],
  ] as const) {
    for (let row = 0; row < start; row += BAND) {
      const rows = Math.min(BAND, start - row);
      const size = { xStrips: stripsOf(row + rows), yStrips: stripsOf(rows), columns: depth };
      multiplyStrips(machine, { c: 8 * row * pitch, x: 8 * x, y: 8 * (y + row * depth) }, size, steps, -1);
    }
  }
}
