import {
  checkPositiveSemidefinite,
  type Engine,
  type GramEngine,
  type Grams,
  isNtkError,
  kernelDiagonal,
  kernelFn,
  type Layer,
  type Matrix,
  matrix,
} from "ntkit";

export type NamedEngine = Engine & Partial<GramEngine>;

const NAMES = ["nngp", "ntk"] as const;

/** Errors beyond these are faults: of an engine beside plain TypeScript, in units of √(K_ii K_jj). */
const ALLOWED = 1e-12;

/** Below this, what is computed from float64 has fewer digits than we ask for. */
const TINY = 1e-290;

/** What became of one network: kernels, or the error that all engines gave. */
export type Outcome = "computed" | `refused as ${string}`;

/**
 * Throws where the kernels of a network are wrong, or differ between engines: finite or an error by name, symmetric,
 * |K_ij| ≤ √(K_ii K_jj), positive semidefinite, the same from every engine, and the same bits from tiles of any size.
 */
export async function checkNetwork(network: Layer, x: Matrix, engines: readonly NamedEngine[]): Promise<Outcome> {
  const truth = await gramsOrError(() => kernelFn(network)(x, null, NAMES));
  for (const engine of engines) {
    const found = await gramsOrError(() => kernelFn(network)(x, null, NAMES, { engine }));
    if (typeof truth === "string" || typeof found === "string") {
      if (truth !== found) throw new Error(`js: ${said(truth)}; ${engine.name}: ${said(found)}`);
      continue;
    }
    await compare(network, x, engine, truth, found);
  }
  if (typeof truth === "string") return `refused as ${truth.slice(0, truth.indexOf(":"))}`;
  for (const name of NAMES) await checkGram(`js ${name}`, truth[name]);
  checkDiagonal(network, x, truth);
  await checkTiles(network, x, "js", undefined, truth);
  return "computed";
}

/** The kernels, or the name and message of one of ntkit's own errors. */
async function gramsOrError(compute: () => Promise<Grams>): Promise<Grams | string> {
  try {
    return await compute();
  } catch (error) {
    if (isNtkError(error)) return `${error.name}: ${error.message}`;
    throw error;
  }
}

function said(result: Grams | string): string {
  return typeof result === "string" ? result : "kernels";
}

async function compare(network: Layer, x: Matrix, engine: NamedEngine, truth: Grams, found: Grams): Promise<void> {
  for (const name of NAMES) {
    await checkGram(`${engine.name} ${name}`, found[name]);
    const worst = worstPair(truth[name], found[name]);
    if (worst.error <= ALLOWED) continue;
    // Kernels with jumps magnify the last bits of the inputs: engines may differ as much as those do.
    const moved = await movement(network, x, name);
    const at = worst.row * x.rows + worst.col;
    if (Math.abs(truth[name].data[at]! - found[name].data[at]!) <= 8 * moved[at]!) continue;
    throw new Error(
      `${name} of rows ${worst.row} and ${worst.col}: js ${truth[name].data[at]}, ${engine.name} ${found[name].data[at]}, ${worst.error.toExponential(1)} of √(K_ii K_jj)`,
    );
  }
  await checkTiles(network, x, engine.name, engine, found);
}

function worstPair(a: Matrix, b: Matrix): { row: number; col: number; error: number } {
  let worst = { row: 0, col: 0, error: 0 };
  for (let row = 0; row < a.rows; row++) {
    for (let col = 0; col < a.cols; col++) {
      const at = row * a.cols + col;
      const size = Math.sqrt(a.data[row * a.cols + row]!) * Math.sqrt(a.data[col * a.cols + col]!);
      const error = Math.abs(a.data[at]! - b.data[at]!) / Math.max(size, TINY);
      if (!(error <= worst.error)) worst = { row, col, error };
    }
  }
  return worst;
}

