import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { meanAndStd } from "../../src/learn/mean-and-std.ts";
import { fitPreprocessor, inputWidth, preprocess, withSharedScale } from "../../src/learn/preprocess.ts";
import { type Table, takeTableRows } from "../../src/learn/table.ts";
import { column, type Matrix, takeRows } from "../../src/matrix/matrix.ts";
import { numeric, tableOf, text } from "./tables.ts";

/** Apart by an eighth at least: a column whose spread is near its rounding has no digits to compare. */
const number = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -8000, max: 8000 }).map((eighths) => eighths / 8) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const level = fc.constantFrom("red", "green", "blue", "__proto__", "constructor", null);

/** A table with numbers, texts, missing values of both and a target. */
const anyTable: fc.Arbitrary<Table> = fc
  .array(fc.tuple(number, number, level, fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 6, maxLength: 25 })
  .map((rows) =>
    tableOf([
      ["height", numeric(rows.map(([a]) => a))],
      ["__proto__", numeric(rows.map(([, b]) => b))],
      ["constructor", text(rows.map(([, , c]) => c))],
      ["steps", numeric(rows.map((_, i) => i))],
      ["y", numeric(rows.map(([, , , y]) => y))],
    ]),
  );

function momentsOf(x: Matrix, j: number): { mean: number; variance: number } {
  const values = column(x, j);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length };
}

describe("laws", () => {
  it("every input has mean 0 on the training rows, every block of one column variance 1", () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const preprocessor = fitPreprocessor(table, "y");
        const x = preprocess(preprocessor, table);
        expect(x.cols).toBe(inputWidth(preprocessor));
        let at = 0;
        for (const feature of preprocessor.features) {
          const width = feature.kind === "category" ? feature.levels.length : feature.missing === null ? 1 : 2;
          const moments = Array.from({ length: width }, (_, k) => momentsOf(x, at + k));
          for (const { mean } of moments) expect(Math.abs(mean)).toBeLessThan(1e-9);
          const total = moments.reduce((sum, { variance }) => sum + variance, 0);
          if (feature.kind === "category") expect(total).toBeCloseTo(1, 10);
          else if (feature.missing === null) expect(total).toBeCloseTo(1, 10);
          else expect(moments[1]!.variance).toBeCloseTo(1, 10);
          at += width;
        }
      }),
    );
  });

  it("what is learned does not depend on the order of the rows, the inputs follow it", () => {
    fc.assert(
      fc.property(anyTable, fc.nat(), (table, shift) => {
        const order = Array.from({ length: table.rows }, (_, i) => (i + shift) % table.rows).reverse();
        const moved = takeTableRows(table, order);
        const [here, there] = [fitPreprocessor(table, "y"), fitPreprocessor(moved, "y")];
        expect(there.features.map((f) => [f.kind, f.name])).toEqual(here.features.map((f) => [f.kind, f.name]));
        expect(preprocess(here, moved)).toEqual(takeRows(preprocess(here, table), order));
        preprocess(there, moved).data.forEach((value, i) => {
          expect(value).toBeCloseTo(takeRows(preprocess(here, table), order).data[i]!, 8);
        });
      }),
    );
  });

  it("rows do not see each other: other rows of the table change nothing", () => {
    fc.assert(
      fc.property(anyTable, anyTable, (train, other) => {
        const preprocessor = fitPreprocessor(train, "y");
        const alone = preprocess(preprocessor, takeTableRows(other, [0]));
        expect(takeRows(preprocess(preprocessor, other), [0])).toEqual(alone);
      }),
    );
  });

  it("a value too far from training to compute with is refused by column and row", () => {
    const train = tableOf([
      ["a", numeric([1, 2, 3])],
      ["y", numeric([1, 2, 3])],
    ]);
    const far = tableOf([["a", numeric([2, -1e200])]], "new.csv");
    const work = () => preprocess(fitPreprocessor(train, "y"), far);
    expect(work).toThrow(/^new.csv: column "a" holds -1e\+200 in data row 2, too far from training/);
  });

  it("neither the order of the columns nor further ones matter", () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const preprocessor = fitPreprocessor(table, "y");
        const shuffled: Table = {
          ...table,
          names: ["extra", ...[...table.names].reverse(), "toString"],
          columns: [
            numeric(new Float64Array(table.rows)),
            ...[...table.columns].reverse(),
            text(table.names.length ? new Array(table.rows).fill("x") : []),
          ],
        };
        expect(preprocess(preprocessor, shuffled)).toEqual(preprocess(preprocessor, table));
      }),
    );
  });

  it("the description survives JSON", () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const preprocessor = fitPreprocessor(table, "y");
        const saved = JSON.parse(JSON.stringify(preprocessor));
        expect(preprocess(saved, table)).toEqual(preprocess(preprocessor, table));
      }),
    );
  });
});

