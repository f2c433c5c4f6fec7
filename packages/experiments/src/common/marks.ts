import type { Mark, Point } from "../figure.ts";
import { type PowerLaw, powerLine, slopeText } from "./statistics.ts";

/** Measurements as points, with standard errors where given, and the power law fitted to them as a line that tells its slope. */
export function lawMarks(
  name: string,
  law: PowerLaw,
  {
    x,
    y,
    errors,
  }: { readonly x: readonly number[]; readonly y: readonly number[]; readonly errors?: readonly number[] },
  color: number,
): readonly Mark[] {
  return [
    { kind: "line", label: `${name}: ${slopeText(law)}`, color, points: powerLine(law, x) },
    {
      ...{ kind: "points", color, points: x.map((value, k): Point => [value, y[k]!]) },
      ...(errors && { low: y.map((value, k) => value - errors[k]!), high: y.map((value, k) => value + errors[k]!) }),
    },
  ];
}
