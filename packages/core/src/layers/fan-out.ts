import type { LayerRule } from "./rule.ts";
import type { FanOutSpec } from "./spec.ts";

/** The input, `copies` times, for the branches of a `parallel`. */
export function fanOut(copies: number): FanOutSpec {
  return { type: "fanOut", copies };
}

export const fanOutRule: LayerRule<FanOutSpec> = {
  fields: { copies: { kind: "integer", min: 1, max: 10_000 } },
  kernel: ({ copies }, input) => new Array(copies).fill(input),
  shape: ({ copies }, input) => new Array(copies).fill(input),
  init: () => null,
  apply: ({ copies }, _, input) => new Array(copies).fill(input),
};
