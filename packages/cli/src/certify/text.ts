import { brief, type MovementBounds } from "ntkit";
import { optimizerText } from "../commands/train-report.ts";
import { type PreparedData, targetLine } from "../commands/train-setup.ts";
import { inputLines } from "../report.ts";
import { isForecast } from "../train/forecast.ts";
import { LOSS_TEXTS, type LossName } from "../train/scores.ts";
import { theoryOf } from "../train/theory.ts";
import { regimeOf, type WidthCertificate } from "./certificate.ts";
import type { LimitCertificate, TimeToLoss } from "./limit.ts";
import type { CertifyProblem } from "./problem.ts";
import { hasKappa, type WidthMeasure } from "./scan.ts";

const LABEL = 34;

/** What a certificate has none of, or still has. */
const SOFTMAX_REST = "steps to an error, bounds on movement and on labels are of --loss squared";
const ADAM_REST = "the spectrum and the widths hold, drift is measured";

export function headLines(
  path: string,
  target: string,
  data: PreparedData,
  problem: CertifyProblem,
): readonly string[] {
  const { train, trainable, seed, loss, optimizer } = problem;
  const { x } = train;
  const adam = isForecast(optimizer) ? "" : ` by ${optimizerText(optimizer)}`;
  const { caveat } = theoryOf(problem);
  return [
    brief(
      `${path}: ${x.rows} rows, ${x.cols} ${x.cols === 1 ? "input" : "inputs"}, standardized, to learn "${target}" from (seed ${seed})`,
    ),
    ...inputLines(data.table, target, data.train.preprocessor),
    `${trainable === "all" ? "all layers train" : `only the ${trainable} layer trains`}${adam}, on ${LOSS_TEXTS[loss]}; ${targetLine(data)}`,
    ...(caveat === null ? [] : [`${caveat}; ${isForecast(optimizer) ? SOFTMAX_REST : ADAM_REST}`]),
  ];
}

export function limitLines(limit: LimitCertificate, { loss, train }: CertifyProblem): readonly string[] {
  const outputs = train.y.cols;
  const { eigenvalues, smallest, closest, rank } = limit;
  const least = smallest.measured ?? 0;
  const [n, largest] = [eigenvalues.length, eigenvalues.at(-1)!];
  const rows = `rows ${closest.i + 1} and ${closest.j + 1}`;
  return [
    "",
    "Tangent kernel H* of the infinite network",
    least > 0
      ? line(
          "smallest eigenvalue",
          `${number(least)}; ${rows}, the nearest to parallel, allow at most ${number(smallest.promises.value)}`,
        )
      : line(
          "smallest eigenvalue",
          `0: rank ${rank} of ${n}; ${closest.sine < 1e-7 ? `${rows} are parallel, or the same` : "some rows are combinations of others"}`,
        ),
    line("largest eigenvalue", `${number(largest)}${least > 0 ? `; condition number ${number(largest / least)}` : ""}`),
    ...trainingLines(limit, loss, outputs),
  ];
}

/** What the kernel says of training, where it does. */
function trainingLines(
  { maxLearningRate, time, movement, labels }: LimitCertificate,
  loss: LossName,
  outputs: number,
): readonly string[] {
  const around = loss === "softmax" ? ", around any outputs" : "";
  return [
    ...(maxLearningRate === null ? [] : [line("largest stable learning rate", `${number(maxLearningRate)}${around}`)]),
    ...(time ? timeLines(time) : []),
    ...(movement ? movementLines(movement) : []),
    ...(labels
      ? [
          line(
            "√(2 yᵀH⁻¹y/n), smaller is easier",
            `${number(labels.own.promises.value)}; shuffled targets have ${number(labels.shuffled)}, ${ratio(labels.shuffled / labels.own.promises.value)} as much${outputs > 1 ? "; the hardest class" : ""}`,
          ),
        ]
      : []),
  ];
}

function timeLines(time: TimeToLoss): readonly string[] {
  const { mse, startMse, floorMse, steps, learningRate, bound } = time;
  const label = `steps to mse ${number(mse)}`;
  if (steps === null)
    return [line(label, `never: this kernel cannot fit below ${number(floorMse)}, for rows that it cannot tell apart`)];
  if (steps === 0) return [line(label, `none: predicting 0 has mse ${number(startMse)}`)];
  const theory = bound
    ? `; its smallest eigenvalue alone promises ${number(bound.promises.value)}, ${ratio(bound.slack ?? 1)} as many`
    : "";
  return [line(label, `${number(steps)} at learning rate ${number(learningRate)}${theory}`)];
}

function movementLines({ sharp, spectral, loose }: MovementBounds): readonly string[] {
  const values = [sharp, spectral, loose].map(({ promises }) => promises.value);
  if (!Number.isFinite(values[2]!)) return [line("movement of the weights", "no bound: the kernel is singular")];
  return [
    line(
      "movement of the weights until fitted",
      `${number(values[0]!)} (√(yᵀH⁻¹y)); at most ${number(values[1]!)} by |y|/√λ_min, ${number(values[2]!)} by √λ_max|y|/λ_min`,
    ),
  ];
}

interface Column {
  readonly name: string;
  readonly text: (one: WidthMeasure) => string;
}

