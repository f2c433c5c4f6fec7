import { readdirSync } from "node:fs";
import { expect } from "vitest";
import { ntkit } from "./command-line.ts";
import type { Folder } from "./io/files.ts";

/**
 * One sentence on stderr that holds `message`, nothing on stdout but with --json the same as an object, no file more or less,
 * exit code 2. A word `@name`
 * stands for a file in the folder, `''` for an empty one.
 */
export function refusedIn(folder: Folder): (command: string, message: string) => Promise<void> {
  return async (command, message) => {
    const before = readdirSync(folder.path).sort();
    const argv = command
      .split(" ")
      .filter(Boolean)
      .map((word) => (word === "''" ? "" : word.replace(/^@/, `${folder.path}/`)));
    const { exitCode, stdout, stderr } = await ntkit(...argv);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^ntkit: [^\n]+[^.\n]\n$/);
    expect(exitCode).toBe(2);
    if (argv.includes("--json"))
      expect(JSON.parse(stdout).error).toMatchObject({ message: stderr.slice(7, -1), exitCode });
    else expect(stdout).toBe("");
    expect(readdirSync(folder.path).sort()).toEqual(before);
  };
}
