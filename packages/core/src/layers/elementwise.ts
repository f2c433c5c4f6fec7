import { type Activation, SINE_UNKNOWN, sineByQuadrature } from "../activations/activation.ts";
import type { Field } from "../activations/fields.ts";
import { sineByTables } from "../activations/parallel-sine.ts";
import { ACTIVATIONS, makeActivation } from "../activations/registry.ts";
import type { ActivationSpec, ActivationType } from "../activations/spec.ts";
import { multiplyJets } from "./jet.ts";
import { mapJet } from "./jet-activation.ts";
import type { KernelTile } from "./kernel-state.ts";
import { type KernelScope, type LayerRule, type Scope, single, singleValue, withoutWeights } from "./rule.ts";
import { singleSignature } from "./signature.ts";
import type { ElementwiseSpec } from "./spec.ts";

/**
 * An activation of your own, by name: `kernelFn(net, { activations: { mish: numericalActivation({ … }) } })` says what
 * the name means. The network itself stays plain data.
 */
export function elementwise(name: string): ElementwiseSpec {
  return { type: "elementwise", name };
}

export const elementwiseRule: LayerRule<ElementwiseSpec> = activationRule(
  { name: { kind: "text" } },
  (spec: ElementwiseSpec, scope) => scope.activation(spec.name),
);

/** The rule of each activation that a network file may name. */
export const ACTIVATION_RULES: Readonly<Record<ActivationType, LayerRule<ActivationSpec>>> = Object.fromEntries(
  Object.entries(ACTIVATIONS).map(([type, { fields }]) => [type, activationRule<ActivationSpec>(fields, madeOnce)]),
) as Record<ActivationType, LayerRule<ActivationSpec>>;

const made = new WeakMap<ActivationSpec, Activation>();

/** The activation of a parsed description, made when it is first asked for. */
function madeOnce(spec: Required<ActivationSpec>): Activation {
  const known = made.get(spec) ?? makeActivation(spec);
  made.set(spec, known);
  return known;
}

function activationRule<S extends ActivationSpec | ElementwiseSpec>(
  fields: Readonly<Record<string, Field>>,
  make: (spec: Required<S>, scope: Scope) => Activation,
): LayerRule<S> {
  return {
    fields: fields as LayerRule<S>["fields"],
    kernel: (spec, input, scope) => activationKernel(make(spec, scope), single(input, scope), scope),
    signature(spec, input, scope) {
      const { gaussian, law, ...rest } = singleSignature(input, scope);
      if (!gaussian) scope.noLimit("needs Gaussian pre-activations: put a dense layer before it");
      return { ...rest, gaussian: false, law: scope.law(JSON.stringify(spec), law) };
    },
    init: () => null,
    forward(spec, _, input, scope) {
      const x = singleValue(input, scope);
      const { output, slope } = mapJet(make(spec, scope), x, scope);
      return withoutWeights(output, (cotangent) => {
        if (!slope) return scope.fail("was evaluated without its slope");
        return multiplyJets(singleValue(cotangent, scope), slope, scope.allocate);
      });
    },
  };
}

/**
 * An activation at infinite width: every pair maps by K ← κ(c, p, q), Θ ← κ̇(c, p, q) Θ.
 *
 * κ is called with the smaller variance first, so that entry (i, j) has the same bits as entry (j, i).
 */
function activationKernel(activation: Activation, tile: KernelTile, scope: KernelScope): KernelTile {
  const out = new Float64Array(3);
  const var1 = tile.var1.map((p) => selfTerm(activation, p, out));
  const var2 = tile.var2 === tile.var1 ? var1 : tile.var2.map((q) => selfTerm(activation, q, out));
  const nngp = new Float64Array(tile.nngp.length);
  const sine = new Float64Array(tile.nngp.length);
  const ntk = tile.ntk && new Float64Array(tile.nngp.length);
  for (let i = 0, at = 0; i < tile.rows; i++) {
    const p = tile.var1[i]!;
    for (let j = 0; j < tile.cols; j++, at++) {
      const q = tile.var2[j]!;
      const c = tile.nngp[at]!;
      const s = tile.sine[at]!;
      out[2] = SINE_UNKNOWN;
      if (p <= q) activation.dual(c, s, p, q, out);
      else activation.dual(c, s, q, p, out);
      nngp[at] = out[0]!;
      if (ntk) ntk[at] = out[1]! * tile.ntk![at]!;
      if (out[2] === SINE_UNKNOWN) out[2] = newSine(activation, tile, at, out[0]!, [var1[i]!, var2[j]!], scope);
      sine[at] = out[2]!;
    }
  }
  return { ...tile, nngp, sine, ntk, var1, var2 };
}

function selfTerm(activation: Activation, p: number, out: Float64Array): number {
  activation.dual(p, 0, p, p, out);
  return out[0]!;
}

/** Below this ratio to its bound, a sine got by subtraction has lost digits that a later kinked layer needs. */
const NEARLY_PARALLEL = 1e-3;

/** The sine where the activation gives no formula: √((r − κ)(r + κ)), or by tables or quadrature if that would cancel. */
function newSine(
  activation: Activation,
  tile: KernelTile,
  at: number,
  kappa: number,
  [v1, v2]: readonly [number, number],
  scope: KernelScope,
): number {
  const p = tile.var1[Math.floor(at / tile.cols)]!;
  const q = tile.var2[at % tile.cols]!;
  if (p === q && tile.sine[at] === 0 && tile.nngp[at]! > 0) return 0;
  const bound = v1 === v2 ? v1 : Math.sqrt(v1) * Math.sqrt(v2);
  const sine = Math.sqrt(Math.max(0, bound - kappa)) * Math.sqrt(Math.max(0, bound + kappa));
  if (!scope.preciseSine || sine > NEARLY_PARALLEL * bound) return sine;
  const pair = { c: tile.nngp[at]!, sine: tile.sine[at]!, p: Math.min(p, q), q: Math.max(p, q) };
  return sineByTables(activation, pair) ?? sineByQuadrature(activation, pair.c, pair.sine, pair.p, pair.q);
}