describe("numbers", () => {
  const train = tableOf([
    ["a", numeric([1, 2, 3, 6])],
    ["gap", numeric([1, Number.NaN, 3, Number.NaN])],
    ["y", numeric([0, 1, 0, 1])],
  ]);

  it("are standardized, missing ones are the mean, with an indicator where training had any", () => {
    const x = preprocess(fitPreprocessor(train, "y"), train);
    const std = Math.sqrt(14 / 4);
    expect([...column(x, 0)]).toEqual([-2, -1, 0, 3].map((v) => expect.closeTo(v / std, 14)));
    expect([...column(x, 1)]).toEqual([-1, 0, 1, 0]);
    expect([...column(x, 2)]).toEqual([-1, 1, -1, 1]);
  });

  it("missing where training had none is the mean, and nothing else", () => {
    const test = tableOf([
      ["a", numeric([Number.NaN])],
      ["gap", text([null])],
    ]);
    expect([...preprocess(fitPreprocessor(train, "y"), test).data]).toEqual([0, 0, 1]);
  });

  it("a constant column with gaps keeps its indicator", () => {
    const gaps = tableOf([["a", numeric([5, Number.NaN, 5, 5])]]);
    const x = preprocess(fitPreprocessor(gaps, "y"), gaps);
    expect(x.cols).toBe(2);
    expect([...column(x, 0)]).toEqual([0, 0, 0, 0]);
    expect(momentsOf(x, 1).variance).toBeCloseTo(1, 14);
  });

  it("huge and tiny values have a standard deviation", () => {
    for (const size of [1e-300, 1e300]) {
      const { mean, std } = meanAndStd(Float64Array.of(size, -size, size, -size));
      expect([mean, std]).toEqual([0, size]);
    }
    expect(meanAndStd(Float64Array.of(0.1, 0.1, 0.1)).std).toBe(0);
    expect(meanAndStd(new Float64Array(3))).toEqual({ mean: 0, std: 0 });
  });

  it("one scale for all is the root mean square of their own", () => {
    const table = tableOf([
      ["a", numeric([1, -1, 1, -1])],
      ["b", numeric([7, -7, 7, -7])],
    ]);
    const shared = withSharedScale(fitPreprocessor(table, "y"))!;
    expect(shared.features.map((f) => (f.kind === "numeric" ? f.std : Number.NaN))).toEqual([5, 5]);
    expect(withSharedScale(fitPreprocessor(tableOf([["a", numeric([1, 2])]]), "y"))).toBeNull();
    const mixed = tableOf([...[0, 1].map((k) => [`${k}`, numeric([1, k])] as const), ["c", text(["u", "v"])]]);
    expect(withSharedScale(fitPreprocessor(mixed, "y"))).toBeNull();
  });
});

describe("texts", () => {
  const train = tableOf([
    ["colour", text(["red", "red", "blue", null])],
    ["y", numeric([1, 2, 3, 4])],
  ]);
  const preprocessor = fitPreprocessor(train, "y");
  const spread = Math.sqrt((2 / 4) * (2 / 4) + 2 * (1 / 4) * (3 / 4));

  it("become one centred input per level, missing being a level", () => {
    const [feature] = preprocessor.features;
    expect(feature).toMatchObject({ levels: ["(missing)", "blue", "red"], shares: [0.25, 0.25, 0.5] });
    const red = [...preprocess(preprocessor, train).data].slice(0, 3);
    expect(red).toEqual([-0.25, -0.25, 0.5].map((v) => expect.closeTo(v / spread, 14)));
  });

  it("a level that training did not have is the mean of all", () => {
    const test = tableOf([["colour", text(["green", "__proto__", "toString"])]]);
    expect([...preprocess(preprocessor, test).data].every((v) => v === 0)).toBe(true);
  });

  it("numbers are read as their texts", () => {
    const codes = fitPreprocessor(tableOf([["code", text(["1", "2", "x", "1"])]]), "y");
    const test = tableOf([["code", numeric([2, Number.NaN])]]);
    const texts = tableOf([["code", text(["2", null])]]);
    expect(preprocess(codes, test)).toEqual(preprocess(codes, texts));
  });
});

