import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const ENTRIES = ["ntkit", "ntkit/engine-kit", "ntkit/testing"];

/** What a process of its own prints, and which files of JavaScript it loaded; it gets the built packages, as users do. */
function run(args: readonly string[]): { readonly printed: string; readonly loaded: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), "ntkit-loaded-"));
  try {
    const env = { ...process.env, NODE_OPTIONS: "", NODE_V8_COVERAGE: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", env });
    expect(status, `${stderr}\nare the packages built? npm run build`).toBe(0);
    return { printed: stdout, loaded: scriptsIn(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Files named in V8's coverage reports, relative to the repository. */
function scriptsIn(folder: string): string[] {
  const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
  const urls: string[] = reports.flatMap(({ result }) => result.map(({ url }: { url: string }) => url));
  return urls.filter((url) => url.startsWith("file:")).map((url) => relative(ROOT, fileURLToPath(url)));
}

/** What a module printed as JSON. */
function answerOf(code: string): unknown {
  return JSON.parse(run(["--enable-source-maps", "--input-type=module", "--eval", code]).printed);
}

describe("a start opens few files", () => {
  it.each(ENTRIES)('import "%s"', (entry) => {
    const { loaded } = run(["--input-type=module", "--eval", `import "${entry}"`]);
    expect(loaded.length).toBeGreaterThan(0);
    expect(loaded.length, loaded.join("\n")).toBeLessThanOrEqual(5);
  });

  it("ntkit --help, which loads neither the library nor an engine", () => {
    const { loaded } = run(["packages/cli/bin/ntkit.js", "--help"]);
    expect(loaded.filter((file) => /^packages\/(core|engine)\//.test(file))).toEqual([]);
    expect(loaded.length, loaded.join("\n")).toBeLessThanOrEqual(20);
  });
});

describe("the built library", () => {
  it.each(ENTRIES)("%s has the names of its source", async (entry) => {
    const built = answerOf(`console.log(JSON.stringify(Object.keys(await import("${entry}")).sort()))`);
    expect(built).toEqual(Object.keys(await import(/* @vite-ignore */ entry)).sort());
  });

  it("shares what has one name between its entry points", () => {
    const different = answerOf(`
      const seen = new Map(), different = [];
      for (const entry of ${JSON.stringify(ENTRIES)})
        for (const [name, value] of Object.entries(await import(entry)))
          if (seen.has(name) && seen.get(name) !== value) different.push(name);
          else seen.set(name, value);
      console.log(JSON.stringify(different))`);
    expect(different).toEqual([]);
  });

  it("throws errors whose stack leads to the source", () => {
    const stack = answerOf(`
      import { matrix } from "ntkit/engine-kit";
      import { ShapeError } from "ntkit";
      try { matrix(2, 3, [1]); } catch (error) { console.log(JSON.stringify(error instanceof ShapeError && error.stack)); }`);
    expect(stack).toMatch(/packages\/core\/src\/matrix\/matrix\.ts:\d+/);
  });

  it("brings the files that its manifest names", () => {
    const folder = join(ROOT, "packages/core");
    const { exports, files } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const named = Object.values<Record<string, string>>(exports).flatMap((conditions) => Object.values(conditions));
    expect(named.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
    const published = (file: string) => files.some((root: string) => file.startsWith(`./${root}/`));
    expect(named.filter((file) => !published(file))).toEqual([]);
  });
});
