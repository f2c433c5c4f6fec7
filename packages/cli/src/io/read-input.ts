import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { DataError, didYouMean, FormatError } from "ntkit";

/** The bytes of a file, or of standard input for "-", unpacked if they are gzipped. One sentence when that fails. */
export async function readInput(path: string): Promise<Uint8Array> {
  return unpack(path, path === "-" ? await readStdin() : await readBytes(path));
}

/** Throws a DataError that says why `path` is no file that can be read, with the nearest name in its folder. */
export async function checkReadable(path: string): Promise<void> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new DataError(explain(path, error), { cause: error });
  });
  if (info.isDirectory()) throw new DataError(`${path} is a directory: name a file in it`);
  await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw new DataError(explain(path, error), { cause: error });
  });
}

async function readBytes(path: string): Promise<Uint8Array> {
  await checkReadable(path).catch(async (error) => {
    throw error instanceof DataError && isMissing(error)
      ? new DataError(`${error.message}${await nearby(path)}`)
      : error;
  });
  return readFile(path);
}

function isMissing(error: DataError): boolean {
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

async function nearby(path: string): Promise<string> {
  const names = await readdir(dirname(path)).catch(() => []);
  return didYouMean(basename(path), names);
}

function explain(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return `${path} does not exist`;
  if (error.code === "EACCES" || error.code === "EPERM") return `${path} may not be read: check its permissions`;
  if (error.code === "ENOTDIR") return `${path} does not exist: part of its path is a file, not a folder`;
  return `${path} cannot be read: ${error.message}`;
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function unpack(path: string, bytes: Uint8Array): Uint8Array {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzipped) {
    if (path.endsWith(".gz") && bytes.length > 0)
      throw new FormatError(`${path} is not gzipped although its name ends in .gz: rename or compress it`);
    return bytes;
  }
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new FormatError(`${path} is damaged: its gzip data end early or are corrupt; copy it again`, {
      cause: error,
    });
  }
}
