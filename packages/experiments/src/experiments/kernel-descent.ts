import { child, gaussianKernel, gram, type Key, type Matrix, portable, ridgePath } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { powerLaw } from "../common/statistics.ts";
import { addScaled, dot, norm, subtract, times } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count, real } from "../params.ts";

export const kernelDescent: AnyExperiment = experiment({
  id: "kernel-descent",
  title: "The slide's dynamics are descent in function space, not in the coefficients",
  items: ["A6", "A7"],
  source: "A, gradient descent on g(α) = ‖Kα − y‖²",
  claim:
    "One step of gradient descent in α changes the predictor by −2η Σ (K²)(x, xᵢ)(f − y)ᵢ. The slide concludes −η Σ K(x, xᵢ)(f − y)ᵢ, which is a step in the space of functions. Modes of eigenvalue λ decay at rates proportional to λ² by the first and λ by the second.",
  formulas: [
    "\\alpha\\leftarrow\\alpha-2\\eta K(K\\alpha-y):\\quad f^{t+1}(x)-f^t(x)=-2\\eta\\sum_i K^2(x,x_i)\\,(f^t(x_i)-y_i)",
    "\\alpha\\leftarrow\\alpha-\\eta(K\\alpha-y):\\quad f^{t+1}(x)-f^t(x)=-\\eta\\sum_i K(x,x_i)\\,(f^t(x_i)-y_i)",
  ],
  params: {
    problems: count("random problems", 100, { quick: 20 }),
    n: count("training points", 12, { min: 2, max: 60 }),
    bandwidth: real("bandwidth of the Gaussian kernel", 1.5, { min: 0.1, max: 100 }),
  },
  async run({ problems, n, bandwidth }, context) {
    const found = await inTurn(range(problems), context, (draw) => measure(child(context.key, draw), n, bandwidth));
    const worst = (name: keyof Increments) => Math.max(...found.map((one) => one[name]));
    const least = (name: keyof Increments) => Math.min(...found.map((one) => one[name]));
    const rates = await modeRatesOf(child(context.key, problems), n, bandwidth, context);
    const inAlpha = powerLaw(rates.values, rates.coefficients);
    const inFunctions = powerLaw(rates.values, rates.functions);
    return {
      checks: [
        inRange("step in α against −2η Σ K²(x, xᵢ)(f − y)ᵢ: largest relative error", worst("rightInAlpha"), {
          theory: 0,
          atMost: 1e-10,
        }),
        inRange("step in α against the slide's −η Σ K(x, xᵢ)(f − y)ᵢ: least relative error", least("slideInAlpha"), {
          atLeast: 0.05,
        }),
        inRange(
          "step in function space against the slide's formula: largest relative error",
          worst("slideInFunctions"),
          { theory: 0, atMost: 1e-10 },
        ),
        near("exponent of the rate in the eigenvalue, descent in α", inAlpha.exponent, 2, 0.01),
        near("exponent of the rate in the eigenvalue, descent in function space", inFunctions.exponent, 1, 0.01),
      ],
      tables: [
        {
          id: "rates",
          title: "Measured rate of each mode, per step and learning rate",
          columns: ["eigenvalue", "in α", "in function space"],
          rows: Array.from(rates.values, (value, k) => [value, rates.coefficients[k]!, rates.functions[k]!]),
        },
      ],
      figures: [
        {
          id: "mode-rates",
          title: "Rate at which a mode of the residual decays",
          caption: "Measured over ten small steps of either descent (points), and fitted power laws (lines).",
          panels: [
            {
              x: { label: "eigenvalue λ of K", scale: "log" },
              y: { label: "rate / learning rate", scale: "log" },
              marks: [
                ...lawMarks("in α", { x: rates.values, y: rates.coefficients, law: inAlpha }, 0),
                ...lawMarks("in function space", { x: rates.values, y: rates.functions, law: inFunctions }, 1),
              ],
            },
          ],
        },
      ],
      notes: [
        "Both are worth having: descent in function space is what a wide network does, and is stable below 2/λ₁; descent in α is stable below 1/λ₁² and slower on small eigenvalues by another factor λ. The numbers support the corrected reading of the slide.",
      ],
    };
  },
});

/** Relative errors of formulas for one step. */
interface Increments {
  readonly rightInAlpha: number;
  readonly slideInAlpha: number;
  readonly slideInFunctions: number;
}

async function problemOf(key: Key, n: number, bandwidth: number) {
  const [x, others] = [normalMatrix(child(key, 0), n, 3), normalMatrix(child(key, 1), 5, 3)];
  const kernel = gaussianKernel({ bandwidth });
  const alpha = normalMatrix(child(key, 2), n, 1).data;
  const y = normalMatrix(child(key, 3), n, 1).data;
  return { k: await gram(kernel, x), cross: await gram(kernel, others, x), alpha, y };
}

async function measure(key: Key, n: number, bandwidth: number): Promise<Increments> {
  const { k, cross, alpha, y } = await problemOf(key, n, bandwidth);
  const rate = 1e-3;
  const error = subtract(times(k, alpha), y);
  const inAlpha = addScaled(alpha, -2 * rate, times(k, error));
  const inFunctions = addScaled(alpha, -rate, error);
  const change = (after: Float64Array) => subtract(times(cross, after), times(cross, alpha));
  const slide = times(cross, error).map((value) => -rate * value);
  const right = times(cross, times(k, error)).map((value) => -2 * rate * value);
  const gap = (a: Float64Array, b: Float64Array) => norm(subtract(a, b)) / norm(a);
  return {
    rightInAlpha: gap(change(inAlpha), right),
    slideInAlpha: gap(change(inAlpha), slide),
    slideInFunctions: gap(change(inFunctions), slide),
  };
}

/** From the parts of the residual along eigenvectors, before and after ten small steps. */
async function modeRatesOf(key: Key, n: number, bandwidth: number, { engine, signal }: RunContext) {
  const { k, y } = await problemOf(key, n, bandwidth);
  const { values, vectors } = await ridgePath(k, columnFrom(y), { engine, signal });
  const kept = range(n).filter((i) => values[i]! > 0.01 * values.at(-1)!);
  const steps = 10;
  const measured = (rate: number, step: (alpha: Float64Array) => Float64Array) => {
    let alpha: Float64Array = new Float64Array(n);
    for (let t = 0; t < steps; t++) alpha = step(alpha);
    const after = subtract(times(k, alpha), y);
    return kept.map((i) => {
      const mode = vectors.data.subarray(i * n, (i + 1) * n);
      return -portable.log(Math.abs(dot(mode, after) / dot(mode, y))) / (steps * rate);
    });
  };
  const small = 1e-4 / values.at(-1)! ** 2;
  const error = (alpha: Float64Array) => subtract(times(k, alpha), y);
  return {
    values: kept.map((i) => values[i]!),
    coefficients: measured(small, (alpha) => addScaled(alpha, -2 * small, times(k, error(alpha)))),
    functions: measured(small, (alpha) => addScaled(alpha, -small, error(alpha))),
  };
}

function columnFrom(values: Float64Array): Matrix {
  return { rows: values.length, cols: 1, data: values };
}
