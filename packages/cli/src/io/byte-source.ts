import { type FileHandle, open, stat } from "node:fs/promises";
import { FormatError } from "ntkit";
import { isGzip, type ReadOptions, readInput, sourceName } from "./read-input.ts";

/** Bytes read by position, so that more of them than one buffer holds can be read. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  readonly size: number;
  /** Fills `target` with the bytes from `at` on. Both must lie within `size`. */
  read(target: Uint8Array, at: number): Promise<void>;
}

export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (target, at) => target.set(bytes.subarray(at, at + target.length)),
  };
}

/** Hands the bytes of `path` to `use`: in place for a plain file, from memory when gzipped, piped or "-". */
export async function withSource<T>(
  path: string,
  use: (source: ByteSource) => Promise<T>,
  options: ReadOptions = {},
): Promise<T> {
  const handle = await openPlain(path);
  if (handle === null) return use(memorySource(await readInput(path, options), sourceName(path)));
  try {
    const { size } = await handle.stat();
    return await use({ name: path, size, read: (target, at) => fill(handle, path, target, at) });
  } finally {
    await handle.close();
  }
}

/** A handle on a file that can be read in place, or null: then `readInput` reads it, or says why it cannot. */
async function openPlain(path: string): Promise<FileHandle | null> {
  const info = path === "-" ? null : await stat(path).catch(() => null);
  if (!info?.isFile() || path.endsWith(".gz")) return null;
  const handle = await open(path).catch(() => null);
  const { buffer: head } = (await handle?.read(Buffer.alloc(2), 0, 2, 0)) ?? {};
  if (!head || !isGzip(head)) return handle;
  await handle?.close();
  return null;
}

/** One read call takes at most this many bytes. */
const CHUNK = 2 ** 26;

async function fill(handle: FileHandle, path: string, target: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, Math.min(CHUNK, target.length - done), at + done);
    if (bytesRead === 0) throw new FormatError(`${path} became shorter while it was read: read it when it is complete`);
    done += bytesRead;
  }
}
