import { isForecast } from "./forecast.ts";
import type { SweepProblem } from "./problem.ts";

/** What theory of a constant tangent kernel says of training. */
export const STATEMENTS = ["kernelAtStart", "path", "stableRate", "convergenceRates", "minimumNorm"] as const;

export type Statement = (typeof STATEMENTS)[number];

export interface Theory {
  readonly holds: readonly Statement[];
  readonly doesNotHold: readonly Statement[];
  /** One sentence on what does not hold; null where all does. */
  readonly caveat: string | null;
}

/** What holds for the optimizer and the loss. */
export function theoryOf({ optimizer, loss }: Pick<SweepProblem, "optimizer" | "loss">): Theory {
  if (!isForecast(optimizer))
    return theory(
      ["kernelAtStart"],
      "the kernel at the start says nothing of Adam's path, stable rates, speed or end, which is not the minimum-norm solution",
    );
  if (loss === "softmax")
    return theory(
      ["kernelAtStart", "path", "stableRate"],
      "softmax has no rate for each eigenvalue and, where the kernel tells the classes apart, no end: outputs grow, and do not tend to kernel regression",
    );
  return theory(STATEMENTS, null);
}

function theory(holds: readonly Statement[], caveat: string | null): Theory {
  return { holds, doesNotHold: STATEMENTS.filter((one) => !holds.includes(one)), caveat };
}
