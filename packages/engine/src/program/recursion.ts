import type { Layer } from "ntkit";
import type { Algebra } from "./algebra.ts";
import { dualOf } from "./duals.ts";
import { concatenated, denseMap, dropped, normalized, product, summed } from "./layers.ts";

/** One pair of inputs on its way through a network; `ntk` is null when nobody asks for Θ. */
export interface Entry<T> {
  readonly c: T;
  readonly sine: T;
  /** √(pq) − |c|, where it is known without cancellation. */
  readonly below?: T | undefined;
  readonly ntk: T | null;
  /** Self terms of the two inputs. */
  readonly p: T;
  readonly q: T;
  /** Number of units: the fan-in of the next layer. */
  readonly width: number;
}

type State<T> = Entry<T> | readonly State<T>[];

export interface RecursionOptions {
  /** Number of leading parametric layers that do not train: Θ leaves them out. */
  readonly frozen: number;
  /** Whether digits of the sine matter, because some activation has kinks. */
  readonly preciseSine: boolean;
}

/**
 * Maps a pair of different inputs through a checked network, in any algebra: the infinite-width recursion as formulas. Every layer must have a formula (`hasProgram`); NaN where it does not hold.
 */
export function mapEntry<T, M>(
  algebra: Algebra<T, M>,
  network: Layer,
  input: Entry<T>,
  { frozen, preciseSine }: RecursionOptions,
): Entry<T> {
  let parametric = 0;
  const visit = (layer: Layer, state: State<T>): State<T> => {
    switch (layer.type) {
      case "serial":
        return layer.layers.reduce((value, child) => visit(child, value), state);
      case "repeat": {
        let value = state;
        for (let k = 0; k < layer.times; k++) value = visit(layer.layer, value);
        return value;
      }
      case "parallel":
        return branches(state).map((branch, i) => visit(layer.branches[i]!, branch));
      case "identity":
        return state;
      case "fanOut":
        return Array.from({ length: layer.copies }, () => state);
      case "fanInSum":
        return summed(algebra, branches(state).map(one));
      case "fanInProd":
        return product(algebra, branches(state).map(one));
      case "fanInConcat":
        return concatenated(algebra, branches(state).map(one));
      case "dense":
        return denseMap(algebra, layer, one(state), ++parametric > frozen);
      case "layerNorm":
        return normalized(algebra, layer, one(state));
      case "dropout":
        return dropped(algebra, layer, one(state));
      case "elementwise":
        throw new Error("an elementwise layer has no program");
      default:
        return activated(algebra, layer, one(state), preciseSine);
    }
  };
  return one(visit(network, input));
}

/** Whether every layer has a formula. */
export function hasProgram(layer: Layer): boolean {
  switch (layer.type) {
    case "serial":
      return layer.layers.every(hasProgram);
    case "parallel":
      return layer.branches.every(hasProgram);
    case "repeat":
      return hasProgram(layer.layer);
    case "identity":
    case "fanOut":
    case "fanInSum":
    case "fanInProd":
    case "fanInConcat":
    case "dense":
    case "layerNorm":
    case "dropout":
      return true;
    case "elementwise":
      return false;
    default:
      return dualOf(layer) !== undefined;
  }
}

type ActivationLayer = Parameters<typeof dualOf>[0];

/** K ← κ(c, p, q), Θ ← κ̇(c, p, q) Θ; self terms by the same formula. */
function activated<T, M>(
  algebra: Algebra<T, M>,
  layer: ActivationLayer,
  entry: Entry<T>,
  preciseSine: boolean,
): Entry<T> {
  const dual = dualOf(layer, { preciseSine });
  if (!dual) throw new Error(`${layer.type} has no program`);
  const self = (p: T): T => dual(algebra, { c: p, sine: algebra.constant(0), p, q: p }).kappa;
  const { kappa, kappaDot, sine, below } = dual(algebra, entry);
  const ntk = entry.ntk === null ? null : algebra.mul(kappaDot, entry.ntk);
  return { ...entry, c: kappa, sine, below, ntk, p: self(entry.p), q: self(entry.q) };
}

function branches<T>(state: State<T>): readonly State<T>[] {
  return state as readonly State<T>[]; // the layers' own rules have refused anything else
}

function one<T>(state: State<T>): Entry<T> {
  return state as Entry<T>; // the layers' own rules have refused anything else
}
