import { erf, gelu, relu, sin } from "../layers/activation-layers.ts";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { elementwise } from "../layers/elementwise.ts";
import { fanInConcat } from "../layers/fan-in-concat.ts";
import { fanInProd } from "../layers/fan-in-prod.ts";
import { fanInSum } from "../layers/fan-in-sum.ts";
import { fanOut } from "../layers/fan-out.ts";
import { identity } from "../layers/identity.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import { parallel } from "../layers/parallel.ts";
import { repeat } from "../layers/repeat.ts";
import { serial } from "../layers/serial.ts";
import type { Layer, LayerType } from "../layers/spec.ts";
import { ACTIVATION_EXAMPLES } from "./activation-examples.ts";

const wide = (options: { wStd?: number; bStd?: number; width?: number } = {}) =>
  dense({ width: 256, wStd: 1.3, bStd: 0.2, ...options });

const STRUCTURES: readonly (readonly [LayerType, Layer])[] = [
  ["dense", serial(wide(), wide())],
  ["dense", serial(wide({ bStd: 0 }), relu(), wide({ bStd: 0 }))],
  ["dense", serial({ ...wide(), parameterization: "standard" }, relu(), { ...wide(), parameterization: "standard" })],
  ["serial", serial(serial(wide(), relu()), serial(wide(), erf(), wide()))],
  ["identity", serial(wide(), identity(), relu(), wide())],
  ["repeat", serial(repeat(serial(wide(), relu()), 3), wide())],
  ["layerNorm", serial(wide(), layerNorm(), gelu(), wide())],
  ["dropout", serial(wide(), relu(), dropout({ keep: 0.8 }), wide())],
  ["elementwise", serial(wide(), elementwise("mish"), wide())],
  ["fanOut", serial(wide(), fanOut(2), parallel(identity(), serial(relu(), wide())), fanInSum(), erf(), wide())],
  ["fanInSum", serial(fanOut(3), parallel(wide(), wide(), serial(wide(), sin(), wide())), fanInSum(), relu(), wide())],
  ["fanInProd", serial(fanOut(2), parallel(wide(), serial(wide(), relu())), fanInProd(), wide())],
  ["parallel", serial(fanOut(2), parallel(serial(wide(), relu()), wide({ width: 128 })), fanInConcat(), wide())],
  ["fanInConcat", serial(fanOut(2), parallel(wide({ width: 64 }), wide({ width: 256 })), fanInConcat(), erf(), wide())],
];

/** Networks that together use every layer and every activation: what the laws run over. */
export const LAYER_EXAMPLES: readonly (readonly [LayerType, Layer])[] = [
  ...STRUCTURES,
  ...ACTIVATION_EXAMPLES.map((spec) => [spec.type, serial(wide(), spec, wide())] as const),
];
