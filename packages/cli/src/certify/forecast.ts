import { countParams, hvp, init, matrix, squaredLoss, takeRows, train } from "ntkit";
import { withHiddenWidth } from "../train/hidden-width.ts";
import { lossOf } from "../train/scores.ts";
import type { CertifyProblem } from "./problem.ts";
import { hasKappa, lazinessRows, type ScanSetting } from "./scan.ts";

export type ScanSize = Pick<ScanSetting, "widths" | "draws" | "steps">;

/** Products with second derivatives until their norm at one row is known, about. */
const PRODUCTS = 20;

/** Seconds that a weight takes to be kept orthogonal to the vectors before, in each of those products. */
const ORTHOGONALIZATION = 4e-8;

/** Steps that a kernel at the start takes as long as, about. */
const KERNEL_STEPS = 5;

/**
 * How many seconds a scan of any size takes, within a factor of two or so: a few steps and one product with second derivatives of the
 * widest network are timed, and others take as much for each weight.
 */
export async function forecast(problem: CertifyProblem, widest: number): Promise<(size: ScanSize) => number> {
  const { train: data, trainable, engine, optimizer } = problem;
  const outputs = data.y.cols;
  const loss = lossOf(problem.loss);
  const at = (width: number) => init(withHiddenWidth(problem.network, width), data.x.cols, { seed: 0 });
  const [network, params] = [withHiddenWidth(problem.network, widest), at(widest)];
  const step = await secondsOf((steps) =>
    train(network, params, data.x, data.y, {
      ...{ steps, learningRate: 0, optimizer, loss },
      ...{ trainable, engine, recordAt: [] },
    }),
  );
  const row = takeRows(data.x, [0]);
  const product = await secondsOf(async (times) => {
    for (let k = 0; k < times; k++) hvp(network, params, row, matrix(1, outputs), squaredLoss(), params, { trainable });
  });
  const weights = countParams(params);
  const share = (width: number) => countParams(at(width)) / weights;
  return ({ widths, draws, steps }) =>
    widths.reduce((sum, width) => {
      const own = share(width);
      const rows = hasKappa(problem) ? lazinessRows(data.x.rows, own * weights * outputs) : 0;
      const laziness = rows * outputs * PRODUCTS * (product + weights * ORTHOGONALIZATION);
      return sum + own * (laziness + step * (steps + KERNEL_STEPS * (draws + 1)));
    }, 0);
}

/** Of one time. What is fast is done again, once it is compiled. */
async function secondsOf(work: (times: number) => Promise<unknown>): Promise<number> {
  const timed = async (times: number) => {
    const start = performance.now();
    await work(times);
    return (performance.now() - start) / 1000 / times;
  };
  const first = await timed(1);
  return first > 2 ? first : timed(Math.min(20, Math.ceil(0.2 / first)));
}

/** A scan that takes longer than this is announced. */
const PATIENCE_SECONDS = 5;

/** What is said of a scan before it starts, or null where it is over at once. */
export function announcement({ widths }: ScanSize, seconds: number, quickSeconds: number): string | null {
  if (seconds < PATIENCE_SECONDS) return null;
  const hint = quickSeconds > seconds / 2 ? "" : `; --quick takes about ${roughly(quickSeconds)}`;
  return `measuring networks of width ${widths.join(", ")} takes about ${roughly(seconds)}${hint}`;
}

/** "8 seconds", "2 minutes". */
function roughly(seconds: number): string {
  const [amount, unit] =
    seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  const rounded = Math.max(1, amount < 10 ? Math.round(amount) : 5 * Math.round(amount / 5));
  return `${rounded} ${unit}${rounded === 1 ? "" : "s"}`;
}
