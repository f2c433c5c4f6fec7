import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const CORE = join(ROOT, "packages/core/src");

/** Folders of core, lowest first: a folder may import from itself and from those of a lower rank. */
const RANKS: Readonly<Record<string, number>> = {
  "errors.ts": 0,
  files: 1,
  matrix: 1,
  special: 1,
  linalg: 2,
  loss: 2,
  ode: 3,
  random: 2,
  activations: 3,
  layers: 4,
  kernel: 5,
  network: 5,
  empirical: 6,
  predict: 7,
  dynamics: 7,
  learn: 8,
  theory: 9,
  testing: 10,
  "index.ts": 10,
};

/** What each package may import, beside its own files. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  engine: ["ntkit", "node:", ...dependenciesOf("engine")],
  experiments: ["ntkit", ...dependenciesOf("experiments")],
  cli: ["ntkit", "@ntkit/engine", "node:", ...dependenciesOf("cli")],
  jax: dependenciesOf("jax"),
};

/** Where bits do not matter, or are the same: logarithms of which only the size is taken. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  "packages/core/src/linalg/cholesky.ts": ["Math.log10"],
  "packages/engine/src/program/graph.ts": ["Math.log2", "Math.log2"],
};

function dependenciesOf(name: string): string[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8"));
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}

/** Every module a file names: static, side-effect, dynamic and type imports, and re-exports. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"'\s${}]+)["']/g;
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

function rankOf(file: string): number {
  const top = relative(CORE, file).split("/")[0]!;
  const rank = RANKS[top];
  if (rank === undefined) throw new Error(`${top} of core has no rank: add it to RANKS`);
  return rank;
}

describe("inside core, imports point downwards", () => {
  it.each(sourceFiles(CORE).map((file) => [relative(CORE, file), file]))("%s", (_, file) => {
    for (const specifier of importsOf(file)) {
      expect(specifier.startsWith("."), `${specifier} is not a file of core`).toBe(true);
      const target = resolve(dirname(file), specifier);
      const sameFolder = dirname(relative(CORE, target)).split("/")[0] === dirname(relative(CORE, file)).split("/")[0];
      if (!sameFolder) expect(rankOf(target), `${specifier} ranks too high`).toBeLessThan(rankOf(file));
    }
  });
});

describe("computing files use functions with the same bits on every platform", () => {
  const files = ["core", "engine", "experiments"].flatMap((name) => sourceFiles(join(ROOT, "packages", name, "src")));
  it.each(files.map((file) => [relative(ROOT, file), file]))("%s", (name, file) => {
    if (name.endsWith("special/portable.ts")) return;
    const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    // Of Math, IEEE 754 fixes only the square root; V8 rounds ** in its own way unless one of the two is 2.
    const open = /Math\.(a?(sin|cos|tan)h?|atan2|exp|expm1|log(2|10|1p)?|pow|cbrt|hypot)\b/g;
    expect(code.match(open) ?? []).toEqual(EXCEPTIONS[name] ?? []);
    // Where work is counted, a last bit does not matter.
    if (/core\/src\/(linalg|testing)|engine/.test(name)) return;
    expect(code.match(/.*[^\d.\s]\d*(?<!\b2) \*\* (?!2\b(?!\.)).*/g) ?? []).toEqual([]);
  });
});

describe("packages import only what they may", () => {
  for (const name of Object.keys(ALLOWED)) {
    it(name, () => {
      for (const file of sourceFiles(join(ROOT, "packages", name, "src"))) {
        const foreign = importsOf(file).filter((specifier) => !specifier.startsWith("."));
        const refused = foreign.filter((specifier) => !ALLOWED[name]!.some((prefix) => specifier.startsWith(prefix)));
        expect(refused, relative(ROOT, file)).toEqual([]);
      }
    });
  }
});

describe("core is isomorphic and explicit", () => {
  const forbidden = /\b(document|window|process|Buffer|console)\s*[.[]|Math\.random|Date\.now|new Date\(|require\(/;
  it.each(sourceFiles(CORE).map((file) => [relative(CORE, file), file]))("%s", (_, file) => {
    const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect(code.match(forbidden)?.[0]).toBeUndefined();
  });
});