/** How far each entry moves when values of the inputs move by two units in the last place of their row's largest, in a few ways. */
async function movement(network: Layer, x: Matrix, name: "nngp" | "ntk"): Promise<Float64Array> {
  const here = await kernelFn(network)(x, null, name);
  const moved = new Float64Array(here.data.length);
  for (const period of [1, 2, 3]) {
    const nudged = x.data.map((value, at) => {
      const row = at - (at % x.cols);
      const size = Math.max(...x.data.subarray(row, row + x.cols).map(Math.abs));
      return at % period === 0 ? value + 2 * Number.EPSILON * size : value;
    });
    const there = await kernelFn(network)(x, matrix(x.rows, x.cols, nudged), name);
    there.data.forEach((value, at) => {
      moved[at] = Math.max(moved[at]!, Math.abs(value - here.data[at]!));
    });
  }
  return moved;
}

async function checkGram(what: string, gram: Matrix): Promise<void> {
  const n = gram.rows;
  // Self terms of Θ may be tiny where K is 0: what has lost digits bounds nothing.
  const sizes = Float64Array.from({ length: n }, (_, i) => {
    const self = gram.data[i * n + i]!;
    return self >= TINY ? Math.sqrt(self) : 0;
  });
  const correlations = matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = gram.data[i * n + j]!;
      if (!Number.isFinite(value)) throw new Error(`${what} of rows ${i} and ${j} is ${value}`);
      if (value !== gram.data[j * n + i]) throw new Error(`${what} is not symmetric at ${i}, ${j}`);
      const bound = sizes[i]! * sizes[j]!;
      if (bound > 0 && Math.abs(value) > bound * (1 + ALLOWED))
        throw new Error(`${what} of rows ${i} and ${j} is ${value}, above √(K_ii K_jj) = ${bound}`);
      correlations.data[i * n + j] = bound === 0 ? 0 : value / bound;
    }
  }
  const { ok, smallestEigenvalue } = await checkPositiveSemidefinite(correlations);
  if (!ok) throw new Error(`${what} has a correlation matrix with the eigenvalue ${smallestEigenvalue}`);
}

function checkDiagonal(network: Layer, x: Matrix, truth: Grams): void {
  for (const name of NAMES)
    kernelDiagonal(network, x, name).forEach((value, i) => {
      if (value !== truth[name].data[i * x.rows + i])
        throw new Error(
          `the diagonal of ${name} alone is ${value} at ${i}, in the matrix ${truth[name].data[i * x.rows + i]}`,
        );
    });
}

/** Tiles of 3, and the block of the first rows with the last ones, have the bits of the whole. */
async function checkTiles(
  network: Layer,
  x: Matrix,
  who: string,
  engine: NamedEngine | undefined,
  whole: Grams,
): Promise<void> {
  const tiled = x.rows > 20 ? null : await kernelFn(network)(x, null, NAMES, { engine, tile: 3 });
  const [top, rest] = [Math.min(4, x.rows), Math.max(0, x.rows - 3)];
  const first = matrix(top, x.cols, x.data.slice(0, top * x.cols));
  const last = matrix(x.rows - rest, x.cols, x.data.slice(rest * x.cols));
  const block = await kernelFn(network)(first, last, NAMES, { engine });
  for (const name of NAMES) {
    if (tiled?.[name].data.some((value, at) => !Object.is(value, whole[name].data[at])))
      throw new Error(`${who}: tiles of 3 give other bits of ${name}`);
    block[name].data.forEach((value, at) => {
      const [row, col] = [Math.floor(at / last.rows), rest + (at % last.rows)];
      // A pair of an input with itself is no self term in a block of two batches: dropout tells them apart.
      if (row === col) return;
      if (!Object.is(value, whole[name].data[row * x.rows + col]))
        throw new Error(
          `${who}: a block gives other bits of ${name} of rows ${row} and ${col}: ${value}, not ${whole[name].data[row * x.rows + col]}`,
        );
    });
  }
}
