import { type Engine, jsEngine, key } from "ntkit";
import type { AnyExperiment, Findings } from "./experiment.ts";
import { type ParamValue, resolveParams } from "./params.ts";

export interface RunOptions {
  /** Draws everything. Default 1. */
  readonly seed?: number | undefined;
  /** Parameters of a run of seconds, with the same checks. */
  readonly quick?: boolean | undefined;
  /** Parameters by name, instead of the defaults. */
  readonly set?: Readonly<Record<string, ParamValue>> | undefined;
  /** Default: plain TypeScript. */
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/** What was found, and all that is needed to find it again. Plain data of finite numbers. */
export interface ExperimentResult extends Findings {
  readonly id: string;
  readonly seed: number;
  readonly engine: string;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** Whether all checks hold. */
  readonly holds: boolean;
}

/** Runs an experiment. Throws ValueError for parameters that do not fit, and the signal's reason when aborted. */
export async function runExperiment(
  experiment: AnyExperiment,
  { seed = 1, quick = false, set = {}, engine = jsEngine, signal, onProgress }: RunOptions = {},
): Promise<ExperimentResult> {
  const params = resolveParams(experiment.params, { quick, set });
  const findings = await experiment.run(params, { seed, key: key(seed), engine, signal, onProgress });
  const holds = findings.checks.every((check) => check.holds);
  return { id: experiment.id, seed, engine: engine.name, params, holds, ...findings };
}
