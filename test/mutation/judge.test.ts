import { expect, it } from "vitest";
import { type Equivalent, judge, type Report } from "./judge.ts";

const source = "const a = b < c;\nreturn (\n  a\n);\n";

function mutant(status: string, line: number, from: number, to: number, replacement: string, lastLine = line) {
  return { status, replacement, location: { start: { line, column: from }, end: { line: lastLine, column: to } } };
}

const report: Report = {
  files: {
    "packages/core/src/learn/split.ts": {
      source,
      mutants: [
        mutant("Killed", 1, 11, 16, "true"),
        mutant("Timeout", 1, 11, 16, "false"),
        mutant("Survived", 1, 11, 16, "b <= c"),
        mutant("NoCoverage", 2, 8, 2, "()", 4),
        mutant("Survived", 3, 3, 4, "!a"),
        { ...mutant("Ignored", 1, 1, 17, ""), static: true },
        mutant("Ignored", 1, 1, 17, ""),
        mutant("RuntimeError", 1, 1, 17, ""),
      ],
    },
  },
};

const same = (mutants: readonly string[], file = "learn/split.ts"): Equivalent => ({ file, why: "the same", mutants });

it("a score is of the mutants that were tested and are not equivalent", () => {
  const verdict = judge(report, "learn", [same(["const a = b < c; → const a = b <= c;"])]);
  expect(verdict).toMatchObject({ tested: 5, killed: 2, equivalent: 1, onLoading: 1, unknown: [], score: 0.5 });
  expect(verdict.survivors).toEqual([
    { place: "learn/split.ts:2", change: "return ( → return ();" },
    { place: "learn/split.ts:3", change: "a → !a" },
  ]);
});

it("an entry of the list without its mutant is told, one of another folder is not", () => {
  const { unknown } = judge(report, "learn", [same(["a → b"]), same(["a → b"], "theory/bound.ts")]);
  expect(unknown).toEqual([{ file: "learn/split.ts", change: "a → b" }]);
});
