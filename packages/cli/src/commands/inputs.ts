import { basename } from "node:path";
import { DataError, type Matrix, ShapeError } from "ntkit";
import { readNpyMatrix } from "../io/npy.ts";
import { checkWritable } from "../io/write-file.ts";

/** Throws, before any work is done, when `out` could not be written as .npy. */
export async function checkArrayPath(out: string, what: string): Promise<void> {
  if (/\.[a-z0-9]+$/i.test(basename(out)) && !/\.npy$/i.test(out))
    throw new DataError(`${out}: ${what} are written as .npy`);
  await checkWritable(out);
}

export interface InputPair {
  readonly x1: Matrix;
  /** null: the rows of x1. */
  readonly x2: Matrix | null;
}

/** The inputs of the rows of a kernel, and those of its columns where they are others. */
export async function readInputPair(path1: string, path2: string | undefined, signal: AbortSignal): Promise<InputPair> {
  const x1 = await readInputs(path1, signal);
  const x2 = path2 === undefined ? null : await readInputs(path2, signal);
  if (x2 && x2.cols !== x1.cols)
    throw new ShapeError(
      `${path2}: both inputs must have the same number of columns, got ${x2.cols}, and ${x1.cols} in ${path1}`,
    );
  return { x1, x2 };
}

/** Rows of finite numbers, one at least in each. */
async function readInputs(path: string, signal: AbortSignal): Promise<Matrix> {
  const x = await readNpyMatrix(path, { signal });
  if (x.cols === 0) throw new ShapeError(`${path}: inputs must have at least one column, got shape (${x.rows}, 0)`);
  const at = x.data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new DataError(
      `${path}: every value must be finite, got ${x.data[at]} at row ${Math.floor(at / x.cols)}, column ${at % x.cols}, both from 0: replace it, or leave the row out`,
    );
  return x;
}
