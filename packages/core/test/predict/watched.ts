import type { GramEngine } from "../../src/kernel/gram-engine.ts";
import type { Engine, WorkOptions } from "../../src/linalg/engine.ts";
import { jsEngine } from "../../src/linalg/js-engine.ts";

/** Tells what a computation asks of its engine. */
export interface Watched {
  readonly engine: Engine & GramEngine;
  readonly signal: AbortSignal;
  /** Operations in the order they were asked for. */
  readonly asked: string[];
  /** Of these, the ones that were not given `signal`. */
  readonly deaf: string[];
}

/** The plain engine, under watch; asked for Gram matrices, it has no program. */
export function watched(): Watched {
  const { signal } = new AbortController();
  const [asked, deaf]: [string[], string[]] = [[], []];
  const heard = <T>(name: string, options: WorkOptions | undefined, work: () => T): T => {
    asked.push(name);
    if (options?.signal !== signal) deaf.push(name);
    return work();
  };
  const engine: Engine & GramEngine = {
    ...jsEngine,
    gram: (_, options) => heard("gram", options, () => Promise.resolve(undefined)),
    matmul: (a, b, options) => heard("matmul", options, () => jsEngine.matmul(a, b, options)),
    cholesky: (a, options) => heard("cholesky", options, () => jsEngine.cholesky(a, options)),
    solveTriangular: (a, b, options) => heard("solve", options, () => jsEngine.solveTriangular(a, b, options)),
    eigh: (a, options) => heard("eigh", options, () => jsEngine.eigh(a, options)),
    tridiagonalForm: (a, options) => heard("form", options, () => jsEngine.tridiagonalForm!(a, options)),
    svd: (a, options) => heard("svd", options, () => jsEngine.svd(a, options)),
  };
  return { engine, signal, asked, deaf };
}
