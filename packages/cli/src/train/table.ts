import type { FiniteRun, Gap } from "./finite-width.ts";
import type { InfiniteRun } from "./infinite-width.ts";

const COLUMNS = [
  "width",
  "train mse",
  "test mse",
  "to linear",
  "to limit",
  "movement",
  "drift",
  "kernel gap",
  "seconds",
] as const;

const MIN_CELL = 9;

export interface WidthTable {
  readonly header: string;
  readonly line: (run: FiniteRun | InfiniteRun) => string;
  /** What the columns are. */
  readonly legend: readonly string[];
}

/** Lines made one at a time, while widths finish. */
export function widthTable(hasTest: boolean): WidthTable {
  const format = (cells: readonly string[]) =>
    cells.map((cell, j) => cell.padStart(j === 0 ? 5 : Math.max(MIN_CELL, COLUMNS[j]!.length))).join("  ");
  return {
    header: format(COLUMNS),
    line: (run) => {
      const seconds = run.seconds.toFixed(1);
      if (run.status === "diverged") return `${format([`${run.width}`])}  diverged at step ${run.divergedAt}`;
      const scores = [`${run.width}`, number(run.trainMse), number(run.testMse)];
      if (run.width === "inf") return format([...scores, "-", "-", "-", "-", "-", seconds]);
      const { fromLinearization, fromLimit, movement, kernelDrift, kernelGap } = run;
      const gaps = [fromLinearization, fromLimit].map((gap) => gapText(gap));
      return format([...scores, ...gaps, number(movement), number(kernelDrift), number(kernelGap), seconds]);
    },
    legend: [
      `to linear, to limit: rms over the ${hasTest ? "test" : "training"} rows of the difference to the network linearized where it starts,`,
      "  and to the infinite one that starts with its outputs, each after as many steps",
      "movement: |w - w0|/|w0|; drift: |K - K0|/|K0| of the tangent kernel; kernel gap: |K0 - Kinf|/|Kinf|",
    ],
  };
}

/** "inf" where the prediction has left the range of float64, though the network has not. */
function gapText(gap: Gap | null): string {
  return gap ? number(gap.test ?? gap.train) : "inf";
}

function number(value: number | null): string {
  if (value === null) return "-";
  if (value === 0) return "0";
  return value >= 1e-3 && value < 1e5 ? value.toPrecision(3) : value.toExponential(2);
}
