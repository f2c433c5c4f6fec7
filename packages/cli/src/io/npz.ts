import { crc32, inflateRawSync } from "node:zlib";
import { FormatError } from "ntkit";
import { type InputLimit, tooLarge } from "./input-limit.ts";

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

/** The bytes of the one array that an archive of NumPy holds, or null for an archive of other things, or without an end. */
export function onlyArray(bytes: Uint8Array, source: string, limit: InputLimit): Uint8Array | null {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = directory(zip);
  if (entries === null || !entries.every(({ name }) => name.endsWith(".npy"))) return null;
  if (entries.length === 1) return unpack(zip, entries[0]!, source, limit);
  const names = entries.map(({ name }) => name.slice(0, -4)).join(", ") || "no array";
  throw new FormatError(`${source} holds ${names}: save the one array of the table with numpy.save`);
}

function damaged(source: string, cause?: unknown): FormatError {
  return new FormatError(`${source} is a damaged archive: copy or save it again`, { cause });
}

/** The entries that the end of a zip file lists, or null where it is damaged. */
function directory(zip: Buffer): Entry[] | null {
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  if (end < 0 || end + 22 > zip.length) return null;
  let at = zip.readUInt32LE(end + 16);
  const entries: Entry[] = [];
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    if (at + 46 > zip.length || zip.toString("latin1", at, at + 4) !== "PK\x01\x02") return null;
    const length = zip.readUInt16LE(at + 28);
    entries.push({
      method: zip.readUInt16LE(at + 10),
      crc: zip.readUInt32LE(at + 16),
      packed: zip.readUInt32LE(at + 20),
      size: zip.readUInt32LE(at + 24),
      at: zip.readUInt32LE(at + 42),
      name: zip.toString("utf8", at + 46, at + 46 + length),
    });
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

function unpack(zip: Buffer, { method, crc, packed, size, at }: Entry, source: string, limit: InputLimit): Uint8Array {
  if (size > limit.bytes) throw tooLarge(`${source}, unpacked,`, limit);
  if (at + 30 > zip.length) throw damaged(source);
  const start = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
  const content = zip.subarray(start, start + packed);
  let bytes: Uint8Array;
  try {
    bytes = method === 8 ? inflateRawSync(content, { maxOutputLength: Math.max(1, size) }) : content;
  } catch (error) {
    throw damaged(source, error);
  }
  if ((method !== 0 && method !== 8) || bytes.length !== size || crc32(bytes) !== crc) throw damaged(source);
  return bytes;
}
