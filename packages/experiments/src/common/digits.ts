import { type Key, type Matrix, matrix, permutation } from "ntkit";
import { columnOf, normalizeRows } from "./data-sets.ts";
import { EIGHTS, THREES } from "./digits-data.ts";

/** n of the handwritten threes (y = 1) and eights (y = −1), drawn at random, each of norm 1. */
export function threesAndEights(from: Key, n: number): { readonly x: Matrix; readonly y: Matrix } {
  const read = (text: string) => text.trim().split("\n");
  const lines = [
    ...read(THREES).map((line) => ({ line, label: 1 })),
    ...read(EIGHTS).map((line) => ({ line, label: -1 })),
  ];
  const chosen = Array.from(permutation(from, lines.length).subarray(0, n), (i) => lines[i]!);
  const pixels = chosen.flatMap(({ line }) => Array.from(line, (digit) => Number.parseInt(digit, 17)));
  return {
    x: normalizeRows(matrix(chosen.length, 64, Float64Array.from(pixels))),
    y: columnOf(chosen.map(({ label }) => label)),
  };
}

/** How many there are. */
export const DIGITS = 357;
