import { cholesky } from "./cholesky.ts";
import { eigh } from "./eigh.ts";
import type { Engine } from "./engine.ts";
import { matmul } from "./matmul.ts";
import { svd } from "./svd.ts";
import { solveTriangular } from "./triangular.ts";
import { tridiagonalForm } from "./tridiagonal-form.ts";

/** The engine that is always there: plain TypeScript, one thread. */
export const jsEngine: Engine = {
  name: "js",
  description: "plain TypeScript",
  matmul,
  cholesky,
  solveTriangular,
  eigh,
  tridiagonalForm,
  svd,
};
