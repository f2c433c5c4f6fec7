import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import type { Candidate } from "./engines.ts";
import { drawReport } from "./figure.ts";
import { type Growth, speedup } from "./growth.ts";
import type { Peaks } from "./peak.ts";
import { type Goal, holds, type Row } from "./row.ts";

export interface Report {
  /** Lines about the machine and the software. */
  readonly machine: readonly string[];
  readonly peaks: Peaks;
  readonly rows: readonly Row[];
  readonly growth: readonly Growth[];
}

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));
const [BEGIN, END] = ["<!-- bench:begin -->", "<!-- bench:end -->"];

export function describeMachine(engines: readonly Candidate[], peers: readonly string[], threads: number): string[] {
  const present = engines.flatMap(({ name, engine }) => (engine ? [`${name}: ${engine.description}`] : []));
  const missing = engines.flatMap(({ name, engine, unavailable }) => (engine ? [] : [`${name}: ${unavailable}`]));
  return [
    `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${threads} used; Node ${process.versions.node}; load ${loadavg()[0]!.toFixed(1)} before the run.`,
    `Engines: ${present.join("; ")}.`,
    ...(missing.length > 0 ? [`Not there: ${missing.join("; ")}.`] : []),
    ...(peers.length > 0 ? [`Peers: ${peers.join(", ")}.`] : []),
  ];
}

/** The report as Markdown. */
export function renderReport({ machine, peaks, rows, growth }: Report): string {
  const bounds = [
    `SIMD ${peaks.wasm.toFixed(1)} GF/s`,
    ...(peaks.wasmFast === null ? [] : [`relaxed SIMD ${peaks.wasmFast.toFixed(1)} GF/s`]),
    ...(peaks.native === null ? [] : [`OpenBLAS ${peaks.native.toFixed(1)} GF/s`]),
  ];
  return [
    `${machine.join("\n")} Bounds: ${bounds.join(", ")}.`,
    table(
      ["work", "engine", "ours", "peer", "theirs", "speed ratio", "goal", "of the bound", "load"],
      rows.map((row) => [
        row.work,
        row.ours,
        row.value === null ? row.unavailable : `${withUnit(row, row.value)}${spread(row)}`,
        row.peer,
        row.theirs === null ? "" : withUnit(row, row.theirs),
        row.ratio === null ? "" : `${figures(row.ratio)}×`,
        goalText(row),
        row.bound === null ? "" : `${(100 * row.bound.fraction).toFixed(0)} % of ${row.bound.of}`,
        row.load,
      ]),
    ),
    ...(growth.length === 0 ? [] : ["### Growth", growthTable(growth)]),
  ].join("\n\n");
}

/** Puts the report between its marks in docs/benchmarks.md, and draws docs/benchmarks.svg. */
export async function writeReport(report: Report): Promise<void> {
  const path = `${DOCS}benchmarks.md`;
  const page = readFileSync(path, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no ${BEGIN} … ${END}`);
  const figure = "![Speed relative to the peers, and growth of time](benchmarks.svg)";
  writeFileSync(`${DOCS}benchmarks.svg`, await drawReport(report));
  writeFileSync(path, `${page.slice(0, begin)}${BEGIN}\n\n${renderReport(report)}\n\n${figure}\n\n${page.slice(end)}`);
}

function growthTable(growth: readonly Growth[]): string {
  return table(
    ["time of", "engine", "threads", "sizes", "seconds", "exponent", "speedup"],
    growth.map((line) => [
      line.work,
      line.engine,
      String(line.threads),
      `${line.sizes[0]} … ${line.sizes.at(-1)}`,
      `${figures(line.seconds[0]!)} … ${figures(line.seconds.at(-1)!)}`,
      `${line.exponent.toFixed(2)} ± ${line.error.toFixed(2)}`,
      speedup(growth, line) === null ? "" : `${figures(speedup(growth, line)!)}×`,
    ]),
  );
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...lines.map((line) => line[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...lines.map(line)].join("\n");
}

function goalText(row: Row): string {
  if (row.goal === null) return "";
  const held = holds(row);
  return `${goalWords(row.goal, row)}${held === null ? "" : held ? " ✓" : " missed"}`;
}

function goalWords(goal: Goal, { unit }: Row): string {
  return goal.kind === "speed" ? `≥ ${goal.atLeast}×` : `≤ ${goal.atMost} ${unit}`;
}

/** How far the median lies from the best. */
function spread({ value, median }: Row): string {
  if (value === null || median === null || value === median) return "";
  return ` (±${(100 * Math.abs(1 - median / value)).toFixed(0)} %)`;
}

function withUnit({ unit }: Row, value: number): string {
  return `${figures(value)} ${unit}`;
}

function figures(value: number): string {
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
