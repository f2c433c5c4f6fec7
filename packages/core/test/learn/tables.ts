import type { Column, Table } from "../../src/learn/table.ts";
import { key, normal, split, uniform } from "../../src/random/key.ts";

/** Tables for the tests of learning. */

export const numeric = (values: readonly number[] | Float64Array): Column => ({
  kind: "numeric",
  values: Float64Array.from(values),
});

export const text = (values: readonly (string | null)[]): Column => ({ kind: "text", values });

/** A table of named columns. */
export function tableOf(columns: readonly (readonly [name: string, column: Column])[], source = "test"): Table {
  return {
    source,
    names: columns.map(([name]) => name),
    rows: columns[0]?.[1].values.length ?? 0,
    columns: columns.map(([, column]) => column),
  };
}

/** y = sin 2a + b²/2 with a little noise, and a level that shifts it. */
export function smoothTable(n: number, seed: number, noise = 0.05): Table {
  const [ka, kb, kl, kn] = split(key(seed), 4);
  const [a, b] = [normal(ka!, n), normal(kb!, n)];
  const level = Array.from(uniform(kl!, n), (u) => (u < 0.5 ? "low" : "high"));
  const eps = normal(kn!, n);
  const y = a.map((v, i) => Math.sin(2 * v) + b[i]! ** 2 / 2 + (level[i] === "high" ? 1 : 0) + noise * eps[i]!);
  return tableOf([
    ["a", numeric(a)],
    ["b", numeric(b)],
    ["level", text(level)],
    ["y", numeric(y)],
  ]);
}

/** Three classes: inside, ring, outside. */
export function ringTable(n: number, seed: number): Table {
  const [ka, kb] = split(key(seed), 2);
  const [a, b] = [normal(ka!, n), normal(kb!, n)];
  const ring = Array.from(a, (v, i) => {
    const radius = Math.hypot(v, b[i]!);
    return radius < 0.8 ? "inside" : radius < 1.5 ? "ring" : "outside";
  });
  return tableOf([
    ["a", numeric(a)],
    ["b", numeric(b)],
    ["where", text(ring)],
  ]);
}

/** y = sin 6x with noise that grows from 0.05 at x = 0 to 1 at x = 1. */
export function unevenTable(n: number, seed: number): Table {
  const [kx, kn] = split(key(seed), 2);
  const [x, eps] = [uniform(kx!, n), normal(kn!, n)];
  const y = x.map((v, i) => Math.sin(6 * v) + (0.05 + 0.95 * v) * eps[i]!);
  return tableOf([
    ["x", numeric(x)],
    ["y", numeric(y)],
  ]);
}
