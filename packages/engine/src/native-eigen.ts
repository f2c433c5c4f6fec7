import {
  checkFinite,
  checkSquare,
  type Eigh,
  type Matrix,
  matrix,
  NumericalError,
  type Svd,
  type TridiagonalForm,
  transpose,
  type WorkOptions,
} from "ntkit/engine-kit";
import { integer, integerIn, type Library, type Pointer, type Routine } from "./library.ts";
import { copyFiniteLower } from "./native-copy.ts";
import { unlessAborted } from "./native-steps.ts";

/** From here on the work space of dsyevd, 1 + 6n + 2n², overflows the 32-bit integer that holds its size. */
const TOO_LARGE_FOR_DSYEVD = 32767;

/**
 * The transpose that LAPACK sees is the same matrix, and its columns of eigenvectors are our rows. The routine is one
 * call: a signal ends the wait for it, and the call ends unheard.
 */
export async function nativeEigh(library: Library, a: Matrix, options: WorkOptions = {}): Promise<Eigh> {
  const n = a.rows;
  checkSquare("eigh", a);
  options.signal?.throwIfAborted();
  const lower = await copyFiniteLower(library, "eigh", a);
  if (n === 0) return { values: new Float64Array(0), vectors: matrix(0, 0) };
  const decompose = n < TOO_LARGE_FOR_DSYEVD ? divideAndConquer : relativelyRobust;
  return unlessAborted(decompose(library, lower, n), options.signal);
}

async function divideAndConquer(library: Library, lower: Float64Array, n: number): Promise<Eigh> {
  const values = new Float64Array(n);
  const matrixArguments = [integer(n), lower, integer(n), values];
  await withWorkSpace(library, "dsyevd", "VU", matrixArguments, { integers: 3 + 5 * n, integersSized: true });
  return { values, vectors: matrix(n, n, lower) };
}

/** Less work space than `divideAndConquer`, and slower. */
export async function relativelyRobust(library: Library, lower: Float64Array, n: number): Promise<Eigh> {
  const [values, vectors] = [new Float64Array(n), matrix(n, n, library.allocate(n * n))];
  const unused = new Float64Array(1);
  const [first, last] = [integer(1), integer(n)];
  const range = [unused, unused, first, last, new Float64Array(1), integer(0)];
  const output = [values, vectors.data, integer(n), new BigInt64Array(2 * n)];
  const matrixArguments = [integer(n), lower, integer(n), ...range, ...output];
  await withWorkSpace(library, "dsyevr", "VAU", matrixArguments, { integers: 10 * n, integersSized: true });
  return { values, vectors };
}

/** Reduction by reflectors, then Q in their place: beside A nothing but Q is held. */
export async function nativeTridiagonalForm(
  library: Library,
  a: Matrix,
  options: WorkOptions = {},
): Promise<TridiagonalForm> {
  const n = a.rows;
  checkSquare("tridiagonalForm", a);
  options.signal?.throwIfAborted();
  const basis = await copyFiniteLower(library, "tridiagonalForm", a);
  const [diagonal, offDiagonal, tau] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const finished = { diagonal, offDiagonal, basis: matrix(n, n, basis) };
  if (n === 0) return finished;
  const reduce = [integer(n), basis, integer(n), diagonal, offDiagonal, tau];
  await unlessAborted(withWork(library, "dsytrd", "U", reduce), options.signal);
  options.onProgress?.(0.7);
  await unlessAborted(withWork(library, "dorgtr", "U", [integer(n), basis, integer(n), tau]), options.signal);
  options.onProgress?.(1);
  return finished;
}

/** Of Aᵀ = U S Vᵀ, as LAPACK sees it: the columns of U are our rows of Vᵀ, and Vᵀ by columns is our U by rows. */
export async function nativeSvd(library: Library, a: Matrix, options: WorkOptions = {}): Promise<Svd> {
  checkFinite("svd", a);
  options.signal?.throwIfAborted();
  const { rows, cols } = a;
  const r = Math.min(rows, cols);
  const [values, right, leftColumns] = [new Float64Array(r), matrix(r, cols), matrix(rows, r)];
  if (r === 0) return { values, left: matrix(r, rows), right };
  const output = [values, right.data, integer(cols), leftColumns.data, integer(r)];
  const matrixArguments = [integer(cols), integer(rows), a.data.slice(), integer(cols), ...output];
  const work = withWorkSpace(library, "dgesdd", "S", matrixArguments, { integers: 8 * r, integersSized: false });
  await unlessAborted(work, options.signal);
  return { values, left: transpose(leftColumns), right };
}

/** Asks the routine how much work space it wants, gives it that, and runs it. */
async function withWork(
  library: Library,
  routine: Routine,
  characters: string,
  matrixArguments: readonly Pointer[],
): Promise<void> {
  const [wanted, info] = [new Float64Array(1), integer(0)];
  await library.call(routine, characters, ...matrixArguments, wanted, integer(-1), info);
  const size = Math.max(1, Math.ceil(wanted[0]!));
  await library.call(routine, characters, ...matrixArguments, library.allocate(size), integer(size), info);
}

/** The same for a routine that also wants integers, and may not converge. */
async function withWorkSpace(
  library: Library,
  routine: Routine,
  characters: string,
  matrixArguments: readonly Pointer[],
  { integers, integersSized }: { readonly integers: number; readonly integersSized: boolean },
): Promise<void> {
  const [wanted, iwork, info] = [new Float64Array(1), new BigInt64Array(integers), integer(0)];
  const run = (work: Float64Array, size: number, sizeOfIntegers: number): Promise<void> => {
    const spaces = [work, integer(size), iwork, ...(integersSized ? [integer(sizeOfIntegers)] : [])];
    return library.call(routine, characters, ...matrixArguments, ...spaces, info);
  };
  await run(wanted, -1, -1);
  const size = Math.ceil(wanted[0]!);
  await run(library.allocate(size), size, integers);
  const code = integerIn(info);
  if (code !== 0) throw new NumericalError(`${routine} of ${library.title} did not converge (info ${code})`);
}
