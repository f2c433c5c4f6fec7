import { child, empiricalNtk, init, type Key, type Layer, type Matrix } from "ntkit";
import type { RunContext } from "../experiment.ts";
import { inTurn, range } from "./in-turn.ts";
import { spectralNorm } from "./spectrum.ts";
import { minus } from "./vectors.ts";

/** ‖H(0) − H*‖₂ of `draws` networks whose first layer trains and whose output weights are ±1. */
export async function distancesFromLimit(
  { network, x, limit }: { readonly network: Layer; readonly x: Matrix; readonly limit: Matrix },
  { seeds, draws }: { readonly seeds: Key; readonly draws: number },
  context: RunContext,
): Promise<number[]> {
  const { engine, signal } = context;
  return inTurn(range(draws), context, async (draw) => {
    const params = init(network, x.cols, { seed: child(seeds, draw), outputWeights: "signs" });
    const empirical = await empiricalNtk(network, params, x, null, { trainable: "first", engine, signal });
    return spectralNorm(minus(empirical, limit), context);
  });
}
