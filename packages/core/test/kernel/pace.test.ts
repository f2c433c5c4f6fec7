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

it("affords what takes 25 ms by the piece before, eight times its entries at most, and one at least", () => {
  let clock = 0;
  const pace = startPace(() => clock);
  const after = (entries: number, milliseconds: number): number => {
    expect(
      pace.measure(entries, () => {
        clock += milliseconds;
        return "done";
      }),
    ).toBe("done");
    return pace.entries();
  };
  expect(pace.entries()).toBe(1);
  expect(after(1, 30)).toBe(1);
  expect(after(1, 0.5)).toBe(8);
  expect(after(8, 4)).toBe(50);
  expect(after(50, 5000)).toBe(1);
  expect(after(2, 0)).toBe(16);
});

it("a tile is halved, the longer part first: rows while there are several, then columns", () => {
  const pace = { entries: () => 4, measure: <T>(_: number, run: () => T): T => run() };
  const tile = { row: 10, rows: 3, col: 20, cols: 5 };
  const sizes = [...piecesOf(tile, pace)].map(({ row, rows, col, cols }) => [row, rows, col, cols]);
  expect(sizes).toEqual(
    [10, 11, 12].flatMap((row) => [
      [row, 1, 20, 3],
      [row, 1, 23, 2],
    ]),
  );
  expect([...piecesOf({ ...tile, cols: 2 }, pace)].map(({ row, rows }) => [row, rows])).toEqual([
    [10, 2],
    [12, 1],
  ]);
  expect([...piecesOf({ ...tile, rows: 0 }, pace)]).toEqual([{ ...tile, rows: 0 }]);
});
