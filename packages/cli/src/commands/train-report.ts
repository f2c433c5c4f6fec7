import { brief, type Engine, networkFile } from "ntkit";
import { writeFileAtomic } from "../io/write-file.ts";
import { writeTable } from "../io/write-table.ts";
import { inputLines, readingSummary } from "../report.ts";
import { drawing, writeSvg } from "../svg.ts";
import { trainFigure } from "../train/figure.ts";
import type { FiniteRun } from "../train/finite-width.ts";
import { isForecast } from "../train/forecast.ts";
import type { InfiniteRun } from "../train/infinite-width.ts";
import type { SweepOptimizer, SweepProblem } from "../train/problem.ts";
import { LOSS_TEXTS, type LossName } from "../train/scores.ts";
import { theoryOf } from "../train/theory.ts";
import { type PreparedData, targetLine, type Width } from "./train-setup.ts";
import { writeWeights } from "./weights.ts";

/** Files that a run writes. */
export interface TrainFiles {
  readonly out?: string;
  readonly plot?: string;
  readonly saveParams?: string;
  readonly saveNetwork?: string;
}

/** All that a run of `ntkit train` has to say. */
export interface TrainSummary {
  readonly path: string;
  readonly target: string;
  readonly data: PreparedData;
  readonly problem: SweepProblem;
  readonly learningRate: number;
  /** Of the infinite network; null where the optimizer has none. */
  readonly maxLearningRate: number | null;
  /** Whether the infinite network is a row of its own. */
  readonly asked: readonly (FiniteRun | InfiniteRun)[];
  /** Widths that a signal came before. */
  readonly missing: readonly Width[];
  /** Null where the optimizer's path does not follow from the kernel. */
  readonly infinite: InfiniteRun | null;
  readonly engine: Engine;
  readonly files: TrainFiles;
}

/** What is done, before the rows of its table. */
export function headLines(
  { path, target, data, problem, learningRate, maxLearningRate }: Omit<TrainSummary, "asked" | "missing" | "infinite">,
  chosen: boolean,
): readonly string[] {
  const { table, train, test } = data;
  const { steps, optimizer, batchSize, seed, loss } = problem;
  const { caveat } = theoryOf(problem);
  const batches = batchSize === null ? "" : `, ${batchSize} rows at a time`;
  return [
    brief(
      `${path}: ${train.x.rows} rows to train on, ${test?.x.rows ?? 0} to test on (seed ${seed}), ${train.x.cols} ${train.x.cols === 1 ? "input" : "inputs"} to learn "${target}" from`,
    ),
    ...inputLines(table, target, train.preprocessor),
    `${steps} steps of ${optimizerText(optimizer)} on ${LOSS_TEXTS[loss]}${batches}`,
    rateLine({ learningRate, maxLearningRate, problem }, chosen),
    targetLine(data),
    ...(batchSize === null || !isForecast(optimizer)
      ? []
      : ["predictions are those of full batches with the learning rate that an epoch of mini-batches adds up to"]),
    ...(caveat === null
      ? []
      : [`${caveat}${isForecast(optimizer) ? "" : "; kernel gap, drift and movement are measured, and hold"}`]),
  ];
}

export function optimizerText(optimizer: SweepOptimizer): string {
  if (optimizer.type === "gradientDescent") return optimizer.type;
  if (optimizer.type === "adam")
    return `adam (beta1 ${optimizer.beta1}, beta2 ${optimizer.beta2}, epsilon ${optimizer.epsilon})`;
  return `${optimizer.type} (momentum ${optimizer.momentum})`;
}

function rateLine(
  { learningRate, maxLearningRate, problem }: Pick<TrainSummary, "learningRate" | "maxLearningRate" | "problem">,
  chosen: boolean,
): string {
  const own = `learning rate ${learningRate.toPrecision(4)}`;
  if (maxLearningRate === null) return chosen ? own : `${own}, that of Adam's paper`;
  const what =
    problem.loss === "softmax"
      ? "around any outputs the infinite network is stable below"
      : "the largest stable one of the infinite network is";
  return `${own}; ${what} ${maxLearningRate.toPrecision(4)}${chosen ? "" : ", twice that"}`;
}

