import { NetworkError } from "../errors.ts";
import { childPlace } from "./child-path.ts";
import type { Layer } from "./spec.ts";

/** What a network may unroll to: more takes hours, or all memory, for a handful of inputs. */
const MAX_LAYERS = 100_000;
/** Fan-in layers compare their branches two by two: b branches are b(b − 1)/2 pairs. */
const MAX_PAIRS = 100_000;
/** Copies of copies multiply. */
const MAX_BRANCHES = 10_000;
const MAX_BRANCH_NESTING = 100;

/** What a layer unrolls to, repeats counted as often as they run. */
interface Size {
  readonly layers: number;
  /** Pairs of branches that fan-in layers join. */
  readonly pairs: number;
  /** Branches that come out, branches inside each of those, and so on; none for a single output. */
  readonly branches: readonly number[];
}

/**
 * Throws a NetworkError at the innermost layer that unrolls to more than can be computed: a few lines of description may name
 * billions of layers. Whether the branches fit together is for the layers to say.
 */
export function checkNetworkSize(network: Layer): void {
  sizeOf(network, "", []);
}

function sizeOf(layer: Layer, place: string, input: readonly number[]): Size {
  const size = unroll(layer, place, input);
  const refuse = (what: string) => {
    throw new NetworkError(place, `${layer.type} ${what}`);
  };
  if (size.layers > MAX_LAYERS)
    refuse(
      `holds ${size.layers} layers once repeats are unrolled, at most ${MAX_LAYERS} are allowed: repeat less often`,
    );
  if (size.pairs > MAX_PAIRS)
    refuse(
      `joins ${size.pairs} pairs of branches, at most ${MAX_PAIRS} are allowed (447 branches in one place): use fewer branches`,
    );
  const branches = size.branches.reduce((product, count) => product * count, 1);
  if (branches > MAX_BRANCHES || size.branches.length > MAX_BRANCH_NESTING)
    refuse(
      `gives ${branches} branches, ${size.branches.length} deep; at most ${MAX_BRANCHES} are allowed, ${MAX_BRANCH_NESTING} deep: put fanIn layers between`,
    );
  return size;
}

function unroll(layer: Layer, place: string, input: readonly number[]): Size {
  const own: Size = { layers: 1, pairs: 0, branches: input };
  switch (layer.type) {
    case "serial":
      return layer.layers.reduce(
        (size, child, i) => plus(size, sizeOf(child, childPlace(layer.type, place, i), size.branches)),
        own,
      );
    case "parallel": {
      const each = layer.branches.map((child, i) => sizeOf(child, childPlace(layer.type, place, i), input.slice(1)));
      return {
        ...each.reduce(plus, own),
        branches: [each.length, ...each.map(({ branches }) => branches).reduce(most)],
      };
    }
    case "repeat": {
      let size = own;
      for (let i = 0; i < layer.times && size.layers <= MAX_LAYERS; i++) {
        const run = sizeOf(layer.layer, childPlace(layer.type, place, i), size.branches);
        // A run that gives as many branches as it takes is followed by others like it.
        if (isSame(run.branches, size.branches)) return plus(size, times(layer.times - i, run));
        size = plus(size, run);
      }
      return size;
    }
    case "fanOut":
      return { ...own, branches: [layer.copies, ...input] };
    case "fanInSum":
    case "fanInProd":
    case "fanInConcat": {
      const [count = 1, ...branches] = input;
      return { layers: 1, pairs: (count * (count - 1)) / 2, branches };
    }
    default:
      return own;
  }
}

/** One after the other, or side by side. */
function plus(a: Size, b: Size): Size {
  return { layers: a.layers + b.layers, pairs: a.pairs + b.pairs, branches: b.branches };
}

function times(count: number, { layers, pairs, branches }: Size): Size {
  return { layers: count * layers, pairs: count * pairs, branches };
}

/** The larger number at every depth. */
function most(a: readonly number[], b: readonly number[]): readonly number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, depth) => Math.max(a[depth] ?? 0, b[depth] ?? 0));
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((count, i) => count === b[i]);
}
