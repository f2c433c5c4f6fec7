import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { gram, key, labelComplexity, matrix, ridgePath, twoLayerReluKernel, uniform } from "ntkit";
import { expect, it } from "vitest";

const FOLDER = process.env["NTKIT_MNIST"] ?? fileURLToPath(new URL("../../../../shared/data/mnist", import.meta.url));
const there = existsSync(`${FOLDER}/t10k-images-idx3-ubyte.gz`);

it.skipIf(!there)(
  "MNIST, 3 against 8: random labels are 2.5 times as hard as true ones, and more so the more of them",
  async () => {
    const images = gunzipSync(readFileSync(`${FOLDER}/t10k-images-idx3-ubyte.gz`)).subarray(16);
    const labels = gunzipSync(readFileSync(`${FOLDER}/t10k-labels-idx1-ubyte.gz`)).subarray(8);
    const rows = Array.from(labels.keys()).filter((i) => labels[i] === 3 || labels[i] === 8);
    const [n, pixels] = [1000, 784];
    const x = matrix(n, pixels);
    const truth = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const image = images.subarray(rows[i]! * pixels, (rows[i]! + 1) * pixels);
      const norm = Math.sqrt(image.reduce((sum, value) => sum + value * value, 0));
      image.forEach((value, k) => {
        x.data[i * pixels + k] = value / norm;
      });
      truth[i] = labels[rows[i]!] === 3 ? 1 : -1;
    }
    const kernel = await gram(twoLayerReluKernel({ trained: "first", activationScale: 1 }), x);
    const draw = uniform(key(1), 2 * n);
    const shares = [0, 0.25, 0.5, 0.75, 1];
    const noisy = shares.map((share) =>
      truth.map((value, i) => (draw[i]! < share ? (draw[n + i]! < 0.5 ? -1 : 1) : value)),
    );
    const y = matrix(
      n,
      shares.length,
      Float64Array.from(
        { length: n * shares.length },
        (_, at) => noisy[at % shares.length]![Math.floor(at / shares.length)]!,
      ),
    );
    const path = await ridgePath(kernel, y);
    const values = shares.map((_, j) => {
      const projected = matrix(
        n,
        1,
        Float64Array.from({ length: n }, (_own, k) => path.projected.data[k * shares.length + j]!),
      );
      return labelComplexity({ ...path, projected }).promises.value;
    });
    expect(values.at(-1)! / values[0]!).toBeGreaterThan(2.5);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  },
);
