import type { FiniteRun, Gap } from "./finite-width.ts";
import { isForecast } from "./forecast.ts";
import type { InfiniteRun } from "./infinite-width.ts";
import type { SweepProblem } from "./problem.ts";

interface Column {
  readonly name: string;
  readonly text: (run: FiniteRun) => string;
  /** Of the infinite network too. */
  readonly shared?: (run: FiniteRun | InfiniteRun) => string;
}

const MIN_CELL = 9;

export interface WidthTable {
  readonly header: string;
  readonly line: (run: FiniteRun | InfiniteRun) => string;
  /** What the columns are. */
  readonly legend: readonly string[];
}

type Tabulated = Pick<SweepProblem, "test" | "train" | "loss" | "classes" | "optimizer">;

/** Lines made one at a time, while widths finish. */
export function widthTable(problem: Tabulated): WidthTable {
  const columns = columnsOf(problem);
  const format = (cells: readonly string[]) =>
    cells.map((cell, j) => cell.padStart(j === 0 ? 5 : Math.max(MIN_CELL, columns[j - 1]!.name.length))).join("  ");
  return {
    header: format(["width", ...columns.map(({ name }) => name)]),
    line: (run) => {
      if (run.status === "diverged") return `${format([`${run.width}`])}  diverged at step ${run.divergedAt}`;
      const cells = columns.map(({ text, shared }) => shared?.(run) ?? (run.width === "inf" ? "-" : text(run)));
      return format([`${run.width}`, ...cells]);
    },
    legend: legendOf(problem),
  };
}

function columnsOf({ loss, classes, optimizer }: Tabulated): readonly Column[] {
  const shared = (name: string, text: (run: FiniteRun | InfiniteRun) => string): Column => ({
    ...{ name, text, shared: text },
  });
  const losses =
    loss === "squared"
      ? [shared("train mse", ({ trainMse }) => number(trainMse)), shared("test mse", ({ testMse }) => number(testMse))]
      : [
          shared("train loss", ({ trainCrossEntropy }) => number(trainCrossEntropy)),
          shared("test loss", ({ testCrossEntropy }) => number(testCrossEntropy)),
        ];
  const accuracies = [
    shared("train acc", ({ trainAccuracy }) => percent(trainAccuracy)),
    shared("test acc", ({ testAccuracy }) => percent(testAccuracy)),
  ];
  const gaps = [
    { name: "to linear", text: ({ fromLinearization }: FiniteRun) => gapText(fromLinearization) },
    { name: "to limit", text: ({ fromLimit }: FiniteRun) => gapText(fromLimit) },
  ];
  return [
    ...losses,
    ...(classes ? accuracies : []),
    ...(isForecast(optimizer) ? gaps : []),
    { name: "movement", text: ({ movement }) => number(movement) },
    { name: "drift", text: ({ kernelDrift }) => number(kernelDrift) },
    { name: "kernel gap", text: ({ kernelGap }) => number(kernelGap) },
    shared("seconds", ({ seconds }) => seconds.toFixed(1)),
  ];
}

function legendOf({ test, train, loss, classes, optimizer }: Tabulated): readonly string[] {
  const several = train.y.cols > 1;
  return [
    ...(loss === "softmax" ? ["loss: cross-entropy of a row, in nats"] : []),
    ...(classes
      ? [`acc: rows whose ${several ? "largest output is that of their class" : "output has the sign of their class"}`]
      : []),
    ...(isForecast(optimizer)
      ? [
          `to linear, to limit: rms over the ${test ? "test" : "training"} rows of the difference to the network linearized where it starts,`,
          "  and to the infinite one that starts with its outputs, each after as many steps",
        ]
      : []),
    "movement: |w - w0|/|w0|; drift: |K - K0|/|K0| of the tangent kernel; kernel gap: |K0 - Kinf|/|Kinf|",
    ...(several ? ["  with K the mean over the outputs"] : []),
  ];
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

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(1)} %`;
}
