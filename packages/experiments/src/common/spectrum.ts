import type { Matrix } from "ntkit";
import type { RunContext } from "../experiment.ts";

/** Eigenvalues of a symmetric matrix, ascending. */
export async function eigenvalues(a: Matrix, { engine, signal }: RunContext): Promise<Float64Array> {
  return (await engine.eigh(a, { signal })).values;
}

/** ‖A‖₂ of a symmetric matrix: its largest eigenvalue in size. */
export async function spectralNorm(a: Matrix, context: RunContext): Promise<number> {
  const values = await eigenvalues(a, context);
  return Math.max(-values[0]!, values.at(-1)!);
}
