import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DOCUMENTS, EXPERIMENTS } from "@ntkit/experiments";
import * as ntkit from "ntkit";
import { describe, expect, it } from "vitest";

const PAGE = readFileSync(join(resolve(import.meta.dirname, ".."), "docs/sources.md"), "utf8");

const range = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
const ITEMS = [
  ...range("A", 11),
  ...range("B", 9),
  ...range("C", 15),
  ...range("D", 8),
  ...range("E", 26),
  "E-step3",
  "E-step4",
  "E-step7",
];

interface Line {
  readonly item: string;
  readonly experiments: readonly string[];
  readonly functions: readonly string[];
  readonly reading: string;
}

const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const LINES: readonly Line[] = PAGE.split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter(([, item = ""]) => /^[A-E](\d+|-step\d)$/.test(item))
  .map(([, item = "", , experiments = "", functions = "", reading = ""]) => ({
    item,
    experiments: quoted(experiments),
    functions: quoted(functions),
    reading,
  }));

describe("docs/sources.md", () => {
  it("has a section for each document", () => {
    for (const [letter, title] of Object.entries(DOCUMENTS)) expect(PAGE).toContain(`\n## ${letter}. ${title}\n`);
  });

  it("has one line for each item of the documents", () => {
    expect(LINES.map(({ item }) => item)).toEqual(ITEMS);
  });

  it("names for each item the experiments that are about it", () => {
    for (const { item, experiments } of LINES) {
      const own = EXPERIMENTS.filter(({ items }) => items.includes(item)).map(({ id }) => id);
      expect(experiments, item).toEqual(own);
    }
    const known = new Set(ITEMS);
    expect(EXPERIMENTS.flatMap(({ items }) => items).filter((item) => !known.has(item))).toEqual([]);
  });

  it("says of what no experiment is about that it is prose only, and why", () => {
    for (const { item, experiments, reading } of LINES)
      if (experiments.length === 0) expect(reading, item).toMatch(/^prose only: \S/);
  });

  it("names functions that there are", () => {
    const missing = LINES.flatMap(({ functions }) => functions).filter((name) => !(name in ntkit));
    expect(missing).toEqual([]);
  });

  it("tells what the experiments of today found", () => {
    const found = [...PAGE.matchAll(/^\| `([a-z0-9-]+)` +\|/gm)].map((match) => match[1]);
    expect(found).toEqual(EXPERIMENTS.map(({ id }) => id));
    expect(PAGE).toContain("at their full sizes");
  });
});
