import { readFileSync } from "node:fs";
import {
  apply,
  empiricalNngp,
  empiricalNtk,
  flattenParams,
  fromRows,
  gradient,
  hvp,
  init,
  jvp,
  type Layer,
  linearize,
  type NtkAlgorithm,
  type Params,
  paramEntries,
  softmaxCrossEntropy,
  type TwiceDifferentiableLoss,
  taylorExpand,
  unflattenParams,
} from "ntkit";
import { describe, expect, it } from "vitest";
import { squaredLoss } from "../../src/loss/squared-loss.ts";

type Nested = number | readonly Nested[];
type Rows = readonly (readonly number[])[];
type Weights = Readonly<Record<string, Nested>>;

interface LossCase {
  readonly targets: Rows;
  readonly loss: number;
  readonly gradient: Weights;
  readonly hessianVectorProduct: Weights;
}

interface Kernels {
  readonly trace: Nested;
  readonly diagonal: Nested;
  readonly full: Nested;
}

interface Case {
  readonly name: string;
  readonly network: Layer;
  readonly params: Weights;
  readonly displacement: Weights;
  readonly x1: Rows;
  readonly x2: Rows;
  readonly outputs1: Rows;
  readonly outputs2: Rows;
  readonly nngp: Kernels;
  readonly ntk: Kernels;
  readonly taylor: Readonly<Record<"1" | "2" | "3", Rows>>;
  readonly jvp: Rows;
  readonly halfSum: LossCase;
  readonly crossEntropy?: LossCase;
}

const FILE = new URL("../golden/neural-tangents-empirical.json", import.meta.url);
const CASES: readonly Case[] = JSON.parse(readFileSync(FILE, "utf8")).cases;

/** The weights of the file, in the network's own structure. */
function weightsOf(network: Layer, inputs: number, named: Weights): Params {
  const shape = init(network, inputs, { seed: 0 });
  const entries = paramEntries(shape);
  expect(entries.map(({ name }) => name).sort()).toEqual(Object.keys(named).sort());
  return unflattenParams(shape, Float64Array.from(entries.flatMap(({ name }) => flat(named[name]!))));
}

function flat(values: Nested): readonly number[] {
  return typeof values === "number" ? [values] : values.flatMap(flat);
}

function sum(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]!);
}

/** Relative to the largest entry. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-13): void {
  expect(actual.length).toBe(expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i]! - value)), 0);
  expect(error).toBeLessThanOrEqual(tolerance * scale);
}

const AXES = {
  trace: {},
  diagonal: { traceAxes: [], diagonalAxes: [-1] },
  full: { traceAxes: [], diagonalAxes: [] },
} as const;

describe.each(CASES)("$name", (golden) => {
  const { network } = golden;
  const [x1, x2] = [fromRows(golden.x1), fromRows(golden.x2)];
  const params = weightsOf(network, x1.cols, golden.params);
  const displacement = weightsOf(network, x1.cols, golden.displacement);

  it("outputs and their derivative along a line", () => {
    expectClose(apply(network, params, x1).data, flat(golden.outputs1));
    expectClose(apply(network, params, x2).data, flat(golden.outputs2));
    expectClose(jvp(network, params, x1, displacement).derivative.data, flat(golden.jvp));
  });

  const moved = unflattenParams(params, sum(flattenParams(params), flattenParams(displacement)));
  it("linearization", () => expectClose(linearize(network, params)(moved, x1).data, flat(golden.taylor["1"])));

  it.each([1, 2, 3] as const)("expansion of degree %i", (degree) =>
    expectClose(taylorExpand(network, params, degree)(moved, x1).data, flat(golden.taylor[degree])),
  );

  it.each(["trace", "diagonal", "full"] as const)("kernels, %s", async (form) => {
    expectClose((await empiricalNngp(network, params, x1, x2, AXES[form])).data, flat(golden.nngp[form]));
    for (const algorithm of ["structured", "jacobian", "vectorProducts"] satisfies NtkAlgorithm[]) {
      const ntk = await empiricalNtk(network, params, x1, x2, { ...AXES[form], algorithm });
      expectClose(ntk.data, flat(golden.ntk[form]));
    }
  });

  const byNetwork = (named: Weights): readonly number[] => [...flattenParams(weightsOf(network, x1.cols, named))];
  const losses: readonly (readonly [TwiceDifferentiableLoss, LossCase | undefined])[] = [
    [squaredLoss("half-sum"), golden.halfSum],
    [softmaxCrossEntropy("sum"), golden.crossEntropy],
  ];
  for (const [loss, own] of losses) {
    if (!own) continue; // softmax of one output is constant
    const y = fromRows(own.targets);
    it(`${loss.name}: value and gradient`, () => {
      const at = gradient(network, params, x1, y, loss);
      expectClose([at.loss], [own.loss]);
      expectClose(flattenParams(at.gradient), byNetwork(own.gradient));
    });
    it(`${loss.name}: Hessian times a vector`, () => {
      const product = hvp(network, params, x1, y, loss, displacement);
      expectClose(flattenParams(product), byNetwork(own.hessianVectorProduct));
    });
  }
});
