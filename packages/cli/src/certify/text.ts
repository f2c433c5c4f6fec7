import { brief } from "ntkit";
import type { PreparedData } from "../commands/train-setup.ts";
import { inputLines } from "../report.ts";
import { regimeOf, type WidthCertificate } from "./certificate.ts";
import type { LimitCertificate } from "./limit.ts";
import type { CertifyProblem } from "./problem.ts";
import type { WidthMeasure } from "./scan.ts";

const LABEL = 34;

export function headLines(
  path: string,
  target: string,
  { table, train: { preprocessor, scale } }: PreparedData,
  { train: { x }, trainable, seed }: CertifyProblem,
): readonly string[] {
  const unit =
    scale.kind === "numeric"
      ? "mse 1 is the variance of the target"
      : brief(`the target is -1 for "${scale.classes[0]}" and 1 for "${scale.classes[1]}"`);
  return [
    brief(
      `${path}: ${x.rows} rows, ${x.cols} ${x.cols === 1 ? "input" : "inputs"}, standardized, to learn "${target}" from (seed ${seed})`,
    ),
    ...inputLines(table, target, preprocessor),
    `${trainable === "all" ? "all layers train" : `only the ${trainable} layer trains`}, on half the sum of squared errors; ${unit}`,
  ];
}

export function limitLines(limit: LimitCertificate): readonly string[] {
  const { eigenvalues, smallest, closest, rank, maxLearningRate, labels } = limit;
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
    line("largest stable learning rate", number(maxLearningRate)),
    ...timeLines(limit),
    ...movementLines(limit),
    line(
      "√(2 yᵀH⁻¹y/n), smaller is easier",
      `${number(labels.own.promises.value)}; shuffled targets have ${number(labels.shuffled)}, ${ratio(labels.shuffled / labels.own.promises.value)} as much`,
    ),
  ];
}

function timeLines({ time }: LimitCertificate): readonly string[] {
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

function movementLines({ movement: { sharp, spectral, loose } }: LimitCertificate): readonly string[] {
  const values = [sharp, spectral, loose].map(({ promises }) => promises.value);
  if (!Number.isFinite(values[2]!)) return [line("movement of the weights", "no bound: the kernel is singular")];
  return [
    line(
      "movement of the weights until fitted",
      `${number(values[0]!)} (√(yᵀH⁻¹y)); at most ${number(values[1]!)} by |y|/√λ_min, ${number(values[2]!)} by √λ_max|y|/λ_min`,
    ),
  ];
}

const COLUMNS = ["width", "|H(0) - H*|", "promised", "λ_min(H(0))", "κ(w0)", "drift", "mse"] as const;

export function scanHeader(draws: number, steps: number, quick: boolean): readonly string[] {
  return [
    "",
    `Finite networks: ${draws} ${draws === 1 ? "draw" : "draws"} of each width, the first trained for ${steps} steps${quick ? " (--quick)" : ""}`,
    COLUMNS.map((name, j) => name.padStart(j === 0 ? 7 : 11)).join("  "),
  ];
}

export function scanLine({ width, distances, smallest, kappa, drift, mse }: WidthMeasure, promised: number): string {
  const cells = [
    ...[number(width), number(Math.max(...distances)), number(promised), number(Math.min(...smallest)), number(kappa)],
    ...(drift === null ? ["diverged", "-"] : [number(drift), number(mse ?? 0)]),
  ];
  return cells.map((cell, j) => cell.padStart(j === 0 ? 7 : 11)).join("  ");
}

export const LEGEND: readonly string[] = [
  "|H(0) - H*|: the worst draw; promised: by Hoeffding's inequality (Lemma 2); λ_min(H(0)): the least of the draws",
  "κ(w0) = |∂²f| |f0 - y|/|∂f|²: how much the kernel would change until the residual is fitted, relative to itself; drift: how much it did",
];

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
      `${number(lemma)}, with probability ${1 - delta}${assumes ? "" : "; it is proved for two layers with ReLU, no biases, of which the first trains: an order of magnitude here"}`,
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
    const unpromised = regime === "lazy" && one.kappa >= 1 ? "; κ(w0) does not promise it" : "";
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
