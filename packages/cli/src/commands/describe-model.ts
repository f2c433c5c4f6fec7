import { brief, decodeModels, type Layer, listed, MODEL_FORMAT, type Model } from "ntkit";
import { valueLines } from "../remarks.ts";
import { alignedTable, dateLines, leftOutLines, repeatedRows } from "../report.ts";
import { judgedBy, rowLines, rowsSummary } from "../row-lines.ts";

/** Whether the bytes are those of a model or of weights: after the length of its description, that description. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0x7b; // JSON text has no zero bytes
}

export interface ModelReport {
  readonly network: Layer;
  /** Everything about the model apart from its network. */
  readonly lines: readonly string[];
  readonly summary: object;
}

/** What the saved model of each target is, and how good it was found. Throws FormatError when the bytes are no models. */
export function describeModels(path: string, bytes: Uint8Array): readonly ModelReport[] {
  return decodeModels(bytes, path).map((model) => ({
    network: model.fitted.network,
    lines: modelLines(path, model),
    summary: { model: path, ...summary(model) },
  }));
}

/** In units of the target for regression: the mean of the other rows is what a model must beat, where rows are left out singly. */
function leaveOneOut(model: Model): {
  readonly measure: string;
  readonly scores: readonly number[];
  readonly baseline: number | null;
} {
  if (model.task === "classification")
    return { measure: "log loss", scores: model.scores.map(({ score }) => score), baseline: null };
  const { targetStd, scores } = model;
  const n = model.rows;
  return {
    measure: model.transform === "identity" ? "RMSE" : `RMSE of the ${model.transform}`,
    scores: scores.map(({ score }) => Math.sqrt(score) * targetStd),
    baseline: model.rowColumns ? null : (targetStd * n) / (n - 1),
  };
}

function modelLines(path: string, model: Model): string[] {
  const { task, target, preprocessor, fitted, scores, seed, engine } = model;
  const { features, dropped } = preprocessor;
  const loo = leaveOneOut(model);
  const repeated = repeatedRows(model);
  const rows = scores
    .map(({ name, relativeDiagReg }, i) => [name, loo.scores[i]!.toPrecision(4), relativeDiagReg.toPrecision(2)])
    .sort((a, b) => Number(a[1]) - Number(b[1]));
  const chosen = rows.findIndex(([name]) => name === fitted.architecture);
  if (chosen > 0) rows.unshift(...rows.splice(chosen, 1));
  return [
    brief(`${path}: ${task} model of "${target}" (${MODEL_FORMAT.name}, version ${MODEL_FORMAT.version})`),
    brief(
      `learned from ${model.rows} rows${repeated > 0 ? `, ${repeated} of which repeat the inputs of others,` : ""} and ${features.length} columns, ${fitted.xTrain.cols} inputs: ${listed(features.map(({ name }) => name))}`,
    ),
    ...dateLines(preprocessor),
    ...leftOutLines(dropped),
    ...rowLines(model),
    ...valueLines(model),
    brief(targetLine(model)),
    `architecture: ${fitted.architecture} (${fitted.kernel.toUpperCase()}), ridge ${fitted.diagReg.toPrecision(2)}; fitted by ${engine}, seed ${seed}`,
    "",
    ...alignedTable([
      [`${judgedBy(model)}, the chosen one first`, loo.measure, "ridge/K(x,x)"],
      ...rows,
      ...(loo.baseline === null ? [] : [["mean of target", loo.baseline.toPrecision(4), ""]]),
    ]),
  ];
}

function targetLine(model: Model): string {
  if (model.task === "classification")
    return `${model.classes.length} classes: ${listed(model.classes)}; temperature ${model.temperature.toPrecision(3)}`;
  const scale = model.transform === "identity" ? "" : ` on this scale`;
  return `target${scale}: mean ${model.targetMean.toPrecision(4)}, standard deviation ${model.targetStd.toPrecision(4)}`;
}

function summary(model: Model): object {
  const { task, target, preprocessor, fitted, scores, seed, engine } = model;
  const { xTrain, alpha, ...chosen } = fitted;
  const loo = leaveOneOut(model);
  return {
    format: MODEL_FORMAT.name,
    version: MODEL_FORMAT.version,
    ...{ task, target, rows: model.rows, repeatedRows: repeatedRows(model), inputs: xTrain.cols, seed, engine },
    ...rowsSummary(model),
    features: preprocessor.features,
    leftOut: preprocessor.dropped,
    ...chosen,
    ...(model.task === "classification"
      ? { classes: model.classes, temperature: model.temperature }
      : { targetScale: model.transform, targetMean: model.targetMean, targetStd: model.targetStd }),
    leaveOneOut: {
      measure: loo.measure,
      candidates: scores.map(({ name, relativeDiagReg }, i) => ({ name, score: loo.scores[i], relativeDiagReg })),
      meanOfTarget: loo.baseline,
    },
  };
}
