import { type DType, type Array as JaxArray, numpy } from "@jax-js/jax";
import { ShapeError, ValueError } from "ntkit";

const LARGEST_FLOAT32 = 3.4028234663852886e38;

/**
 * A jax-js array of dtype float64 that holds `values` in this shape, the last axis fastest. For weights: the function that is
 * differentiated works in the precision of its weights.
 *
 * `numpy.array(values, { dtype: "float64" })` is the same where JavaScript has a Float16Array (Node 24, browsers since 2025), and
 * fails elsewhere. There the numbers travel as three float32 each, which add up to them; their size must then be that of a float32.
 */
export function jaxArray(values: ArrayLike<number>, shape: readonly number[]): JaxArray {
  const size = shape.reduce((product, length) => product * length, 1);
  if (values.length !== size || size === 0)
    throw new ShapeError(
      `jaxArray: shape [${shape.join(", ")}] needs ${size || "at least 1"} values, got ${values.length}`,
    );
  if ("Float16Array" in globalThis)
    return numpy.array(Float64Array.from(values), { shape: [...shape], dtype: numpy.float64 });
  return split(values)
    .map((part) => numpy.array(part, { shape: [...shape] }).astype(numpy.float64))
    .reduce((sum, part) => sum.add(part));
}

/** Three float32 arrays whose sum in float64 is `values`: 24 digits of each number at a time. */
function split(values: ArrayLike<number>): readonly Float32Array<ArrayBuffer>[] {
  const parts = [0, 1, 2].map(() => new Float32Array(values.length));
  for (let i = 0; i < values.length; i++) {
    let rest = values[i]!;
    if (!(Math.abs(rest) <= LARGEST_FLOAT32))
      throw new ValueError(`jaxArray: without Float16Array values must lie in the range of float32, got ${rest}`);
    for (const part of parts) {
      part[i] = rest;
      rest -= part[i]!;
    }
  }
  return parts;
}

/** The same with the dtype that the weights have. */
export function arrayOf(values: ArrayLike<number>, shape: readonly number[], dtype: DType): JaxArray {
  return dtype === numpy.float64
    ? jaxArray(values, shape)
    : numpy.array(Float32Array.from(values), { shape: [...shape] });
}

/** The numbers of a jax-js array, which is used up. */
export async function readArray(values: JaxArray): Promise<Float64Array> {
  return Float64Array.from(await values.data());
}
