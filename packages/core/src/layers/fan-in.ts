import type { Jet } from "./jet.ts";
import type { KernelState, KernelTile } from "./kernel-state.ts";
import { branchesOf, type Scope, single, singleValue, type Value } from "./rule.ts";
import { type Signature, type SignatureScope, type Signatures, singleSignature } from "./signature.ts";

/** One pair of inputs as seen by one branch. */
export interface BranchPair {
  readonly nngp: number;
  readonly sine: number;
  readonly ntk: number;
  readonly p: number;
  readonly q: number;
}

/** Branches that are joined unit by unit: refused when their widths differ, or two of them are made by the same weights. */
export function independentBranches(input: Signatures, scope: SignatureScope): readonly Signature[] {
  const branches = branchesOf(input, scope).map((branch) => singleSignature(branch, scope));
  const widths = branches.map(({ units }) => units);
  if (widths.some((width) => width !== widths[0]))
    scope.fail(`takes branches of equal width, got widths ${widths.join(", ")}`);
  const seen = new Set<number>();
  for (const source of branches.flatMap(({ sources }) => sources)) {
    if (seen.has(source))
      scope.noLimit(
        "two branches are made by the same weights, so they are correlated: put a dense layer in one of them",
      );
    seen.add(source);
  }
  return branches;
}

/** The signature of branches that are joined unit by unit, in any order. */
export function joined(
  how: string,
  branches: readonly Signature[],
  scope: SignatureScope,
  { gaussian }: Pick<Signature, "gaussian">,
): Signature {
  const laws = branches.map(({ law }) => law).sort((a, b) => a - b);
  return { units: branches[0]!.units, gaussian, sources: sourcesOf(branches), law: scope.law(how, ...laws) };
}

/** The parametric layers that made any of the branches. */
export function sourcesOf(branches: readonly Signature[]): readonly number[] {
  return [...new Set(branches.flatMap(({ sources }) => sources))];
}

/** The branches as tiles. */
export function tilesOf(input: KernelState, scope: Scope): readonly KernelTile[] {
  return branchesOf(input, scope).map((branch) => single(branch, scope));
}

/** A tile whose every pair is `rule` of the branches' pairs. Self terms go through the same rule. */
export function combinePairs(
  tiles: readonly KernelTile[],
  rule: (pairs: readonly BranchPair[]) => { nngp: number; sine: number; ntk: number },
  changes: Partial<KernelTile> = {},
): KernelTile {
  const first = tiles[0]!;
  const { rows, cols } = first;
  const nngp = new Float64Array(rows * cols);
  const sine = new Float64Array(rows * cols);
  const ntk = first.ntk && new Float64Array(rows * cols);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      const entry = rule(tiles.map((tile) => pairOf(tile, at, tile.var1[i]!, tile.var2[j]!)));
      nngp[at] = entry.nngp;
      sine[at] = entry.sine;
      if (ntk) ntk[at] = entry.ntk;
    }
  }
  const self = (get: (tile: KernelTile) => Float64Array) =>
    get(first).map((_, i) => rule(tiles.map((tile) => selfPair(get(tile)[i]!))).nngp);
  return { ...first, nngp, sine, ntk, var1: self((t) => t.var1), var2: self((t) => t.var2), ...changes };
}

function pairOf(tile: KernelTile, at: number, p: number, q: number): BranchPair {
  return { nngp: tile.nngp[at]!, sine: tile.sine[at]!, ntk: tile.ntk ? tile.ntk[at]! : 0, p, q };
}

function selfPair(p: number): BranchPair {
  return { nngp: p, sine: 0, ntk: 0, p, q: p };
}

/** The branches of a finite network that are to be joined entry by entry. */
export function joinedBranches(input: Value, scope: Scope): readonly Jet[] {
  return branchesOf(input, scope).map((value) => singleValue(value, scope));
}
