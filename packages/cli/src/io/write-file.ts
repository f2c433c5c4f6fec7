import { randomUUID } from "node:crypto";
import { access, constants, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "ntkit";
import { isAddress } from "./read-input.ts";
import { temporaries } from "./temporaries.ts";

/** Takes the next bytes of a file; resolves when more may be given. */
export type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * Writes a file as a whole or not at all: into a temporary file beside it, which then takes its name. Throws a
 * DataError with one sentence, and leaves nothing behind, when that fails. "-" or undefined is standard output.
 */
export async function writeFileAtomic(
  path: string | undefined,
  content: (write: Write) => Promise<void>,
): Promise<void> {
  if (path === undefined || path === "-") return content(writeStdout);
  await checkWritable(path);
  const target = await realpath(path).catch(() => path); // a link stays a link
  const existing = await stat(target).catch(() => null);
  try {
    // A device or a pipe must not be replaced by a file of its name.
    if (existing && !existing.isFile()) await writeInto(target, "w", content);
    else await writeBeside(target, existing && existing.mode & 0o777, content);
  } catch (error) {
    throw isSystemError(error) ? new DataError(explain(path, error), { cause: error }) : error;
  }
}

async function writeBeside(
  target: string,
  mode: number | null,
  content: (write: Write) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomUUID()}.tmp`);
  temporaries.add(temporary);
  try {
    await writeInto(temporary, "wx", content, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  } finally {
    temporaries.delete(temporary);
  }
}

async function writeInto(
  path: string,
  flags: "w" | "wx",
  content: (write: Write) => Promise<void>,
  mode: number | null = null,
): Promise<void> {
  const handle = await open(path, flags);
  try {
    if (mode !== null) await handle.chmod(mode);
    await content((bytes) => handle.writeFile(bytes));
    if (flags === "wx") await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A reader that went away, like `head`, has what it wanted: the rest is dropped. */
async function writeStdout(bytes: Uint8Array): Promise<void> {
  const { stdout } = process;
  if (stdout.destroyed) return;
  if (!stdout.listeners("error").includes(ignore)) stdout.on("error", ignore);
  try {
    await new Promise<void>((resolve, reject) => {
      stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code !== "EPIPE") throw new DataError(explain("standard output", error), { cause: error });
  }
}

/** A stream without a listener ends the process; the callback of each write has the same error. */
function ignore(): void {}

/** Throws, before any work is done, when `path` cannot become a file. */
export async function checkWritable(path: string | undefined): Promise<void> {
  if (path === undefined || path === "-") return;
  const target = await stat(path).catch(() => null);
  if (target?.isDirectory()) throw new DataError(`${path} is a directory: name a file to write`);
  const address = isAddress(path) && `${path} is an address, not a file: name a file to write`;
  const folder = await stat(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    throw new DataError(address || explain(path, error), { cause: error });
  });
  if (!folder.isDirectory()) throw new DataError(`${path} cannot be written: ${dirname(path)} is not a folder`);
  if (target && !target.isFile()) return; // a device or a pipe, written in place
  const own = await realpath(path).catch(() => path);
  await access(dirname(own), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw new DataError(explain(own, error), { cause: error });
  });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function explain(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT")
    return `${path} cannot be written: the folder ${dirname(path)} does not exist; create it`;
  if (error.code === "ENOTDIR") return `${path} cannot be written: part of its path is a file, not a folder`;
  if (error.code === "EACCES" || error.code === "EPERM" || error.code === "EROFS")
    return `${path} cannot be written: no permission in ${dirname(path)}; choose another folder`;
  if (error.code === "ENOSPC" || error.code === "EDQUOT")
    return `${path} cannot be written: no space is left in ${dirname(path)}; free some, or choose another folder`;
  if (error.code === "ENAMETOOLONG") return `${path} cannot be written: its name is too long`;
  return `${path} cannot be written: ${error.message}`;
}
