import { endianness } from "node:os";
import { FormatError, type Matrix, matrix } from "ntkit";
import { type ByteSource, withSource } from "./byte-source.ts";
import { exactNumber } from "./exact-number.ts";
import { arrayLimit, tooLarge } from "./input-limit.ts";
import { encodeNpyHeader, type NpyHeader, readNpyHeader, shapeText } from "./npy-header.ts";
import type { ReadOptions } from "./read-input.ts";
import { writeFileAtomic } from "./write-file.ts";

/** An array of any number of axes in C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Reader = (view: DataView, at: number, littleEndian: boolean) => number;

/** NumPy type codes: how to read one value. The digit is its bytes. */
const READERS: Readonly<Record<string, Reader>> = {
  f8: (view, at, little) => view.getFloat64(at, little),
  f4: (view, at, little) => view.getFloat32(at, little),
  f2: (view, at, little) => halfNumber(view.getUint16(at, little)),
  i8: (view, at, little) => exactNumber(view.getBigInt64(at, little)),
  i4: (view, at, little) => view.getInt32(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  i1: (view, at) => view.getInt8(at),
  u8: (view, at, little) => exactNumber(view.getBigUint64(at, little)),
  u4: (view, at, little) => view.getUint32(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  u1: (view, at) => view.getUint8(at),
  b1: (view, at) => view.getUint8(at),
};

/** The number that the bits of a float16 stand for: sign, 5 bits of exponent, 10 of fraction. */
function halfNumber(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31
        ? (1 + fraction / 1024) * 2 ** (exponent - 15)
        : fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN;
  return bits & 0x8000 ? -size : size;
}

/** Bytes handed over at a time: one call cannot take 2 GiB. A multiple of every value's size. */
const CHUNK = 2 ** 26;

/** An array from a .npy file: real numbers and booleans of either byte order, in C or Fortran order. */
export function readNpy(path: string, options: ReadOptions = {}): Promise<NpyArray> {
  return withSource(path, (source) => decodeNpy(source, options), options);
}

/** A two-dimensional .npy file as a matrix, one row per example. */
export async function readNpyMatrix(path: string, options: ReadOptions = {}): Promise<Matrix> {
  const { shape, data } = await readNpy(path, options);
  if (shape.length !== 2)
    throw new FormatError(
      `${path}: a two-dimensional array is needed, one row per example, got shape ${shapeText(shape)}: reshape it before saving`,
    );
  return matrix(shape[0]!, shape[1]!, data);
}

/** The same from bytes wherever they are. */
export async function decodeNpy(
  source: ByteSource,
  { signal, limit = arrayLimit() }: ReadOptions = {},
): Promise<NpyArray> {
  const header = await readNpyHeader(source);
  const { shape, start, fortranOrder } = header;
  const count = shape.reduce((product, length) => product * length, 1);
  const end = start + count * Number(header.type[1]);
  if (source.size < end)
    throw new FormatError(
      `${source.name} is truncated: shape ${shapeText(shape)} needs ${end} bytes, it has ${source.size}; copy or save it again`,
    );
  if (8 * count > limit.bytes) throw tooLarge(source.name, limit);
  const data = await readValues(source, header, count, signal);
  return { shape, data: fortranOrder && shape.length > 1 ? toCOrder(data, shape) : data };
}

async function readValues(
  source: ByteSource,
  header: NpyHeader,
  count: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { type, littleEndian, start } = header;
  const data = new Float64Array(count);
  if (type === "f8" && littleEndian === (endianness() === "LE")) {
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length; at += CHUNK) {
      signal?.throwIfAborted();
      await source.read(bytes.subarray(at, at + CHUNK), start + at);
    }
    return data;
  }
  const [size, read] = [Number(type[1]), READERS[type]!];
  for (let first = 0; first < count; first += CHUNK / size) {
    const bytes = new Uint8Array(size * Math.min(CHUNK / size, count - first));
    signal?.throwIfAborted();
    await source.read(bytes, start + first * size);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += size) data[first + at / size] = read(view, at, littleEndian);
  }
  if (type === "i8" || type === "u8") checkExact(data, source.name);
  return data;
}

function checkExact(data: Float64Array, name: string): void {
  const at = data.findIndex(Number.isNaN);
  if (at < 0) return;
  throw new FormatError(
    `${name}: value ${at} is a whole number beyond 2^53, which float64 cannot hold exactly: save with .astype('float64') if that does not matter`,
  );
}

/** Values that run fastest along the first axis, reordered to run fastest along the last. */
function toCOrder(data: Float64Array, shape: readonly number[]): Float64Array {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, 1));
  const result = new Float64Array(data.length);
  for (let at = 0; at < data.length; at++) {
    let [rest, from] = [at, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    result[at] = data[from]!;
  }
  return result;
}

function bytesOf(data: Float64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Writes a matrix as .npy, version 1.0: float64, C order. "-" or undefined is standard output. */
export function writeNpy(path: string | undefined, { rows, cols, data }: Matrix): Promise<void> {
  return writeNpyArray(path, { shape: [rows, cols], data });
}

/** The same for an array of any number of axes. */
export async function writeNpyArray(path: string | undefined, { shape, data }: NpyArray): Promise<void> {
  const bytes = bytesOf(data);
  await writeFileAtomic(path, async (write) => {
    await write(encodeNpyHeader(shape));
    for (let at = 0; at < bytes.length; at += CHUNK) await write(bytes.subarray(at, at + CHUNK));
  });
}