export interface ScanTable {
  readonly header: readonly string[];
  /** With what Lemma 2 promises. */
  readonly line: (one: WidthMeasure, promised: number) => string;
  readonly legend: readonly string[];
}

/** The table of a scan, whose lines are made while widths finish. */
export function scanTable(problem: CertifyProblem, draws: number, steps: number, quick: boolean): ScanTable {
  const { loss, classes, train } = problem;
  const columns = trainedColumns(problem);
  const names = ["width", "|H(0) - H*|", "promised", "λ_min(H(0))", ...columns.map(({ name }) => name)];
  const format = (cells: readonly string[]) => cells.map((cell, j) => cell.padStart(j === 0 ? 7 : 11)).join("  ");
  const several = train.y.cols > 1;
  return {
    header: [
      "",
      `Finite networks: ${draws} ${draws === 1 ? "draw" : "draws"} of each width, the first trained for ${steps} steps${quick ? " (--quick)" : ""}`,
      format(names),
    ],
    line: (one, promised) =>
      format([
        ...[number(one.width), number(Math.max(...one.distances)), number(promised), number(Math.min(...one.smallest))],
        ...columns.map(({ text }) => text(one)),
      ]),
    legend: [
      "|H(0) - H*|: the worst draw; promised: by Hoeffding's inequality (Lemma 2); λ_min(H(0)): the least of the draws",
      hasKappa(problem)
        ? "κ(w0) = |∂²f| |f0 - y|/|∂f|²: how much the kernel would change until the residual is fitted, relative to itself; drift: how much it did"
        : "drift: how much the kernel changed in training, relative to itself",
      ...(several ? ["H(0), and its drift, are those of the mean kernel of the outputs"] : []),
      ...(loss === "softmax" ? ["loss: cross-entropy of a row, in nats, after training"] : []),
      ...(classes ? ["acc: rows whose class is predicted right after training"] : []),
    ],
  };
}

function trainedColumns(problem: CertifyProblem): readonly Column[] {
  const kappa: Column = { name: "κ(w0)", text: (one) => number(one.kappa ?? 0) };
  const mean: Column =
    problem.loss === "squared"
      ? { name: "mse", text: ({ mse }) => orDash(mse) }
      : { name: "loss", text: ({ crossEntropy }) => orDash(crossEntropy) };
  const accuracy: Column = {
    ...{ name: "acc", text: (one) => (one.accuracy === null ? "-" : `${(100 * one.accuracy).toFixed(1)} %`) },
  };
  return [
    ...(hasKappa(problem) ? [kappa] : []),
    { name: "drift", text: ({ drift }) => (drift === null ? "diverged" : number(drift)) },
    mean,
    ...(problem.classes ? [accuracy] : []),
  ];
}

function orDash(value: number | null): string {
  return value === null ? "-" : number(value);
}

export function widthLines(
  certificate: WidthCertificate,
  scan: readonly WidthMeasure[],
  { smallest }: LimitCertificate,
): readonly string[] {
  const { epsilon, delta, lemma, assumes, sufficient, extrapolated, positive } = certificate;
  const widest = scan.at(-1)!.width;
  const quarter = (smallest.measured ?? 0) / 4 === epsilon ? ", a quarter of λ_min" : "";
  return [
    "",
    `Width for |H(0) - H*| at most ${number(epsilon)}${quarter}`,
    line(
      "Lemma 2 asks for",
      `${number(lemma)}, with probability ${1 - delta}${assumes ? "" : "; it is proved for two layers with ReLU, one output, no biases, of which the first trains: an order of magnitude here"}`,
    ),
    line(
      "the scan found",
      sufficient === null
        ? `none up to ${widest} enough; m^(-1/2) gets there at about ${number(extrapolated)}`
        : `${sufficient} enough: all its draws are within`,
    ),
    ...((smallest.measured ?? 0) > 0
      ? [
          line(
            "λ_min(H(0)) at least λ_min/2",
            positive === null ? `at no width up to ${widest}` : `from width ${positive} on`,
          ),
        ]
      : []),
    "",
    ...lazyLines(scan),
  ];
}

const REGIMES = {
  lazy: "lazy: the kernel hardly changes, the network trains as its linearization at the start",
  between: "nearly lazy: the kernel changes by a part of itself, the linearization is a rough guide",
  "not lazy": "not lazy: the kernel becomes another one, features are learned",
} as const;

function lazyLines(scan: readonly WidthMeasure[]): readonly string[] {
  return scan.map((one) => {
    const regime = regimeOf(one);
    const unpromised = regime === "lazy" && one.kappa !== null && one.kappa >= 1 ? "; κ(w0) does not promise it" : "";
    return line(`width ${one.width} is`, `${REGIMES[regime]}${unpromised}`, 16);
  });
}

function line(label: string, text: string, width = LABEL): string {
  return `  ${label.padEnd(width)}  ${text}`;
}

function ratio(value: number): string {
  return `${value >= 100 ? number(value) : value.toPrecision(2)} times`;
}

function number(value: number): string {
  if (value === 0 || (Number.isInteger(value) && Math.abs(value) < 1e6)) return `${value}`;
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5 ? `${Number(value.toPrecision(3))}` : value.toExponential(2);
}
