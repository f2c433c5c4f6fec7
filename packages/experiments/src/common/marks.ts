import type { Mark, Point } from "../figure.ts";
import { mean, type PowerLaw, powerLaw, powerLine, slopeText, standardError } from "./statistics.ts";

/** A quantity at each of several sizes, and the power law that fits it. */
export interface Scaling {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Standard errors. */
  readonly errors?: readonly number[];
  readonly law: PowerLaw;
}

/** Means over the samples at each size. */
export function scalingOf(x: readonly number[], samples: readonly (readonly number[])[]): Required<Scaling> {
  const y = samples.map(mean);
  return { x, y, errors: samples.map(standardError), law: powerLaw(x, y) };
}

/** Measurements as points, with standard errors where given, and the power law as a line that tells its slope. */
export function lawMarks(name: string, { x, y, errors, law }: Scaling, color: number): readonly Mark[] {
  return [
    { kind: "line", label: `${name}: ${slopeText(law)}`, color, points: powerLine(law, x) },
    {
      ...({ kind: "points", color } as const),
      points: x.map((value, k): Point => [value, y[k]!]),
      ...(errors && { low: y.map((value, k) => value - errors[k]!), high: y.map((value, k) => value + errors[k]!) }),
    },
  ];
}
