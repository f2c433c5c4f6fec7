import type { AnyExperiment } from "./experiment.ts";
import { concentration } from "./experiments/concentration.ts";

/** All experiments, in the order of the documents. */
export const EXPERIMENTS: readonly AnyExperiment[] = [concentration];
