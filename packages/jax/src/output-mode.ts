import { type OutputAxes, ValueError } from "ntkit";

/** What stays of the outputs a, b of a kernel: the mean over a = b, the entries a = b, or all. */
export type OutputMode = "trace" | "diagonal" | "full";

/** The mode that `OutputAxes` describe, whose only axis is that of the outputs, -1 (or 1). */
export function outputMode(where: string, { traceAxes, diagonalAxes = [] }: OutputAxes): OutputMode {
  const traced = traceAxes ?? (diagonalAxes.length > 0 ? [] : [-1]);
  for (const axes of [traced, diagonalAxes, [...traced, ...diagonalAxes]]) {
    if (axes.length > 1 || axes.some((axis) => axis !== -1 && axis !== 1))
      throw new ValueError(
        `${where}: one of traceAxes and diagonalAxes may hold the axis of the outputs, -1, got [${traced.join(", ")}] and [${diagonalAxes.join(", ")}]`,
      );
  }
  if (traced.length > 0) return "trace";
  return diagonalAxes.length > 0 ? "diagonal" : "full";
}

/** The axes after [n1, n2]. */
export function outputShape(mode: OutputMode, outputs: number): readonly number[] {
  return { trace: [], diagonal: [outputs], full: [outputs, outputs] }[mode];
}
