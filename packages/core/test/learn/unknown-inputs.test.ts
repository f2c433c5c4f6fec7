import { beforeAll, describe, expect, it } from "vitest";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { completeRows, donorSources } from "../../src/learn/donors.ts";
import { fitClassification, predictClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import { intervalFactor, intervalFactors } from "../../src/learn/interval-factor.ts";
import type { ClassificationModel, RegressionModel } from "../../src/learn/model.ts";
import { predictMeans, predictRegression } from "../../src/learn/predict-regression.ts";
import { fitPreprocessor, preprocess, spansOf } from "../../src/learn/preprocess.ts";
import { columnOf, type Table, takeTableRows } from "../../src/learn/table.ts";
import { kindsOfInputs, rowKinds, unknownCells } from "../../src/learn/unknown-inputs.ts";
import { fromRows, row } from "../../src/matrix/matrix.ts";
import { key, normal, randomInts, split, uniform } from "../../src/random/key.ts";
import { numeric, tableOf, text } from "./tables.ts";

const NONE = Number.NaN;
const candidates = [
  { name: "erf", network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }), kernel: "nngp" },
] as const;

/** y = 1.5 a + sin 2b + one of six effects + 0.3 noise, a and b correlated by 0.6. */
function mixedTable(n: number, seed: number): Table {
  const [ka, kb, ks, kn] = split(key(seed), 4);
  const [a, free, noise] = [normal(ka!, n), normal(kb!, n), normal(kn!, n)];
  const b = a.map((value, i) => 0.6 * value + 0.8 * free[i]!);
  const sort = Array.from(randomInts(ks!, n, 6));
  const effects = [-1.4, -0.8, -0.1, 0.3, 0.9, 1.5];
  const y = a.map((value, i) => 1.5 * value + Math.sin(2 * b[i]!) + effects[sort[i]!]! + 0.3 * noise[i]!);
  return tableOf([
    ["a", numeric(a)],
    ["b", numeric(b)],
    ["sort", text(sort.map((s) => `s${s}`))],
    ["y", numeric(y)],
  ]);
}

/** The table with a share of the cells of some columns missing. */
function withHoles(table: Table, names: readonly string[], share: number, seed = 9): Table {
  const keys = split(key(seed), table.names.length);
  const columns = table.columns.map((column, j) => {
    if (!names.includes(table.names[j]!)) return column;
    const holes = uniform(keys[j]!, table.rows);
    return column.kind === "numeric"
      ? numeric(column.values.map((value, i) => (holes[i]! < share ? NONE : value)))
      : text(column.values.map((value, i) => (holes[i]! < share ? null : value)));
  });
  return { ...table, columns };
}

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("kinds of rows", () => {
  const train = tableOf([
    ["a", numeric([1, 2, NONE, 4])],
    ["b", numeric([5, 6, 7, 8])],
    ["c", text(["u", "v", null, "u"])],
    ["y", numeric([1, 2, 3, 4])],
  ]);
  const preprocessor = fitPreprocessor(train, "y");

  it("tell missing from unseen", () => {
    const fresh = tableOf([
      ["a", numeric([1, NONE, 1, NONE, 2])],
      ["b", numeric([1, 1, NONE, NONE, 2])],
      ["c", text(["u", "u", "w", null, "w"])],
    ]);
    const { kinds, kindOf } = rowKinds(preprocessor, fresh);
    expect(Array.from(kindOf, (kind) => kinds[kind])).toEqual([
      { missing: [], unseen: [] },
      { missing: [0], unseen: [] },
      { missing: [1], unseen: [2] },
      { missing: [0, 1, 2], unseen: [] },
      { missing: [], unseen: [2] },
    ]);
    expect(unknownCells({ preprocessor }, fresh)).toEqual({
      rows: 4,
      columns: [
        { name: "c", missing: 1, unseen: 2 },
        { name: "a", missing: 2, unseen: 0 },
        { name: "b", missing: 2, unseen: 0 },
      ],
    });
  });

  it("of training rows are read from their inputs", () => {
    expect(kindsOfInputs(preprocessor, preprocess(preprocessor, train))).toEqual(rowKinds(preprocessor, train));
  });
});

