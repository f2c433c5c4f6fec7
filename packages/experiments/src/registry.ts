import type { AnyExperiment } from "./experiment.ts";
import { concentration } from "./experiments/concentration.ts";
import { lemma2 } from "./experiments/lemma-2.ts";
import { spectralDynamics } from "./experiments/spectral-dynamics.ts";

/** All experiments, in the order of the documents. */
export const EXPERIMENTS: readonly AnyExperiment[] = [concentration, lemma2, spectralDynamics];
