import { type AnyExperiment, type Check, DOCUMENTS, type ExperimentResult } from "@ntkit/experiments";
import { leftAligned } from "../report.ts";
import type { Finished } from "./save-findings.ts";

/** Names, places and titles, and what to do with them. */
export function experimentList(experiments: readonly AnyExperiment[]): readonly string[] {
  const rows = experiments.map(({ id, title, source }) => [id, title, source]);
  return [
    ...leftAligned([["experiment", "claim", "source"], ...rows]),
    "",
    ...Object.entries(DOCUMENTS).map(([letter, title]) => `${letter}  ${title}`),
    "",
    "ntkit reproduce NAME runs one, ntkit reproduce all --quick all of them.",
  ];
}

/** Everything about one experiment. */
export function resultLines(experiment: AnyExperiment, result: ExperimentResult): readonly string[] {
  return [
    experiment.title,
    experiment.source,
    "",
    ...wrapped(experiment.claim),
    "",
    ...checkTable(result.checks),
    ...(result.notes ?? []).flatMap((note) => ["", ...wrapped(note)]),
    "",
    ...wrapped(
      `Set by --set: ${Object.entries(result.params)
        .map(([name, value]) => `${name}=${value}`)
        .join(" ")}`,
    ),
    "",
  ];
}

/** One line for an experiment of many, and its checks that do not hold. */
export function shortLine({ id, title }: AnyExperiment, { result, seconds }: Finished): readonly string[] {
  const held = result.checks.filter(({ holds }) => holds).length;
  const line = `${result.holds ? "✓" : "✗"} ${id.padEnd(32)} ${`${held}/${result.checks.length}`.padStart(5)} ${`${seconds.toFixed(1)} s`.padStart(8)}  ${title}`;
  const failed = result.checks.filter(({ holds }) => !holds);
  return [line, ...failed.map((check) => `    ${check.claim}: ${number(check.measured)}, ${toleranceText(check)}`)];
}

function checkTable(checks: readonly Check[]): readonly string[] {
  const rows = checks.map((check) => [
    check.holds ? "✓" : "✗",
    check.claim,
    check.theory === null ? "" : number(check.theory),
    number(check.measured),
    toleranceText(check),
  ]);
  return leftAligned([["", "check", "theory", "measured", "must be"], ...rows]);
}

/** "≤ 0.01", "-0.55 … -0.45". */
export function toleranceText({ tolerance: { atLeast, atMost } }: Check): string {
  if (atLeast !== null && atMost !== null)
    return atLeast === atMost ? number(atLeast) : `${number(atLeast)} … ${number(atMost)}`;
  if (atMost !== null) return `≤ ${number(atMost)}`;
  return atLeast === null ? "" : `≥ ${number(atLeast)}`;
}

/** Five digits. */
export function number(value: number): string {
  const size = Math.abs(value);
  return value !== 0 && (size < 1e-4 || size >= 1e7) ? value.toExponential(3) : `${Number(value.toPrecision(5))}`;
}

/** Lines of at most 100 characters. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length >= 100) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
