import { jsKernels, type LinalgKernels, type Tridiagonal, type Work } from "ntkit/engine-kit";
import { multiplyAdd, pieces } from "./multiply.ts";
import type { Pool } from "./pool.ts";
import { REFLECTORS, type Reflection } from "./reflectors.ts";
import { arrayFor, withBroadcast } from "./remote.ts";
import type { Task } from "./task-queue.ts";
import { PANEL, type Reduction, reductionBytes } from "./tridiagonal.ts";

/** Rows that one task applies all reflectors to. */
const ROWS = 256;
/** What WebAssembly can address, less what the machine needs besides. */
const MOST_BYTES = 2 ** 32 - 2 ** 20;

/** The steps of decompositions of matrices with sides up to n, on the threads of the pool. */
export function eigenKernels(pool: Pool, n: number): LinalgKernels {
  const cost = 2 * n ** 3;
  return {
    allocate: (length) => arrayFor(pool, cost, length),
    multiplyAdd: (product, work) => multiplyAdd(pool, product, work),
    tridiagonalize: (a, size, work) =>
      reductionBytes(size) > MOST_BYTES ? jsKernels.tridiagonalize(a, size, work) : tridiagonalize(pool, a, size, work),
    applyReflectors: (t, rows, work) => applyReflectors(pool, t, rows, work),
  };
}

/** On one thread, whose memory holds the matrix: half of the work is bound by how fast that is read. */
async function tridiagonalize(pool: Pool, a: Float64Array, n: number, work: Work): Promise<Tridiagonal> {
  const cost = 2 * n ** 3;
  const vector = (): Float64Array => arrayFor(pool, cost, n);
  const reduction: Reduction = { n, a, diagonal: vector(), offDiagonal: vector(), tau: vector() };
  await withBroadcast(pool, [reduction], (id) => {
    const tasks: Task[] = [];
    for (let end = n; end > 0; end = PANEL * Math.floor((end - 1) / PANEL)) {
      const start = PANEL * Math.floor((end - 1) / PANEL);
      const after = tasks.length > 0 ? [tasks.length - 1] : [];
      const args = { id: id!, start, end };
      tasks.push({ handler: "reduce panel", args, after, cost: 4 * PANEL * end * end, home: id! });
    }
    return pool.run(tasks, work, { cost });
  });
  const { diagonal, offDiagonal, tau } = reduction;
  return { diagonal, offDiagonal, reflectors: a, tau };
}

async function applyReflectors(pool: Pool, t: Tridiagonal, rows: Float64Array, work: Work): Promise<void> {
  const n = t.diagonal.length;
  const cost = 2 * n ** 3;
  const blocks = Math.ceil(n / REFLECTORS);
  const triangles = arrayFor(pool, cost, blocks * REFLECTORS * REFLECTORS);
  const reflection: Reflection = { n, reflectors: t.reflectors, tau: t.tau, triangles, rows };
  await withBroadcast(pool, [reflection], (id) => {
    const all = Array.from({ length: blocks }, (_, block) => block);
    const tasks = all.map((block): Task => {
      const triangleCost = 2 * REFLECTORS * REFLECTORS * (REFLECTORS * (block + 1) + 1000);
      return { handler: "reflector triangle", args: { id: id!, block }, cost: triangleCost };
    });
    for (const [row, count] of pieces(n, Math.min(ROWS, Math.ceil(n / (4 * pool.threads))))) {
      tasks.push({ handler: "apply reflectors", args: { id: id!, row, count }, after: all, cost: 2 * count * n * n });
    }
    return pool.run(tasks, work, { cost });
  });
}
