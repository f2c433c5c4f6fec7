import { existsSync, readFileSync } from "node:fs";
import { decodeModel, encodeModel } from "ntkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csv, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";
import { refusedIn } from "./refused.ts";

const folder = new Folder();
const expectRefused = refusedIn(folder);

beforeAll(async () => {
  const table = folder.file("good.csv", csv("a,b,y", smoothRows(24)));
  expect((await ntkit("fit", table, "--target", "y", "--out", folder.at("good.ntkit"))).stderr).toBe("");
});
afterAll(() => folder.remove());

describe("model files", () => {
  const replaced = (bytes: Buffer, from: string, to: string) =>
    Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
  /** A model as a version without checksums wrote it. */
  const unchecked = (model: Buffer) => replaced(model, "ntkit_crc32", "another_one");
  const foreign = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';

  it.each<[string, (model: Buffer) => Uint8Array, string]>([
    ["cut-in-header", (model) => model.subarray(0, 500), "is truncated: it has 500 bytes of at least"],
    ["cut-in-arrays", (model) => model.subarray(0, -100), "is truncated"],
    ["cut-at-once", (model) => model.subarray(0, 5), "is not a safetensors file"],
    ["longer", (model) => Buffer.concat([model, Buffer.alloc(7)]), "is damaged: its arrays take"],
    [
      "newer",
      (model) => replaced(unchecked(model), '"version":"1"', '"version":"2"'),
      "of version 2, this ntkit reads version 1",
    ],
    [
      "other-field",
      (model) => replaced(unchecked(model), "features", "faetures"),
      "preprocessor.features must be a list",
    ],
    [
      "changed",
      (model) => replaced(model, '\\"targetMean\\":0.', '\\"targetMean\\":1.'),
      "changed.ntkit was changed after it was written",
    ],
    [
      "not-finite",
      (model) => unchecked(model).fill(0xff, model.length - 8),
      'array "targets" holds values that are not finite',
    ],
    [
      "zeros",
      (model) => unchecked(model).fill(0, model.length - 800),
      'the diagonal of "cholesky_lower" must be above 0',
    ],
    ["table", () => readFileSync(folder.at("good.csv")), "pass a file that ntkit wrote"],
    [
      "foreign",
      () =>
        Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(foreign.length)).buffer), Buffer.from(`${foreign}1234`)]),
      "is a safetensors file but not an ntkit model: pass a file that ntkit fit wrote",
    ],
  ])("%s", async (name, damage, message) => {
    folder.file(`${name}.ntkit`, damage(readFileSync(folder.at("good.ntkit"))));
    await expectRefused(`predict @${name}.ntkit @good.csv --out @new.csv`, message);
  });
});

describe("predictions that are not finite", () => {
  it("name their row, exit 1 and write nothing", async () => {
    const model = decodeModel(readFileSync(folder.at("good.ntkit")), "good.ntkit");
    const alpha = { ...model.fitted.alpha, data: model.fitted.alpha.data.map((value) => Math.sign(value) * 1e308) };
    folder.file("wild.ntkit", encodeModel({ ...model, fitted: { ...model.fitted, alpha } }));
    const { exitCode, stdout, stderr } = await ntkit(
      ...["predict", folder.at("wild.ntkit"), folder.at("good.csv"), "--out", folder.at("wild.csv")],
    );
    expect(stderr).toMatch(
      /^ntkit: [^\n]+good\.csv: the prediction of data row \d+ is -?[^\n]+ outside the range[^\n]+\n$/,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(existsSync(folder.at("wild.csv"))).toBe(false);
  });
});
