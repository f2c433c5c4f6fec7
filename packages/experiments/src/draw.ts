import type { Axis, Figure, LineMark, Mark, Panel, PointsMark } from "./figure.ts";

/** What draws: the module `@observablehq/plot`, and the document that its elements are made in. */
export interface Drawing {
  readonly Plot: typeof import("@observablehq/plot");
  /** A page's own, or one of linkedom or jsdom in Node. */
  readonly document: unknown;
}

type Plot = Drawing["Plot"];
type PlotOptions = import("@observablehq/plot").PlotOptions;
type Markish = import("@observablehq/plot").Markish;

/** Told apart by everyone, and in print (Okabe and Ito, 2008). */
const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f"];

const PANEL = { width: 460, height: 330 } as const;
const FONT = "system-ui, sans-serif";
const LEGEND_LINE = 20;

/** The figure as the text of an SVG picture: its panels side by side, under its title and one legend. */
export function drawFigure(figure: Figure, drawing: Drawing): string {
  const columns = figure.panels.length === 1 ? 1 : figure.panels.length === 3 ? 3 : 2;
  const panelWidth = figure.panels.length === 1 ? 620 : PANEL.width;
  const width = columns * panelWidth;
  const colors = colorsOf(figure);
  const legend = drawLegend(figure, colors, width);
  const top = 38 + legend.height;
  const height = top + Math.ceil(figure.panels.length / columns) * (PANEL.height + 24);
  const panels = figure.panels.map((panel, i) => {
    const [x, y] = [(i % columns) * panelWidth, top + Math.floor(i / columns) * (PANEL.height + 24)];
    return drawPanel(panel, { drawing, colors, width: panelWidth, x, y });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(figure.title)}">`,
    '<rect width="100%" height="100%" fill="white"/>',
    textAt(16, 24, figure.title, 'font-size="15" font-weight="600"'),
    ...legend.parts,
    ...panels,
    "</svg>",
  ].join("\n");
}

type Colors = ReadonlyMap<string, string>;

/** One colour for each label, in all panels. */
function colorsOf({ panels }: Figure): Colors {
  const colors = new Map<string, string>();
  let next = 0;
  for (const mark of panels.flatMap(({ marks }) => marks)) {
    if (mark.kind === "text" || mark.label === undefined || colors.has(mark.label)) continue;
    colors.set(mark.label, PALETTE[(mark.color ?? next++) % PALETTE.length]!);
  }
  return colors;
}

function colorOf(mark: Exclude<Mark, { kind: "text" }>, colors: Colors): string {
  if (mark.label !== undefined) return colors.get(mark.label)!; // every label has one
  return mark.color === undefined ? "#555" : PALETTE[mark.color % PALETTE.length]!;
}

interface PanelPlace {
  readonly drawing: Drawing;
  readonly colors: Colors;
  readonly width: number;
  readonly x: number;
  readonly y: number;
}

function drawPanel(panel: Panel, { drawing, colors, width, x, y }: PanelPlace): string {
  const { Plot, document } = drawing;
  const options: PlotOptions = {
    ...{ width, height: PANEL.height, marginLeft: 62, marginRight: 20, marginTop: 26, marginBottom: 44, inset: 6 },
    grid: true,
    style: { fontSize: "11.5px", fontFamily: FONT },
    x: scaleOf(panel.x),
    y: scaleOf(panel.y),
    // Plot asks for the DOM's own type, which core libraries of Node do not have.
    document: document as NonNullable<PlotOptions["document"]>,
    clip: true,
    marks: [...axisMarks(Plot, panel), ...panel.marks.flatMap((mark) => plotMarks(Plot, mark, colors))],
  };
  const picture = Plot.plot(options);
  picture.setAttribute("y", "20");
  const title = panel.title === undefined ? "" : textAt(16, 16, panel.title, 'font-size="13" font-weight="600"');
  return `<g transform="translate(${x} ${y})">${title}${picture.outerHTML}</g>`;
}

function scaleOf({ label, scale = "linear", domain, ticks }: Axis): import("@observablehq/plot").ScaleOptions {
  return {
    ...{ type: scale, label, labelArrow: "none", tickFormat: shortNumber },
    ...(domain && { domain: [...domain] }),
    ...(ticks ? { ticks: [...ticks] } : scale === "log" ? { ticks: 5 } : {}),
  };
}

/** Logarithmic axes drop ticks that were asked for, and labels of those: both are drawn as marks. */
function axisMarks(Plot: Plot, { x, y }: Panel): Markish[] {
  return [
    ...(x.ticks
      ? [Plot.gridX([...x.ticks]), Plot.axisX([...x.ticks], { text: shortNumber, label: x.label, labelArrow: "none" })]
      : []),
    ...(y.ticks
      ? [Plot.gridY([...y.ticks]), Plot.axisY([...y.ticks], { text: shortNumber, label: y.label, labelArrow: "none" })]
      : []),
  ];
}

