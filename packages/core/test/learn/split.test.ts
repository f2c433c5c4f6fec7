import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValueError } from "../../src/errors.ts";
import { trainTestSplit } from "../../src/learn/split.ts";
import { columnOf, type Table } from "../../src/learn/table.ts";
import { inferTask } from "../../src/learn/target.ts";
import { numeric, tableOf, text } from "./tables.ts";

const classes = fc.array(fc.constantFrom("a", "b", "c", null), { minLength: 8, maxLength: 80 });
const fraction = fc.double({ min: 0.05, max: 0.95, noNaN: true });

/** Rows are told apart by the column "row". */
function rowsOf(table: Table): number[] {
  return Array.from(columnOf(table, "row")!.values as Float64Array);
}

function labelled(labels: readonly (string | null)[]): Table {
  return tableOf([
    ["row", numeric(labels.map((_, i) => i))],
    ["y", text(labels)],
  ]);
}

it("rows that only an excluded column tells apart are held out together", () => {
  const table = tableOf([
    ["row", numeric(Array.from({ length: 40 }, (_, i) => i))],
    ["a", numeric(Array.from({ length: 40 }, (_, i) => i >> 1))],
    ["y", numeric(Array.from({ length: 40 }, (_, i) => Math.sin(i)))],
  ]);
  const split = { target: "y", task: "regression", testFraction: 0.3, seed: 0 } as const;
  const { train, test } = trainTestSplit(table, { ...split, exclude: ["row"] });
  const pairs = (part: Table) => new Set(rowsOf(part).map((i) => i >> 1));
  expect([test.rows, train.rows, pairs(test).size]).toEqual([12, 28, 6]);
  for (const pair of pairs(test)) expect(pairs(train)).not.toContain(pair);
});

