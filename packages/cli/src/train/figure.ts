import { type Matrix, matrix, type TrainingData } from "ntkit";
import { type Drawing, escapeXml, type PlotOptions } from "../svg.ts";
import { rangeOf } from "../text-scatter.ts";
import type { FiniteRun } from "./finite-width.ts";
import type { InfiniteRun } from "./infinite-width.ts";
import { classAt, LOSS_TEXTS, type LossName } from "./scores.ts";

export interface FigureData {
  readonly title: string;
  readonly target: string;
  readonly train: TrainingData;
  readonly test: TrainingData | null;
  readonly finite: readonly FiniteRun[];
  readonly infinite: InfiniteRun | null;
  readonly loss: LossName;
  /** Of the outputs, where each is a class. */
  readonly classes: readonly string[] | null;
  /** The only feature, in units of the table, where the functions that were learned are drawn over it. */
  readonly axis: Axis | null;
}

export interface Axis {
  readonly name: string;
  /** Where the functions were evaluated. */
  readonly shown: Float64Array;
  readonly train: Float64Array;
  readonly test: Float64Array;
}

const PANEL = { width: 470, height: 350 } as const;
const HEAD = 64;
const COLUMNS = 2;
const INFINITE = "infinite";

/** Four panels as one picture, two by two, with the widths named once above them. */
export function trainFigure(drawing: Drawing, data: FigureData): string {
  const panels = panelsOf(drawing, data).map(({ title, options }, i) => {
    const [x, y] = [(i % COLUMNS) * PANEL.width, HEAD + Math.floor(i / COLUMNS) * PANEL.height];
    const panel = drawing.Plot.plot({ ...COMMON, ...options, document: drawing.document });
    panel.setAttribute("y", "20");
    return `<g transform="translate(${x} ${y})">${textAt(16, 16, title, 'font-size="13" font-weight="600"')}${panel.outerHTML}</g>`;
  });
  const width = COLUMNS * PANEL.width;
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * PANEL.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    '<rect width="100%" height="100%" fill="white"/>',
    textAt(16, 24, data.title, 'font-size="15" font-weight="600"'),
    ...legend(data),
    ...panels,
    "</svg>",
  ].join("\n");
}

function textAt(x: number, y: number, text: string, style: string): string {
  return `<text x="${x}" y="${y}" font-family="system-ui, sans-serif" ${style}>${escapeXml(text)}</text>`;
}

const COMMON: PlotOptions = {
  width: PANEL.width,
  height: PANEL.height - 24,
  marginLeft: 56,
  marginRight: 24,
  marginBottom: 44,
  marginTop: 28,
  inset: 6,
  grid: true,
  style: { fontSize: "11px" },
};

interface Panel {
  readonly title: string;
  readonly options: PlotOptions;
}

function panelsOf(drawing: Drawing, data: FigureData): readonly Panel[] {
  const trained = data.finite.filter(({ status }) => status === "done");
  const panels = [lossPanel(drawing, data)];
  if (trained.some(({ movement }) => movement)) panels.push(movementPanel(drawing, trained, data));
  if (trained.length > 0) panels.push(kernelPanel(drawing, trained, data));
  if (trained.length > 0 || data.infinite?.outputs) panels.push(learnedPanel(drawing, data));
  return panels;
}

function learnedPanel(drawing: Drawing, data: FigureData): Panel {
  if (data.classes) return classPanel(drawing, data, data.classes);
  return data.axis ? functionPanel(drawing, data, data.axis) : scatterPanel(drawing, data);
}

/** All widths, the infinite one last, where there is one. */
function allRuns({ finite, infinite }: FigureData): readonly (FiniteRun | InfiniteRun)[] {
  return infinite ? [...finite, infinite] : finite;
}

/** Told apart by everyone (Okabe and Ito, 2008); black is the infinite network. */
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];

function colorsOf(data: FigureData) {
  const domain = allRuns(data).map(nameOf);
  const range = domain.map((name, i) => (name === INFINITE ? "black" : PALETTE[i % PALETTE.length]!));
  return { type: "categorical", domain, range } as const;
}

function nameOf({ width }: FiniteRun | InfiniteRun): string {
  return width === "inf" ? INFINITE : `${width}`;
}

/** A stroke and a name for each width, in one line. */
function legend(data: FigureData): readonly string[] {
  const { domain, range } = colorsOf(data);
  let x = 16;
  return domain.map((name, i) => {
    const label = name === INFINITE ? "infinite width" : `width ${name}`;
    const dashes = name === INFINITE ? ' stroke-dasharray="5 3"' : "";
    const stroke = `<line x1="${x}" x2="${x + 22}" y1="46" y2="46" stroke="${range[i]}" stroke-width="2.5"${dashes}/>`;
    const item = stroke + textAt(x + 28, 50, label, 'font-size="12"');
    x += 50 + 7 * label.length;
    return item;
  });
}