describe("numbers in training that are texts later", () => {
  const fitted = fitPreprocessor(tableOf([["a", numeric([1, 2])]]), "y");
  it.each([[[null, "1", "tall", "2"], 'column "a" was numeric in training but data row 3 holds "tall"']])(
    "%j",
    (values, message) => {
      expect(() => preprocess(fitted, tableOf([["a", text(values)]]))).toThrow(message);
    },
  );

  it("may be missing all", () => {
    expect([...preprocess(fitted, tableOf([["a", text([null, null])]])).data]).toEqual([0, 0]);
  });
});

describe("tables that do not fit", () => {
  const fitted = fitPreprocessor(
    tableOf([
      ["height", numeric([1, 2])],
      ["b", numeric([1, 3])],
    ]),
    "y",
  );
  it.each([
    [
      () => preprocess(fitted, tableOf([["a", numeric([1])]])),
      'the columns "height", "b", which are not there: add or rename them',
    ],
    [
      () => preprocess(fitted, tableOf([["b", numeric([1])]])),
      'the column "height", which is not there: add or rename it',
    ],
    [
      () =>
        preprocess(
          fitted,
          tableOf([
            ["heigth", numeric([1])],
            ["b", numeric([1])],
          ]),
        ),
      '"height" (did you mean "heigth"?)',
    ],
    [
      () =>
        preprocess(
          fitted,
          tableOf([
            ["height", text(["tall"])],
            ["b", numeric([1])],
          ]),
        ),
      'was numeric in training but data row 1 holds "tall"',
    ],
    [
      () =>
        preprocess(
          fitted,
          tableOf([
            ["height", numeric([1])],
            ["b", numeric([1])],
            ["b", numeric([2])],
          ]),
        ),
      'two columns are named "b"',
    ],
    [
      () =>
        preprocess(
          fitted,
          tableOf([
            ["height", numeric([1])],
            ["b", numeric([Infinity])],
          ]),
        ),
      '"b" holds Infinity in data row 1',
    ],
    [
      () =>
        preprocess(
          fitted,
          tableOf([
            ["height", numeric([1, 2])],
            ["b", numeric([1])],
          ]),
        ),
      '"b" has 1 values in a table of 2 rows',
    ],
    [() => fitPreprocessor(tableOf([["a", numeric([1, -Infinity])]]), "y"), '"a" holds -Infinity in data row 2'],
  ])("%s", (act, message) => {
    expect(act).toThrow(DataError);
    expect(act).toThrow(message);
  });
});

describe("one column that two files write differently", () => {
  const target = numeric([1, 2, 3, 4]);
  it("true and false are 1 and 0, whichever of them was in training", () => {
    const flags = text(["true", "false", "false", "true"]);
    for (const [seen, later] of [
      [flags, numeric([1, 0, 0, 1])],
      [numeric([1, 0, 0, 1]), text(["True", "FALSE", "false", "true"])],
    ] as const) {
      const own = tableOf([
        ["a", seen],
        ["y", target],
      ]);
      const preprocessor = fitPreprocessor(own, "y");
      expect(preprocess(preprocessor, tableOf([["a", later]]))).toEqual(preprocess(preprocessor, own));
    }
  });

  it("a column that is set aside is no input, and its reason is told", () => {
    const table = tableOf([
      ["id", { ...numeric([1, 2, 3, 4]), aside: "numbers the rows" }],
      ["a", numeric([4, 1, 2, 2])],
      ["y", target],
    ]);
    const { features, dropped } = fitPreprocessor(table, "y");
    expect(features.map(({ name }) => name)).toEqual(["a"]);
    expect(dropped).toEqual([{ name: "id", reason: "numbers the rows" }]);
  });
});