function plotMarks(Plot: Plot, mark: Mark, colors: Colors): Markish[] {
  if (mark.kind === "text") {
    const [x, y] = mark.at;
    const textAnchor = mark.anchor ?? "start";
    return [Plot.text([mark.text], { x: [x], y: [y], textAnchor, stroke: "white", strokeWidth: 4, fill: "#333" })];
  }
  const color = colorOf(mark, colors);
  switch (mark.kind) {
    case "line":
      return [Plot.line(finitePoints(mark.points), { ...strokeOf(mark, color), clip: true })];
    case "points":
      return pointMarks(Plot, mark, color);
    case "band": {
      const rows = mark.x.map((x, i) => ({ x, low: mark.low[i]!, high: mark.high[i]! }));
      return [Plot.areaY(rows, { x: "x", y1: "low", y2: "high", fill: color, fillOpacity: 0.2, clip: true })];
    }
    case "ruleX":
      return [Plot.ruleX([mark.at], ruleStroke(mark.dashed, color))];
    case "ruleY":
      return [Plot.ruleY([mark.at], ruleStroke(mark.dashed, color))];
    default:
      return mark satisfies never;
  }
}

const ruleStroke = (dashed: boolean | undefined, stroke: string) => ({
  stroke,
  strokeWidth: 1.5,
  ...(dashed && { strokeDasharray: "5 4" }),
});

function strokeOf({ dashed, width }: LineMark, stroke: string) {
  return { stroke, strokeWidth: width ?? 1.75, ...(dashed && { strokeDasharray: "6 4" }) };
}

function pointMarks(Plot: Plot, mark: PointsMark, color: string): Markish[] {
  const rows = mark.points.map(([x, y], i) => ({ x, y, low: mark.low?.[i] ?? y, high: mark.high?.[i] ?? y }));
  const hasBars = mark.low !== undefined || mark.high !== undefined;
  const symbol = mark.symbol ?? "circle";
  const look =
    symbol === "times" ? { stroke: color, strokeWidth: 1.75 } : { fill: color, stroke: "white", strokeWidth: 0.6 };
  return [
    ...(hasBars
      ? [Plot.ruleX(rows, { x: "x", y1: "low", y2: "high", stroke: color, strokeWidth: 1.4, clip: true })]
      : []),
    Plot.dot(rows, { x: "x", y: "y", r: mark.size ?? 3.5, symbol, clip: true, ...look }),
  ];
}

/** A gap where a curve is not finite. */
function finitePoints(points: LineMark["points"]): (readonly [number, number])[] {
  return points.map(([x, y]) => [x, Number.isFinite(y) ? y : Number.NaN] as const);
}

/** A sample of each label and its text, in as many lines as they need. */
function drawLegend(
  { panels }: Figure,
  colors: Colors,
  width: number,
): { readonly parts: string[]; readonly height: number } {
  const samples = new Map<string, Mark[]>();
  for (const mark of panels.flatMap(({ marks }) => marks)) {
    if (mark.kind === "text" || mark.label === undefined) continue;
    samples.set(mark.label, [...(samples.get(mark.label) ?? []), mark]);
  }
  let [x, line] = [16, 0];
  const parts: string[] = [];
  for (const [label, marks] of samples) {
    const wide = 46 + 6.6 * label.length;
    if (x > 16 && x + wide > width) [x, line] = [16, line + 1];
    const y = 44 + LEGEND_LINE * line;
    parts.push(...new Set(marks.map((mark) => sampleOf(mark, colors.get(label)!, x, y))));
    parts.push(textAt(x + 28, y + 4, label, 'font-size="12"'));
    x += wide;
  }
  return { parts, height: samples.size === 0 ? 0 : LEGEND_LINE * (line + 1) };
}

function sampleOf(mark: Mark, color: string, x: number, y: number): string {
  if (mark.kind === "points") {
    const bars = mark.low || mark.high ? `<path d="M${x + 11} ${y - 7}v14" stroke="${color}" stroke-width="1.4"/>` : "";
    return `${bars}${symbolAt(mark.symbol ?? "circle", x + 11, y, color)}`;
  }
  if (mark.kind === "band")
    return `<rect x="${x}" y="${y - 6}" width="22" height="12" fill="${color}" fill-opacity="0.2"/>`;
  const dashes = "dashed" in mark && mark.dashed ? ' stroke-dasharray="6 4"' : "";
  return `<path d="M${x} ${y}h22" stroke="${color}" stroke-width="2"${dashes}/>`;
}

function symbolAt(symbol: NonNullable<PointsMark["symbol"]>, x: number, y: number, color: string): string {
  switch (symbol) {
    case "circle":
      return `<circle cx="${x}" cy="${y}" r="4" fill="${color}"/>`;
    case "square":
      return `<rect x="${x - 3.5}" y="${y - 3.5}" width="7" height="7" fill="${color}"/>`;
    case "triangle":
      return `<path d="M${x} ${y - 4.5}l4.5 8h-9z" fill="${color}"/>`;
    case "diamond":
      return `<path d="M${x} ${y - 5}l4 5l-4 5l-4 -5z" fill="${color}"/>`;
    case "times":
      return `<path d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8" stroke="${color}" stroke-width="1.75"/>`;
    default:
      return symbol satisfies never;
  }
}

function textAt(x: number, y: number, text: string, style: string): string {
  return `<text x="${x}" y="${y}" font-family="${FONT}" ${style}>${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** 0.01, 1, 100, 16384, and 1e-5 beyond that. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(1).replace(".0e", "e");
  return `${+value.toPrecision(5)}`;
}
