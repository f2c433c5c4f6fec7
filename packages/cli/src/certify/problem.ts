import type { SweepProblem } from "../train/problem.ts";

/** One table and one network, of which theory is asked. */
export type CertifyProblem = Pick<
  SweepProblem,
  "network" | "train" | "classes" | "loss" | "optimizer" | "trainable" | "seed" | "engine"
>;
