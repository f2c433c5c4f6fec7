import { DataError } from "../errors.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { Candidate } from "./candidates.ts";
import { fitPreprocessor, type InputOptions, type Preprocessor, preprocess, withSharedScale } from "./preprocess.ts";
import { compareCandidates, type Selection, type SelectOptions, settleRidge } from "./select.ts";
import type { Table } from "./table.ts";

/** Inputs and model that the data chose together. */
export interface ModelSelection {
  readonly preprocessor: Preprocessor;
  readonly selection: Selection;
}

/** Three kernel matrices of this many rows, 13 GB, are held at a time, and half of one is saved: files end at 2 GiB. */
const MAX_TRAINING_ROWS = 23_000;

/**
 * Chooses a candidate with every number standardized by itself, then tries the winner with one scale for all numbers,
 * which is right where they share a unit, as pixels do. Leave-one-out decides.
 */
export async function selectModel(
  table: Table,
  target: string,
  y: Matrix,
  candidates: readonly Candidate[],
  options: SelectOptions & InputOptions,
): Promise<ModelSelection> {
  if (table.rows > MAX_TRAINING_ROWS)
    throw new DataError(
      `${table.source}: ${table.rows} training rows need kernel matrices of ${Math.round((8 * table.rows ** 2) / 1e9)} GB each: sample at most ${MAX_TRAINING_ROWS} of them`,
    );
  const preprocessor = fitPreprocessor(table, target, options);
  const share = (from: number, to: number) =>
    options.onProgress && ((fraction: number) => options.onProgress?.(from + (to - from) * fraction));
  const compared = await compareCandidates(preprocess(preprocessor, table), y, candidates, {
    ...options,
    onProgress: share(0, 0.8),
  });
  const shared = withSharedScale(preprocessor);
  if (!shared) return { preprocessor, selection: await settleRidge(compared, options) };
  const named = { ...compared.winner, name: `${compared.winner.name}, one scale for all columns` };
  const rescaled = await compareCandidates(preprocess(shared, table), y, [named], {
    ...options,
    onProgress: share(0.8, 0.9),
  });
  const scores = [...compared.scores, ...rescaled.scores];
  return rescaled.best.score < compared.best.score
    ? { preprocessor: shared, selection: await settleRidge({ ...rescaled, scores }, options) }
    : { preprocessor, selection: await settleRidge({ ...compared, scores }, options) };
}
