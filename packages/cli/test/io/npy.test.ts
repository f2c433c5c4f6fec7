import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { fromRows, matrix, toRows } from "ntkit";
import { afterAll, describe, expect, it } from "vitest";
import { readNpy, readNpyMatrix, writeNpy } from "../../src/io/npy.ts";
import { Folder, fixture, messageOf } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const GRID = [
  [1, 2, 3],
  [4, 5, 6],
];

describe("arrays that numpy wrote", () => {
  const kinds = ["f8", "f4", "i8", "i4", "i2", "u8", "u4", "u2"];
  it.each([
    ...kinds.flatMap((kind) => [`little-${kind}`, `big-${kind}`]),
    ...["little-i1", "little-u1", "fortran", "version-2", "version-3"],
  ])("%s", async (name) => {
    expect(toRows(await readNpyMatrix(fixture(`${name}.npy`)))).toEqual(GRID);
  });

  it("negative numbers and booleans", async () => {
    expect(toRows(await readNpyMatrix(fixture("negative-i4.npy")))).toEqual(GRID.map((row) => row.map((x) => -x)));
    expect(toRows(await readNpyMatrix(fixture("bool.npy")))).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });

  it("any number of dimensions, in C order", async () => {
    expect(await readNpy(fixture("fortran-3d.npy"))).toEqual({
      shape: [2, 3, 4],
      data: Float64Array.from({ length: 24 }, (_, i) => i),
    });
    expect(await readNpy(fixture("vector.npy"))).toEqual({ shape: [3], data: Float64Array.of(0.5, 1.5, 2.5) });
    expect(await readNpy(fixture("scalar.npy"))).toEqual({ shape: [], data: Float64Array.of(7) });
    expect(await readNpyMatrix(fixture("no-rows.npy"))).toEqual(matrix(0, 3));
  });

  it("every bit of extreme values", async () => {
    const { data } = await readNpyMatrix(fixture("special.npy"));
    expect([...data]).toEqual([Math.PI, -0, Number.MIN_VALUE, Number.MAX_VALUE]);
  });

  it("gzipped, with or without the ending", async () => {
    const bytes = gzipSync(readFileSync(fixture("big-f4.npy")));
    expect(toRows(await readNpyMatrix(folder.file("a.npy.gz", bytes)))).toEqual(GRID);
    expect(toRows(await readNpyMatrix(folder.file("a.npy", bytes)))).toEqual(GRID);
  });
});

describe("what is wrong with an array", () => {
  it.each([
    ["complex", "values are of dtype '<c16', ntkit reads real numbers: save with .astype('float64')"],
    ["text", "values are of dtype '<U1'"],
    ["object", "values are of dtype '|O'"],
    ["fields", "values are of several fields"],
    ["vector", "a two-dimensional array is needed, one row per example, got shape (3,)"],
    ["scalar", "a two-dimensional array is needed, one row per example, got shape ()"],
    ["fortran-3d", "a two-dimensional array is needed, one row per example, got shape (2, 3, 4)"],
    ["beyond-2-53", "value 1 is a whole number beyond 2^53"],
  ])("%s", async (name, message) => {
    expect(await messageOf("format", readNpyMatrix(fixture(`${name}.npy`)))).toContain(`${name}.npy: ${message}`);
  });

  it("an archive, text, nothing, a later version", async () => {
    expect(await messageOf("format", readNpy(fixture("archive.npz")))).toContain("save one array with numpy.save");
    expect(await messageOf("format", readNpy(folder.file("text.npy", "1,2\n")))).toContain("is not a .npy file");
    expect(await messageOf("format", readNpy(folder.file("empty.npy", "")))).toContain("is not a .npy file");
    const later = Buffer.from(readFileSync(fixture("little-f8.npy"))).fill(9, 6, 7);
    expect(await messageOf("format", readNpy(folder.file("later.npy", later)))).toContain("is of .npy version 9");
  });

  it("cut anywhere", async () => {
    for (const name of ["little-f8.npy", "big-i2.npy", "version-2.npy"]) {
      const bytes = readFileSync(fixture(name));
      for (let length = 0; length < bytes.length; length++) {
        const path = folder.file("cut.npy", bytes.subarray(0, length));
        expect(await messageOf("format", readNpy(path))).toContain(length < 10 ? "is not a .npy file" : "is truncated");
      }
    }
  });

  it("a header of nonsense", async () => {
    const bytes = readFileSync(fixture("little-f8.npy"));
    for (const word of ["descr", "shape", "(2, 3)", "False"]) {
      const damaged = Buffer.from(bytes.toString("latin1").replace(word, "?".repeat(word.length)), "latin1");
      expect(await messageOf("format", readNpy(folder.file("bad.npy", damaged)))).toContain("is damaged");
    }
  });

  it("a missing file, with the nearest name", async () => {
    folder.file("kernel.npy", "");
    expect(await messageOf("data", readNpy(folder.at("kernal.npy")))).toContain('(did you mean "kernel.npy"?)');
  });
});

describe("writing", () => {
  it("gives what it was given, bit for bit, and values aligned to 64 bytes", async () => {
    const values = fromRows([
      [Math.PI, -0, Number.MIN_VALUE],
      [Number.NaN, -Infinity, Number.MAX_VALUE],
    ]);
    const path = folder.at("written.npy");
    await writeNpy(path, values);
    expect(await readNpyMatrix(path)).toEqual(values);
    const bytes = readFileSync(path);
    expect((bytes.length - 48) % 64).toBe(0);
    expect(bytes.toString("latin1", 0, 8)).toBe("\x93NUMPY\x01\x00");
    expect(bytes.toString("latin1", 10)).toMatch(
      /^\{'descr': '<f8', 'fortran_order': False, 'shape': \(2, 3\), \} *\n/,
    );
  });

  it("writes the values numpy writes, after a header of its own padding", async () => {
    await writeNpy(folder.at("grid.npy"), fromRows(GRID));
    const [ours, theirs] = [readFileSync(folder.at("grid.npy")), readFileSync(fixture("little-f8.npy"))];
    expect(ours.subarray(-48)).toEqual(theirs.subarray(-48));
    expect(ours.toString("latin1", 10).split("}")[0]).toBe(theirs.toString("latin1", 10).split("}")[0]);
  });

  it("writes a view of a larger buffer, and no rows", async () => {
    const view = matrix(1, 2, Float64Array.of(1, 2, 3, 4).subarray(1, 3));
    await writeNpy(folder.at("view.npy"), view);
    expect(toRows(await readNpyMatrix(folder.at("view.npy")))).toEqual([[2, 3]]);
    await writeNpy(folder.at("none.npy"), matrix(0, 5));
    expect(await readNpyMatrix(folder.at("none.npy"))).toEqual(matrix(0, 5));
  });
});

it("float16: numbers, subnormal ones, zeros, infinite ones and NaN", async () => {
  const { data } = await readNpy(fixture("half.npy"));
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
  // What numpy.float16 gives for 65504, its smallest number, 1/3, -0, -inf and nan.
  const special = await readNpy(fixture("half-special.npy"));
  expect([...special.data]).toEqual([65504, 2 ** -24, 0.333251953125, -0, -Infinity, NaN]);
});
