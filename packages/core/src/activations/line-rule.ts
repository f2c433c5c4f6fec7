import { gaussHermite } from "../special/gauss-hermite.ts";
import { gaussLegendre, type QuadratureRule } from "../special/gauss-legendre.ts";
import { SQRT_TWO_PI } from "../special/normal-cdf.ts";
import * as portable from "../special/portable.ts";
import { edgesBetween } from "./adaptive.ts";
import type { PairRule } from "./pair-rules.ts";

/** Standard deviations within which the Gaussian is integrated: beyond, it weighs 2e-22 of f(0). */
const REACH = 10;

const MAX_LEVEL = 3;

/** Panels in s for all t, at most: what is steeper is left to adaptive panels. */
const MOST_PANELS = 100_000;

/**
 * f with kinks at the lines u = k and v = k of nearly parallel rows, in the coordinates of `pairExpectation`,
 *
 *   u = √p (cos(θ/2) s + sin(θ/2) t),   v = ±√q (cos(θ/2) s − sin(θ/2) t),   ± the sign of c
 *
 * For given t the lines are points of s, and panels end at them; around each kink and 0 they grow with the distance. What is left is a
 * smooth function of t but where two lines cross.
 */
export function lineRule(kinks: readonly number[]): PairRule {
  const centres = [...new Set([0, ...kinks])];
  return {
    firstLevel: () => 0,
    visit({ c, sine, p, q }, level, visit) {
      if (level > MAX_LEVEL) return false;
      const half = portable.atan2(sine, Math.abs(c)) / 2;
      const [cos, sin] = [portable.cos(half), portable.sin(half)];
      const [rootP, rootQ] = [Math.sqrt(p), c < 0 ? -Math.sqrt(q) : Math.sqrt(q)];
      const steepness = Math.max(rootP, Math.abs(rootQ));
      const fixed = centres.flatMap((k) => gradedAround(k / rootP, 1 / steepness));
      const crossings = kinks.flatMap((k) => kinks.map((l) => (k / rootP - l / rootQ) / (2 * sin)));
      const outer = outerRule(crossings, sin * steepness, level);
      if (outer.nodes.length * (fixed.length + 2 * kinks.length) > MOST_PANELS) return false;
      for (let j = 0; j < outer.nodes.length; j++) {
        const shift = sin * outer.nodes[j]!;
        const lines = kinks.flatMap((k) => [(k / rootP - shift) / cos, (k / rootQ + shift) / cos]);
        const edges = edgesBetween(REACH, [...fixed.map((s) => (s - shift) / cos), ...lines]);
        visitPanels(edges, level, (s, weight) =>
          visit(rootP * (cos * s + shift), rootQ * (cos * s - shift), weight * outer.weights[j]!),
        );
      }
      return true;
    },
  };
}

/** The centre and points at distances unit, 2 unit, 4 unit, … up to REACH on either side. */
function gradedAround(centre: number, unit: number): number[] {
  const points = [centre];
  for (let distance = unit; distance < REACH; distance *= 2) points.push(centre - distance, centre + distance);
  return points;
}

/** For smooth functions of `slant` t between the crossings, times the density of t. */
function outerRule(crossings: readonly number[], slant: number, level: number): QuadratureRule {
  const inside = crossings.filter((t) => Math.abs(t) < REACH);
  if (slant === 0) return gaussHermite(1);
  if (inside.length === 0 && slant < 0.3) return gaussHermite(Math.ceil((8 + 60 * slant) * portable.power(1.5, level)));
  const widest = Math.min(4, 2 / slant) / portable.power(1.5, level);
  const rule: { nodes: number[]; weights: number[] } = { nodes: [], weights: [] };
  const edges = edgesBetween(REACH, inside);
  for (let e = 1; e < edges.length; e++) {
    const pieces = Math.ceil((edges[e]! - edges[e - 1]!) / widest);
    const length = (edges[e]! - edges[e - 1]!) / pieces;
    const { nodes, weights } = gaussLegendre(12);
    for (let piece = 0; piece < pieces; piece++) {
      for (let i = 0; i < nodes.length; i++) {
        const t = edges[e - 1]! + length * (piece + (1 + nodes[i]!) / 2);
        rule.nodes.push(t);
        rule.weights.push((length * weights[i]! * portable.exp(-0.5 * t * t)) / (2 * SQRT_TWO_PI));
      }
    }
  }
  return { nodes: Float64Array.from(rule.nodes), weights: Float64Array.from(rule.weights) };
}

/** Widest panel in s. */
const WIDEST = 2;

/** Nodes between the edges, each with its weight times the density of s: fewer in panels so narrow that f hardly changes. */
function visitPanels(edges: readonly number[], level: number, visit: (s: number, weight: number) => void): void {
  for (let e = 1; e < edges.length; e++) {
    const gap = edges[e]! - edges[e - 1]!;
    const pieces = Math.ceil((gap / WIDEST) * 2 ** level);
    const length = gap / pieces;
    const { nodes, weights } = gaussLegendre(10 + 2 * level);
    for (let piece = 0; piece < pieces; piece++) {
      for (let i = 0; i < nodes.length; i++) {
        const s = edges[e - 1]! + length * (piece + (1 + nodes[i]!) / 2);
        visit(s, (length * weights[i]! * portable.exp(-0.5 * s * s)) / (2 * SQRT_TWO_PI));
      }
    }
  }
}
