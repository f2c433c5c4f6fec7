import { gaussLegendre } from "../special/gauss-legendre.ts";
import * as portable from "../special/portable.ts";
import type { Activation } from "./activation.ts";
import { angleCells } from "./angle-cell.ts";
import type { GaussianPair } from "./gaussian-pair.ts";
import { gridRows } from "./grid-rows.ts";
import { newSine } from "./nearly-parallel.ts";
import { hasTables } from "./row-series.ts";

type PairSine = (pair: GaussianPair) => number | undefined;

const known = new WeakMap<Activation, PairSine>();

/**
 * The new sine of an activation whose κ̇ has a formula, by the identity of `nearlyParallelDual`: one dot product of tables of the rows,
 * and the integral of κ̇ over the angle. Undefined where there are no tables.
 */
export function sineByTables(activation: Activation, pair: GaussianPair): number | undefined {
  let pairSine = known.get(activation);
  if (!pairSine) {
    pairSine = hasTables(activation) ? makePairSine(activation) : () => undefined;
    known.set(activation, pairSine);
  }
  return pairSine(pair);
}

function makePairSine(activation: Activation): PairSine {
  const { name, phi, dphi, kinks = [] } = activation;
  const out = new Float64Array(3);
  const findCell = angleCells(kinks.length > 0);
  const rowsOf = gridRows({ name, phi, dphi, kinks }, (p) => {
    activation.dual(p, 0, p, p, out);
    return { p, square: out[0]!, slopeSquare: out[1]!, panels: [] };
  });
  return (pair) => {
    const { c, sine, p, q } = pair;
    const theta = portable.atan2(sine, Math.abs(c));
    const cell = findCell(theta, Math.max(p, q));
    const rows = cell && rowsOf(cell, p, q);
    const integral = rows && slopeIntegral(activation, pair, theta, out);
    if (!rows || integral === undefined) return undefined;
    const change = (c < 0 ? 1 : -1) * Math.sqrt(p) * Math.sqrt(q) * integral;
    return newSine(rows[0], rows[1], c < 0, change);
  };
}

const SIZES = [6, 12, 24, 48];

/** ∫₀^θ κ̇(t) sin t dt by the first Gauss-Legendre rule that agrees with the one before. */
function slopeIntegral(
  activation: Activation,
  { c, p, q }: GaussianPair,
  theta: number,
  out: Float64Array,
): number | undefined {
  if (theta === 0) return 0;
  const r = Math.sqrt(p) * Math.sqrt(q);
  let previous = Number.NaN;
  for (const size of SIZES) {
    const { nodes, weights } = gaussLegendre(size);
    let [sum, scale] = [0, 0];
    for (let i = 0; i < size; i++) {
      const angle = (theta / 2) * (1 + nodes[i]!);
      const sine = portable.sin(angle);
      const cos = portable.cos(angle);
      activation.dual(c < 0 ? -r * cos : r * cos, r * sine, p, q, out);
      sum += (theta / 2) * weights[i]! * out[1]! * sine;
      scale += (theta / 2) * weights[i]! * Math.abs(out[1]!) * sine;
    }
    if (Math.abs(sum - previous) <= 1e-13 * scale) return sum;
    previous = sum;
  }
  return undefined;
}
