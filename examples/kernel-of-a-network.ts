/** The exact kernels of a network, and how finite networks approach them. */
import { apply, dense, fromRows, init, kernelFn, key, relu, serial, split } from "ntkit";

const network = serial(dense({ width: 512, wStd: 1.5, bStd: 0.1 }), relu(), dense({ width: 1, wStd: 1.5, bStd: 0.1 }));
const x = fromRows([
  [1, 0],
  [0.6, 0.8],
]);
const { nngp, ntk } = await kernelFn(network)(x, null, ["nngp", "ntk"]);
console.log(`infinite width: K(x, z) = ${nngp.data[1]!.toFixed(4)}, Θ(x, z) = ${ntk.data[1]!.toFixed(4)}`);

for (const networks of [10, 100, 1000]) {
  let sum = 0;
  for (const weights of split(key(7), networks)) {
    const fx = apply(network, init(network, x.cols, { seed: weights }), x).data;
    sum += fx[0]! * fx[1]!;
  }
  console.log(`mean of f(x) f(z) over ${networks} networks of width 512: ${(sum / networks).toFixed(4)}`);
}
