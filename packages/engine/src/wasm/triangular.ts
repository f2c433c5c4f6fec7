import {
  checkTriangular,
  lowerTriangle,
  type Matrix,
  matrix,
  startWork,
  type TriangularOptions,
} from "ntkit/engine-kit";
import { eliminationTasks } from "./elimination-tasks.ts";
import { pieces } from "./multiply.ts";
import type { Pool } from "./pool.ts";
import { copyTo, resultFor, visible, withBroadcast } from "./remote.ts";
import type { RemoteWindow } from "./tile-product.ts";

/** Right-hand sides that are solved for together. */
const COLUMNS = 256;

/** X with L X = B, or Lᵀ X = B. */
export async function solveTriangular(
  pool: Pool,
  lower: Matrix,
  b: Matrix,
  options: TriangularOptions = {},
): Promise<Matrix> {
  checkTriangular(lower, b);
  const work = startWork(options);
  const { rows: n, cols: m } = b;
  const cost = n * n * m;
  const x = matrix(n, m, resultFor(pool, cost, n * m, options.reuse));
  await copyTo(x.data, b.data, work);
  const l = await visible(pool, cost, lower.data, work);
  const finite = await withBroadcast(pool, [x.data, l], async (idX, idL) => {
    const windows = windowsOf(idX!, idL!, n, m, options.transpose ?? false);
    const blocks = pieces(m, COLUMNS);
    const tasks = eliminationTasks({ ...windows, source: null, n, blocks, factorizing: false });
    const results = await pool.run(tasks, work, { cost, isEnough: (result) => result === "not finite" });
    return !results.includes("not finite");
  });
  if (m === 0 || !finite) lowerTriangle("solveTriangular", lower); // says what is wrong, and where
  return x;
}

interface Windows {
  readonly x: RemoteWindow;
  readonly lower: RemoteWindow;
}

/**
 * Xᵀ and L of the equation Xᵀ Lᵀ = Bᵀ that `eliminate` solves. Lᵀ X = B becomes one of that form by turning the order of
 * rows and columns around: with J the exchange matrix, J Lᵀ J is lower triangular.
 */
function windowsOf(idX: string, idL: string, n: number, m: number, transpose: boolean): Windows {
  if (!transpose) {
    return { x: { id: idX, offset: 0, rowStep: 1, colStep: m }, lower: { id: idL, offset: 0, rowStep: n, colStep: 1 } };
  }
  return {
    x: { id: idX, offset: (n - 1) * m, rowStep: 1, colStep: -m },
    lower: { id: idL, offset: n * n - 1, rowStep: -1, colStep: -n },
  };
}
