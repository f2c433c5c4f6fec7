/**
 * Puts a table of what the experiments found between the marks of docs/sources.md.
 *
 *   npx ntkit reproduce all --out report && node --import tsx bench/findings-summary.ts report/result.json && npm run fix
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Check, ExperimentResult } from "@ntkit/experiments";

interface Findings {
  readonly seed: number;
  readonly quick: boolean;
  readonly experiments: readonly ExperimentResult[];
}

const PAGE = new URL("../docs/sources.md", import.meta.url);

const number = (value: number): string =>
  value === 0
    ? "0"
    : Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5
      ? `${+value.toPrecision(3)}`
      : value.toExponential(1);

function mustBe({ tolerance: { atLeast, atMost } }: Check): string {
  if (atLeast !== null && atMost !== null)
    return atLeast === atMost ? number(atLeast) : `${number(atLeast)} … ${number(atMost)}`;
  return atLeast === null ? `≤ ${number(atMost ?? 0)}` : `≥ ${number(atLeast)}`;
}

function table({ seed, quick, experiments }: Findings): string {
  const checks = experiments.flatMap((one) => one.checks);
  const rows = experiments.flatMap(({ id, checks: own }) =>
    own.map((check, i) => {
      const claim = check.claim.replaceAll("|", "\\|");
      const theory = check.theory === null ? "" : number(check.theory);
      return `| ${i === 0 ? `\`${id}\`` : ""} | ${claim} | ${theory} | ${number(check.measured)} | ${mustBe(check)} | ${check.holds ? "✓" : "✗"} |`;
    }),
  );
  return [
    `${checks.filter(({ holds }) => holds).length} of ${checks.length} checks hold: all experiments at their ${quick ? "quick" : "full"} sizes, seed ${seed}, engine ${experiments[0]?.engine}.`,
    "",
    "| experiment | check | theory | measured | must be | |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("name the result.json of a report");
// Written by `ntkit reproduce`.
const findings = JSON.parse(readFileSync(path, "utf8")) as Findings;
const page = readFileSync(PAGE, "utf8");
const marked = /(<!-- findings -->\n)[\s\S]*(<!-- \/findings -->)/;
writeFileSync(
  PAGE,
  page.replace(marked, (_, start: string, end: string) => `${start}\n${table(findings)}\n\n${end}`),
);
