import { dense, type Engine, fromRows, init, type Layer, matrix, relu, serial, train } from "ntkit";
import { contenders } from "./linear-algebra.ts";
import { time } from "./measure.ts";
import { type Context, compare, type Row } from "./row.ts";

const ROWS = 15;
const WIDTH = 16_384;
const STEPS = 1000;

/** Full-batch gradient descent of one wide ReLU layer: 20 000 steps are to take at most 40 s. */
export async function trainingRows(context: Context): Promise<readonly Row[]> {
  const points = Array.from({ length: ROWS }, (_, i) => -1 + (2 * i) / (ROWS - 1));
  const x = fromRows(points.map((t) => [t, Math.sqrt(1 - t * t)]));
  const y = matrix(
    ROWS,
    1,
    Float64Array.from(points, (t) => t + Math.sin(10 * t)),
  );
  const width = Math.round(WIDTH / context.shrink);
  const network: Layer = serial(dense({ width, wStd: Math.SQRT2 }), relu(), dense({ width: 1, wStd: Math.SQRT2 }));
  const params = init(network, 2, { seed: 1 });
  const run = async (engine: Engine) => {
    const options = { steps: STEPS, learningRate: 1e-2, engine, recordAt: [STEPS] };
    const { seconds, result } = await time(() => train(network, params, x, y, options));
    return { seconds, check: [result.records.at(-1)!.loss] };
  };
  return compare({
    work: `training, ${ROWS} rows, width ${width}, per full-batch step`,
    context,
    rounds: context.rounds,
    unit: "ms",
    inUnit: (seconds) => (seconds * 1e3) / STEPS,
    ours: contenders(context, run),
    peers: [],
    goal: () => ({ kind: "value", atMost: 2 }),
    bound: () => null,
    tolerance: 1e-9,
  });
}
