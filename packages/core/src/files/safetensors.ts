import { FormatError } from "../errors.ts";

/** Named float64 arrays with text metadata: the content of a safetensors file. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The header may not claim more than this: the format's own limit. */
const MAX_HEADER = 100_000_000;

/**
 * The bytes of a safetensors file: a little-endian uint64 header length, the JSON header padded with spaces to a
 * multiple of 8, then the arrays back to back. https://github.com/huggingface/safetensors
 */
export function encodeSafetensors({ metadata, tensors }: Safetensors): Uint8Array {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    const start = end;
    end += data.byteLength;
    return [name, { dtype: "F64", shape, data_offsets: [start, end] }] as const;
  });
  const header = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const text = new TextEncoder().encode(header);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const { data } of Object.values(tensors)) {
    writeFloats(bytes, at, data);
    at += data.byteLength;
  }
  return bytes;
}

/** Throws FormatError naming `source` when the bytes are not a whole safetensors file of float64 arrays. */
export function decodeSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const { base, metadata, entries } = readHeader(bytes, source);
  const tensors = Object.entries(entries).map(
    ([name, entry]) => [name, readTensor(name, entry, bytes, base, source)] as const,
  );
  const end = tensors.reduce((sum, [, { data }]) => sum + data.byteLength, base);
  if (end !== bytes.length)
    throw new FormatError(
      `${source} is damaged: its arrays take ${end} bytes, it has ${bytes.length}; copy or save it again`,
    );
  return { metadata, tensors: Object.fromEntries(tensors) };
}

/** What a safetensors file says of itself, whatever its arrays hold. Throws FormatError naming `source`. */
export function safetensorsMetadata(bytes: Uint8Array, source: string): Safetensors["metadata"] {
  return readHeader(bytes, source).metadata;
}

interface Header {
  /** Where the arrays start. */
  readonly base: number;
  readonly metadata: Safetensors["metadata"];
  readonly entries: Readonly<Record<string, unknown>>;
}

function readHeader(bytes: Uint8Array, source: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : MAX_HEADER + 1;
  if (length > MAX_HEADER || bytes[8] !== 0x7b)
    throw new FormatError(
      `${source} is not a safetensors file, the format ntkit saves models and weights in: pass a file that ntkit wrote`,
    );
  if (8 + length > bytes.length) throw truncated(source, bytes.length, 8 + length);
  const { __metadata__: metadata, ...entries } = parseHeader(bytes.subarray(8, 8 + length), source);
  return { base: 8 + length, metadata: isTexts(metadata) ? metadata : {}, entries };
}

function parseHeader(bytes: Uint8Array, source: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof header === "object" && header !== null) return header as Record<string, unknown>; // checked field by field
  } catch (error) {
    throw new FormatError(`${source} is damaged: its header cannot be read`, { cause: error });
  }
  throw new FormatError(`${source} is damaged: its header is not an object`);
}

function readTensor(name: string, entry: unknown, bytes: Uint8Array, base: number, source: string): Tensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (dtype !== "F64") throw new FormatError(`${source}: array "${name}" is of type ${dtype}, ntkit reads F64`);
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2)
    throw new FormatError(`${source} is damaged: the shape of array "${name}" cannot be read`);
  const [start, end] = offsets as [number, number];
  const count = shape.reduce((product, size) => product * size, 1);
  if (end - start !== 8 * count) throw new FormatError(`${source} is damaged: array "${name}" has the wrong size`);
  if (base + end > bytes.length) throw truncated(source, bytes.length, base + end);
  // Copied byte by byte: the array need not start at a multiple of 8 in memory.
  const data = new Float64Array(count);
  new Uint8Array(data.buffer).set(bytes.subarray(base + start, base + end));
  return { shape, data };
}

function truncated(source: string, actual: number, expected: number): FormatError {
  return new FormatError(
    `${source} is truncated: it has ${actual} bytes of at least ${expected}; copy or save it again`,
  );
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 0);
}

function isTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === "string")
  );
}

function writeFloats(bytes: Uint8Array, at: number, data: Float64Array): void {
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
}
