import {
  child,
  closestPair,
  gram,
  type Key,
  type Matrix,
  matrix,
  normal,
  portable,
  row,
  smallestEigenvalueBound,
  twoLayerReluKernel,
} from "ntkit";
import { always, inRange, near } from "../common/checks.ts";
import { spherePoints } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { eigenvalues } from "../common/spectrum.ts";
import { dot, norm } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import type { Point } from "../figure.ts";
import { count } from "../params.ts";

export const parallelInputs: AnyExperiment = experiment({
  id: "parallel-inputs",
  title: "The kernel is positive definite when no two inputs are parallel",
  items: ["B7"],
  source: "B, “under mild conditions λ_min(H*) > 0”; Du et al. (2019), Theorem 3.1",
  claim:
    "For the first layer of a two-layer ReLU network λ_min(H*) > 0 as long as no two inputs are parallel; a repeated input makes it 0. An input and its opposite do no harm: H*(x, −x) = 0. As two inputs approach at the angle θ, λ_min falls like θ.",
  formulas: [
    "\\lambda_{\\min}(H^*)>0\\iff\\text{no }x_i\\parallel x_j\\ (i\\ne j)",
    "\\lambda_{\\min}(H^*)\\le H^*(x,x)-H^*(x,x_\\theta)=\\tfrac12-\\cos\\theta\\,\\frac{\\pi-\\theta}{2\\pi}\\approx\\frac{\\theta}{2\\pi}",
  ],
  params: {
    n: count("points on the sphere", 12, { min: 3, max: 100 }),
    d: count("dimensions", 5, { min: 2, max: 100 }),
    sets: count("sets of points", 100, { quick: 20, min: 2 }),
    halvings: count("times that the angle of two inputs is halved, from 0.05", 12, { quick: 8, min: 2, max: 30 }),
  },
  async run({ n, d, sets, halvings }, context) {
    const angles = range(halvings + 1).map((k) => 0.05 * 2 ** -k);
    const found = await inTurn(range(sets), context, (draw) =>
      measure({ key: child(context.key, draw), n, d, angles }, context),
    );
    const scaling = scalingOf(
      angles,
      angles.map((_, k) => found.map(({ near: own }) => own[k]!)),
    );
    const bound = angles.map((theta) => 0.5 - (portable.cos(theta) * (Math.PI - theta)) / (2 * Math.PI));
    return {
      checks: [
        always(
          "random sets whose smallest eigenvalue is above 1e-6",
          found.filter((own) => own.smallest > 1e-6).length,
          sets,
        ),
        inRange(
          "with an input repeated: largest smallest eigenvalue in size",
          Math.max(...found.map((own) => Math.abs(own.repeated))),
          { theory: 0, atMost: 1e-14 },
        ),
        always(
          "with an opposite input added: sets whose smallest eigenvalue is above 1e-6",
          found.filter((own) => own.opposite > 1e-6).length,
          sets,
        ),
        inRange("H*(x, −x): largest in size", Math.max(...found.map((own) => own.across)), {
          theory: 0,
          atMost: 1e-15,
        }),
        near("slope of λ_min in the angle of the closest pair", scaling.law.exponent, 1, 0.03),
        inRange("λ_min over what the closest pair allows: largest", Math.max(...found.map((own) => own.overBound)), {
          theory: 1,
          atMost: 1 + 1e-9,
        }),
        inRange(
          "angle of the pair that is found closest over the one made: farthest from 1",
          Math.max(...found.map((own) => own.pair)),
          { theory: 0, atMost: 1e-6 },
        ),
      ],
      tables: [
        {
          id: "angles",
          title: "Smallest eigenvalue with two inputs at a small angle",
          columns: ["angle", "mean λ_min", "standard error", "bound"],
          rows: angles.map((theta, k) => [theta, scaling.y[k]!, scaling.errors[k]!, bound[k]!]),
        },
      ],
      figures: [
        {
          id: "angles",
          title: "Two inputs that become parallel",
          caption: `Mean and standard error over ${sets} sets of ${n} points in ${d} dimensions, of which two are at the angle θ.`,
          panels: [
            {
              x: { label: "angle θ (rad)", scale: "log" },
              y: { label: "λ_min(H*)", scale: "log" },
              marks: [
                {
                  kind: "line",
                  label: "what the pair alone allows",
                  color: 6,
                  dashed: true,
                  points: angles.map((theta, k): Point => [theta, bound[k]!]),
                },
                ...lawMarks("measured", scaling, 0),
              ],
            },
          ],
        },
      ],
    };
  },
});

interface Setting {
  readonly key: Key;
  readonly n: number;
  readonly d: number;
  readonly angles: readonly number[];
}

const KERNEL = twoLayerReluKernel({ trained: "first", activationScale: 1 });

async function measure({ key, n, d, angles }: Setting, context: RunContext) {
  const x = spherePoints(child(key, 0), n, d);
  const smallest = async (points: Matrix) => (await eigenvalues(await gram(KERNEL, points), context))[0]!;
  const first = row(x, 0);
  const opposite = withRow(
    x,
    first.map((value) => -value),
  );
  // A direction at right angles to the first point.
  const raw = normal(child(key, 1), d);
  const across = raw.map((value, k) => value - dot(raw, first) * first[k]!);
  const turned = (theta: number) =>
    withRow(
      x,
      first.map((value, k) => portable.cos(theta) * value + (portable.sin(theta) * across[k]!) / norm(across)),
    );
  const close = await inTurn(angles, { signal: context.signal }, (theta) => smallest(turned(theta)));
  const bounds = await inTurn(angles, { signal: context.signal }, async (theta, k) => {
    const { promises } = smallestEigenvalueBound(await gram(KERNEL, turned(theta)));
    return close[k]! / promises.value;
  });
  const { sine } = closestPair(turned(angles.at(-1)!));
  return {
    smallest: await smallest(x),
    repeated: await smallest(withRow(x, first)),
    opposite: await smallest(opposite),
    across: Math.abs((await gram(KERNEL, opposite)).data[n]!),
    near: close,
    overBound: Math.max(...bounds),
    pair: Math.abs(sine / portable.sin(angles.at(-1)!) - 1),
  };
}

function withRow(x: Matrix, last: Float64Array): Matrix {
  return matrix(x.rows + 1, x.cols, Float64Array.of(...x.data, ...last));
}
