import { NumericalError } from "ntkit";
import type { Check } from "../experiment.ts";

interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** What theory says. */
  readonly theory?: number;
}

/** Whether `measured` lies between bounds, which belong to it. */
export function inRange(claim: string, measured: number, { atLeast, atMost, theory }: Bounds): Check {
  finite(claim, measured);
  return {
    claim,
    theory: theory ?? null,
    measured,
    tolerance: { atLeast: atLeast ?? null, atMost: atMost ?? null },
    holds: measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity),
  };
}

/** Whether `measured` is `theory` up to an absolute error. */
export function near(claim: string, measured: number, theory: number, error: number): Check {
  return inRange(claim, measured, { theory, atLeast: theory - error, atMost: theory + error });
}

/** Whether `measured` is `theory` up to a relative error. */
export function nearly(claim: string, measured: number, theory: number, relative: number): Check {
  return near(claim, measured, theory, relative * Math.abs(theory));
}

/** Whether something happened as often as it should: `times` of `of`. */
export function always(claim: string, times: number, of: number): Check {
  return inRange(`${claim}, of ${of}`, times, { theory: of, atLeast: of });
}

/** Whether something never happened. */
export function never(claim: string, times: number, of: number): Check {
  return inRange(`${claim}, of ${of}`, times, { theory: 0, atMost: 0 });
}

function finite(claim: string, measured: number): void {
  if (!Number.isFinite(measured)) throw new NumericalError(`${claim}: ${measured} was measured`);
}
