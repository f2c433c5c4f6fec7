import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError } from "ntkit";

/**
 * Writes a file as a whole or not at all: into a temporary file beside it, which then takes its name. Throws a
 * DataError with one sentence, and leaves nothing behind, when that fails.
 */
export async function writeFileAtomic(
  path: string,
  content: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  await checkWritable(path);
  // A device or a pipe must not be replaced by a file of its name.
  const special = await stat(path).then(
    (info) => !info.isFile(),
    () => false,
  );
  const temporary = special ? path : join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, special ? "w" : "wx");
    try {
      await content(async (bytes) => {
        await handle.writeFile(bytes);
      });
      if (!special) await handle.sync();
    } finally {
      await handle.close();
    }
    if (!special) await rename(temporary, path);
  } catch (error) {
    if (!special) await rm(temporary, { force: true }).catch(() => {});
    throw new DataError(explain(path, error as NodeJS.ErrnoException), { cause: error });
  }
}

/** Throws, before any work is done, when `path` cannot become a file. */
export async function checkWritable(path: string): Promise<void> {
  const target = await stat(path).catch(() => null);
  if (target?.isDirectory()) throw new DataError(`${path} is a directory: name a file to write`);
  const folder = await stat(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    throw new DataError(explain(path, error), { cause: error });
  });
  if (!folder.isDirectory()) throw new DataError(`${path} cannot be written: ${dirname(path)} is not a folder`);
}

function explain(path: string, error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return `${path} cannot be written: the folder ${dirname(path)} does not exist`;
  if (error.code === "ENOTDIR") return `${path} cannot be written: part of its path is a file, not a folder`;
  if (error.code === "EACCES" || error.code === "EPERM" || error.code === "EROFS")
    return `${path} cannot be written: no permission in ${dirname(path)}`;
  if (error.code === "ENOSPC" || error.code === "EDQUOT")
    return `${path} cannot be written: no space is left in ${dirname(path)}`;
  return `${path} cannot be written: ${error.message}`;
}
