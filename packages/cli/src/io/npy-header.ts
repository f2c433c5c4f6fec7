import { endianness } from "node:os";
import { FormatError } from "ntkit";
import type { ByteSource } from "./byte-source.ts";

/** What stands before the values of a .npy file (NEP 1, versions 1 to 3). */
export interface NpyHeader {
  /** NumPy's kind and bytes per value, like "f8". */
  readonly type: string;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the values start. */
  readonly start: number;
}

export const NPY_MAGIC = "\x93NUMPY";

/** Longer than any header of an array of numbers; a length beyond it is damage. */
const MAX_HEADER = 2 ** 20;

export async function readNpyHeader(source: ByteSource): Promise<NpyHeader> {
  const head = Buffer.alloc(Math.min(12, source.size));
  await source.read(head, 0);
  if (head.length < 10 || head.toString("latin1", 0, 6) !== NPY_MAGIC)
    throw new FormatError(`${source.name} is not a .npy file: ${advice(head)}`);
  const version = head[6]!;
  if (version < 1 || version > 3)
    throw new FormatError(`${source.name} is of .npy version ${version}, ntkit reads 1 to 3: save it with numpy.save`);
  const at = version === 1 ? 10 : 12;
  const length = version === 1 ? head.readUInt16LE(8) : head.length < 12 ? MAX_HEADER : head.readUInt32LE(8);
  if (length >= MAX_HEADER || at + length > source.size)
    throw new FormatError(`${source.name} is truncated: it ends within its header; copy or save it again`);
  const text = Buffer.alloc(length);
  await source.read(text, at);
  return parse(text.toString("latin1"), at + length, source.name);
}

function advice(head: Buffer): string {
  return head.toString("latin1", 0, 2) === "PK"
    ? "it is a zip archive like .npz; save one array with numpy.save"
    : "save the array with numpy.save";
}

function parse(text: string, start: number, name: string): NpyHeader {
  const descr = /'descr':\s*('[^']*'|\[)/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(((?:\s*\d+L?\s*,?)*)\s*\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined)
    throw new FormatError(`${name} is damaged: its header cannot be read; copy or save it again`);
  const type = /^'([<>|=])(f[248]|[iu][1248]|b1)'$/.exec(descr);
  if (type === null) {
    const shown = descr === "[" ? "several fields" : `dtype ${descr}`;
    throw new FormatError(`${name}: values are of ${shown}, ntkit reads real numbers: save with .astype('float64')`);
  }
  const [, byteOrder, kind] = type;
  const sizes = (shape.match(/\d+/g) ?? []).map(Number);
  // An array without values may claim any size along its other axes.
  if (!Number.isSafeInteger(sizes.reduce((product, size) => product * Math.max(1, size), 8)))
    throw new FormatError(
      `${name} is damaged: no array is as large as its shape (${shape.trim()}) says; save it again`,
    );
  return {
    type: kind!,
    littleEndian: byteOrder === "=" ? endianness() === "LE" : byteOrder !== ">",
    fortranOrder: order === "True",
    shape: sizes,
    start,
  };
}

/** The header of an array of float64 in C order, in this machine's byte order, which nearly always is "<f8". */
export function encodeNpyHeader(shape: readonly number[]): Uint8Array {
  const descr = endianness() === "LE" ? "<f8" : ">f8";
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shapeText(shape)}, }`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64; // values start aligned
  const head = Buffer.alloc(total, " ");
  head.write(`${NPY_MAGIC}\x01\x00`, 0, "latin1");
  head.writeUInt16LE(total - 10, 8);
  head.write(text, 10, "latin1");
  head.write("\n", total - 1, "latin1");
  return head;
}

/** A shape the way NumPy prints it. */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}
