import fc from "fast-check";
import {
  dense,
  dropout,
  fanInConcat,
  fanInProd,
  fanInSum,
  fanOut,
  identity,
  type Layer,
  layerNorm,
  parallel,
  repeat,
  serial,
} from "ntkit";
import { ACTIVATION_EXAMPLES } from "ntkit/testing";

/**
 * Activations that kernel programs have formulas for, but those whose variances explode when a few are stacked, and the sign, each
 * layer of which takes the square root of rounding errors where inputs nearly coincide.
 */
const TAME = ACTIVATION_EXAMPLES.filter(
  ({ type }) =>
    ![
      "tanh",
      "sigmoid",
      "softplus",
      "silu",
      "sign",
      "elu",
      "exp",
      "monomial",
      "rectifiedMonomial",
      "hermite",
      "polynomial",
    ].includes(type),
);

const weights = fc.record({
  wStd: fc.constantFrom(0.7, 1, Math.SQRT2, 1.9),
  bStd: fc.constantFrom(0, 0, 0.3, 1.1),
  parameterization: fc.constantFrom("ntk" as const, "standard" as const),
});

const denseLayer = weights.map((options) => dense({ width: 64, ...options }));

/** A dense layer, what may follow one, and again a dense layer. */
const block: fc.Arbitrary<Layer> = fc
  .tuple(
    denseLayer,
    fc.constantFrom(...TAME),
    fc.constantFrom<Layer>(identity(), layerNorm()),
    fc.boolean(),
    denseLayer,
  )
  .map(([first, activation, between, drops, last]) =>
    serial(first, between, activation, ...(drops ? [dropout({ keep: 0.9 })] : []), last),
  );

/** Networks of up to three blocks in a row, some of them side by side or repeated. */
export const networks: fc.Arbitrary<Layer> = fc
  .array(
    fc.oneof(
      block,
      block.map((own) => repeat(own, 2)),
      fc.tuple(block, block).map(([a, b]) => serial(fanOut(2), parallel(a, b), fanInSum())),
      fc.tuple(block, denseLayer).map(([a, b]) => serial(fanOut(2), parallel(a, b), fanInConcat(), b)),
      fc.tuple(block, denseLayer).map(([a, b]) => serial(fanOut(2), parallel(a, b), fanInProd(), b)),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((blocks) => serial(...blocks));
