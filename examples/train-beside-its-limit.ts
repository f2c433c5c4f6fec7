/**
 * Networks of growing width, trained on 12 points of t + sin 10t beside what their limit predicts for the same steps.
 *
 *   npx tsx examples/train-beside-its-limit.ts
 */
import {
  apply,
  dense,
  fromRows,
  gradientDescentMse,
  init,
  kernelFn,
  type Layer,
  matrix,
  relu,
  serial,
  train,
} from "ntkit";

const points = Array.from({ length: 12 }, (_, i) => -0.95 + (1.9 * i) / 11);
const x = fromRows(points.map((t) => [t, Math.sqrt(1 - t * t)])); // lifted to the circle
const y = matrix(
  12,
  1,
  Float64Array.from(points, (t) => t + Math.sin(10 * t)),
);
const network = (width: number): Layer =>
  serial(dense({ width, wStd: 2 ** 0.5 }), relu(), dense({ width: 1, wStd: 2 ** 0.5 }));

const [steps, learningRate] = [2000, 0.05];
const ntk = await kernelFn(network(1))(x, null, "ntk");
const descent = await gradientDescentMse(ntk, y, { learningRate });
if (!descent.ok) throw new Error(descent.message);

for (const width of [64, 512, 4096]) {
  const params = init(network(width), 2, { seed: 1 });
  const limit = await descent.atStep(steps, { fxTrain0: apply(network(width), params, x) });
  if (!limit.ok) throw new Error(limit.message);
  const run = await train(network(width), params, x, y, { steps, learningRate });
  const fx = apply(network(width), run.params, x);
  const rms = Math.hypot(...fx.data.map((f, i) => f - limit.fxTrain.data[i]!)) / Math.sqrt(12);
  const { movement } = run.records.at(-1)!;
  console.log(`width ${width}: ${rms.toFixed(3)} from the limit, weights moved by ${(100 * movement).toFixed(1)} %`);
}
