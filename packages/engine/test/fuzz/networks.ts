import fc from "fast-check";
import type { ActivationSpec, Layer } from "ntkit";
import {
  dense,
  dropout,
  fanInConcat,
  fanInProd,
  fanInSum,
  fanOut,
  identity,
  layerNorm,
  parallel,
  repeat,
  serial,
} from "ntkit";

/** Numbers of three decimals: parameters of 1e-200 are refused, and those of 1e-100 nobody means. */
const between = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(1000 * min), max: Math.floor(1000 * max) }).map((value) => value / 1000);
const size = fc.oneof(fc.constantFrom(0, 1, -1, 0.5), between(-2, 2));
const WAVE = { a: size, b: size, c: size };

/** Every activation of a network file, with any parameters; those by quadrature cost most and come seldom. */
export const activation: fc.Arbitrary<ActivationSpec> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("relu", "abs", "gelu", "sign", "gabor", "sigmoidLike").map((type) => ({ type })),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("leakyRelu"), alpha: size }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("abRelu"), a: size, b: size }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom("erf", "sin", "cos"), ...WAVE }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("rbf"), gamma: between(0.01, 4) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("gaussian"), a: size, b: between(-3, 0) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("exp"), a: size, b: between(-1, 1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("expNormalized"), gamma: between(0, 2), shift: size }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("monomial"), degree: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("rectifiedMonomial"), degree: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("hermite"), degree: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("polynomial"), coef: fc.array(size, { minLength: 1, maxLength: 5 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom("tanh", "sigmoid", "softplus", "silu", "elu").map((type) => ({ type })) },
) as fc.Arbitrary<ActivationSpec>; // a record of a type has the fields of that type

const denseLayer: fc.Arbitrary<Layer> = fc
  .record({
    wStd: fc.oneof(fc.constantFrom(1, Math.SQRT2), between(0.1, 3), fc.constantFrom(0, 1e-3, 40)),
    bStd: fc.oneof(fc.constant(0), between(0, 2)),
    parameterization: fc.constantFrom("ntk" as const, "standard" as const),
  })
  .map((options) => dense({ width: 32, ...options }));

const normalization: fc.Arbitrary<Layer> = fc.oneof(
  fc.constant(identity()),
  fc.constantFrom(0, 1e-12, 1e-3).map((eps) => layerNorm({ eps })),
);

/** A dense layer, what may follow one, and again a dense layer. */
const block: fc.Arbitrary<Layer> = fc
  .tuple(denseLayer, normalization, activation, fc.option(between(0.3, 1), { nil: undefined, freq: 4 }), denseLayer)
  .map(([first, normalized, phi, keep, last]) =>
    serial(first, normalized, phi, ...(keep === undefined ? [] : [dropout({ keep })]), last),
  );

/** Branches that are joined, with a dense layer behind where what is joined is not Gaussian. */
const joined: fc.Arbitrary<Layer> = fc
  .tuple(
    fc.constantFrom(fanInSum(), fanInProd(), fanInConcat()),
    fc.array(fc.oneof(block, denseLayer), { minLength: 2, maxLength: 3 }),
    denseLayer,
  )
  .map(([join, branches, last]) => serial(fanOut(branches.length), parallel(...branches), join, last));

/** x + f(x) */
const residual: fc.Arbitrary<Layer> = fc
  .tuple(denseLayer, activation, denseLayer)
  .map(([first, phi, last]) => serial(first, fanOut(2), parallel(identity(), serial(phi, last)), fanInSum()));

/** Networks that have a limit, of up to four pieces in a row, some repeated. */
export const network: fc.Arbitrary<Layer> = fc
  .array(
    fc.oneof(
      block,
      block.map((own) => repeat(own, 2)),
      joined,
      residual,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((pieces) => serial(...pieces));

/** Layers in any order: most of these networks have no limit. */
export const anyNetwork: fc.Arbitrary<Layer> = fc
  .array(
    fc.oneof(
      denseLayer,
      activation,
      normalization,
      between(0.3, 1).map((keep) => dropout({ keep })),
      fc.constantFrom<Layer>(fanOut(2), fanInSum(), fanInProd(), fanInConcat(), identity()),
      fc.tuple(fc.oneof(denseLayer, activation), fc.oneof(denseLayer, activation)).map(([a, b]) => parallel(a, b)),
      fc.tuple(denseLayer, denseLayer).map(([a, b]) => serial(fanOut(2), parallel(a, b), fanInConcat())),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((layers) => serial(...layers));
