import { apply, child, dense, init, jacobian, type Key, normal, permutation, randomInts, serial, tanh } from "ntkit";
import { inRange, near } from "../common/checks.ts";
import { normalMatrix } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks } from "../common/marks.ts";
import { mean, powerLaw, standardError } from "../common/statistics.ts";
import { addScaled, norm, subtract } from "../common/vectors.ts";
import { type AnyExperiment, experiment } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, counts } from "../params.ts";

export const minibatchVariance: AnyExperiment = experiment({
  id: "minibatch-variance",
  title: "Gradients of mini-batches are unbiased, with variance 1/K",
  items: ["C1"],
  source: "C, empirical risk and stochastic gradients",
  claim:
    "The mean gradient over K examples drawn at random is unbiased for the gradient of the mean risk, and its variance falls like 1/K: exactly so with replacement, and with the further factor (n − K)/(n − 1) without.",
  formulas: [
    "\\mathbb E\\,g_B=\\nabla R,\\qquad \\mathbb E\\lVert g_B-\\nabla R\\rVert^2=\\frac{\\sigma^2}{K}\\quad\\Bigl(\\text{without replacement }\\frac{\\sigma^2}{K}\\cdot\\frac{n-K}{n-1}\\Bigr)",
  ],
  params: {
    n: count("examples", 64, { min: 8, max: 1000 }),
    sizes: counts("sizes K of a batch", [1, 2, 4, 8, 16, 32], { max: 1000 }),
    draws: count("batches of each size", 4000, { quick: 1000, min: 100 }),
  },
  async run({ n, sizes, draws }, context) {
    const own = sizes.filter((size) => size <= n);
    const gradients = exampleGradients(context.key, n);
    const full = average(gradients);
    const sigma2 = mean(gradients.map((g) => norm(subtract(g, full)) ** 2));
    const kinds = [true, false] as const;
    const found = await inTurn(own, context, (size, i) =>
      kinds.map((replace, kind) =>
        sample({ gradients, full, size, draws, replace, key: child(child(context.key, 3 + kind), i) }),
      ),
    );
    const theory = (size: number, kind: number) => (sigma2 / size) * (kind === 0 ? 1 : (n - size) / (n - 1));
    const law = powerLaw(
      own,
      found.map(([replaced]) => replaced!.variance),
    );
    const far = kinds.map((_, kind) =>
      Math.max(
        ...own.map((size, i) =>
          size === n && kind === 1
            ? 0
            : Math.abs(found[i]![kind]!.variance - theory(size, kind)) / found[i]![kind]!.error,
        ),
      ),
    );
    return {
      checks: [
        near("with replacement: exponent of the variance in K", law.exponent, -1, 0.05),
        inRange("with replacement: largest distance from σ²/K in standard errors", far[0]!, { theory: 0, atMost: 4 }),
        inRange("without: largest distance from σ²/K · (n − K)/(n − 1) in standard errors", far[1]!, {
          theory: 0,
          atMost: 4,
        }),
        inRange(
          "distance of the mean over all batches from the full gradient, over what chance gives in the root mean square",
          Math.max(...found.flatMap((pair) => pair.map(({ bias }) => bias))),
          { theory: 1, atMost: 3 },
        ),
      ],
      tables: [
        {
          id: "variances",
          title: "Variance of the gradient of a batch",
          columns: ["K", "with replacement", "theory", "without", "theory without"],
          rows: own.map((size, i) => [
            size,
            found[i]![0]!.variance,
            theory(size, 0),
            found[i]![1]!.variance,
            theory(size, 1),
          ]),
        },
      ],
      figures: [figure({ own, found, law, n, sigma2, theory })],
    };
  },
});

/** Of half the squared error of a small tanh network, for each example. */
function exampleGradients(key: Key, n: number): Float64Array[] {
  const network = serial(dense({ width: 10 }), tanh(), dense({ width: 1 }));
  const x = normalMatrix(child(key, 0), n, 4);
  const y = normal(child(key, 1), n);
  const params = init(network, 4, { seed: child(key, 2) });
  const fx = apply(network, params, x).data;
  const { data } = jacobian(network, params, x);
  const p = data.length / n;
  return range(n).map((i) => data.slice(i * p, (i + 1) * p).map((slope) => slope * (fx[i]! - y[i]!)));
}

function average(vectors: readonly Float64Array[]): Float64Array {
  const sum = vectors.reduce((total, own) => addScaled(total, 1, own), new Float64Array(vectors[0]!.length));
  return sum.map((value) => value / vectors.length);
}

interface Sampling {
  readonly gradients: readonly Float64Array[];
  readonly full: Float64Array;
  readonly size: number;
  readonly draws: number;
  readonly replace: boolean;
  readonly key: Key;
}

interface Sampled {
  readonly variance: number;
  readonly error: number;
  readonly bias: number;
}

function sample({ gradients, full, size, draws, replace, key }: Sampling): Sampled {
  const n = gradients.length;
  let sum: Float64Array = new Float64Array(full.length);
  const squares = range(draws).map((draw) => {
    const chosen = replace ? randomInts(child(key, draw), size, n) : permutation(child(key, draw), n).subarray(0, size);
    const difference = subtract(average(Array.from(chosen, (i) => gradients[i]!)), full);
    sum = addScaled(sum, 1, difference);
    return norm(difference) ** 2;
  });
  const variance = mean(squares);
  return {
    variance,
    error: standardError(squares),
    bias: variance === 0 ? 0 : norm(sum) / Math.sqrt(draws * variance),
  };
}

interface Shown {
  readonly own: readonly number[];
  readonly found: readonly (readonly Sampled[])[];
  readonly law: ReturnType<typeof powerLaw>;
  readonly n: number;
  readonly sigma2: number;
  readonly theory: (size: number, kind: number) => number;
}

function figure({ own, found, law, n, sigma2, theory }: Shown): Figure {
  const [y, errors] = [
    found.map(([replaced]) => replaced!.variance / sigma2),
    found.map(([replaced]) => replaced!.error / sigma2),
  ];
  return {
    id: "variances",
    title: "Variance of the gradient of a mini-batch",
    caption: "Relative to that of one example; standard errors are smaller than the points. The curve is exact.",
    panels: [
      {
        x: { label: "examples K in a batch", scale: "log", ticks: own },
        y: { label: "E‖g − ∇R‖²/σ²", scale: "log" },
        marks: [
          ...lawMarks("with replacement", { x: own, y, errors, law: { ...law, factor: law.factor / sigma2 } }, 0),
          {
            ...({ kind: "line", color: 1, label: "without: (n − K)/((n − 1)K)" } as const),
            points: own.filter((size) => size < n).map((size): Point => [size, theory(size, 1) / sigma2]),
          },
          { kind: "points", color: 1, points: own.map((size, i): Point => [size, found[i]![1]!.variance / sigma2]) },
        ],
      },
    ],
  };
}
