/**
 * What a layer of an infinitely wide network maps: a tile of the Gram matrices between two batches.
 *
 * Entry (i, j) stands at `i * cols + j`. `sine` = √(var1[i] var2[j] − nngp²) travels beside the covariance, so that
 * the angle between two inputs keeps its digits when they nearly coincide (see `activations/activation.ts`).
 */
export interface KernelTile {
  readonly rows: number;
  readonly cols: number;
  /** Covariance of outputs over random weights, K. */
  readonly nngp: Float64Array;
  readonly sine: Float64Array;
  /** Tangent kernel Θ, or null when nobody asked for it. */
  readonly ntk: Float64Array | null;
  /** Self terms K(x, x) of the rows and of the columns. */
  readonly var1: Float64Array;
  readonly var2: Float64Array;
  /** Entry (i, i + selfOffset) pairs an input with itself; null when the batches are different. */
  readonly selfOffset: number | null;
  /** Number of units: the fan-in of the next layer. */
  readonly width: number;
}

/** One tile, or after `fanOut` and `parallel` one for each branch. */
export type KernelState = KernelTile | readonly KernelState[];

/** Covariance, sine and tangent kernel of one pair; `map` rules write the new ones here. */
export interface PairEntry {
  nngp: number;
  sine: number;
  ntk: number;
}

/**
 * The tile with every pair mapped by `rule(entry, p, q)`, which changes the entry in place. Self terms go through the
 * same rule as pairs of equal inputs, so they agree with the diagonal bit for bit.
 */
export function mapPairs(
  tile: KernelTile,
  rule: (entry: PairEntry, p: number, q: number) => void,
  changes: Partial<KernelTile> = {},
): KernelTile {
  const { rows, cols, var1, var2 } = tile;
  const nngp = new Float64Array(rows * cols);
  const sine = new Float64Array(rows * cols);
  const ntk = tile.ntk && new Float64Array(rows * cols);
  const entry: PairEntry = { nngp: 0, sine: 0, ntk: 0 };
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      entry.nngp = tile.nngp[at]!;
      entry.sine = tile.sine[at]!;
      entry.ntk = tile.ntk ? tile.ntk[at]! : 0;
      rule(entry, var1[i]!, var2[j]!);
      nngp[at] = entry.nngp;
      sine[at] = entry.sine;
      if (ntk) ntk[at] = entry.ntk;
    }
  }
  const self = (variances: Float64Array) => variances.map((p) => mapSelf(rule, entry, p));
  const mapped1 = self(var1);
  const mapped2 = var2 === var1 ? mapped1 : self(var2);
  return { ...tile, nngp, sine, ntk, var1: mapped1, var2: mapped2, ...changes };
}

function mapSelf(rule: (entry: PairEntry, p: number, q: number) => void, entry: PairEntry, p: number): number {
  entry.nngp = p;
  entry.sine = 0;
  entry.ntk = 0;
  rule(entry, p, p);
  return entry.nngp;
}
