import { ValueError } from "../errors.ts";
import * as portable from "../special/portable.ts";

/** Steps from 0 to `steps`, both included, about `count` of them, equally spaced in the logarithm of 1 + step. */
export function logSpacedSteps(steps: number, count = 60): readonly number[] {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ValueError(`logSpacedSteps: steps must be a whole number from 0, got ${steps}`);
  if (!Number.isInteger(count) || count < 2)
    throw new ValueError(`logSpacedSteps: count must be a whole number from 2, got ${count}`);
  const chosen = new Set<number>();
  for (let i = 0; i < count; i++) chosen.add(Math.round(portable.power(1 + steps, i / (count - 1)) - 1));
  chosen.add(steps);
  return [...chosen].sort((a, b) => a - b);
}
