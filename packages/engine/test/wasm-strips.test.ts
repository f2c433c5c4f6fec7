import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexIn, packStrips, STRIP, stripsOf, unpackLower, unpackStrips } from "../src/wasm/strips.ts";
import { type Task, taskQueue } from "../src/wasm/task-queue.ts";

const size = fc.integer({ min: 1, max: 23 });
const steps = fc.constantFrom("rows", "columns", "reversed rows", "reversed columns");

/** A window of the given size into an array of distinct numbers, whose entry (i, j) is known. */
function windowOf(rows: number, cols: number, kind: string) {
  const data = Float64Array.from({ length: rows * cols }, (_, i) => i + 1);
  const last = rows * cols - 1;
  if (kind === "rows") return { data, offset: 0, rowStep: cols, colStep: 1 };
  if (kind === "columns") return { data, offset: 0, rowStep: 1, colStep: rows };
  if (kind === "reversed rows") return { data, offset: last, rowStep: -cols, colStep: -1 };
  return { data, offset: last, rowStep: -1, colStep: -rows };
}

describe("strips", () => {
  it("hold the entries of their tile, and zeros", () => {
    fc.assert(
      fc.property(size, size, fc.integer({ min: 0, max: 5 }), steps, (rows, cols, spare, kind) => {
        const window = windowOf(rows, cols, kind);
        const columns = cols + spare;
        const out = new Float64Array(3 + STRIP * stripsOf(rows) * columns).fill(Number.NaN);
        packStrips(window, { rows, cols }, columns, out, 3);
        for (let i = 0; i < STRIP * stripsOf(rows); i++) {
          for (let j = 0; j < columns; j++) {
            const entry = window.data[window.offset + i * window.rowStep + j * window.colStep];
            expect(out[3 + indexIn(columns, i, j)]).toBe(i < rows && j < cols ? entry : 0);
          }
        }
      }),
      { seed: 1 },
    );
  });

  it("come back as they were, whole or the lower triangle", () => {
    fc.assert(
      fc.property(size, size, steps, (rows, cols, kind) => {
        const window = windowOf(rows, cols, kind);
        const before = window.data.slice();
        const columns = STRIP * stripsOf(Math.max(rows, cols));
        const out = new Float64Array(STRIP * stripsOf(rows) * columns);
        packStrips(window, { rows, cols }, columns, out, 0);
        window.data.fill(0);
        unpackStrips(window, { rows, cols }, columns, out, 0);
        expect(window.data).toEqual(before);
        const square = { data: new Float64Array(rows * rows), offset: 0, rowStep: rows, colStep: 1 };
        unpackLower(square, rows, columns, out.fill(1), 0);
        square.data.forEach((value, k) => {
          expect(value).toBe(k % rows <= Math.floor(k / rows) ? 1 : 0);
        });
      }),
      { seed: 2 },
    );
  });
});

describe("a queue of tasks", () => {
  const task = (...after: number[]): Task => ({
    handler: "reflector triangle",
    args: { id: "none", block: 0 },
    after,
    cost: 1,
  });

  it("gives out the first of the list that waits for nothing", () => {
    const queue = taskQueue([task(), task(0), task(), task(1, 2), task(0)]);
    expect([queue.take(), queue.take(), queue.take()]).toEqual([0, 2, undefined]);
    queue.finish(0);
    expect(queue.take()).toBe(1);
    queue.finish(2);
    expect(queue.take()).toBe(4);
    queue.finish(1);
    expect([queue.take(), queue.left()]).toEqual([3, 2]);
  });

  it("gives out each task once, after those that it waits for", () => {
    const graph = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat()), (waits, choices) => {
        const tasks = waits.map((after, i) => task(...(i === 0 ? [] : after.map((k) => k % i))));
        const queue = taskQueue(tasks);
        const [running, done] = [[] as number[], new Set<number>()];
        while (done.size < tasks.length) {
          for (let next = queue.take(); next !== undefined; next = queue.take()) {
            expect(tasks[next]!.after!.every((earlier) => done.has(earlier))).toBe(true);
            running.push(next);
          }
          const [finished] = running.splice(choices.next().value % running.length, 1);
          queue.finish(finished!);
          done.add(finished!);
        }
        expect(queue.left()).toBe(0);
      }),
      { seed: 3 },
    );
  });

  it("refuses tasks that wait for themselves or later ones", () => {
    expect(() => taskQueue([task(0)])).toThrow("task 0 waits for task 0");
  });
});
