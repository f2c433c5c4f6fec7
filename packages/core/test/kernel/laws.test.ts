import { describe, expect, it } from "vitest";
import { numericalActivation } from "../../src/activations/numerical.ts";
import { LAYER_TYPES } from "../../src/layers/registry.ts";
import { checkFiniteNetworks } from "../../src/testing/finite-network-laws.ts";
import { checkKernel } from "../../src/testing/kernel-laws.ts";
import { broken } from "../../src/testing/laws.ts";
import { LAYER_EXAMPLES } from "../../src/testing/layer-examples.ts";

const mish = numericalActivation({ name: "mish", phi: (x) => x * Math.tanh(Math.log1p(Math.exp(x))) });
const activations = { mish };
const named = LAYER_EXAMPLES.map(([type, network]) => [`${type}: ${JSON.stringify(network)}`, network] as const);

it("every layer type has an example", () => {
  const covered = new Set(LAYER_EXAMPLES.map(([type]) => type));
  expect(LAYER_TYPES.filter((type) => !covered.has(type))).toEqual([]);
});

describe("infinite width", () => {
  it.each(named)("%s", async (_, network) => expect(broken(await checkKernel(network, { activations }))).toBe(""));
});

/** Their covariance is dominated by draws rarer than any affordable number of networks; other laws cover them. */
const HEAVY_TAILED = /"rectifiedMonomial","degree":5/;

describe("finite networks approach the limit", () => {
  const finite = named.filter(([name]) => !name.startsWith("expNormalized") && !HEAVY_TAILED.test(name));
  it.each(finite)("%s", async (name, network) => {
    const inputStd = name.startsWith("exp") ? 0.3 : 1;
    expect(broken(await checkFiniteNetworks(network, { activations, inputStd }))).toBe("");
  });
});
