import { beforeAll, describe, expect, it } from "vitest";
import { FormatError, ValueError } from "../../src/errors.ts";
import { encodeChecked, openSafetensors } from "../../src/files/safetensors.ts";
import { fullyConnected } from "../../src/learn/candidates.ts";
import { fitClassification } from "../../src/learn/fit-classification.ts";
import { fitRegression } from "../../src/learn/fit-regression.ts";
import type { Model } from "../../src/learn/model.ts";
import { encodeModel } from "../../src/learn/model-file.ts";
import { decodeModels, encodeModels } from "../../src/learn/models-file.ts";
import { ringTable, smoothTable } from "./tables.ts";

const candidates = [
  { name: "erf", network: fullyConnected({ depth: 1, activation: "erf", bStd: 0.5 }), kernel: "nngp" },
] as const;
let models: readonly Model[] = [];

beforeAll(async () => {
  models = [
    await fitRegression(smoothTable(20, 1), { target: "y", candidates }),
    await fitClassification(ringTable(30, 2), { target: "where", candidates }),
  ];
});

/** The file with another description, and other arrays. */
function changed(
  metadata: (own: Record<string, string>) => Record<string, string>,
  tensors: (names: string) => boolean = () => true,
): Uint8Array {
  const file = openSafetensors(encodeModels(models), "m");
  const kept = Object.entries(file.tensors()).filter(([name]) => tensors(name));
  return encodeChecked({ metadata: metadata({ ...file.metadata }), tensors: Object.fromEntries(kept) });
}

describe("a file of several models", () => {
  it("gives back every model, and of one is the file of that model", () => {
    expect(decodeModels(encodeModels(models), "m")).toEqual(models);
    for (const model of models) {
      expect(encodeModels([model])).toEqual(encodeModel(model));
      expect(decodeModels(encodeModel(model), "m")).toEqual([model]);
    }
    expect(() => encodeModels([])).toThrow(new ValueError("encodeModels: there must be at least one model, got none"));
  });

  it("is refused when it is damaged or of another version", () => {
    const bytes = encodeModels(models);
    bytes[bytes.length - 5]! ^= 1;
    expect(() => decodeModels(bytes, "m")).toThrow(FormatError);
    expect(() =>
      decodeModels(
        changed((own) => ({ ...own, version: "2" })),
        "m",
      ),
    ).toThrow("m holds models of version 2, this ntkit reads version 1: update ntkit, or fit again");
    const one = (own: Record<string, string>) => JSON.stringify(JSON.parse(own["models"]!).slice(0, 1));
    const twice = (own: Record<string, string>) => JSON.stringify([0, 0].map((k) => JSON.parse(own["models"]!)[k]));
    expect(() =>
      decodeModels(
        changed((own) => ({ ...own, models: one(own) })),
        "m",
      ),
    ).toThrow("m is damaged: its description cannot be read (models must be a list of at least two)");
    expect(() =>
      decodeModels(
        changed((own) => ({ ...own, models: "{" })),
        "m",
      ),
    ).toThrow("m is damaged: its description cannot be read");
    expect(() =>
      decodeModels(
        changed((own) => ({ ...own, models: twice(own) })),
        "m",
      ),
    ).toThrow(FormatError);
    expect(() =>
      decodeModels(
        changed(
          (own) => own,
          (name) => name !== "1.alpha",
        ),
        "m",
      ),
    ).toThrow('m is damaged: the array "alpha" is missing');
  });

  it("has a model for each target, no two for one", async () => {
    const again = await fitRegression(smoothTable(20, 3), { target: "y", candidates });
    expect(() => decodeModels(encodeModels([models[0]!, again]), "m")).toThrow("models must have different targets");
  });
});
