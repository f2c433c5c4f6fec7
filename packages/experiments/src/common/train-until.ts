import { type Engine, type Layer, type Matrix, type Params, train } from "ntkit";

export interface StopRule {
  /** Of the sum of squares halved. */
  readonly learningRate: number;
  /** Trained once the mean squared error is below. */
  readonly mse: number;
  /** Given up after so many steps without a smaller error; never where absent. */
  readonly patience?: number;
  readonly maxSteps: number;
  /** The error is looked at after each so many steps. */
  readonly every: number;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/** The last state that was looked at and finite. */
export interface Stopped {
  readonly why: "trained" | "patience" | "steps" | "diverged";
  readonly step: number;
  readonly params: Params;
  readonly mse: number;
}

/** Gradient descent on all weights until a rule says stop. Throws the signal's reason when aborted. */
export async function trainUntil(
  network: Layer,
  start: Params,
  { x, y }: { readonly x: Matrix; readonly y: Matrix },
  { learningRate, mse, patience = Number.POSITIVE_INFINITY, maxSteps, every, engine, signal }: StopRule,
): Promise<Stopped> {
  let run = await train(network, start, x, y, { steps: 0, learningRate, recordAt: [0], engine });
  let best = { step: 0, mse: Number.POSITIVE_INFINITY };
  let last = { step: 0, params: start, mse: Number.POSITIVE_INFINITY };
  for (;;) {
    signal?.throwIfAborted();
    const record = run.records.at(-1);
    if (run.status === "diverged" || !record) return { ...last, why: "diverged" };
    last = { step: run.state.step, params: run.params, mse: record.mse };
    if (last.mse < mse) return { ...last, why: "trained" };
    if (last.mse < best.mse) best = last;
    if (last.step - best.step >= patience) return { ...last, why: "patience" };
    if (last.step >= maxSteps) return { ...last, why: "steps" };
    const steps = Math.min(last.step + every, maxSteps);
    run = await train(network, start, x, y, {
      ...{ steps, learningRate, recordAt: [steps], resume: run.state, engine },
    });
  }
}
