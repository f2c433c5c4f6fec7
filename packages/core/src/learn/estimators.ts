import { DataError, ShapeError, ValueError } from "../errors.ts";
import { fromRows, type Matrix } from "../matrix/matrix.ts";
import { checkOptions, optionNames, PREDICT_NAMES } from "../matrix/option-names.ts";
import type { PredictOptions } from "../predict/options.ts";
import type { Candidate } from "./candidates.ts";
import { regressionScore } from "./evaluate.ts";
import { fitClassification, predictClassification } from "./fit-classification.ts";
import { fitRegression } from "./fit-regression.ts";
import type { ClassificationModel, RegressionModel, RegressionPrediction } from "./model.ts";
import { PREDICTION_NAMES, type PredictTableOptions, predictMeans, predictRegression } from "./predict-regression.ts";
import { newName, ROW_NAMES, type RowValues, weightsOf, withRowColumns } from "./row-values.ts";
import { weightedMean } from "./row-weights.ts";
import type { Column, Table } from "./table.ts";
import { tableFromRows } from "./table-from-rows.ts";

/** Inputs: a table, a matrix, or an array of rows, which are arrays of numbers or objects as of `tableFromRows`. */
export type Inputs = Table | Matrix | readonly ArrayLike<number>[] | readonly object[];

export interface EstimatorOptions extends PredictOptions {
  /** Architectures to choose from; the default ones when absent. */
  readonly candidates?: readonly Candidate[];
  readonly seed?: number;
}

const NAMES = optionNames<EstimatorOptions>({ ...PREDICT_NAMES, candidates: true, seed: true });

/**
 * Regression with an infinitely wide network: chooses architecture and ridge by leave-one-out, and gives intervals.
 *
 *   const regressor = await new NtkRegressor().fit(x, y);
 *   const { prediction, lower, upper } = await regressor.predictInterval(xTest);
 */
export class NtkRegressor {
  readonly #options: EstimatorOptions;
  #model: RegressionModel | null;

  constructor(options: EstimatorOptions = {}, model: RegressionModel | null = null) {
    checkOptions("NtkRegressor", options, NAMES);
    this.#options = options;
    this.#model = model;
  }

  /** Learns y from x, one target for each row. */
  async fit(x: Inputs, y: ArrayLike<number>, rows: RowValues = {}): Promise<this> {
    checkOptions("fit", rows, ROW_NAMES);
    const column: Column = { kind: "numeric", values: Float64Array.from(y) };
    const { table, target } = withTarget("fit", x, y.length, column);
    const known = withRowColumns("fit", table, rows);
    this.#model = await fitRegression(known.table, { ...this.#options, ...known.columns, target });
    return this;
  }

