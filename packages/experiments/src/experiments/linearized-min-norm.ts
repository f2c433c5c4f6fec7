import {
  apply,
  child,
  dense,
  empiricalNtk,
  flattenParams,
  init,
  jacobian,
  type Key,
  kernelRegression,
  type Layer,
  linearize,
  linearizedWeights,
  linearRegression,
  type Matrix,
  matrix,
  minNormWeights,
  type Params,
  rankAt,
  relu,
  ridgePath,
  serial,
  transpose,
  unflattenParams,
} from "ntkit";
import { always, inRange } from "../common/checks.ts";
import { normalMatrix, spherePoints } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { solved } from "../common/solved.ts";
import { addScaled, norm, rms, subtract, times } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Figure, Point } from "../figure.ts";
import { count, counts } from "../params.ts";

export const linearizedMinNorm: AnyExperiment = experiment({
  id: "linearized-min-norm",
  title: "The linearization fits every label once there are n weights, by the kernel’s n × n matrix",
  items: ["D1", "D2", "D3", "D4"],
  source: "D, the linearization F₀ and its least squares",
  claim:
    "F₀(x; w) = F(x; w₀) + ⟨∂F(x; w₀), w − w₀⟩ is affine in w. Of all weights that fit y − F(X; w₀) the closest to w₀ are w₀ + ∂F(X)ᵀv with the n × n Gram matrix ∂F∂Fᵀ v = y − F(X; w₀); it interpolates any labels when ∂F has rank n, for which n weights are enough: a width of n is not needed.",
  formulas: [
    "w-w_0=[\\partial F^\\top\\partial F]^+\\partial F^\\top(y-F(X;w_0))=\\partial F^\\top[\\partial F\\,\\partial F^\\top]^+(y-F(X;w_0))",
    "F_0(x_j;w)=F(x_j;w_0)+\\sum_i v_i\\,k_m(x_j,x_i)",
  ],
  params: {
    n: count("points on the sphere", 24, { min: 4, max: 100 }),
    d: count("dimensions; the first layer trains, with m·d weights", 6, { min: 2, max: 50 }),
    widths: counts("widths m", [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32], { quick: [1, 2, 3, 4, 6, 8, 16, 32], max: 1000 }),
    networks: count("networks of each width", 10, { quick: 4 }),
  },
  async run({ n, d, widths, networks }, context) {
    const x = spherePoints(child(context.key, 0), n, d);
    const found = await inTurn(widths, context, (width, i) =>
      inTurn(range(networks), { signal: context.signal }, (draw) =>
        measure({ x, width, key: child(child(child(context.key, 1), i), draw) }, context),
      ),
    );
    const all = found.flat();
    const worst = (get: (one: Measured) => number) => Math.max(...all.map(get));
    const wide = found.filter((_, i) => widths[i]! >= (3 * n) / d).flat();
    const below = found.filter((_, i) => widths[i]! >= (3 * n) / d && widths[i]! < n).flat();
    return {
      checks: [
        inRange(
          "F₀ at w against F(w₀) + ∂F (w − w₀): largest error, relative",
          worst((one) => one.affine),
          { theory: 0, atMost: 1e-12 },
        ),
        inRange(
          "least norm by the p × p matrix against the n × n matrix, m·d ≥ 3n (else rounding is magnified): largest relative difference",
          Math.max(...wide.map((one) => one.roads)),
          { theory: 0, atMost: 1e-8 },
        ),
        always(
          "networks whose rank is below or at min(n, m·d)",
          all.filter((one) => one.rank <= Math.min(n, one.weights)).length,
          all.length,
        ),
        always(`networks with m·d ≥ 3n whose rank is n`, wide.filter((one) => one.rank === n).length, wide.length),
        inRange(
          "those of them narrower than n: worst rms of the fit of random labels",
          Math.max(...below.map((one) => one.fit)),
          { theory: 0, atMost: 1e-9 },
        ),
        inRange(
          "fit of y in place of y − F(X; w₀), “work hard even if y = 0”: least rms error",
          Math.min(...wide.map((one) => one.uncorrected)),
          { atLeast: 0.1 },
        ),
        inRange(
          "largest part of w − w₀ outside the span of ∂F(xᵢ), relative",
          worst((one) => one.outside),
          { theory: 0, atMost: 1e-10 },
        ),
      ],
      tables: [
        {
          id: "ranks",
          title: "Rank of the Jacobian, and error of the best fit of random labels",
          columns: ["width m", "weights m·d", "n", "rank (first network)", "rms of the fit (first network)"],
          rows: widths.map((width, i) => [width, width * d, n, found[i]![0]!.rank, found[i]![0]!.fit]),
        },
      ],
      figures: [figure(widths, found, { n, d, networks })],
      notes: [
        "The note calls ∂Fᵀ∂F the n × n Gram matrix: that product is p × p, over the weights; the n × n one is ∂F∂Fᵀ, the tangent kernel. “Often implies width ≥ #points” asks for too much: what counts is the number of weights.",
      ],
    };
  },
});

