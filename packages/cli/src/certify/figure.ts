import type { Figure, Point } from "@ntkit/experiments";
import type { WidthCertificate } from "./certificate.ts";
import type { LimitCertificate } from "./limit.ts";
import type { WidthMeasure } from "./scan.ts";

/** The spectrum, and the distance from it by width beside what Lemma 2 promises. */
export function certificateFigure(
  title: string,
  limit: LimitCertificate,
  scan: readonly WidthMeasure[],
  { epsilon, promises }: WidthCertificate,
): Figure {
  const spectrum = [...limit.eigenvalues].reverse().map((value, k): Point => [k + 1, value]);
  return {
    id: "certificate",
    title,
    caption:
      "Left: the tangent kernel of the infinite network. Right: distance of finite ones from it, each draw a point.",
    panels: [
      {
        x: { label: "rank k", scale: "log" },
        y: { label: "eigenvalue λₖ of H*", scale: "log" },
        marks: [
          {
            kind: "points",
            label: "eigenvalues",
            color: 0,
            points: spectrum.filter(([, value]) => value > 0),
            size: 2,
          },
        ],
      },
      {
        x: { label: "width m", scale: "log" },
        y: { label: "‖H(0) − H*‖₂", scale: "log" },
        marks: [
          {
            ...({ kind: "line", label: "promised by Lemma 2", color: 6 } as const),
            points: scan.map(({ width }, i): Point => [width, promises[i]!.promises.value]),
          },
          { kind: "ruleY", label: "asked for", at: epsilon, dashed: true, color: 7 },
          {
            ...({ kind: "points", label: "draws", color: 1 } as const),
            points: scan.flatMap(({ width, distances }) => distances.map((value): Point => [width, value])),
          },
        ],
      },
    ],
  };
}
