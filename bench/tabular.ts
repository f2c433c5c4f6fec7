/**
 * The tabular learner on real data: cross-validated digits and the standard UCI regression splits.
 *
 *   node --conditions=source --import tsx bench/tabular.ts DATA_FOLDER [name …]
 *
 * DATA_FOLDER holds `uci-regression/NAME.csv.gz` with `NAME.folds.json.gz` ({ cv: [{ train, test }] }, row numbers) and
 * `sklearn/digits.csv.gz` (no header, last column the digit). Prints a Markdown table, the seed, the engine and the load.
 */
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bestEngine } from "@ntkit/engine";
import {
  evaluateClassification,
  evaluateRegression,
  fitClassification,
  fitRegression,
  key,
  permutation,
  type Table,
  takeTableRows,
} from "ntkit";
import { readTable } from "../packages/cli/src/io/table-file.ts";

const SEED = 0;
const REGRESSION = ["boston", "concrete", "energy", "yacht"];
const [folder, ...asked] = process.argv.slice(2);
if (folder === undefined || !existsSync(folder)) {
  console.log("skipped: pass the folder that holds the data");
  process.exit(0);
}
const { engine } = await bestEngine();

async function regression(name: string): Promise<string> {
  const table = await readTable(join(folder!, `uci-regression/${name}.csv.gz`));
  const { cv } = JSON.parse(gunzipSync(readFileSync(join(folder!, `uci-regression/${name}.folds.json.gz`))).toString());
  const scores: { rmse: number; linear: number; coverage: number; nll: number }[] = [];
  for (const { train, test } of cv) {
    const [seen, unseen] = [takeTableRows(table, train), takeTableRows(table, test)];
    const model = await fitRegression(seen, { target: "target", seed: SEED, engine });
    const evaluation = await evaluateRegression(model, seen, unseen, { engine });
    const { truth, predictions } = evaluation;
    scores.push({
      rmse: evaluation.model.rmse,
      linear: evaluation.baselines.linear.rmse,
      coverage: evaluation.coverage,
      nll: mean(Array.from(truth, (y, i) => negativeLogDensity(y, predictions.lower[i]!, predictions.upper[i]!))),
    });
    console.error(
      name,
      scores.length,
      evaluation.model.rmse.toFixed(3),
      evaluation.coverage.toFixed(3),
      scores.at(-1)!.nll.toFixed(3),
      model.fitted.architecture,
    );
  }
  const [rmse, linear, coverage] = (["rmse", "linear", "coverage"] as const).map((field) =>
    mean(scores.map((s) => s[field])),
  );
  const nll = scores.map((s) => s.nll);
  const spread = standardError(scores.map((s) => s.rmse));
  return `| ${name} | ${cv.length} splits | RMSE ${rmse!.toFixed(3)} ± ${spread.toFixed(3)} | ${linear!.toFixed(3)} | ${(100 * coverage!).toFixed(1)} % | ${mean(nll).toFixed(2)}, largest ${Math.max(...nll).toFixed(2)} |`;
}

/** −ln of the density of y, normal with these limits of its 95 % interval. */
function negativeLogDensity(y: number, lower: number, upper: number): number {
  const [middle, deviation] = [(upper + lower) / 2, (upper - lower) / (2 * 1.959963984540054)];
  return Math.log(deviation) + Math.log(2 * Math.PI) / 2 + ((y - middle) / deviation) ** 2 / 2;
}

async function digits(): Promise<string> {
  const raw = await readTable(join(folder!, "sklearn/digits.csv.gz"), { header: false });
  const target = raw.names.at(-1)!;
  const order = permutation(key(SEED), raw.rows);
  const accuracies: number[] = [];
  const linear: number[] = [];
  for (let fold = 0; fold < 5; fold++) {
    const test = order.filter((_, i) => i % 5 === fold);
    const train = order.filter((_, i) => i % 5 !== fold);
    const [seen, unseen]: [Table, Table] = [takeTableRows(raw, train), takeTableRows(raw, test)];
    const model = await fitClassification(seen, { target, seed: SEED, engine });
    const evaluation = await evaluateClassification(model, seen, unseen, { engine });
    accuracies.push(evaluation.model.accuracy);
    linear.push(evaluation.baselines.linear.accuracy);
    console.error(
      "digits",
      fold,
      evaluation.model.accuracy.toFixed(4),
      evaluation.model.logLoss.toFixed(4),
      model.fitted.architecture,
      model.fitted.diagReg,
    );
  }
  return `| digits | 5 folds | accuracy ${(100 * mean(accuracies)).toFixed(2)} % | ${(100 * mean(linear)).toFixed(2)} % | | |`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)) / (values.length - 1));
}

const names = asked.length > 0 ? asked : ["digits", ...REGRESSION];
const lines: string[] = [];
for (const name of names) lines.push(name === "digits" ? await digits() : await regression(name));
console.log("| data | protocol | ntkit | linear (ridge) | 95 % intervals hold | −ln density of a target |");
console.log("|---|---|---|---|---|---|");
for (const line of lines) console.log(line);
console.log(`\nseed ${SEED}; engine ${engine.description}; load ${loadavg()[0]!.toFixed(1)}; Node ${process.version}`);
