import type { Field } from "../activations/fields.ts";
import { denseRule } from "./dense.ts";
import { dropoutRule } from "./dropout.ts";
import { ACTIVATION_RULES, elementwiseRule } from "./elementwise.ts";
import { fanInConcatRule } from "./fan-in-concat.ts";
import { fanInProdRule } from "./fan-in-prod.ts";
import { fanInSumRule } from "./fan-in-sum.ts";
import { fanOutRule } from "./fan-out.ts";
import { identityRule } from "./identity.ts";
import { layerNormRule } from "./layer-norm.ts";
import { parallelRule } from "./parallel.ts";
import { repeatRule } from "./repeat.ts";
import type { LayerRule } from "./rule.ts";
import { serialRule } from "./serial.ts";
import type { Layer, LayerType } from "./spec.ts";

const RULES = {
  serial: serialRule,
  parallel: parallelRule,
  repeat: repeatRule,
  identity: identityRule,
  fanOut: fanOutRule,
  fanInSum: fanInSumRule,
  fanInProd: fanInProdRule,
  fanInConcat: fanInConcatRule,
  dense: denseRule,
  layerNorm: layerNormRule,
  dropout: dropoutRule,
  elementwise: elementwiseRule,
  ...ACTIVATION_RULES,
};

/** Every layer type a network file may name. */
export const LAYER_TYPES: readonly LayerType[] = Object.keys(RULES) as LayerType[];

/** The rule of a layer. A rule only ever sees descriptions of the type it is looked up by, hence the cast. */
export function ruleOf(layer: Layer): LayerRule<Layer> {
  return RULES[layer.type] as unknown as LayerRule<Layer>;
}

/** The rules of a layer's fields. */
export function fieldsOf(type: LayerType): Readonly<Record<string, Field>> {
  return RULES[type].fields;
}