interface Setting {
  readonly x: Matrix;
  readonly width: number;
  readonly key: Key;
}

interface Measured {
  readonly weights: number;
  readonly rank: number;
  readonly affine: number;
  readonly roads: number;
  readonly fit: number;
  readonly uncorrected: number;
  readonly outside: number;
}

async function measure({ x, width, key }: Setting, { engine, signal }: RunContext): Promise<Measured> {
  const [n, d] = [x.rows, x.cols];
  const trainable = "first" as const;
  const network: Layer = serial(dense({ width, wStd: Math.sqrt(d) }), relu(), dense({ width: 1 }));
  const params = init(network, d, { seed: child(key, 0) });
  const y = normalMatrix(child(key, 1), n, 1);
  const start = apply(network, params, x);
  const labels = matrix(n, 1, subtract(y.data, start.data));
  const all = jacobian(network, params, x, { trainable });
  const own = matrix(n, all.data.length / n, all.data);
  const ntk = await empiricalNtk(network, params, x, null, { trainable, engine, signal });
  const path = await ridgePath(ntk, labels, { engine, signal });
  const fitOf = async (target: Matrix) => {
    const { alpha } = solved(await kernelRegression(ntk, target, { method: "pseudoinverse", engine, signal }));
    return linearizedWeights(network, params, x, alpha, { trainable });
  };
  const weights = await fitOf(labels);
  const outputs = linearize(network, params);
  const change = (to: Params) => subtract(flattenParams(to), flattenParams(params));
  const moved = change(weights);
  const byWeights = await minNormWeights(await linearRegression(own, labels, { engine, signal }), { engine, signal });
  const affine = subtract(outputs(weights, x).data, addScaled(start.data, 1, times(own, moved)));
  const random = unflattenParams(
    params,
    addScaled(
      flattenParams(params),
      1,
      normalMatrix(child(key, 2), 1, moved.length).data.map((v, i) => (i < width * d ? v : 0)),
    ),
  );
  const far = subtract(outputs(random, x).data, addScaled(start.data, 1, times(own, change(random))));
  return {
    weights: width * d,
    rank: rankAt(path, 0),
    affine: Math.max(norm(affine), norm(far)) / norm(start.data),
    roads: norm(subtract(byWeights.data, moved)) / norm(moved),
    fit: rms(outputs(weights, x).data, y.data),
    uncorrected: rms(outputs(await fitOf(y), x).data, y.data),
    outside: await outsideSpan(own, moved, { engine, signal }),
  };
}

function figure(
  widths: readonly number[],
  found: readonly (readonly Measured[])[],
  { n, d, networks }: { readonly n: number; readonly d: number; readonly networks: number },
): Figure {
  return {
    id: "ranks",
    title: "What the linearization can fit",
    caption: `Rank of ∂F(X; w₀) for ${n} points in ${d} dimensions, ${networks} networks of each width; only the first layer trains, and units that no point switches on add nothing.`,
    panels: [
      {
        x: { label: "width m", scale: "log", ticks: widths },
        y: { label: "rank of the n × n Gram matrix" },
        marks: [
          {
            ...({ kind: "line", label: "min(n, m·d)", color: 6 } as const),
            points: widths.map((width): Point => [width, Math.min(n, width * d)]),
          },
          { kind: "ruleX", label: "m = n", at: n, dashed: true, color: 7 },
          {
            ...({ kind: "points", label: "measured", color: 0 } as const),
            points: found.flatMap((own, i) => own.map(({ rank }): Point => [widths[i]!, rank])),
          },
        ],
      },
    ],
  };
}

/** ‖v − J⁺J v‖/‖v‖ */
async function outsideSpan(j: Matrix, v: Float64Array, host: Pick<RunContext, "engine" | "signal">): Promise<number> {
  const problem = await linearRegression(transpose(j), matrix(v.length, 1, v), host);
  const coefficients = await minNormWeights(problem, host);
  return norm(subtract(v, times(transpose(j), coefficients.data))) / norm(v);
}