function lossPanel(drawing: Drawing, data: FigureData): Panel {
  const { Plot } = drawing;
  // A logarithm has no place for step 0, nor for a loss of 0.
  const points = (runs: readonly (FiniteRun | InfiniteRun)[]) =>
    runs.flatMap((run) =>
      run.records
        .filter(({ step, loss }) => step > 0 && loss > 0)
        .map(({ step, loss }) => ({ step, loss, width: nameOf(run) })),
    );
  return {
    title: "Training loss",
    options: {
      x: { type: "log", label: "steps", tickFormat: "~s" },
      y: { type: "log", label: LOSS_TEXTS[data.loss], tickFormat: shortNumber, ticks: 6 },
      color: colorsOf(data),
      marks: [
        Plot.line(points(data.finite), { x: "step", y: "loss", stroke: "width", strokeWidth: 2 }),
        Plot.line(points(data.infinite ? [data.infinite] : []), {
          ...{ x: "step", y: "loss", stroke: "width", strokeWidth: 1.75, strokeDasharray: "6 4" },
        }),
      ],
    },
  };
}

interface Named {
  readonly width: number;
  readonly weights: number;
  readonly value: number;
}

function movementPanel({ Plot }: Drawing, trained: readonly FiniteRun[], { infinite }: FigureData): Panel {
  const points = positive(trained, ({ movement }) => movement);
  return {
    title: "How far the weights move",
    options: {
      ...overWidths("|w − w₀| / |w₀|"),
      marks: [
        ...axisOfWidths(Plot, trained),
        ...series(Plot, points, BLUE),
        ...(infinite ? guide(Plot, points, "1/√weights", ({ weights }) => weights) : []),
      ],
    },
  };
}

const BLUE = "#0072b2";
const ORANGE = "#d55e00";

function kernelPanel({ Plot }: Drawing, trained: readonly FiniteRun[], { infinite }: FigureData): Panel {
  const drift = positive(trained, ({ kernelDrift }) => kernelDrift);
  const gap = positive(trained, ({ kernelGap }) => kernelGap);
  const label = (points: readonly Named[], text: string, fill: string) =>
    Plot.text(points.slice(0, 1), {
      ...{ x: "width", y: "value", text: [text], fill, dx: 8, dy: -8, textAnchor: "start", lineAnchor: "bottom" },
      ...{ stroke: "white", strokeWidth: 4, fontWeight: 600 },
    } as const);
  return {
    title: "Tangent kernel: drift in training, and distance to its limit",
    options: {
      ...overWidths("relative to the norm of the kernel"),
      marks: [
        ...axisOfWidths(Plot, trained),
        ...series(Plot, drift, BLUE),
        ...series(Plot, gap, ORANGE, "square"),
        ...(infinite ? guide(Plot, drift, "1/√width", ({ width }) => width) : []),
        label(drift, "drift in training", BLUE),
        label(gap, "start to limit", ORANGE),
      ],
    },
  };
}

function overWidths(label: string): PlotOptions {
  return {
    x: { type: "log", axis: null, inset: 24 },
    y: { type: "log", label, tickFormat: shortNumber, ticks: 5, insetTop: 16 },
  };
}

/** Every width by its number: an axis of a logarithm leaves some out. */
function axisOfWidths(Plot: Drawing["Plot"], trained: readonly FiniteRun[]) {
  const widths = trained.map(({ width }) => width);
  return [Plot.gridX(widths), Plot.axisX(widths, { text: (width: number) => `${width}`, label: "width" })];
}

function positive(trained: readonly FiniteRun[], value: (run: FiniteRun) => number | null): readonly Named[] {
  return trained.flatMap((run) => {
    const own = value(run);
    return own !== null && own > 0 ? [{ width: run.width, weights: run.weights, value: own }] : [];
  });
}

function series(
  Plot: Drawing["Plot"],
  points: readonly Named[],
  stroke: string,
  symbol: "circle" | "square" = "circle",
) {
  return [
    Plot.line(points, { x: "width", y: "value", stroke, strokeWidth: 1.75 }),
    Plot.dot(points, { x: "width", y: "value", fill: stroke, r: 4, symbol }),
  ];
}

/** Through the first point: what falls with the root of a size, as theory has it where it knows the optimizer. */
function guide(Plot: Drawing["Plot"], points: readonly Named[], text: string, size: (point: Named) => number) {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first === last) return [];
  const above = size(last) / size(first) < (first.value / last.value) ** 2;
  const line = points.map((point) => ({ ...point, value: first.value * Math.sqrt(size(first) / size(point)) }));
  return [
    Plot.line(line, { x: "width", y: "value", stroke: "#888", strokeDasharray: "2 3" }),
    Plot.text(line.slice(-1), {
      ...{ x: "width", y: "value", text: [text], fill: "#555", textAnchor: "end" },
      ...(above ? { dx: 16, dy: -14 } : { dy: 12 }),
      ...{ stroke: "white", strokeWidth: 3 },
    } as const),
  ];
}

