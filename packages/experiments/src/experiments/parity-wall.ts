import { appendBias, child, gram, kernelRegression, type Matrix, matrix, randomInts, twoLayerReluKernel } from "ntkit";
import { inRange } from "../common/checks.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { mean, standardError } from "../common/statistics.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count, counts } from "../params.ts";

export const parityWall: AnyExperiment = experiment({
  id: "parity-wall",
  title: "A fixed kernel cannot learn parities of three bits or more from few samples",
  items: ["A10"],
  source: "A, on parities",
  claim:
    "The parity of k of d bits needs d^Ω(k) samples of any fixed kernel. With n = 1000 samples of 20 bits the tangent kernel of a two-layer ReLU network with bias learns k = 1 and 2 and is near chance from k = 3 on.",
  formulas: ["y=\\prod_{j=1}^k x_j,\\qquad x\\in\\{\\pm1\\}^d,\\qquad n=d^{\\Omega(k)}"],
  params: {
    n: count("training samples", 1000, { min: 10, max: 10_000 }),
    d: count("bits", 20, { min: 5, max: 1000 }),
    tests: count("test samples", 10_000, { quick: 2000, min: 10, max: 100_000 }),
    draws: count("data sets", 5, { quick: 2, min: 2, max: 1000 }),
    degrees: counts("k, the bits of a parity", [1, 2, 3, 4, 5], { max: 20 }),
  },
  async run({ n, d, tests, draws, degrees }, context) {
    const accuracies = await inTurn(range(draws), context, (draw) =>
      accuraciesOf({ n, d, tests, degrees }, child(context.key, draw), context),
    );
    const own = degrees.map((_, i) => accuracies.map((one) => one[i]!));
    const means = own.map(mean);
    const bars = own.map(standardError);
    return {
      checks: degrees.map((k, i) =>
        inRange(
          `accuracy on the parity of ${k} bit${k > 1 ? "s" : ""}`,
          means[i]!,
          k < 3 ? { atLeast: 0.99 } : { atMost: 0.6 },
        ),
      ),
      tables: [
        {
          id: "accuracies",
          title: "Test accuracy by the bits of a parity",
          columns: ["k", "mean accuracy", "standard error", "smallest", "largest"],
          rows: degrees.map((k, i) => [k, means[i]!, bars[i]!, Math.min(...own[i]!), Math.max(...own[i]!)]),
        },
      ],
      figures: [
        {
          id: "parity-wall",
          title: "Accuracy of the tangent kernel on parities",
          caption: `Mean and standard error over ${draws} data sets of ${n} samples of ${d} bits; the dashed line is chance.`,
          panels: [
            {
              x: { label: "bits k of the parity", ticks: degrees },
              y: { label: "test accuracy", domain: [0.4, 1.02] },
              marks: [
                { kind: "ruleY", at: 0.5, dashed: true, label: "chance" },
                {
                  ...{
                    kind: "points",
                    label: "tangent kernel",
                    points: degrees.map((k, i) => [k, means[i]!] as const),
                  },
                  low: means.map((value, i) => value - bars[i]!),
                  high: means.map((value, i) => value + bars[i]!),
                },
              ],
            },
          ],
        },
      ],
    };
  },
});

/** Far below the eigenvalues of the kernel: it only keeps inputs that were drawn twice from making it singular. */
const RIDGE = 1e-6;

interface Sizes {
  readonly n: number;
  readonly d: number;
  readonly tests: number;
  readonly degrees: readonly number[];
}

/** One fit for all degrees, each a column of labels. */
async function accuraciesOf(
  { n, d, tests, degrees }: Sizes,
  from: RunContext["key"],
  { engine, signal }: RunContext,
): Promise<number[]> {
  const [x, xTest] = [bits(child(from, 0), n, d), bits(child(from, 1), tests, d)];
  const [biased, biasedTest] = [appendBias(x), appendBias(xTest)];
  const kernel = await gram(twoLayerReluKernel(), biased, null, { signal });
  const { alpha } = solved(await kernelRegression(kernel, parities(x, degrees), { diagReg: RIDGE, engine, signal }));
  const cross = await gram(twoLayerReluKernel(), biasedTest, biased, { signal });
  const predicted = await engine.matmul(cross, alpha, { signal });
  const truth = parities(xTest, degrees).data;
  const right = predicted.data.map((value, at) => (value * truth[at]! > 0 ? 1 : 0));
  return degrees.map((_, i) => mean(right.filter((_, at) => at % degrees.length === i)));
}

function bits(from: RunContext["key"], rows: number, d: number): Matrix {
  return matrix(
    rows,
    d,
    randomInts(from, rows * d, 2).map((bit) => 2 * bit - 1),
  );
}

function parities(x: Matrix, degrees: readonly number[]): Matrix {
  const labels = range(x.rows).flatMap((i) =>
    degrees.map((k) => x.data.subarray(i * x.cols, i * x.cols + k).reduce((product, bit) => product * bit, 1)),
  );
  return matrix(x.rows, degrees.length, Float64Array.from(labels));
}
