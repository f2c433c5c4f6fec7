import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SCRATCH = mkdtempSync(join(ROOT, "node_modules/.docs-"));
afterAll(() => rmSync(SCRATCH, { recursive: true, force: true }));

function pages(): string[] {
  const inDocs = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((file) =>
    join("docs", file),
  );
  return ["README.md", "CONTRIBUTING.md", ...inDocs].filter((file) => file.endsWith(".md"));
}

/** TypeScript blocks of a page, joined: later blocks may use what earlier ones define. */
function program(page: string): string {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1]!).join("\n");
}

describe("every TypeScript block in the docs runs", () => {
  it.each(pages().filter((page) => program(page) !== ""))("%s", async (page) => {
    const file = join(SCRATCH, `${relative(".", page).replaceAll("/", "-")}.ts`);
    writeFileSync(file, `${program(page)}\nexport {};\n`);
    await import(/* @vite-ignore */ file);
  });
});

describe("every relative link in the docs leads somewhere", () => {
  it.each(pages())("%s", (page) => {
    const text = readFileSync(join(ROOT, page), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1]!);
    for (const link of links) {
      const target = resolve(ROOT, page, "..", link);
      expect(exists(target), link).toBe(true);
    }
  });
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EISDIR";
  }
}
