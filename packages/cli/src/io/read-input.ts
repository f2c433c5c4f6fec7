import { constants, createReadStream } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError, didYouMean, FormatError } from "ntkit";
import { type InputLimit, inputLimit, tooLarge } from "./input-limit.ts";

export interface ReadOptions {
  /** Ends the reading: a pipe may have nothing to give for hours. */
  readonly signal?: AbortSignal | undefined;
  /** What this machine can read when absent. */
  readonly limit?: InputLimit | undefined;
}

/** The bytes of a file, or of standard input for "-", unpacked if they are gzipped. One sentence when that fails. */
export async function readInput(path: string, { signal, limit = inputLimit() }: ReadOptions = {}): Promise<Uint8Array> {
  const within: Within = { signal, limit };
  const read = async () => {
    const bytes =
      path === "-"
        ? await collect(abortable(process.stdin, signal), "standard input", limit)
        : await readBytes(path, within);
    return unpack(sourceName(path), bytes, within);
  };
  return untilStopped(signal, read());
}

/** Rejects at once when the signal comes: to open a pipe nobody writes to may take for ever, and cannot be called off. */
export async function untilStopped<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  work.catch(() => {}); // what it ends with once nobody waits is not a failure of its own
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function abortable(stream: Readable, signal: AbortSignal | undefined): Readable {
  return signal ? addAbortSignal(signal, stream) : stream;
}

/** What messages call a path. */
export function sourceName(path: string): string {
  return path === "-" ? "standard input" : path;
}

/** Whether it is what a browser takes, where a file is asked for. */
export function isAddress(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

interface Within {
  readonly signal: AbortSignal | undefined;
  readonly limit: InputLimit;
}

/** Bytes read at a time. */
const CHUNK = 2 ** 20;

async function readBytes(path: string, within: Within): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new DataError(`${path} is a directory: name a file in it`);
    if (info.isFile() && info.size > within.limit.bytes) throw tooLarge(path, within.limit);
    await access(path, constants.R_OK);
    const stream = createReadStream(path, { highWaterMark: CHUNK });
    return await collect(abortable(stream, within.signal), path, within.limit);
  } catch (error) {
    if (error instanceof DataError || within.signal?.aborted) throw error;
    throw new DataError(await explain(path, error as NodeJS.ErrnoException), { cause: error });
  }
}

/** All that a stream gives. A device, a pipe or a file that grows may give more than any memory holds. */
async function collect(stream: AsyncIterable<Uint8Array>, source: string, limit: InputLimit): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit.bytes) throw tooLarge(source, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

async function explain(path: string, error: NodeJS.ErrnoException): Promise<string> {
  const { code, message } = error;
  if (isAddress(path)) return `${path} is an address, not a file: download it, and name the file`;
  if (code === "ENOENT") return `${path} does not exist${await nearby(path)}`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read: check its permissions`;
  if (code === "ENOTDIR") return `${path} does not exist: part of its path is a file, not a folder`;
  if (code === "ENXIO") return `${path} is a socket or a device that cannot be read: name a file`;
  return `${path} cannot be read: ${message}`;
}

async function nearby(path: string): Promise<string> {
  const names = await readdir(dirname(path)).catch(() => null);
  if (names === null) return `: there is no folder ${dirname(path)}`;
  return didYouMean(basename(path), names);
}

async function unpack(source: string, bytes: Uint8Array, within: Within): Promise<Uint8Array> {
  if (!isGzip(bytes)) {
    if (source.endsWith(".gz") && bytes.length > 0)
      throw new FormatError(`${source} is not gzipped although its name ends in .gz: rename or compress it`);
    return bytes;
  }
  try {
    const gunzip = createGunzip({ chunkSize: CHUNK });
    gunzip.end(bytes);
    return await collect(abortable(gunzip, within.signal), `${source}, unpacked,`, within.limit);
  } catch (error) {
    if (error instanceof DataError || within.signal?.aborted) throw error;
    throw new FormatError(`${source} is damaged: its gzip data end early or are corrupt; copy it again`, {
      cause: error,
    });
  }
}
