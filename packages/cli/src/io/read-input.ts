import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError, didYouMean, FormatError } from "ntkit";

/** The bytes of a file, or of standard input for "-", unpacked if they are gzipped. One sentence when that fails. */
export async function readInput(path: string): Promise<Uint8Array> {
  return unpack(sourceName(path), path === "-" ? await readStdin() : await readBytes(path));
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

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).isDirectory()) throw new DataError(`${path} is a directory: name a file in it`);
    await access(path, constants.R_OK);
    return await readFile(path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(await explain(path, error as NodeJS.ErrnoException), { cause: error });
  }
}

async function explain(path: string, error: NodeJS.ErrnoException): Promise<string> {
  const { code, message } = error;
  if (isAddress(path)) return `${path} is an address, not a file: download it, and name the file`;
  if (code === "ENOENT") return `${path} does not exist${await nearby(path)}`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read: check its permissions`;
  if (code === "ENOTDIR") return `${path} does not exist: part of its path is a file, not a folder`;
  if (code === "ERR_FS_FILE_TOO_LARGE") return `${path} is larger than 2 GiB: ${TOO_LARGE}`;
  return `${path} cannot be read: ${message}`;
}

const TOO_LARGE = "keep only the rows and columns that are needed";

async function nearby(path: string): Promise<string> {
  const names = await readdir(dirname(path)).catch(() => null);
  if (names === null) return `: there is no folder ${dirname(path)}`;
  return didYouMean(basename(path), names);
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function unpack(source: string, bytes: Uint8Array): Uint8Array {
  if (!isGzip(bytes)) {
    if (source.endsWith(".gz") && bytes.length > 0)
      throw new FormatError(`${source} is not gzipped although its name ends in .gz: rename or compress it`);
    return bytes;
  }
  try {
    return gunzipSync(bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw new DataError(`${source} is too large once unpacked: ${TOO_LARGE}`, { cause: error });
    throw new FormatError(`${source} is damaged: its gzip data end early or are corrupt; copy it again`, {
      cause: error,
    });
  }
}
