import { describe, expect, it } from "vitest";
import { columnsLine, leftOutLines } from "../src/report.ts";

const names = (count: number) => Array.from({ length: count }, (_, j) => `x${j + 1}`);
const features = (count: number) =>
  names(count).map((name) => ({ kind: "numeric", name, mean: 0, std: 1, missing: null }) as const);

describe("what a report says of columns", () => {
  it("names those that are learned from, the first twenty", () => {
    expect(columnsLine({ features: features(3) })).toBe("columns: x1, x2, x3");
    expect(columnsLine({ features: features(20) })).toMatch(/, x19, x20$/);
    expect(columnsLine({ features: features(22) })).toMatch(/, x19, x20 and 2 more$/);
    expect(columnsLine({ features: features(3000) })).toMatch(/^columns: x1, x2, .*, x20 and 2980 more$/);
  });

  it("says of each that is left out which rule left it out", () => {
    const few = names(10).map((name, j) => ({ name, reason: j % 2 ? "is empty" : "is constant" }));
    expect(leftOutLines(few)).toHaveLength(10);
    expect(leftOutLines(few)[1]).toBe('left out: column "x2" is empty');
  });

  it("says it once for all of the same reason where they are many", () => {
    const many = names(500).map((name, j) => ({ name, reason: j % 5 ? "is constant" : "is empty" }));
    expect(leftOutLines([...many, { name: "day", reason: "holds dates" }])).toEqual([
      'left out: 400 columns, each is constant: "x2", "x3", "x4", "x5", "x7" and 395 more',
      'left out: 100 columns, each is empty: "x1", "x6", "x11", "x16", "x21" and 95 more',
      'left out: column "day" holds dates',
    ]);
  });

  it("counts what is left out for more reasons than can be read", () => {
    const texts = names(30).map((name, j) => ({ name, reason: `has ${j + 25} kinds` }));
    const lines = leftOutLines(texts);
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe("left out: 20 more columns, for other reasons");
  });
});
