import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { encodeSafetensors } from "../../src/files/safetensors.ts";
import { relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { fanInSum } from "../../src/layers/fan-in-sum.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { repeat } from "../../src/layers/repeat.ts";
import type { Params } from "../../src/layers/rule.ts";
import { serial } from "../../src/layers/serial.ts";
import { matrix } from "../../src/matrix/matrix.ts";
import { init } from "../../src/network/network.ts";
import { paramEntries } from "../../src/network/params.ts";
import { decodeParams, encodeParams } from "../../src/network/params-file.ts";

const network = serial(
  dense({ width: 4, bStd: 0.1 }),
  repeat(serial(relu(), dense({ width: 4 })), 2),
  fanOut(2),
  parallel(identity(), serial(relu(), dense({ width: 4 }))),
  fanInSum(),
  dense({ width: 1 }),
);
const params = init(network, 3, { seed: 1 });

describe("parameter files", () => {
  it("come back bit for bit", () => {
    expect(decodeParams(network, encodeParams(params), "p.safetensors")).toEqual(params);
    expect(decodeParams(dense({ width: 2 }), encodeParams(init(dense({ width: 2 }), 3, { seed: 1 })), "p")).toEqual(
      init(dense({ width: 2 }), 3, { seed: 1 }),
    );
  });

  it("name arrays by the position of their layer", () => {
    expect(paramEntries(params).map(({ name, shape }) => [name, shape])).toEqual([
      ["0.w", [3, 4]],
      ["0.b", [4]],
      ["1.0.1.w", [4, 4]],
      ["1.1.1.w", [4, 4]],
      ["3.1.1.w", [4, 4]],
      ["5.w", [4, 1]],
    ]);
  });

  const one = (shape: number[], data: number[]) => ({ shape, data: Float64Array.from(data) });
  it.each([
    [{}, 'has no array "w" [fan-in, 2]; it has none: '],
    [
      { "0.weight": one([2, 3], [1, 2, 3, 4, 5, 6]), "0.bias": one([2], [1, 2]) },
      'p.safetensors has no array "w" [fan-in, 2]; it has "0.weight" [2, 3], "0.bias" [2]: name weights by the position of their layer, and transpose those of a Linear layer of PyTorch',
    ],
    [{ weight: one([3, 2], [1, 2, 3, 4, 5, 6]) }, 'has no array "w"'],
    [{ w: one([2, 3], [1, 2, 3, 4, 5, 6]) }, 'array "w" must be [fan-in, 2], got [2, 3]'],
    [{ w: one([1, 2], [1, Number.NaN]) }, 'every weight must be finite, got NaN in array "w" at 1'],
    [{ w: one([1, 2], [1, 2]), b: one([2], [1, 2]) }, 'the network has no weights called "b"'],
  ])("%j", (tensors, message) => {
    const act = () => decodeParams(dense({ width: 2 }), encodeSafetensors({ metadata: {}, tensors }), "p.safetensors");
    expect(act).toThrow(FormatError);
    expect(act).toThrow(message);
  });

  it("one bit flipped anywhere is noticed, or changes nothing", () => {
    const small = serial(dense({ width: 2, bStd: 1 }), relu(), dense({ width: 1 }));
    const weights = init(small, 2, { seed: 1 });
    const bytes = encodeParams(weights, { seed: "1" });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      let read: Params | undefined;
      try {
        read = decodeParams(small, flipped, "p.safetensors");
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        expect((error as FormatError).message).toContain("p.safetensors");
      }
      if (read) expect(read, `bit ${bit}`).toEqual(weights);
    }
  });

  it("of single precision are read", () => {
    const layer = dense({ width: 2 });
    const values = Float32Array.of(0.1, -2, 3, 1e-40, 5, 6);
    const header = JSON.stringify({ w: { dtype: "F32", shape: [3, 2], data_offsets: [0, 24] } });
    const bytes = new Uint8Array(8 + header.length + 24);
    bytes[0] = header.length;
    bytes.set(new TextEncoder().encode(header), 8);
    bytes.set(new Uint8Array(values.buffer), 8 + header.length);
    expect(decodeParams(layer, bytes, "p")).toEqual({ w: matrix(3, 2, Float64Array.from(values)), b: null });
  });
});
