import { expect, it } from "vitest";
import { piecesOf, startPace } from "../../src/kernel/pace.ts";

it("pieces cover the tile row by row, as large as a piece of 25 ms", () => {
  let clock = 0;
  const cost = [30, 0.5, 0.5, 100, 0.1]; // milliseconds an entry, piece by piece, then the last again and again
  const pace = startPace(() => clock);
  const sizes: number[] = [];
  const entries: number[] = [];
  for (const { row, rows, col, cols } of piecesOf({ row: 3, rows: 7, col: 2, cols: 10 }, pace)) {
    for (let i = row; i < row + rows; i++) for (let j = col; j < col + cols; j++) entries.push(100 * i + j);
    pace.measure(rows * cols, () => {
      clock += rows * cols * (cost[sizes.length] ?? cost.at(-1)!);
    });
    sizes.push(rows * cols);
  }
  const all = Array.from({ length: 70 }, (_, k) => 100 * (3 + Math.floor(k / 10)) + 2 + (k % 10));
  expect(entries).toEqual(all);
  expect(sizes.slice(0, 2)).toEqual([1, 1]);
  expect(Math.max(...sizes)).toBeGreaterThan(10);
});
