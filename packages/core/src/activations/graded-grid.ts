import { gaussLegendre, type QuadratureRule } from "../special/gauss-legendre.ts";
import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";

/** Standard deviations within which the Gaussian is integrated: beyond, it weighs 2e-22 of f(0). */
export const REACH = 10;

const ORDER = 12;

/** Widest panel on which ORDER nodes integrate e^{−z²/2} to rounding. */
const WIDEST = 1.5;

const grids = new Map<string, QuadratureRule>();

/**
 * Nodes and weights of E f(z), z ~ N(0, 1), for an f that changes over distances of |z| but not less than 2^{−depth}: 12-point
 * Gauss-Legendre panels that end at 0, ±2^{−depth}, …, ±1/2, ±1 and then at equal distances, each cut into 2^cuts. Node i is minus
 * node size − 1 − i. Cached.
 */
export function gradedGrid(depth: number, cuts: number): QuadratureRule {
  const key = `${depth} ${cuts}`;
  let grid = grids.get(key);
  if (!grid) {
    grid = makeGrid(depth, cuts);
    grids.set(key, grid);
  }
  return grid;
}

function makeGrid(depth: number, cuts: number): QuadratureRule {
  const edges = [0];
  for (let k = depth; k >= 0; k--) edges.push(portable.power(2, -k));
  const outer = Math.ceil((REACH - 1) / WIDEST);
  for (let k = 1; k <= outer; k++) edges.push(1 + ((REACH - 1) * k) / outer);
  const { nodes, weights } = gaussLegendre(ORDER);
  const pieces = 2 ** cuts;
  const half = ORDER * pieces * (edges.length - 1);
  const grid = { nodes: new Float64Array(2 * half), weights: new Float64Array(2 * half) };
  let at = half;
  for (let e = 1; e < edges.length; e++) {
    const width = (edges[e]! - edges[e - 1]!) / pieces;
    for (let piece = 0; piece < pieces; piece++) {
      for (let i = 0; i < ORDER; i++, at++) {
        const z = edges[e - 1]! + width * (piece + (1 + nodes[i]!) / 2);
        const weight = (width * weights[i]! * portable.exp(-0.5 * z * z)) / (2 * SQRT_TWO_PI);
        const mirror = 2 * half - 1 - at;
        grid.nodes[at] = z;
        grid.nodes[mirror] = -z;
        grid.weights[at] = weight;
        grid.weights[mirror] = weight;
      }
    }
  }
  return grid;
}
