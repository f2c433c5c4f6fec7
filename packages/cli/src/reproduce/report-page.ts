import { type Check, type DataTable, DOCUMENTS, type Figure } from "@ntkit/experiments";
import { escapeXml, wellFormed } from "../svg.ts";
import type { Finished, RunSetting } from "./save-findings.ts";
import { number, toleranceText } from "./text.ts";

export interface DrawnResult extends Finished {
  readonly figures: readonly { readonly figure: Figure; readonly svg: string }[];
}

/** A page that needs no other file: pictures are SVG and formulas MathML within it. */
export async function reportPage(drawn: readonly DrawnResult[], setting: RunSetting): Promise<string> {
  const { default: katex } = await import("katex");
  const math = (tex: string) => katex.renderToString(tex, { displayMode: true, output: "mathml", throwOnError: true });
  const checks = drawn.flatMap(({ result }) => result.checks);
  const documents = Object.entries(DOCUMENTS).map(([letter, title]) => `<li>${letter}: ${escapeXml(title)}</li>`);
  const engines = [...new Set(drawn.map(({ result }) => result.engine))];
  const page = [
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>ntkit: ${drawn.length === 1 ? escapeXml(drawn[0]!.experiment.title) : "claims beside measurements"}</title>`,
    `<style>${STYLE}</style>\n</head>\n<body>`,
    `<h1>Claims beside measurements</h1>`,
    `<p>${checks.filter(({ holds }) => holds).length} of ${checks.length} checks hold. Seed ${setting.seed}${setting.quick ? ", quick sizes" : ""}; engine ${engines.join(", ")}.</p>`,
    `<details><summary>Sources</summary><ul>${documents.join("")}</ul></details>`,
    ...(drawn.length > 1 ? [contents(drawn)] : []),
    ...drawn.map((one) => section(one, math)),
    "</body>\n</html>\n",
  ].join("\n");
  return wellFormed(page);
}

function contents(drawn: readonly DrawnResult[]): string {
  const rows = drawn.map(({ experiment: { id, title, source }, result }) => {
    const held = result.checks.filter(({ holds }) => holds).length;
    return `<tr><td>${verdict(result.holds)}</td><td><a href="#${id}">${escapeXml(title)}</a></td><td>${escapeXml(source)}</td><td>${held}/${result.checks.length}</td></tr>`;
  });
  return `<table class="contents"><tr><th></th><th>claim</th><th>source</th><th>checks</th></tr>\n${rows.join("\n")}\n</table>`;
}

function section({ experiment, result, seconds, figures }: DrawnResult, math: (tex: string) => string): string {
  const params = Object.entries(experiment.params).map(([name, { what }]) => {
    const value = result.params[name]!;
    return `<tr><td><code>${name}</code></td><td>${typeof value === "number" ? value : value.join(", ")}</td><td>${escapeXml(what)}</td></tr>`;
  });
  return [
    `<section id="${experiment.id}">`,
    `<h2>${verdict(result.holds)} ${escapeXml(experiment.title)}</h2>`,
    `<p class="source">${escapeXml(experiment.source)} · <code>ntkit reproduce ${experiment.id}</code> · ${seconds.toFixed(1)} s</p>`,
    `<p>${escapeXml(experiment.claim)}</p>`,
    ...experiment.formulas.map((tex) => `<div class="formula">${math(tex)}</div>`),
    checkTable(result.checks),
    ...(result.notes ?? []).map((note) => `<p class="note">${escapeXml(note)}</p>`),
    ...figures.map(({ figure, svg }) => `<figure>${svg}<figcaption>${escapeXml(figure.caption)}</figcaption></figure>`),
    ...result.tables.map(dataTable),
    `<details><summary>Parameters</summary><table>${params.join("\n")}</table></details>`,
    "</section>",
  ].join("\n");
}

function checkTable(checks: readonly Check[]): string {
  const rows = checks.map(
    (check) =>
      `<tr><td>${verdict(check.holds)}</td><td>${escapeXml(check.claim)}</td><td class="number">${check.theory === null ? "" : number(check.theory)}</td><td class="number">${number(check.measured)}</td><td class="number">${toleranceText(check)}</td></tr>`,
  );
  return `<table class="checks"><tr><th></th><th>check</th><th>theory</th><th>measured</th><th>must be</th></tr>\n${rows.join("\n")}\n</table>`;
}

/** Rows that a page shows; the file of the table has all. */
const MOST_ROWS = 60;

function dataTable({ title, columns, rows }: DataTable): string {
  const head = columns.map((name) => `<th>${escapeXml(name)}</th>`).join("");
  const body = rows.slice(0, MOST_ROWS).map((row) => `<tr>${row.map(cell).join("")}</tr>`);
  const rest = rows.length > MOST_ROWS ? `<p>${rows.length - MOST_ROWS} more rows in the file.</p>` : "";
  return `<details><summary>${escapeXml(title)}</summary><table><tr>${head}</tr>\n${body.join("\n")}\n</table>${rest}</details>`;
}

function cell(value: number | string | null): string {
  if (typeof value === "number") return `<td class="number">${number(value)}</td>`;
  return `<td>${escapeXml(value ?? "")}</td>`;
}

function verdict(holds: boolean): string {
  return holds ? '<span class="holds" title="holds">✓</span>' : '<span class="fails" title="does not hold">✗</span>';
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h2 { margin: 3rem 0 0.25rem; } .source { color: #555; margin-top: 0; }
table { border-collapse: collapse; margin: 0.75rem 0; font-size: 0.9rem; }
th, td { text-align: left; padding: 0.2rem 0.7rem 0.2rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.holds { color: #00734f; font-weight: 700; } .fails { color: #b3261e; font-weight: 700; }
.note { border-left: 3px solid #ccc; padding-left: 0.8rem; } .formula { overflow-x: auto; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #444; font-size: 0.9rem; }
details { margin: 0.5rem 0; overflow-x: auto; } summary { cursor: pointer; }
@media print { details { display: none; } section { break-inside: avoid-page; } }
`;