describe("completed rows", () => {
  const train = tableOf([
    ["a", numeric([0, 1, 2, 3, 4, 5])],
    ["b", numeric([0, 10, 20, 30, 40, 50])],
    ["c", text(["u", "v", "u", "v", "u", "v"])],
    ["y", numeric([1, 2, 3, 4, 5, 6])],
  ]);
  const preprocessor = fitPreprocessor(train, "y");
  const xTrain = preprocess(preprocessor, train);
  const complete = (a: number, b: number, c: string | null, except = -1) => {
    const fresh = tableOf([
      ["a", numeric([a])],
      ["b", numeric([b])],
      ["c", text([c])],
    ]);
    const { kinds, kindOf } = rowKinds(preprocessor, fresh);
    const source = donorSources(preprocessor, xTrain, kinds)[kindOf[0]!]!;
    return completeRows(
      preprocess(preprocessor, fresh),
      xTrain,
      () => source,
      () => except,
    );
  };
  const [a, b, c] = spansOf(preprocessor);

  it("are the rows where all is known", () => {
    const { x, owner } = complete(1, 20, "u");
    expect([x.rows, Array.from(owner)]).toEqual([1, [0]]);
    expect(row(x, 0)[a!.from]).toBe(row(xTrain, 1)[a!.from]);
  });

  it("take values from the rows that are nearest in the others, the nearest first, and none from the row itself", () => {
    const { x } = complete(1.1, NONE, "v");
    const lent = Array.from({ length: x.rows }, (_, i) => row(x, i)[b!.from]);
    // In standard deviations: another c is as far as 2, and a step of a is 0.6.
    expect(lent.map((value) => rows(0, 6).find((i) => row(xTrain, i)[b!.from] === value))).toEqual([1, 3, 2, 0, 5, 4]);
    for (let i = 0; i < x.rows; i++) expect(row(x, i)[a!.from]).toBe(row(x, 0)[a!.from]);
    const without = complete(1.1, NONE, "v", 1);
    expect(without.x.rows).toBe(5);
    expect(row(without.x, 0)[b!.from]).not.toBe(row(xTrain, 1)[b!.from]);
  });

  it("of a category never seen take one each of those seen", () => {
    const { x, owner } = complete(2, 20, "w");
    expect(new Set(Array.from({ length: x.rows }, (_, i) => row(x, i)[c!.from]! > 0)).size).toBe(2);
    expect(Array.from(owner)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("say that a value is missing where training rows say what that means", () => {
    const holes = withHoles(mixedTable(50, 1), ["a"], 0.3);
    const own = fitPreprocessor(holes, "y");
    const x = preprocess(own, holes);
    const source = donorSources(own, x, [{ missing: [0], unseen: [] }])[0]!;
    const missing = rows(0, 50).find((i) => Number.isNaN((columnOf(holes, "a")!.values as Float64Array)[i]!))!;
    const whole = rows(0, 50).find((i) => !Number.isNaN((columnOf(holes, "a")!.values as Float64Array)[i]!))!;
    const done = completeRows(fromRows([row(x, whole)]), x, () => source).x;
    expect(done.rows).toBe(1);
    expect(Array.from(done.data.subarray(0, 2))).toEqual(Array.from(row(x, missing).subarray(0, 2)));
    expect(Array.from(done.data.subarray(2))).toEqual(Array.from(row(x, whole).subarray(2)));
  });
});

describe("predictions of rows of which not all is known", () => {
  let model: RegressionModel;
  let fresh: Table;
  const tries: { readonly model: RegressionModel; readonly fresh: Table }[] = [];

  beforeAll(async () => {
    for (let seed = 0; seed < 5; seed++) {
      const all = mixedTable(350, 40 + seed);
      const train = takeTableRows(all, rows(0, 150));
      tries.push({
        model: await fitRegression(train, { target: "y", candidates }),
        fresh: takeTableRows(all, rows(150, 350)),
      });
    }
    ({ model, fresh } = tries[0]!);
  }, 30_000);

  /** How many of the targets intervals hold, and how wide these are, over all tries. */
  const share = async (change: (table: Table) => Table) => {
    let [held, width, count] = [0, 0, 0];
    for (const own of tries) {
      const { lower, upper } = await predictRegression(own.model, change(own.fresh));
      const y = columnOf(own.fresh, "y")!.values as Float64Array;
      held += y.filter((value, i) => value >= lower[i]! && value <= upper[i]!).length;
      width += upper.reduce((sum, value, i) => sum + value - lower[i]!, 0);
      count += y.length;
    }
    return { held: held / count, width: width / count };
  };

  it.each([
    ["one number", ["a"], 1.1],
    ["the other number", ["b"], 1.1],
    ["both", ["a", "b"], 1.1],
    ["the category", ["sort"], 1.1],
    ["a number and the category", ["b", "sort"], 1.1],
    ["one or another", ["a", "b", "sort"], 0.3],
  ])(
    "hold what they promise without %s, in wider intervals",
    async (_, names, holes) => {
      const complete = await share((table) => table);
      const { held, width } = await share((table) => withHoles(table, names, holes));
      expect(complete.held).toBeGreaterThan(0.92);
      expect(complete.held).toBeLessThan(0.98);
      expect(held).toBeGreaterThan(0.92);
      expect(held).toBeLessThan(0.98);
      expect(width).toBeGreaterThan(1.3 * complete.width);
    },
    30_000,
  );

  it.each(["one input", "two inputs"])("hold what they promise where rows are of %s of 0 and 1", async (inputs) => {
    let [held, count] = [0, 0];
    for (let seed = 0; seed < 6; seed++) {
      const [ka, kb, kn] = split(key(70 + seed), 3);
      const [a, b, noise] = [randomInts(ka!, 300, 2), randomInts(kb!, 300, 2), normal(kn!, 300)];
      const second = inputs === "two inputs" ? b : b.map(() => 0);
      const table = tableOf([
        ["a", numeric(a)],
        ["b", numeric(second)],
        ["y", numeric(a.map((value, i) => 3 * value + second[i]! + 0.1 * noise[i]!))],
      ]);
      const own = await fitRegression(takeTableRows(table, rows(0, 100)), { target: "y", candidates });
      const unknown = withHoles(takeTableRows(table, rows(100, 300)), ["a"], 1.1);
      const { lower, upper } = await predictRegression(own, unknown);
      const y = columnOf(unknown, "y")!.values as Float64Array;
      held += y.filter((value, i) => value >= lower[i]! && value <= upper[i]!).length;
      count += y.length;
    }
    expect(held / count).toBeGreaterThan(0.92);
    expect(held / count).toBeLessThan(0.99);
  });

  it("do not depend on the rows beside them, and means alone are the same", async () => {
    const holes = takeTableRows(withHoles(fresh, ["a", "b", "sort"], 0.3), rows(0, 40));
    const means = await predictMeans(model, holes);
    const { prediction } = await predictRegression(model, holes);
    expect(means).toEqual(prediction);
    for (const i of [0, 7, 39])
      expect((await predictMeans(model, takeTableRows(holes, [i])))[0]).toBeCloseTo(means[i]!, 10);
  });

  it("have their own factor, rows that know all that of all of these", async () => {
    const kinds = rowKinds(model.preprocessor, withHoles(fresh, ["a"], 0.5));
    const [complete, withoutA] = await intervalFactors(model, kinds, 0.9, {});
    expect(complete).toBe(intervalFactor(model, 0.9));
    expect(withoutA).not.toBe(complete);
  });

  it("of classes are means of their probabilities", async () => {
    const table = mixedTable(150, 6);
    const y = columnOf(table, "y")!.values as Float64Array;
    const labelled = tableOf([
      ...table.names.slice(0, 3).map((name, j) => [name, table.columns[j]!] as const),
      ["large", text(Array.from(y, (value) => `${value > 0}`))],
    ]);
    const classifier: ClassificationModel = await fitClassification(labelled, { target: "large", candidates });
    const known = takeTableRows(labelled, rows(0, 30));
    const unsure = await predictClassification(classifier, withHoles(known, ["a"], 1.1));
    const sure = await predictClassification(classifier, known);
    const mean = ({ probabilities }: typeof sure) =>
      Array.from(rows(0, 30), (i) => Math.max(...row(probabilities, i))).reduce((sum, p) => sum + p, 0) / 30;
    expect(mean(unsure)).toBeLessThan(mean(sure) - 0.05);
    for (const i of rows(0, 30)) expect(row(unsure.probabilities, i).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
  });
});
