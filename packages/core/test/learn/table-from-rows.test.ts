import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { NtkClassifier, NtkRegressor } from "../../src/learn/estimators.ts";
import { tableFromRows } from "../../src/learn/table-from-rows.ts";
import { numeric, tableOf, text } from "./tables.ts";

describe("tableFromRows", () => {
  it("makes columns of what a program has", () => {
    const rows = [
      { a: 1.5, n: 3n, id: 2n ** 60n + 1n, ok: true, day: new Date("2012-02-29T14:05:00Z"), word: "NA", list: [1] },
      { a: null, n: 2n ** 60n, id: 7n, ok: undefined, day: new Date(Number.NaN), word: "x", late: 5 },
      { a: Number.NaN, id: null, ok: false, day: null, word: "", list: { b: 2n } },
    ];
    expect(tableFromRows(rows)).toEqual(
      tableOf(
        [
          ["a", numeric([1.5, NaN, NaN])],
          ["n", numeric([3, 2 ** 60, NaN])],
          ["id", text(["1152921504606846977", "7", null])],
          ["ok", text(["true", null, "false"])],
          ["day", { kind: "text", values: ["2012-02-29T14:05:00.000Z", null, null], dates: "ymd" }],
          ["word", { ...text(["NA", "x", null]), note: '"NA" is a text in 1 rows, not a missing value' }],
          ["list", { ...text(["[1]", null, '{"b":"2"}']), aside: "holds lists or structures, not one value a row" }],
          ["late", numeric([NaN, 5, NaN])],
        ],
        "rows",
      ),
    );
  });

  it("takes what is named for missing", () => {
    const table = tableFromRows(
      [
        { a: -999, b: "none" },
        { a: 1, b: "x" },
      ],
      { missing: ["-999", "none"], source: "s" },
    );
    expect(table).toEqual(tableOf([["a", numeric([NaN, 1])], ["b", text([null, "x"])]], "s")); // biome-ignore format: one line
  });

  it.each<[unknown[], string]>([
    [[{ a: 1 }, { a: Number.NEGATIVE_INFINITY }], 'r: column "a" holds -Infinity in data row 2: values must be finite'],
    [[{ a: 1 }, [2]], 'r: row 2 must be an object of names and values, like {"a": 1}, got a list'],
    [[null], "r: row 1 must be an object of names and values"],
    [[5], "got number"],
  ])("%j is refused", (rows, message) => {
    const work = () => tableFromRows(rows as object[], { source: "r" }); // as JavaScript may call it
    expect(work).toThrow(DataError);
    expect(work).toThrow(message);
  });

  it("has no rows and no columns of none", () => {
    expect(tableFromRows([])).toEqual({ source: "rows", names: [], rows: 0, columns: [] });
  });
});

describe("estimators", () => {
  interface House {
    readonly length: number;
    readonly town: string;
    readonly sold: Date;
  }
  const houses: House[] = Array.from({ length: 24 }, (_, i) => ({
    length: (7 * i) % 11,
    town: ["Ulm", "Bonn"][i % 2]!,
    sold: new Date(Date.UTC(2024, 0, 1 + i)),
  }));
  const y = houses.map(({ length, town }) => length + (town === "Ulm" ? 5 : 0));
  const candidates = [
    { name: "relu", network: fullyConnected({ depth: 1, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
  ] as const;

  it("learn from objects what they learn from their table", async () => {
    const regressor = await new NtkRegressor({ candidates }).fit(houses, y);
    expect(regressor.model.preprocessor.features.map(({ kind }) => kind)).toEqual(["numeric", "category", "date"]);
    const same = await new NtkRegressor({ candidates }).fit(tableFromRows(houses), y);
    expect(await regressor.predict(houses.slice(3, 5))).toEqual(await same.predict(tableFromRows(houses.slice(3, 5))));
    expect(await regressor.score(houses, y)).toBeGreaterThan(0.9);
    const classifier = await new NtkClassifier({ candidates }).fit(
      houses,
      houses.map(({ town }) => town),
    );
    expect(await classifier.predict(houses.slice(0, 2))).toEqual(["Ulm", "Bonn"]);
  });
});
