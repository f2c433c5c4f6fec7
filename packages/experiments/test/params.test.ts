import { describe, expect, it } from "vitest";
import { count, counts, parseParam, real, reals, resolveParams } from "../src/params.ts";
import { EXPERIMENTS } from "../src/registry.ts";

const specs = {
  n: count("points", 20, { quick: 5, max: 100 }),
  rates: reals("rates", [0.1, 0.2]),
  noise: real("noise", 0.5),
};

describe("parameters", () => {
  it("are the full ones, the quick ones where there are, or those that are set", () => {
    expect(resolveParams(specs)).toEqual({ n: 20, rates: [0.1, 0.2], noise: 0.5 });
    expect(resolveParams(specs, { quick: true, set: { noise: 1 } })).toEqual({ n: 5, rates: [0.1, 0.2], noise: 1 });
  });

  it("are read from text", () => {
    expect(parseParam(specs, "n=7")).toEqual(["n", 7]);
    expect(parseParam(specs, "rates= 1e-3, 2")).toEqual(["rates", [1e-3, 2]]);
  });

  it.each([
    ["n=0", /n must be a whole number from 1 to 100 \(points\), got 0/],
    ["n=1e400", /got 1e400/],
    ["rates=1,,2", /rates must be a number from 0 to 1e\+300 \(rates\), got 1,,2/],
    ["nosie=1", /no parameter "nosie": there is n, rates, noise \(did you mean "noise"\?\)/],
    ["constructor=1", /no parameter "constructor"/],
    ["n=1=2", /write name=value/],
    ["=1", /no parameter ""/],
  ])("%s is refused", (text, message) => {
    expect(() => parseParam(specs, text)).toThrow(message);
  });

  it("of a program are checked too", () => {
    expect(() => resolveParams(specs, { set: { n: [1] } })).toThrow(/n is one number/);
    expect(() => resolveParams(specs, { set: { rates: [] } })).toThrow(/rates is a list of numbers/);
    expect(() => resolveParams({ k: counts("widths", [1]) }, { set: { k: [1.5] } })).toThrow(/whole number/);
  });
});

describe("every experiment", () => {
  it("has a name of its own and says what it varies", () => {
    const ids = EXPERIMENTS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, title, claim, source, items, params } of EXPERIMENTS) {
      expect(id).toMatch(/^[a-z][a-z0-9-]+$/);
      for (const text of [title, claim, source]) expect(text.length).toBeGreaterThan(3);
      expect(items.length + source.length).toBeGreaterThan(0);
      resolveParams(params);
      resolveParams(params, { quick: true });
    }
  });
});