/** Writes the files asked for with the widths that are done, and gives a line for each. */
export async function saveRun({
  data,
  target,
  path,
  asked,
  missing,
  infinite,
  files,
  problem,
}: TrainSummary): Promise<readonly string[]> {
  const { out, plot, saveParams, saveNetwork } = files;
  if (asked.length === 0) return [];
  const finite = asked.filter((run) => run.width !== "inf");
  const lines: string[] = [];
  if (out !== undefined) {
    await writeRecords(out, asked, problem.loss);
    lines.push(`records: ${out}`);
  }
  if (plot !== undefined) {
    const without = missing.length === 0 ? "" : `; stopped before ${missing.join(", ")}`;
    const title = `${target} of ${path.replace(/^.*\//, "")}, ${problem.steps} steps${without}`;
    await writeSvg(
      plot,
      trainFigure(await drawing(), { title, target, ...data, finite, infinite, classes: classesOf(data) }),
    );
    lines.push(`plot: ${plot}`);
  }
  const [only] = finite;
  if (!only || only.status === "diverged") return lines;
  if (saveParams !== undefined) {
    const { preprocessor, scale } = data.train;
    await writeWeights(saveParams, only.params, {
      network: JSON.stringify(networkFile(only.network)),
      preprocessor: JSON.stringify(preprocessor),
      target: JSON.stringify(scale),
    });
    lines.push(`weights: ${saveParams}`);
  }
  if (saveNetwork !== undefined) {
    const text = `${JSON.stringify(networkFile(only.network), null, 2)}\n`;
    await writeFileAtomic(saveNetwork, (write) => write(new TextEncoder().encode(text)));
    lines.push(`network: ${saveNetwork}`);
  }
  return lines;
}

function classesOf({ train: { scale } }: PreparedData): readonly string[] | null {
  return scale.kind === "one-hot" ? scale.classes : null;
}

async function writeRecords(path: string, runs: readonly (FiniteRun | InfiniteRun)[], loss: LossName): Promise<void> {
  const mean = loss === "squared" ? "trainMse" : "trainCrossEntropy";
  const rows = runs.flatMap(({ width, records }) =>
    records.map((record) => ({
      width: width === "inf" ? Infinity : width,
      movement: "movement" in record ? record.movement : 0,
      step: record.step,
      loss: record.loss,
      [mean]: record[mean]!, // there for this loss
    })),
  );
  const names = ["width", "step", "loss", mean, "movement"] as const;
  await writeTable(
    path,
    names.map((name) => ({ name, values: rows.map((row) => row[name]!) })),
  );
}

/** The run as one JSON object. */
export function trainSummary(summary: TrainSummary): object {
  const { path, target, data, problem, learningRate, maxLearningRate, asked, missing, engine, files } = summary;
  const { preprocessor, scale } = data.train;
  const { steps, loss, optimizer, batchSize, trainable, seed, network } = problem;
  return {
    table: path,
    ...readingSummary(data.table),
    target,
    targetScale: scale,
    rows: { train: data.train.x.rows, test: data.test?.x.rows ?? 0 },
    columns: preprocessor.features.map(({ name }) => name),
    leftOut: preprocessor.dropped,
    network,
    ...{ steps, loss, optimizer, batchSize, trainable, seed, learningRate, maxLearningRate },
    theory: theoryOf(problem),
    engine: { name: engine.name, description: engine.description },
    widths: asked.map(widthSummary),
    missing,
    ...filesSummary(asked.length === 0 ? {} : files),
  };
}

function filesSummary({
  out = null,
  plot = null,
  saveParams = null,
  saveNetwork = null,
}: { readonly [K in keyof TrainFiles]?: string | null }) {
  return { out, plot, saveParams, saveNetwork };
}

/** A row without the arrays of its outputs and weights. */
function widthSummary(run: FiniteRun | InfiniteRun): object {
  if (run.width === "inf") {
    const { outputs, ...rest } = run;
    return rest;
  }
  const { outputs, network, params, ...rest } = run;
  return rest;
}
