import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type AnyExperiment, type DataTable, drawFigure, type ExperimentResult } from "@ntkit/experiments";
import { DataError } from "ntkit";
import { checkWritable, writeFileAtomic } from "../io/write-file.ts";
import { tableText } from "../io/write-table.ts";
import { drawing, wellFormed } from "../svg.ts";
import { type DrawnResult, reportPage } from "./report-page.ts";

export interface Finished {
  readonly experiment: AnyExperiment;
  readonly result: ExperimentResult;
  readonly seconds: number;
}

export interface RunSetting {
  readonly seed: number;
  readonly quick: boolean;
}

/** Makes the folder, and throws, before any work is done, when nothing can be written to it. */
export async function checkFolder(folder: string): Promise<void> {
  if (folder === "" || folder === "-") throw new DataError("--out names a folder: a report is more than one file");
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? error.code : error;
    throw new DataError(`${folder} cannot be a folder (${reason}): name another`, { cause: error });
  }
  await checkWritable(join(folder, "report.html"));
}

/** Writes figures, tables, result.json and report.html, each as a whole, and gives the name of the last. */
export async function saveFindings(
  folder: string,
  finished: readonly Finished[],
  setting: RunSetting,
): Promise<string> {
  const drawn = await drawAll(finished);
  for (const { experiment, result, figures } of drawn) {
    for (const { figure, svg } of figures)
      await writeText(join(folder, `${experiment.id}-${figure.id}.svg`), `${wellFormed(svg)}\n`);
    for (const table of result.tables) await writeText(join(folder, `${experiment.id}-${table.id}.csv`), csvOf(table));
  }
  const report = join(folder, "report.html");
  await writeText(join(folder, "result.json"), `${JSON.stringify(resultFile(finished, setting), null, 1)}\n`);
  await writeText(report, await reportPage(drawn, setting));
  return report;
}

/** The same bits for the same seed: no times, no paths, no machine. */
function resultFile(finished: readonly Finished[], setting: RunSetting) {
  return { format: "ntkit-findings", version: 1, ...setting, experiments: finished.map(({ result }) => result) };
}

async function drawAll(finished: readonly Finished[]): Promise<readonly DrawnResult[]> {
  const pen = await drawing();
  return finished.map((one) => ({
    ...one,
    figures: one.result.figures.map((figure) => ({ figure, svg: drawFigure(figure, pen) })),
  }));
}

function csvOf({ columns, rows }: DataTable): string {
  return tableText(columns.map((name, j) => ({ name, values: rows.map((row) => row[j] ?? null) })));
}

function writeText(path: string, text: string): Promise<void> {
  return writeFileAtomic(path, (write) => write(new TextEncoder().encode(text)));
}