describe("laws", () => {
  it("the parts are disjoint, cover the rows that have a target, and keep their order", () => {
    fc.assert(
      fc.property(classes, fraction, fc.nat(), (labels, testFraction, seed) => {
        fc.pre(labels.filter((label) => label !== null).length >= 5);
        const known = labels.flatMap((label, i) => (label === null ? [] : [i]));
        for (const task of ["classification", "regression"] as const) {
          const table =
            task === "regression"
              ? {
                  ...labelled(labels),
                  columns: [
                    numeric(labels.map((_, i) => i)),
                    numeric(labels.map((l) => (l === null ? Number.NaN : 1))),
                  ],
                }
              : labelled(labels);
          const { train, test } = trainTestSplit(table, { target: "y", task, testFraction, seed });
          const [a, b] = [rowsOf(train), rowsOf(test)];
          expect([...a, ...b].sort((p, q) => p - q)).toEqual(known);
          for (const part of [a, b]) expect(part).toEqual([...part].sort((p, q) => p - q));
          // A class that was all held out has got one row back.
          const left = (name: string) => a.filter((i) => labels[i] === name).length;
          const givenBack = task === "regression" ? 0 : ["a", "b", "c"].filter((name) => left(name) === 1).length;
          const surplus = testFraction * known.length - b.length;
          expect(surplus).toBeLessThanOrEqual(0.5 + givenBack + 1e-9);
          expect(surplus).toBeGreaterThanOrEqual(-0.5 - 1e-9);
        }
      }),
    );
  });

  it("every class keeps a row to learn from", () => {
    fc.assert(
      fc.property(classes, fraction, fc.nat(), (labels, testFraction, seed) => {
        fc.pre(labels.filter((label) => label !== null).length >= 5);
        const options = { target: "y", task: "classification", testFraction, seed } as const;
        const { train, test } = trainTestSplit(labelled(labels), options);
        const known = new Set(labels.filter((label) => label !== null));
        const seen = new Set(rowsOf(train).map((i) => labels[i]));
        const noOther = rowsOf(test).every((i) => !seen.has(labels[i]!));
        if (!noOther) expect(seen).toEqual(known);
      }),
    );
  });

  it("every class is held out in proportion", () => {
    fc.assert(
      fc.property(classes, fraction, fc.nat(), (labels, testFraction, seed) => {
        fc.pre(labels.filter((label) => label !== null).length >= 5);
        const { test } = trainTestSplit(labelled(labels), { target: "y", task: "classification", testFraction, seed });
        for (const name of ["a", "b", "c"]) {
          const all = labels.filter((label) => label === name).length;
          const held = rowsOf(test).filter((i) => labels[i] === name).length;
          expect(Math.abs(held - testFraction * all)).toBeLessThan(1 + 1e-9);
        }
      }),
    );
  });

  it("no row held out has a twin in training, whatever columns are left out", () => {
    const cells = fc.array(fc.tuple(fc.nat(5), fc.constantFrom("u", "v", "w", null), fc.boolean()), {
      minLength: 25,
      maxLength: 60,
    });
    fc.assert(
      fc.property(cells, fraction, fc.nat(), (rows, testFraction, seed) => {
        fc.pre(new Set(rows.map(([a, b]) => `${a},${b}`)).size >= 5);
        // Targets of copies: equal inputs have equal ones, so that no input is the level of a design.
        const y = rows.map(([a, b]) => 3 * a + (b ?? "x").charCodeAt(0));
        const table = tableOf([
          ["row", numeric(rows.map((_, i) => i))],
          ["a", numeric(rows.map(([a]) => a))],
          ["b", text(rows.map(([, b]) => b))],
          ["name", text(rows.map((_, i) => `name ${i}`))],
          ["y", numeric(y)],
          ["class", text(y.map((value) => (value % 2 === 0 ? "even" : "odd")))],
        ]);
        const without = (...names: string[]): Table => {
          const kept = table.names.flatMap((name, j) => (names.includes(name) ? [] : [j]));
          return { ...table, names: kept.map((j) => table.names[j]!), columns: kept.map((j) => table.columns[j]!) };
        };
        const inputs = (part: Table): string[] =>
          Array.from({ length: part.rows }, (_, i) =>
            ["a", "b"].map((name) => `${columnOf(part, name)!.values[i]}`).join(),
          );
        for (const [task, target, other] of [
          ["regression", "y", "class"],
          ["classification", "class", "y"],
        ] as const) {
          const { train, test } = trainTestSplit(without("row", other), { target, task, testFraction, seed });
          const seen = new Set(inputs(train));
          expect(inputs(test).filter((input) => seen.has(input))).toEqual([]);
          expect(train.rows + test.rows).toBe(rows.length);
          expect(test.rows).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("copies count with their number, and the levels of a design are held out row by row", () => {
    const table = (target: (i: number) => number, inputs: number): Table =>
      tableOf([
        ["x", numeric(Array.from({ length: 300 }, (_, i) => i % inputs))],
        ["y", numeric(Array.from({ length: 300 }, (_, i) => target(i)))],
      ]);
    const options = { target: "y", task: "regression", testFraction: 0.2, seed: 3 } as const;
    const copied = trainTestSplit(
      table((i) => i % 100, 100),
      options,
    );
    expect(copied.test.rows).toBe(60);
    const held = new Set(columnOf(copied.test, "x")!.values as Float64Array);
    expect(held.size).toBe(20);
    // Each input is more than the share: one is held out all the same.
    expect(
      trainTestSplit(
        table((i) => i % 6, 6),
        { ...options, testFraction: 0.05 },
      ).test.rows,
    ).toBe(50);
    const levels = trainTestSplit(
      table((i) => i, 3),
      options,
    );
    expect(levels.test.rows).toBe(60);
    expect(new Set(columnOf(levels.train, "x")!.values as Float64Array).size).toBe(3);
  });

  it("the same seed the same split, another seed another", () => {
    const table = labelled(Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? "a" : "b")));
    const split = (seed: number) =>
      trainTestSplit(table, { target: "y", task: "classification", testFraction: 0.3, seed });
    expect(split(4)).toEqual(split(4));
    expect(rowsOf(split(4).test)).not.toEqual(rowsOf(split(5).test));
  });
});

it("a row to test on is kept, though its class has no other", () => {
  const table = labelled(["a", "b", "c", "d", "e"]);
  const { train, test } = trainTestSplit(table, { target: "y", task: "classification", testFraction: 0.2, seed: 1 });
  expect([train.rows, test.rows]).toEqual([4, 1]);
});

it.each([0, 1, -1, Number.NaN, 2])("a fraction of %d is refused", (testFraction) => {
  const table = labelled(["a", "b", "a", "b", "a", "b"]);
  expect(() => trainTestSplit(table, { target: "y", task: "classification", testFraction, seed: 1 })).toThrow(
    ValueError,
  );
});

describe("the task", () => {
  const repeated = (values: readonly number[]) =>
    numeric(Array.from({ length: 60 }, (_, i) => values[i % values.length]!));
  it.each([
    ["texts", text(["a", "b"]), "classification"],
    ["few whole numbers, often", repeated([0, 1, 2]), "classification"],
    ["few fractions", repeated([0.5, 1.5]), "regression"],
    ["many whole numbers", numeric(Array.from({ length: 60 }, (_, i) => i)), "regression"],
    ["eleven whole numbers", repeated([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), "regression"],
    ["whole numbers with gaps", repeated([0, 1, Number.NaN]), "classification"],
  ] as const)("%s", (_, column, task) => {
    expect(inferTask(tableOf([["y", column]]), "y")).toBe(task);
  });

  it("names the nearest column", () => {
    expect(() => inferTask(tableOf([["price", numeric([1])]]), "prize")).toThrow('"prize" (did you mean "price"?)');
  });
});
