import { FormatError, quoted } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { ELEMENT_TYPES } from "./element-types.ts";

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

/** The metadata entry that holds the checksum of everything else in a file. */
const CHECKSUM = "ntkit_crc32";

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
    bytes.set(bytesOf(data), at);
    at += data.byteLength;
  }
  return bytes;
}

/** The same with a checksum in the metadata: `openSafetensors` refuses the file when anything in it changes. */
export function encodeChecked({ metadata, tensors }: Safetensors): Uint8Array {
  const { [CHECKSUM]: _, ...rest } = metadata;
  const spans = Object.entries(tensors).map(
    ([name, { shape, data }]): Span => ({ name, dtype: "F64", shape, bytes: bytesOf(data) }),
  );
  return encodeSafetensors({ metadata: { ...rest, [CHECKSUM]: checksum(rest, spans) }, tensors });
}

/** A safetensors file that is whole and, where it has a checksum, unchanged. */
export interface OpenSafetensors {
  readonly metadata: Safetensors["metadata"];
  /** The arrays in float64, from whatever type they have. Throws FormatError for one that is not of real numbers. */
  tensors(): Safetensors["tensors"];
}

/** Throws FormatError naming `source` when the bytes are not a whole safetensors file, or were changed. */
export function openSafetensors(bytes: Uint8Array, source: string): OpenSafetensors {
  const { base, metadata, entries } = readHeader(bytes, source);
  const spans = Object.entries(entries).map(([name, entry]) => spanOf(name, entry, bytes, base, source));
  const end = spans.reduce((sum, span) => sum + span.bytes.length, base);
  if (end !== bytes.length)
    throw new FormatError(
      `${source} is damaged: its arrays take ${end} bytes, it has ${bytes.length}; copy or save it again`,
    );
  const { [CHECKSUM]: expected, ...rest } = metadata;
  const actual = expected === undefined ? undefined : checksum(rest, spans);
  if (expected !== actual)
    throw new FormatError(
      `${source} was changed after it was written: its contents have the checksum ${actual}, not ${expected}; copy or save it again`,
    );
  return {
    metadata: rest,
    tensors: () => Object.fromEntries(spans.map((span) => [span.name, readTensor(span, source)] as const)),
  };
}

/** Throws FormatError naming `source` when the bytes are not a whole safetensors file of real numbers. */
export function decodeSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const { metadata, tensors } = openSafetensors(bytes, source);
  return { metadata, tensors: tensors() };
}

/** An array as it lies in a file. */
interface Span {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Of what a file says, however its header is written: names in alphabetical order, then the arrays in that order. */
function checksum(metadata: Safetensors["metadata"], spans: readonly Span[]): string {
  const sorted = [...spans].sort((a, b) => (a.name < b.name ? -1 : 1));
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const description = JSON.stringify([texts, sorted.map(({ name, dtype, shape }) => [name, dtype, shape])]);
  const start = crc32(new TextEncoder().encode(description));
  const crc = sorted.reduce((before, span) => crc32(span.bytes, before), start);
  return crc.toString(16).padStart(8, "0");
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

function spanOf(name: string, entry: unknown, bytes: Uint8Array, base: number, source: string): Span {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2)
    throw new FormatError(`${source} is damaged: the shape of array "${name}" cannot be read`);
  const [start, end] = offsets as [number, number];
  if (start > end) throw new FormatError(`${source} is damaged: array "${name}" has the wrong size`);
  if (base + end > bytes.length) throw truncated(source, bytes.length, base + end);
  return {
    name,
    dtype: typeof dtype === "string" ? dtype : quoted(dtype),
    shape,
    bytes: bytes.subarray(base + start, base + end),
  };
}

function readTensor({ name, dtype, shape, bytes }: Span, source: string): Tensor {
  const type = Object.hasOwn(ELEMENT_TYPES, dtype) ? ELEMENT_TYPES[dtype]! : undefined;
  if (!type)
    throw new FormatError(
      `${source}: array "${name}" is of type ${dtype}, ntkit reads ${Object.keys(ELEMENT_TYPES).join(", ")}`,
    );
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== type.size * count)
    throw new FormatError(`${source} is damaged: array "${name}" has the wrong size`);
  const data = new Float64Array(count);
  // Copied byte by byte: the array need not start at a multiple of 8 in memory.
  if (dtype === "F64") bytesOf(data).set(bytes);
  else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < count; i++) data[i] = type.read(view, i * type.size);
  }
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

function bytesOf(data: Float64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