function functionPanel(drawing: Drawing, data: FigureData, axis: Axis): Panel {
  const { Plot } = drawing;
  const { train, test, finite, infinite } = data;
  const curve = (run: FiniteRun | InfiniteRun) =>
    Array.from(run.outputs?.shown ?? [], (value, i) => ({ x: axis.shown[i]!, value, width: nameOf(run) }));
  const dots = (x: Float64Array, y: Float64Array) => Array.from(x, (own, i) => ({ x: own, y: y[i]! }));
  return {
    title: `What was learned, from rows o${test ? ", tested on rows ×" : ""}`,
    options: {
      x: { label: axis.name },
      y: { label: `${data.target}, standardized` },
      color: colorsOf(data),
      marks: [
        Plot.line(finite.flatMap(curve), { x: "x", y: "value", stroke: "width", strokeWidth: 2 }),
        Plot.line(infinite ? curve(infinite) : [], {
          x: "x",
          y: "value",
          stroke: "width",
          strokeWidth: 1.75,
          strokeDasharray: "6 4",
        }),
        Plot.dot(dots(axis.train, train.y.data), { x: "x", y: "y", r: 4, fill: "white", stroke: "black" }),
        Plot.dot(test ? dots(axis.test, test.y.data) : [], { x: "x", y: "y", r: 4, symbol: "times", stroke: "black" }),
      ],
    },
  };
}

function scatterPanel(drawing: Drawing, data: FigureData): Panel {
  const { Plot } = drawing;
  const { train, test, target } = data;
  const y = (test ?? train).y.data;
  const points = allRuns(data).flatMap((run) =>
    Array.from((test ? run.outputs?.test : run.outputs?.train) ?? [], (value, i) => ({
      ...{ truth: y[i]!, value, width: nameOf(run) },
    })),
  );
  const [low, high] = rangeOf(y);
  return {
    title: `Predicted against true, ${test ? "test" : "training"} rows`,
    options: {
      x: { label: `true ${target}, standardized` },
      y: { label: `predicted ${target}, standardized` },
      color: colorsOf(data),
      marks: [
        Plot.line(
          [
            [low, low],
            [high, high],
          ],
          { stroke: "#888", strokeDasharray: "4 4" },
        ),
        Plot.dot(points, { x: "truth", y: "value", r: 2.5, stroke: "width", strokeWidth: 1.2 }),
      ],
    },
  };
}

/** How many rows of each class are predicted right, the widths side by side. */
function classPanel(drawing: Drawing, data: FigureData, classes: readonly string[]): Panel {
  const { Plot } = drawing;
  const { train, test, target } = data;
  const { y } = test ?? train;
  const runs = allRuns(data).filter(({ outputs }) => outputs);
  const room = (PANEL.width - 80) / classes.length; // for a class, in pixels
  const marks = runs.map((run, i) => {
    const fx = matrix(y.rows, y.cols, (test ? run.outputs?.test : run.outputs?.train)!); // filtered by it
    const points = classes.flatMap((_, k) => {
      const share = shareRight(fx, y, k);
      return share === null ? [] : [{ k, share, width: nameOf(run) }];
    });
    const dx = Math.min(9, (0.8 * room) / runs.length) * (i - (runs.length - 1) / 2);
    return Plot.dot(points, { x: "k", y: "share", r: 4, fill: "width", dx });
  });
  const names = new Map(
    classes.map((name, k) => [k, name.length > 12 ? `${name.slice(0, 6)}…${name.slice(-5)}` : name]),
  );
  const every = Math.ceil(classes.length / 16);
  const rotated = 6.5 * Math.max(...Array.from(names.values(), (name) => name.length)) > room * every;
  return {
    title: `Predicted right, of the ${test ? "test" : "training"} rows of each class`,
    options: {
      x: { type: "point", domain: [...names.keys()], padding: 0.6, axis: null },
      ...(rotated && { marginBottom: 76 }),
      y: { label: "share of rows", domain: [0, 1], insetTop: 8 },
      color: colorsOf(data),
      marks: [
        Plot.axisX(
          [...names.keys()].filter((k) => k % every === 0),
          {
            ...{ text: (k: number) => names.get(k)!, label: target },
            ...(rotated && { tickRotate: -30 }),
          },
        ),
        ...marks,
      ],
    },
  };
}

/** Null where the class has no rows. */
function shareRight(fx: Matrix, y: Matrix, k: number): number | null {
  const rows = Array.from({ length: y.rows }, (_, i) => i).filter((i) => classAt(y, i) === k);
  return rows.length === 0 ? null : rows.filter((i) => classAt(fx, i) === k).length / rows.length;
}

/** 0.01, 1, 100, and 1e-5 beyond that. */
function shortNumber(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(0)
    : `${+value.toPrecision(3)}`;
}
