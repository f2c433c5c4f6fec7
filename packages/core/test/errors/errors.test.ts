import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DataError,
  didYouMean,
  FormatError,
  isNtkError,
  NetworkError,
  NtkError,
  NumericalError,
  nearest,
  quoted,
  ShapeError,
  ValueError,
} from "../../src/errors.ts";

const word = fc.string({ minLength: 1, maxLength: 12 });

/** Every way to change one character of a word. */
function edits(text: string): string[] {
  return [...text].flatMap((_, i) => [
    text.slice(0, i) + text.slice(i + 1),
    `${text.slice(0, i)}x${text.slice(i)}`,
    `${text.slice(0, i)}x${text.slice(i + 1)}`,
  ]);
}

describe("nearest", () => {
  it("finds a known word itself, whatever its case", () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, selector: (w) => w.toLowerCase() }), fc.nat(), (words, at) => {
        const own = words[at % words.length]!;
        expect(nearest(own, words)).toBe(own);
      }),
    );
  });

  it("finds a word again after one typing error, where the known words are far apart", () => {
    const known = ["polynomial", "relu", "fanInConcat", "dense"];
    for (const own of known) for (const typed of edits(own)) expect(nearest(typed, known), typed).toBe(own);
  });

  it.each([
    ["wsam", ["js", "wasm", "native"], "wasm"],
    ["gleu", ["elu", "gelu", "relu"], "gelu"],
    ["traget", ["target", "test"], "target"],
    ["clasification", ["regression", "classification"], "classification"],
  ])("%s", (typed, known, meant) => expect(nearest(typed, known)).toBe(meant));

  it("never depends on the order of the words by more than a tie", () => {
    fc.assert(
      fc.property(word, fc.array(word), (typed, words) => {
        const found = [nearest(typed, words), nearest(typed, [...words].reverse())];
        expect(found[0] === undefined).toBe(found[1] === undefined);
      }),
    );
  });

  it("says nothing when nothing is near", () => {
    expect(nearest("softmax", ["relu", "erf"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
    expect(nearest("conv", ["cos", "erf"])).toBeUndefined();
    expect(didYouMean("softmax", ["relu"])).toBe("");
    expect(didYouMean("wStdd", ["wStd", "bStd"])).toBe(' (did you mean "wStd"?)');
  });
});

describe("quoted", () => {
  it("quotes anything, briefly", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }), (value) => {
        expect(quoted(value).length).toBeLessThanOrEqual(400);
      }),
    );
  });

  it.each([
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    [12n, "12"],
    [undefined, "undefined"],
    [null, "null"],
    ["a", '"a"'],
    [() => 1, "a function"],
    [Symbol("s"), "a symbol"],
    [[1, "b"], '[1,"b"]'],
  ])("%o", (value, text) => expect(quoted(value)).toBe(text));

  it("does not follow cycles or run on", () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(quoted(loop)).toBe("an object that JSON cannot hold");
    expect(quoted("a".repeat(1e6)).length).toBeLessThan(70);
  });
});

describe("the classes", () => {
  it.each([
    [new ShapeError("m"), "shape", "ShapeError"],
    [new ValueError("m"), "value", "ValueError"],
    [new NetworkError("", "m"), "network", "NetworkError"],
    [new DataError("m"), "data", "DataError"],
    [new FormatError("m"), "format", "FormatError"],
    [new NumericalError("m"), "numerical", "NumericalError"],
  ] as const)("%s", (error, code, name) => {
    expect(error).toBeInstanceOf(NtkError);
    expect(error).toBeInstanceOf(Error);
    expect([error.code, error.name, error.message]).toEqual([code, name, "m"]);
    expect(isNtkError(error)).toBe(true);
    expect(isNtkError(error, code)).toBe(true);
    expect(isNtkError(error, code === "shape" ? "value" : "shape")).toBe(false);
  });

  it("other things are no ntkit errors", () => {
    for (const value of [new Error("m"), { code: "shape" }, null, undefined, "shape"])
      expect(isNtkError(value)).toBe(false);
  });

  it("carry where and why", () => {
    expect(new NetworkError("layers[3].branches[1]", "m").message).toBe("layers[3].branches[1]: m");
    expect(new NetworkError("layers[3]", "m").path).toBe("layers[3]");
    const cause = new Error("inner");
    expect(new FormatError("m", { cause }).cause).toBe(cause);
    expect(new DataError("m", { cause }).cause).toBe(cause);
  });
});
