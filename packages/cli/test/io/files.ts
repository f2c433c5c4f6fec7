import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isNtkError, type NtkErrorCode } from "ntkit";
import { expect } from "vitest";

/** Files other programs wrote. */
export function fixture(name: string): string {
  return join(import.meta.dirname, "fixtures", name);
}

/** A folder of this test's own, gone when it is disposed of. */
export class Folder {
  readonly path: string = mkdtempSync(join(tmpdir(), "ntkit-io-"));

  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file and gives its path. */
  file(name: string, content: string | Uint8Array): string {
    writeFileSync(this.at(name), content);
    return this.at(name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The message of the ntkit error of that code that the work ends in: one sentence on one line. */
export async function messageOf(code: NtkErrorCode, work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isNtkError(error, code)) throw new Error(`expected an error of code ${code}, got ${error}`, { cause: error });
  expect(error.message).not.toMatch(/\n|[.!]$/);
  return error.message;
}
