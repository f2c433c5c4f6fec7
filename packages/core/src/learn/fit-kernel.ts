import { NumericalError } from "../errors.ts";
import { kernelFn } from "../kernel/kernel-fn.ts";
import { parseNetwork } from "../layers/network-file.ts";
import { zeros } from "../linalg/engine.ts";
import { jsEngine } from "../linalg/js-engine.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { PredictOptions } from "../predict/options.ts";
import { factorizeRegularized, solveFactorized } from "../predict/regularized-solve.ts";
import { type CompletedRows, completeRows, completionsPerRow, donorSources } from "./donors.ts";
import { unweighRows, weighedTargets, weighRows } from "./leave-inputs-out.ts";
import type { FittedKernel } from "./model.ts";
import { checkColumns, type Preprocessor, preprocess } from "./preprocess.ts";
import { isPlain } from "./rows-by-input.ts";
import type { Selection } from "./select.ts";
import { type Table, takeTableRows } from "./table.ts";
import { rowKinds } from "./unknown-inputs.ts";

/**
 * Solves with the selected kernel and ridge on all training rows. O(n³/3). `lower` is the Cholesky factor of the kernel
 * matrix of the different inputs with diagReg over their counts on its diagonal.
 */
export async function fitKernel(
  { candidate, data, gram, diagReg, memory }: Selection,
  { engine = jsEngine, signal }: PredictOptions,
): Promise<{ readonly fitted: FittedKernel; readonly lower: Matrix }> {
  const factor = await factorizeRegularized("fit", gram, diagReg, engine, {
    signal,
    reuse: memory ?? zeros(engine, gram.data.length),
  });
  if (!factor.ok) throw new NumericalError(factor.message);
  const solved = await solveFactorized("fit", factor.lower, weighedTargets(data), engine, { signal });
  const [alpha, lower] = isPlain(data)
    ? [solved, factor.lower]
    : [weighRows(solved, data.counts), unweighRows(factor.lower, data.counts)];
  const { kernel, name: architecture } = candidate;
  const network = parseNetwork(candidate.network); // with its defaults: a model says all that it is
  return { fitted: { network, kernel, architecture, diagReg, xTrain: data.x, alpha }, lower };
}

/** Completed inputs and K(x, xTrain) of some rows of a table, the first of which is row `start`. */
export interface CrossBlock extends CompletedRows {
  readonly start: number;
  /** Rows of the table. */
  readonly rows: number;
  readonly cross: Matrix;
}

/** Entries of K(x, xTrain) held at a time: 128 MB. */
const BLOCK_ENTRIES = 2 ** 24;

/** The share of a block's progress that its kernel makes. */
const KERNEL_SHARE = 0.9;

/** What crossBlocks needs of a model. */
type Predictor = { readonly preprocessor: Preprocessor; readonly fitted: FittedKernel };

/**
 * K(x, xTrain) for the rows of a table, as many rows at a time as have `entries`, so that memory does not grow with the table.
 * Rows with missing values or categories that training never had are there as often as they are completed (`completeRows`).
 */
export async function* crossBlocks(
  { preprocessor, fitted }: Predictor,
  table: Table,
  { engine, signal, onProgress }: PredictOptions,
  entries: number = BLOCK_ENTRIES,
): AsyncGenerator<CrossBlock> {
  checkColumns(preprocessor, table);
  const { kinds, kindOf } = rowKinds(preprocessor, table);
  const sources = donorSources(preprocessor, fitted.xTrain, kinds);
  const costs = sources.map(completionsPerRow);
  const kernel = kernelFn(fitted.network);
  const most = Math.max(1, Math.floor(entries / fitted.xTrain.rows));
  let start = 0;
  do {
    const rows = rowsWithin(start, table.rows, most, (i) => costs[kindOf[i]!]!);
    const x = preprocess(preprocessor, rowsFrom(table, start, rows));
    const from = start;
    const completed = completeRows(x, fitted.xTrain, (i) => sources[kindOf[from + i]!]!);
    const report = (share: number) => onProgress?.((from + share * rows) / Math.max(1, table.rows));
    const onEntries = (fraction: number) => report(KERNEL_SHARE * fraction);
    const cross = await kernel(completed.x, fitted.xTrain, fitted.kernel, { engine, signal, onProgress: onEntries });
    yield { start, rows, ...completed, cross };
    report(1);
    start += rows;
  } while (start < table.rows);
}

/** How many rows from `start` on cost `most` at most, at least one where there are any. */
function rowsWithin(start: number, rows: number, most: number, cost: (i: number) => number): number {
  let [end, spent] = [start, 0];
  while (end < rows && (end === start || spent + cost(end) <= most)) spent += cost(end++);
  return end - start;
}

/** Throws NumericalError that names the row when one of its predictions is not finite. */
export function checkPredictions(table: Table, values: Float64Array, perRow = 1): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new NumericalError(
    `${table.source}: the prediction of data row ${Math.floor(at / perRow) + 1} is ${values[at]}, outside the range of float64: leave the row out, or fit the model again`,
  );
}

function rowsFrom(table: Table, start: number, count: number): Table {
  if (count === table.rows) return table;
  return takeTableRows(
    table,
    Array.from({ length: count }, (_, i) => start + i),
  );
}
