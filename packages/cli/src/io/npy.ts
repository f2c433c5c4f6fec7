import { FormatError, type Matrix, matrix } from "ntkit";
import { readInput } from "./read-input.ts";
import { writeFileAtomic } from "./write-file.ts";

/** An array of any number of axes in C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Reader = (view: DataView, at: number, littleEndian: boolean) => number;

/** NumPy type codes: bytes per value, and how to read one. */
const TYPES: Readonly<Record<string, readonly [number, Reader]>> = {
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  i1: [1, (view, at) => view.getInt8(at)],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  u1: [1, (view, at) => view.getUint8(at)],
  b1: [1, (view, at) => view.getUint8(at)],
};

interface Header {
  readonly type: string;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the values start. */
  readonly start: number;
}

/**
 * An array from the bytes of a .npy file: NEP 1, versions 1 to 3, real numbers and booleans of either byte order, C or
 * Fortran order.
 */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const header = readHeader(bytes, source);
  const { type, littleEndian, fortranOrder, shape, start } = header;
  const [size, read] = TYPES[type]!;
  const count = shape.reduce((product, length) => product * length, 1);
  if (bytes.length < start + size * count)
    throw new FormatError(
      `${source} is truncated: shape (${shape.join(", ")}) needs ${start + size * count} bytes, the file has ${bytes.length}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const data = Float64Array.from({ length: count }, (_, i) => read(view, i * size, littleEndian));
  return { shape, data: fortranOrder ? toCOrder(data, shape) : data };
}

function readHeader(bytes: Uint8Array, source: string): Header {
  const magic = "\x93NUMPY";
  if (bytes.length < 10 || ![...magic].every((char, i) => bytes[i] === char.charCodeAt(0)))
    throw new FormatError(`${source} is not a .npy file: save the array with numpy.save`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const text = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, start));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (order === undefined || shape === undefined || start > bytes.length)
    throw new FormatError(`${source} is damaged: its header cannot be read`);
  const type = descr?.slice(1) ?? "";
  if (!(type in TYPES))
    throw new FormatError(
      `${source} holds values of type ${descr ?? "of several fields"}, ntkit reads real numbers: save it with .astype("float64")`,
    );
  const lengths = shape.split(",").flatMap((length) => (length.trim() === "" ? [] : [Number(length)]));
  return { type, littleEndian: descr![0] !== ">", fortranOrder: order === "True", shape: lengths, start };
}

/** Values that run fastest along the first axis, reordered to run fastest along the last. */
function toCOrder(data: Float64Array, shape: readonly number[]): Float64Array {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, 1));
  return Float64Array.from(data, (_, at) => {
    let [rest, index] = [at, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return data[index]!;
  });
}

/** A two-dimensional .npy file as a matrix, one row per example. */
export async function readNpyMatrix(path: string): Promise<Matrix> {
  const { shape, data } = decodeNpy(await readInput(path), path);
  if (shape.length !== 2)
    throw new FormatError(
      `${path}: a two-dimensional array is needed, one row per example, got shape (${shape.join(", ")}${shape.length === 1 ? "," : ""})`,
    );
  return matrix(shape[0]!, shape[1]!, data);
}

/** Bytes handed to the system at a time: one call cannot take 2 GiB. */
const CHUNK = 2 ** 26;

/** Writes a matrix as .npy, version 1.0: float64, little-endian, C order. */
export async function writeNpy(path: string, { rows, cols, data }: Matrix): Promise<void> {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows}, ${cols}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, " ");
  head.write("\x93NUMPY\x01\x00", 0, "latin1");
  head.writeUInt16LE(length, 8);
  head.write(text, 10, "latin1");
  head.write("\n", 9 + length, "latin1");
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  await writeFileAtomic(path, async (write) => {
    await write(head);
    for (let at = 0; at < bytes.length; at += CHUNK) await write(bytes.subarray(at, at + CHUNK));
  });
}
