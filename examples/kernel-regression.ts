/** Kernel regression with an infinite network: the mean of trained networks, its uncertainty, and the ridge by leave-one-out. */
import { columnVector, dense, erf, fromRows, gpInference, kernelFn, ridgePath, ridgeScores, serial } from "ntkit";

const network = serial(dense({ width: 512, wStd: 1.5, bStd: 0.5 }), erf(), dense({ width: 1 }));
const xTrain = fromRows(Array.from({ length: 12 }, (_, i) => [-2 + (4 * i) / 11]));
const yTrain = columnVector(xTrain.data.map((x) => Math.sin(2 * x)));
const xTest = fromRows([[-1.2], [0.1], [1.7]]);

const kernel = kernelFn(network);
const kTrainTrain = await kernel(xTrain, null, ["nngp", "ntk"]);
const kTestTrain = await kernel(xTest, xTrain, ["nngp", "ntk"]);
const kTestTest = await kernel(xTest, null, ["nngp", "ntk"]);

const path = await ridgePath(kTrainTrain.ntk, yTrain);
for (const score of await ridgeScores(path, [1e-6, 1e-4, 1e-2])) {
  if (score.ok) console.log(`ridge ${score.diagReg}: leave-one-out error ${Math.sqrt(score.looMeanSquare).toFixed(4)}`);
}

const posterior = await gpInference({ kTrainTrain, kTestTrain, kTestTest }, yTrain, { get: "ntk", diagReg: 1e-6 });
if (!posterior.ok) throw new Error(posterior.message);
xTest.data.forEach((x, i) => {
  const spread = Math.sqrt(posterior.variance![i]!);
  console.log(
    `f(${x}) = ${posterior.mean.data[i]!.toFixed(3)} ± ${spread.toFixed(3)}, truth ${Math.sin(2 * x).toFixed(3)}`,
  );
});
