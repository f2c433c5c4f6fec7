import { type Engine, type KernelArray, type Matrix, matrix } from "ntkit";
import { startWork, type WorkOptions } from "ntkit/engine-kit";
import { type OutputMode, outputShape } from "./output-mode.ts";

/** One row per example and output, at example * outputs + output. */
export type RowsOf = (x: Matrix) => Promise<Matrix>;

export interface RowKernelRequest {
  readonly rowsOf: RowsOf;
  readonly x1: Matrix;
  readonly x2: Matrix | null;
  readonly outputs: number;
  readonly mode: OutputMode;
  /** Examples whose rows are held at a time, on either side. */
  readonly block: number;
  readonly engine: Engine;
}

/** Products of all rows of x1 with all rows of x2, tile by tile: memory for two blocks of rows. Symmetric where x2 is null. */
export async function rowKernel(request: RowKernelRequest, options: WorkOptions): Promise<KernelArray> {
  const { rowsOf, x1, x2, outputs, mode, block, engine } = request;
  const { signal } = options;
  const work = startWork(options);
  const other = x2 ?? x1;
  const tail = outputShape(mode, outputs);
  const size = tail.reduce((product, length) => product * length, 1);
  const kernel = { shape: [x1.rows, other.rows, ...tail], data: new Float64Array(x1.rows * other.rows * size) };
  const place = (at: Place, tile: Float64Array): void => placeTile(kernel, tile, at, { outputs, mode });

  let held: { readonly start: number; readonly rows: Matrix } | undefined;
  for (let i = 0; i < x1.rows; i += block) {
    const left = await rowsOf(examples(x1, i, block));
    for (let j = 0; j < (x2 ? x2.rows : i + 1); j += block) {
      if (!x2 && j === i) held = { start: i, rows: left };
      else if (held?.start !== j) held = { start: j, rows: await rowsOf(examples(other, j, block)) };
      for (const [output, a, b] of factors(mode, outputs, left, held.rows)) {
        const gram = await engine.matmul(a, b, { transposeB: true, signal });
        place({ i, j, output, cols: gram.cols, mirrored: false }, gram.data);
        if (!x2 && j < i) place({ i, j, output, cols: gram.cols, mirrored: true }, gram.data);
      }
      await work.breathe((i + ((j + 1) / other.rows) * Math.min(block, x1.rows - i)) / x1.rows);
    }
  }
  await work.breathe(1);
  return kernel;
}

/** The pairs of matrices whose products a mode needs, and the output that they are for. */
function factors(
  mode: OutputMode,
  outputs: number,
  left: Matrix,
  right: Matrix,
): readonly (readonly [number, Matrix, Matrix])[] {
  if (mode === "full") return [[0, left, right]];
  // Laid end to end, the rows of an example have as product the sum over its outputs.
  if (mode === "trace") return [[0, joined(left, outputs), joined(right, outputs)]];
  return Array.from({ length: outputs }, (_, a) => [a, everyNth(left, a, outputs), everyNth(right, a, outputs)]);
}

interface Place {
  /** First example of the tile on either side. */
  readonly i: number;
  readonly j: number;
  readonly output: number;
  readonly cols: number;
  /** Whether it goes to the other side of the diagonal. */
  readonly mirrored: boolean;
}

function placeTile(
  { shape, data }: KernelArray,
  tile: Float64Array,
  { i, j, output, cols, mirrored }: Place,
  { outputs, mode }: { readonly outputs: number; readonly mode: OutputMode },
): void {
  const n2 = shape[1]!;
  const o = mode === "full" ? outputs : 1;
  const stride = mode === "diagonal" ? outputs : 1;
  const scale = mode === "trace" ? 1 / outputs : 1;
  for (let at = 0; at < tile.length; at++) {
    const [row, col] = [Math.floor(at / cols), at % cols];
    const [example, a] = [i + Math.floor(row / o), row % o];
    const [other, b] = [j + Math.floor(col / o), col % o];
    const pair = mirrored ? (other * n2 + example) * o * o + b * o + a : (example * n2 + other) * o * o + a * o + b;
    data[pair * stride + output] = tile[at]! * scale;
  }
}

/** `count` rows from `start` on, or what is left of them (a view). */
export function examples({ rows, cols, data }: Matrix, start: number, count: number): Matrix {
  const end = Math.min(rows, start + count);
  return matrix(end - start, cols, data.subarray(start * cols, end * cols));
}

function joined({ rows, cols, data }: Matrix, outputs: number): Matrix {
  return matrix(rows / outputs, cols * outputs, data);
}

function everyNth({ rows, cols, data }: Matrix, first: number, step: number): Matrix {
  const out = matrix(rows / step, cols);
  for (let i = 0; i < out.rows; i++) {
    const from = (i * step + first) * cols;
    out.data.set(data.subarray(from, from + cols), i * cols);
  }
  return out;
}
