import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { wasmEngine } from "../src/wasm-engine.ts";
import { batch } from "./fuzz/inputs.ts";
import { checkNetwork, type NamedEngine } from "./fuzz/kernel-property.ts";
import { anyNetwork, network } from "./fuzz/networks.ts";

const engines: NamedEngine[] = [];
let close = (): void => {};
beforeAll(async () => {
  const wasm = await wasmEngine({ threads: 1 });
  if ("unavailable" in wasm) throw new Error(wasm.unavailable);
  engines.push(wasm.engine);
  close = () => wasm.pool.close();
});
afterAll(() => close());

describe("kernels of random networks are right on every engine, or refused by name", () => {
  it("networks with a limit", async () => {
    await fc.assert(
      fc.asyncProperty(network, batch, async (net, x) => void (await checkNetwork(net, x, engines))),
      { numRuns: 100 },
    );
  });

  it("layers in any order", async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, batch, async (net, x) => void (await checkNetwork(net, x, engines))),
      { numRuns: 300 },
    );
  });
});
