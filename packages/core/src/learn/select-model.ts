import { DataError } from "../errors.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { Candidate } from "./candidates.ts";
import { fitPreprocessor, type Preprocessor, preprocess, withSharedScale } from "./preprocess.ts";
import { type Selection, type SelectOptions, selectCandidate } from "./select.ts";
import type { Table } from "./table.ts";

/** Inputs and model that the data chose together. */
export interface ModelSelection {
  readonly preprocessor: Preprocessor;
  /** Preprocessed training inputs. */
  readonly x: Matrix;
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
  options: SelectOptions,
): Promise<ModelSelection> {
  if (table.rows > MAX_TRAINING_ROWS)
    throw new DataError(
      `${table.source}: ${table.rows} training rows need kernel matrices of ${Math.round((8 * table.rows ** 2) / 1e9)} GB each: sample at most ${MAX_TRAINING_ROWS} of them`,
    );
  const preprocessor = fitPreprocessor(table, target);
  const x = preprocess(preprocessor, table);
  const onProgress = options.onProgress && ((fraction: number) => options.onProgress?.(0.8 * fraction));
  const own = { preprocessor, x, selection: await selectCandidate(x, y, candidates, { ...options, onProgress }) };
  const shared = withSharedScale(preprocessor);
  if (!shared) return own;
  const { candidate, scores } = own.selection;
  const sharedX = preprocess(shared, table);
  const named = { ...candidate, name: `${candidate.name}, one scale for all columns` };
  const selection = await selectCandidate(sharedX, y, [named], { ...options, onProgress: undefined });
  const all = [...scores, ...selection.scores];
  const better = selection.scores[0]!.score < Math.min(...scores.map(({ score }) => score));
  return better
    ? { preprocessor: shared, x: sharedX, selection: { ...selection, scores: all } }
    : { ...own, selection: { ...own.selection, scores: all } };
}