  /** The expected target of each row. */
  async predict(x: Inputs): Promise<Float64Array> {
    return predictMeans(this.model, tableOf(x), this.#options);
  }

  /** The expected target with the interval that holds it with probability `level`, 0.95 unless given. */
  async predictInterval(x: Inputs, options: PredictTableOptions = {}): Promise<RegressionPrediction> {
    checkOptions("predictInterval", options, PREDICTION_NAMES);
    return predictRegression(this.model, tableOf(x), { ...this.#options, ...options });
  }

  /**
   * The coefficient of determination R² on these rows, by weight where weights are given; throws DataError where their targets do not
   * vary, so that there is none.
   */
  async score(
    x: Inputs,
    y: ArrayLike<number>,
    { sampleWeight }: Pick<RowValues, "sampleWeight"> = {},
  ): Promise<number> {
    const predicted = await this.predict(x);
    checkCounts("score", predicted.length, y.length);
    const { r2 } = regressionScore(Float64Array.from(y), predicted, weightsOf("score", sampleWeight, y.length));
    if (r2 === null)
      throw new DataError(
        `score: R² compares with the variance of the targets, which ${y.length === 1 ? "one row does" : "equal targets do"} not have: pass rows whose targets differ`,
      );
    return r2;
  }

  /** What was learned, as plain data; save it with `encodeModel`. */
  get model(): RegressionModel {
    return fitted("NtkRegressor", this.#model);
  }
}

/**
 * Classification with an infinitely wide network: chooses architecture, ridge and temperature by leave-one-out.
 *
 *   const classifier = await new NtkClassifier().fit(x, labels);
 *   const probabilities = await classifier.predictProba(xTest);
 */
export class NtkClassifier {
  readonly #options: EstimatorOptions;
  #model: ClassificationModel | null;

  constructor(options: EstimatorOptions = {}, model: ClassificationModel | null = null) {
    checkOptions("NtkClassifier", options, NAMES);
    this.#options = options;
    this.#model = model;
  }

  /** Learns labels, numbers or texts, from x. */
  async fit(x: Inputs, y: readonly (string | number)[], rows: RowValues = {}): Promise<this> {
    checkOptions("fit", rows, ROW_NAMES);
    const { table, target } = withTarget("fit", x, y.length, labelColumn(y));
    const known = withRowColumns("fit", table, rows);
    this.#model = await fitClassification(known.table, { ...this.#options, ...known.columns, target });
    return this;
  }

  /** The most probable class of each row, as text. */
  async predict(x: Inputs): Promise<readonly string[]> {
    return (await predictClassification(this.model, tableOf(x), this.#options)).prediction;
  }

  /** Class probabilities, one row per row of x, in the order of `classes`. */
  async predictProba(x: Inputs): Promise<Matrix> {
    return (await predictClassification(this.model, tableOf(x), this.#options)).probabilities;
  }

  get classes(): readonly string[] {
    return this.model.classes;
  }

  /** The share of rows classified right, by weight where weights are given. */
  async score(
    x: Inputs,
    y: readonly (string | number)[],
    { sampleWeight }: Pick<RowValues, "sampleWeight"> = {},
  ): Promise<number> {
    const predicted = await this.predict(x);
    checkCounts("score", predicted.length, y.length);
    if (y.length === 0) throw new DataError("score: there are no rows to score predictions on: pass one at least");
    const hits = Float64Array.from(predicted, (label, i) => (label === String(y[i]) ? 1 : 0));
    return weightedMean(hits, weightsOf("score", sampleWeight, y.length));
  }

  /** What was learned, as plain data; save it with `encodeModel`. */
  get model(): ClassificationModel {
    return fitted("NtkClassifier", this.#model);
  }
}

function fitted<M>(name: string, model: M | null): M {
  if (model === null) throw new ValueError(`${name}: call fit before asking for predictions`);
  return model;
}

function withTarget(where: string, x: Inputs, count: number, column: Column): { table: Table; target: string } {
  const inputs = tableOf(x);
  checkCounts(where, inputs.rows, count);
  const target = newName(inputs, "y");
  const table = { ...inputs, names: [...inputs.names, target], columns: [...inputs.columns, column] };
  return { table, target };
}

function checkCounts(where: string, rows: number, count: number): void {
  if (rows !== count)
    throw new ShapeError(`${where}: x and y must have the same number of rows, got ${rows} and ${count}`);
}

/** Numbers in the order of numbers, else texts as they are; only a NaN is a missing label. */
function labelColumn(labels: readonly (string | number)[]): Column {
  if (labels.every((label) => typeof label === "number")) return { kind: "numeric", values: Float64Array.from(labels) };
  return { kind: "text", values: labels.map(String) };
}

function tableOf(x: Inputs): Table {
  if ("columns" in x) return x;
  if (!("data" in x) && !areNumbers(x)) return tableFromRows(x, { source: "x" });
  const { rows, cols, data } = "data" in x ? x : fromRows(x);
  const columns = Array.from(
    { length: cols },
    (_, j): Column => ({
      kind: "numeric",
      values: Float64Array.from({ length: rows }, (_unused, i) => data[i * cols + j]!),
    }),
  );
  return { source: "x", names: columns.map((_, j) => `x${j}`), rows, columns };
}

/** Whether rows are lists of numbers; an object may have a column named length. */
function areNumbers(x: readonly object[]): x is readonly ArrayLike<number>[] {
  return x.every(
    (row) => Array.isArray(row) || ArrayBuffer.isView(row) || ("length" in row && (row.length === 0 || 0 in row)),
  );
}
