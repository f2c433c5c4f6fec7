import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FormatError, NumericalError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/files/safetensors.ts";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { fitClassification, predictClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import type { ClassificationModel, Model, RegressionModel } from "../../src/learn/model.ts";
import { decodeModel, encodeModel } from "../../src/learn/model-file.ts";
import { predictRegression } from "../../src/learn/predict-regression.ts";
import { ringTable, smoothTable, unevenTable } from "./tables.ts";

const candidates = [
  { name: "relu ☃ \u2028", network: fullyConnected({ depth: 2, activation: "relu", bStd: 0.5 }), kernel: "ntk" },
] as const;

let regression: RegressionModel;
let uneven: RegressionModel;
let classification: ClassificationModel;
let files: readonly (readonly [Model, Uint8Array])[];

beforeAll(async () => {
  regression = await fitRegression(smoothTable(14, 1), { target: "y", candidates });
  classification = await fitClassification(ringTable(20, 2), { target: "where", candidates });
  uneven = await fitRegression(unevenTable(120, 3), { target: "y", candidates });
  files = [regression, classification, uneven].map((model) => [model, encodeModel(model)]);
});

/** Header length of a file, the 8 bytes of the length included. */
const headerEnd = (bytes: Uint8Array): number => 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));

/** The model, or null when the file is refused as it should be; any other error escapes. */
function decodedOrNull(bytes: Uint8Array): Model | null {
  try {
    return decodeModel(bytes, "m.ntkit");
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** The file with its metadata, or the description inside them, changed. */
function edited(bytes: Uint8Array, change: (metadata: Record<string, string>) => void): Uint8Array {
  const { metadata, tensors } = decodeSafetensors(bytes, "m");
  const copy = { ...metadata };
  change(copy);
  return encodeSafetensors({ metadata: copy, tensors });
}

describe("a saved model", () => {
  it("comes back the same, and predicts the same bits", async () => {
    for (const [model, bytes] of files) expect(decodeModel(bytes, "m")).toEqual(model);
    expect(uneven.profile?.alpha).toHaveLength(120);
    const [loaded, loadedClasses] = files.map(([, bytes]) => decodeModel(bytes, "m")) as [
      RegressionModel,
      ClassificationModel,
    ];
    const [test, ring] = [smoothTable(7, 9), ringTable(7, 9)];
    expect(await predictRegression(loaded, test)).toEqual(await predictRegression(regression, test));
    expect(await predictClassification(loadedClasses, ring)).toEqual(await predictClassification(classification, ring));
  });

  it("is the same bytes each time, also when saved again", () => {
    for (const [model, bytes] of files) {
      expect(encodeModel(model)).toEqual(bytes);
      expect(encodeModel(decodeModel(bytes, "m"))).toEqual(bytes);
    }
  });

  it.each([1, 3, 5, 8])("loads from a slice of a Node buffer at offset %d", (offset) => {
    for (const [model, bytes] of files) {
      const buffer = Buffer.alloc(bytes.length + 16, 0xab);
      buffer.set(bytes, offset);
      expect(decodeModel(buffer.subarray(offset, offset + bytes.length), "m")).toEqual(model);
    }
  });
});

describe("damage", () => {
  it("a file cut short anywhere is refused", () => {
    for (const [, bytes] of files)
      for (let length = 0; length < bytes.length; length += length < headerEnd(bytes) ? 7 : 101)
        expect(() => decodeModel(bytes.subarray(0, length), "m.ntkit"), `${length}`).toThrow(FormatError);
    const [, bytes] = files[0]!;
    expect(() => decodeModel(bytes.subarray(0, -1), "m.ntkit")).toThrow("m.ntkit is truncated");
  });

  it("one changed byte of the header gives a FormatError or a model that predicts", async () => {
    const test = [smoothTable(2, 9), ringTable(2, 9)];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1), fc.nat(), fc.integer({ min: 0, max: 255 }), async (which, at, value) => {
        const damaged = files[which]![1].slice();
        damaged[at % headerEnd(damaged)] = value;
        const model = decodedOrNull(damaged);
        // Renamed columns are missing from the table: the one thing a readable description may still get wrong.
        if (model === null || JSON.stringify(model.preprocessor) !== JSON.stringify(files[which]![0].preprocessor))
          return;
        if (model.task === "regression") {
          const { prediction } = await predictRegression(model, test[which]!);
          expect(prediction.every((v) => !Number.isNaN(v))).toBe(true);
        } else {
          const { probabilities } = await predictClassification(model, test[which]!);
          expect(probabilities.data.every((v) => v >= 0 && v <= 1)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it("one bit flipped anywhere is noticed, or changes nothing", () => {
    for (const [model, bytes] of files) {
      // A prime step meets every bit of a byte, in the header and in each array.
      for (let bit = 0; bit < 8 * bytes.length; bit += 37) {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const read = decodedOrNull(flipped);
        if (read) expect(read, `bit ${bit}`).toEqual(model);
      }
      const last = bytes.slice();
      last[last.length - 1]! ^= 1;
      expect(() => decodeModel(last, "m.ntkit")).toThrow("m.ntkit was changed after it was written");
    }
  });

  it("a file without a checksum is read", () => {
    for (const [model, bytes] of files)
      expect(
        decodeModel(
          edited(bytes, () => {}),
          "m",
        ),
      ).toEqual(model);
  });

  it("every bit flip of the first 600 bytes is survived", () => {
    for (const [, bytes] of files)
      for (let at = 0; at < 600; at++)
        for (let bit = 0; bit < 8; bit += 3) {
          const damaged = bytes.slice();
          damaged[at]! ^= 1 << bit;
          decodedOrNull(damaged);
        }
  });

  it("values that are not finite are refused", () => {
    for (const [, bytes] of files) {
      const damaged = edited(bytes, () => {});
      new DataView(damaged.buffer).setFloat64(headerEnd(damaged), Number.NaN, true);
      expect(() => decodeModel(damaged, "m")).toThrow("holds values that are not finite");
    }
  });

  it("every field of the description is needed", () => {
    for (const [, bytes] of files) {
      const plain = JSON.parse(decodeSafetensors(bytes, "m").metadata["model"]!);
      for (const field of Object.keys(plain)) {
        for (const value of [undefined, null, {}, [], "x"]) {
          if (field === "target" || field === "engine") if (value === "x") continue;
          if (Array.isArray(value) && field === "scores") continue;
          if (value === null && field === "profile") continue; // of even noise
          if (Array.isArray(value) && field === "smear") continue; // of a target on its own scale
          const broken = edited(bytes, (metadata) => {
            metadata["model"] = JSON.stringify({ ...plain, [field]: value });
          });
          expect(() => decodeModel(broken, "m"), `${field} = ${JSON.stringify(value)}`).toThrow(FormatError);
        }
      }
    }
  });

  /** A numeric and a text feature stand first in the regression's description. */
  it.each([
    ["preprocessor.features.0.mean", "1", "preprocessor.features[0].mean must be a finite number"],
    ["preprocessor.features.0.std", 0, "preprocessor.features[0].std must be above 0"],
    ["preprocessor.features.0.std", null, "preprocessor.features[0].std must be above 0"],
    ["preprocessor.features.0.missing", "x", "preprocessor.features[0].missing must be a finite number"],
    ["preprocessor.features.0.kind", "day", "preprocessor.features[0].kind must be one of numeric, category, date"],
    ["preprocessor", "x", "preprocessor must be an object"],
    ["preprocessor.features.0", null, "preprocessor.features[0] must be an object"],
    ["preprocessor.features.2.levels", "ab", "preprocessor.features[2].levels must be a list"],
    ["preprocessor.features.2.levels.1", 3, "preprocessor.features[2].levels[1] must be a text"],
    ["preprocessor.features.2.shares.0", "1", "preprocessor.features[2].shares[0] must be a finite number"],
    ["preprocessor.features.2.shares", [1], "shares of level must be one for each level"],
    ["preprocessor.features.2.levels", ["a", "b", "c"], "shares of level must be one for each level"],
    ["preprocessor.dropped", [{ name: "a" }], "preprocessor.dropped[0].reason must be a text"],
    ["preprocessor.dialect", { delimiter: ";" }, "preprocessor.dialect.decimal must be one of ., ,"],
    ["fitted.diagReg", -1e-9, "fitted.diagReg must be at least 0"],
    ["fitted.kernel", "rbf", "fitted.kernel must be one of ntk, nngp"],
    ["fitted.architecture", 1, "fitted.architecture must be a text"],
    ["scores.0.score", null, "scores[0].score must be a finite number"],
    ["targetStd", 0, "targetStd must be above 0"],
    ["targetMean", "0", "targetMean must be a finite number"],
    ["task", "clustering", "task must be one of regression, classification"],
  ])("%s = %j is refused by its name", (path, value, message) => {
    const broken = edited(files[0]![1], (metadata) => {
      const plain = JSON.parse(metadata["model"]!);
      const parts = path.split(".");
      const last = parts.pop()!;
      parts.reduce((at, part) => at[part], plain)[last] = value;
      metadata["model"] = JSON.stringify(plain);
    });
    expect(() => decodeModel(broken, "m")).toThrow(`m is damaged: its description cannot be read (${message})`);
  });

  it.each([
    ["classes", ["a", "b"], "alpha must be 2 columns wide"],
    ["classes", [1, 2, 3], "classes[0] must be a text"],
    ["numericClasses", 0, "numericClasses must be true or false"],
    ["temperature", 0, "temperature must be above 0"],
  ])("of a classification %s = %j is refused by its name", (field, value, message) => {
    const broken = edited(files[1]![1], (metadata) => {
      metadata["model"] = JSON.stringify({ ...JSON.parse(metadata["model"]!), [field]: value });
    });
    expect(() => decodeModel(broken, "m")).toThrow(`(${message})`);
  });

  it("what may be 0 or missing is taken", () => {
    const changed = edited(files[0]![1], (metadata) => {
      const plain = JSON.parse(metadata["model"]!);
      plain.fitted.diagReg = 0;
      plain.preprocessor.features[0].missing = null;
      metadata["model"] = JSON.stringify(plain);
    });
    expect(decodeModel(changed, "m").fitted.diagReg).toBe(0);
  });

  it.each([
    ["x_train", [13, 4], "alpha must be 13 rows long"],
    ["x_train", [14, 3], "x_train must be 4 columns wide"],
    ["x_train", [0, 4], "x_train must be at least one row"],
    ["alpha", [13, 1], "alpha must be 14 rows long"],
    ["alpha", [14, 2], "alpha must be 1 columns wide"],
    ["alpha", [14], 'the array "alpha" must have two axes'],
    ["loo_scores", [13], '"loo_scores" has the wrong size'],
    ["cholesky_lower", [104], '"cholesky_lower" has the wrong size'],
    ["cholesky_lower", [106], '"cholesky_lower" has the wrong size'],
    ["cholesky_lower", [105], 'the diagonal of "cholesky_lower" must be above 0'],
  ])("%s of shape %j is refused", (name, shape, message) => {
    const { metadata, tensors } = decodeSafetensors(files[0]![1], "m");
    const data = new Float64Array(shape.reduce((product, length) => product * length, 1));
    const changed = encodeSafetensors({ metadata, tensors: { ...tensors, [name]: { shape, data } } });
    expect(() => decodeModel(changed, "m")).toThrow(message);
  });

  it("arrays that are missing or do not fit together are refused", () => {
    for (const [, bytes] of files) {
      const { metadata, tensors } = decodeSafetensors(bytes, "m");
      for (const name of Object.keys(tensors)) {
        const { [name]: _, ...rest } = tensors;
        expect(() => decodeModel(encodeSafetensors({ metadata, tensors: rest }), "m")).toThrow(`"${name}" is missing`);
        const short = { ...tensors, [name]: { shape: [1, 1], data: new Float64Array(1) } };
        expect(() => decodeModel(encodeSafetensors({ metadata, tensors: short }), "m")).toThrow(FormatError);
        const flat = { ...tensors, [name]: { shape: [1], data: new Float64Array(1) } };
        expect(() => decodeModel(encodeSafetensors({ metadata, tensors: flat }), "m")).toThrow(FormatError);
      }
    }
  });
});

describe("other files", () => {
  it("of another format, or without a description, are no models", () => {
    for (const field of ["format", "model"]) {
      const without = edited(files[0]![1], (metadata) => {
        delete metadata[field];
      });
      expect(() => decodeModel(without, "m")).toThrow(/^m is a safetensors file but not an ntkit model/);
      const other = edited(files[0]![1], (metadata) => {
        metadata["format"] = "pt";
      });
      expect(() => decodeModel(other, "m")).toThrow(/^m is a safetensors file but not an ntkit model/);
    }
  });

  it("with a description that is not JSON, or an array missing, say that and no more", () => {
    const broken = edited(files[0]![1], (metadata) => {
      metadata["model"] = "{";
    });
    expect(() => decodeModel(broken, "m")).toThrow(/^m is damaged: its description cannot be read$/);
    const { metadata, tensors } = decodeSafetensors(files[0]![1], "m");
    const { alpha: _, ...rest } = tensors;
    const missing = encodeSafetensors({ metadata, tensors: rest });
    expect(() => decodeModel(missing, "m")).toThrow(/^m is damaged: the array "alpha" is missing$/);
  });

  it("say what they are", () => {
    const [, bytes] = files[0]!;
    const newer = edited(bytes, (metadata) => {
      metadata["version"] = "2";
    });
    expect(() => decodeModel(newer, "m")).toThrow(
      "m is a model of version 2, this ntkit reads version 1: update ntkit",
    );
    const foreign = encodeSafetensors({
      metadata: { format: "pt" },
      tensors: { "0.w": { shape: [1], data: Float64Array.of(1) } },
    });
    expect(() => decodeModel(foreign, "m")).toThrow("m is a safetensors file but not an ntkit model");
    expect(() => decodeModel(encodeSafetensors({ metadata: {}, tensors: {} }), "m")).toThrow("not an ntkit model");
    expect(() => decodeModel(new TextEncoder().encode("x,y\n1,2\n3,4\n"), "m")).toThrow("m is not a safetensors file");
  });
});

describe("predictions that leave the range of float64", () => {
  it("are refused by their row", async () => {
    const spoiled = <M extends Model>(model: M): M => {
      const alpha = { ...model.fitted.alpha, data: model.fitted.alpha.data.map((value) => Math.sign(value) * 1e308) };
      return { ...model, fitted: { ...model.fitted, alpha } };
    };
    const message =
      /: the prediction of data row \d+ is (-?Infinity|NaN), outside the range of float64: leave the row out/;
    await expect(predictRegression(spoiled(regression), smoothTable(7, 9))).rejects.toThrow(message);
    await expect(predictClassification(spoiled(classification), ringTable(7, 9))).rejects.toThrow(message);
    const wide = { ...regression, looScores: regression.looScores.map(() => 1e308), targetStd: 1e10 };
    await expect(predictRegression(wide, smoothTable(7, 9))).rejects.toThrow(NumericalError);
  });
});
