import { child, jsEngine, key, matrix, normal } from "ntkit";
import { expect, it } from "vitest";
import {
  averageGradientOuterProduct,
  fitMahalanobis,
  gradients,
  predictMahalanobis,
  squareRoot,
} from "../src/common/recursive-feature-machine.ts";

const HOST = { engine: jsEngine };

async function machine() {
  const x = matrix(12, 3, normal(child(key(1), 0), 36));
  const y = matrix(12, 1, normal(child(key(1), 1), 12));
  const metric = matrix(3, 3, Float64Array.of(2, 0.5, 0, 0.5, 1, 0.2, 0, 0.2, 0.7));
  const root = await squareRoot(metric, HOST);
  return { x, y, metric, root, fitted: await fitMahalanobis({ x, y }, root, 2, HOST) };
}

it("the square root of a metric squares to it", async () => {
  const { metric, root } = await machine();
  const square = await jsEngine.matmul(root, root);
  for (const [i, value] of square.data.entries()) expect(value).toBeCloseTo(metric.data[i]!, 12);
});

it("gradients agree with central differences", async () => {
  const { fitted } = await machine();
  const at = matrix(4, 3, normal(child(key(1), 2), 12));
  const exact = await gradients(fitted, at, HOST);
  const step = 1e-5;
  for (let j = 0; j < 3; j++) {
    const moved = (by: number) =>
      matrix(
        4,
        3,
        at.data.map((value, i) => (i % 3 === j ? value + by : value)),
      );
    const [up, down] = [
      await predictMahalanobis(fitted, moved(step), HOST),
      await predictMahalanobis(fitted, moved(-step), HOST),
    ];
    for (let i = 0; i < 4; i++) expect(exact.data[i * 3 + j]!).toBeCloseTo((up[i]! - down[i]!) / (2 * step), 7);
  }
});

it("at a center, its own term counts nothing: the mean of both sides", async () => {
  const { x, fitted } = await machine();
  const exact = await gradients(fitted, x, HOST);
  const step = 1e-5;
  const moved = (by: number) =>
    matrix(
      12,
      3,
      x.data.map((value, i) => (i % 3 === 1 ? value + by : value)),
    );
  const [up, down] = [
    await predictMahalanobis(fitted, moved(step), HOST),
    await predictMahalanobis(fitted, moved(-step), HOST),
  ];
  for (let i = 0; i < 12; i++) expect(exact.data[i * 3 + 1]!).toBeCloseTo((up[i]! - down[i]!) / (2 * step), 5);
  const product = await averageGradientOuterProduct(fitted, x, HOST);
  const trace = product.data[0]! + product.data[4]! + product.data[8]!;
  expect(trace).toBeCloseTo(exact.data.reduce((sum, value) => sum + value * value, 0) / 12, 10);
});
