import type { ClassificationEvaluation, RegressionEvaluation } from "ntkit";
import { DataError } from "ntkit";
import { checkSvgPath, drawing, type PlotModule, type PlotOptions, writeSvg } from "./svg.ts";
import { rangeOf } from "./text-scatter.ts";

export type Evaluation = RegressionEvaluation | ClassificationEvaluation;

/** Throws, before any work is done, when the plot could not be written. */
export async function checkPlotPath(
  path: string,
  { testFraction, test }: { testFraction: number; test?: string },
): Promise<void> {
  await checkSvgPath(path);
  if (testFraction === 0 && test === undefined)
    throw new DataError(`${path}: a plot shows test rows: raise --test-fraction above 0, or pass --test`);
}

/** Predicted against true with 95 % intervals, or the confusion matrix, as an SVG picture. */
export async function writePlot(path: string, evaluation: Evaluation, target: string): Promise<void> {
  const { Plot, document } = await drawing();
  const options =
    evaluation.task === "regression" ? scatter(Plot, evaluation, target) : confusion(Plot, evaluation, target);
  const figure = Plot.plot({ ...options, document });
  figure.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  await writeSvg(path, figure.outerHTML);
}

function scatter(Plot: PlotModule, { truth, predictions }: RegressionEvaluation, target: string): PlotOptions {
  const points = Array.from(truth, (value, i) => ({
    truth: value,
    prediction: predictions.prediction[i]!,
    lower: predictions.lower[i]!,
    upper: predictions.upper[i]!,
  }));
  const [low, high] = rangeOf(truth, predictions.prediction);
  return {
    width: 560,
    height: 560,
    grid: true,
    inset: 8,
    style: { background: "white" },
    x: { label: `true ${target}` },
    y: { label: `predicted ${target}, with 95 % intervals` },
    marks: [
      Plot.line(
        [
          [low, low],
          [high, high],
        ],
        { stroke: "#888", strokeDasharray: "4 4" },
      ),
      Plot.ruleX(points, { x: "truth", y1: "lower", y2: "upper", stroke: "#4269d0", strokeOpacity: 0.3 }),
      Plot.dot(points, { x: "truth", y: "prediction", r: 2.5, fill: "#4269d0" }),
    ],
  };
}

function confusion(
  Plot: PlotModule,
  { classes, confusion: counts }: ClassificationEvaluation,
  target: string,
): PlotOptions {
  const cells = counts.flatMap((row, i) =>
    row.map((count, j) => ({ truth: classes[i]!, predicted: classes[j]!, count })),
  );
  const side = 120 + 44 * classes.length;
  const most = Math.max(...cells.map(({ count }) => count));
  return {
    width: side,
    height: side,
    marginLeft: 80,
    marginBottom: 50,
    style: { background: "white" },
    x: { label: `predicted ${target}`, domain: classes },
    y: { label: `true ${target}`, domain: classes },
    color: { scheme: "blues", domain: [0, most] },
    marks: [
      Plot.cell(cells, { x: "predicted", y: "truth", fill: "count", inset: 0.5 }),
      Plot.text(cells, {
        x: "predicted",
        y: "truth",
        text: (cell: { count: number }) => `${cell.count}`,
        fill: (cell: { count: number }) => (cell.count > most / 2 ? "white" : "black"),
      }),
    ],
  };
}
