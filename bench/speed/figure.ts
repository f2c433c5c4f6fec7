import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Growth } from "./growth.ts";
import type { Report } from "./report.ts";
import { holds, type Row } from "./row.ts";

const WIDTH = 900;
const GAP = 24;
const COLORS = { held: "#2a7f4f", missed: "#c2410c", open: "#4269d0" } as const;

/** Speed ratios on a logarithmic axis above the growth of time with n, as one SVG picture. */
export async function drawReport({ rows, growth }: Pick<Report, "rows" | "growth">): Promise<string> {
  const { document } = parseHTML("<html><body></body></html>");
  const compared = rows.filter((row): row is Compared => row.ratio !== null);
  const panels = [
    ...(compared.length > 0 ? [ratioPanel(compared)] : []),
    ...(growth.length > 0 ? [growthPanel(growth.filter(({ work }) => work.endsWith(" n")))] : []),
  ];
  let top = 0;
  const parts = panels.map((panel) => {
    const plot = Plot.plot({ ...panel, width: WIDTH, document });
    plot.setAttribute("y", String(top));
    top += panel.height + GAP;
    return plot.outerHTML;
  });
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}\n<rect width="100%" height="100%" fill="white"/>\n${parts.join("\n")}\n</svg>\n`;
}

type Compared = Row & { readonly ratio: number };
type Panel = Plot.PlotOptions & { readonly height: number };

function ratioPanel(rows: readonly Compared[]): Panel {
  const points = rows.map((row) => {
    const held = holds(row);
    return {
      label: `${row.work.replace(/, \d+ threads?$/, "")}: ${row.ours} / ${row.peer.replace(/:.*/, "")}`,
      ratio: row.ratio,
      goal: row.goal?.kind === "speed" ? row.goal.atLeast : null,
      color: held === null ? COLORS.open : held ? COLORS.held : COLORS.missed,
      text: `${Number(row.ratio.toPrecision(2))}×`,
    };
  });
  return {
    height: 70 + 22 * points.length,
    marginLeft: 440,
    marginRight: 50,
    marginTop: 40,
    insetLeft: 40,
    x: { type: "log", label: "our speed / the peer's (| is the goal)", grid: true, tickFormat: "~g", axis: "top" },
    y: { label: null, domain: points.map(({ label }) => label), tickSize: 0 },
    marks: [
      Plot.ruleX([1], { stroke: "#888" }),
      Plot.ruleY(points, { y: "label", x1: 1, x2: "ratio", stroke: "color", strokeWidth: 3 }),
      Plot.tickX(
        points.filter(({ goal }) => goal !== null),
        { x: "goal", y: "label", stroke: "black", strokeWidth: 2 },
      ),
      Plot.dot(points, { x: "ratio", y: "label", fill: "color", r: 5 }),
      ...([true, false] as const).map((slower) =>
        Plot.text(
          points.filter(({ ratio }) => ratio < 1 === slower),
          { x: "ratio", y: "label", text: "text", dx: slower ? -10 : 10, textAnchor: slower ? "end" : "start" },
        ),
      ),
    ],
  };
}

function growthPanel(growth: readonly Growth[]): Panel {
  const works = [...new Set(growth.map(({ work }) => work))];
  const series = [...new Set(growth.map(nameOf))];
  const points = growth.flatMap((line) =>
    line.sizes.map((n, i) => ({
      n,
      seconds: line.seconds[i]!,
      work: line.work.replace(/ n$/, ""),
      series: nameOf(line),
      // Each line has its name at another of its points, so that names do not cover one another.
      label: line.sizes.length - 1 - i === series.indexOf(nameOf(line)) ? nameOf(line) : "",
    })),
  );
  return {
    height: 360,
    marginLeft: 60,
    marginTop: 40,
    insetTop: 16,
    grid: true,
    x: { type: "log", label: "n", ticks: [1000, 2000, 4000], tickFormat: "~g" },
    y: { type: "log", label: "seconds", tickFormat: "~g" },
    fx: { label: null, domain: works.map((work) => work.replace(/ n$/, "")) },
    color: { domain: series, scheme: "Observable10" },
    marks: [
      Plot.frame({ stroke: "#ddd" }),
      Plot.line(points, { x: "n", y: "seconds", fx: "work", stroke: "series" }),
      Plot.dot(points, { x: "n", y: "seconds", fx: "work", fill: "series", r: 3 }),
      Plot.text(points, {
        x: "n",
        y: "seconds",
        fx: "work",
        text: "label",
        fill: "series",
        textAnchor: "end",
        dx: -6,
        dy: -7,
      }),
    ],
  };
}

function nameOf({ engine, threads }: Growth): string {
  return `${engine}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
