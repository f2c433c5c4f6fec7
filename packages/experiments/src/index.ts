/**
 * The claims of the literature as experiments: each runs, measures, and says whether the claim holds.
 *
 *   const found = await runExperiment(EXPERIMENTS[0]!, { seed: 1, quick: true });
 *   console.log(found.holds, found.checks);
 *
 * Experiments print nothing and know no files. Figures are data; `drawFigure` makes SVG pictures of them.
 */
export { DOCUMENTS } from "./documents.ts";
export { type Drawing, drawFigure } from "./draw.ts";
export type {
  AnyExperiment,
  Check,
  DataTable,
  Experiment,
  Findings,
  RunContext,
} from "./experiment.ts";
export type { Axis, Figure, Mark, Panel, Point } from "./figure.ts";
export { type ParamSpec, type ParamSpecs, type ParamValue, parseParam, resolveParams } from "./params.ts";
export { EXPERIMENTS } from "./registry.ts";
export { type ExperimentResult, type RunOptions, runExperiment } from "./run.ts";
