import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNtkError, NetworkError } from "../../src/errors.ts";
import { kernelFn } from "../../src/kernel/kernel-fn.ts";
import { relu } from "../../src/layers/activation-layers.ts";
import { dense } from "../../src/layers/dense.ts";
import { fanInConcat } from "../../src/layers/fan-in-concat.ts";
import { fanOut } from "../../src/layers/fan-out.ts";
import { identity } from "../../src/layers/identity.ts";
import { networkFile, parseNetwork } from "../../src/layers/network-file.ts";
import { parallel } from "../../src/layers/parallel.ts";
import { fieldsOf, LAYER_TYPES } from "../../src/layers/registry.ts";
import { repeat } from "../../src/layers/repeat.ts";
import { serial } from "../../src/layers/serial.ts";
import type { Layer } from "../../src/layers/spec.ts";
import { fromRows } from "../../src/matrix/matrix.ts";
import { LAYER_EXAMPLES } from "../../src/testing/layer-examples.ts";

const named = LAYER_EXAMPLES.map(([type, network]) => [`${type}: ${JSON.stringify(network)}`, network] as const);

/** The message and the path of the NetworkError that parsing must throw. */
function refusal(value: unknown): NetworkError {
  try {
    parseNetwork(value);
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("a network is data", () => {
  it.each(named)("%s", (_, network) => {
    const parsed = parseNetwork(network);
    expect(parseNetwork(JSON.parse(JSON.stringify(network)))).toEqual(parsed);
    expect(parseNetwork(structuredClone(network))).toEqual(parsed);
    expect(parseNetwork(parsed)).toEqual(parsed);
    expect(parseNetwork(networkFile(network))).toEqual(parsed);
    expect(parseNetwork(JSON.parse(JSON.stringify(networkFile(network))))).toEqual(parsed);
    expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
  });

  it.each(named)("parsing leaves its input as it was, even frozen: %s", (_, network) => {
    const before = JSON.stringify(network);
    parseNetwork(deepFreeze(structuredClone(network)));
    parseNetwork(network);
    expect(JSON.stringify(network)).toBe(before);
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

describe("anything at all is parsed or refused by name", () => {
  const child = fc.letrec((tie) => ({
    layer: fc.oneof(
      { maxDepth: 4 },
      fc.record(
        {
          type: fc.oneof(fc.constantFrom(...LAYER_TYPES), fc.string(), fc.constantFrom("toString", "__proto__")),
          width: fc.oneof(fc.integer(), fc.anything()),
          wStd: fc.oneof(fc.double(), fc.anything()),
          degree: fc.integer({ min: -2, max: 30 }),
          layers: fc.oneof(fc.array(tie("layer"), { maxLength: 3 }), fc.anything()),
          branches: fc.array(tie("layer"), { maxLength: 3 }),
          layer: tie("layer"),
          times: fc.integer(),
        },
        { requiredKeys: ["type"] },
      ),
      fc.anything({ withBigInt: true, withNullPrototype: true }),
    ),
  })).layer;

  it("never another error", () => {
    fc.assert(
      fc.property(child, (value) => {
        try {
          const parsed = parseNetwork(value);
          expect(parseNetwork(parsed)).toEqual(parsed);
        } catch (error) {
          if (!isNtkError(error, "network")) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("wrong types", () => {
  it.each([
    ["Relu", "relu"],
    ["dens", "dense"],
    ["leakyrelu", "leakyRelu"],
    ["fanInsum", "fanInSum"],
    ["gelu2", "gelu"],
  ])("%s", (typed, meant) => {
    const error = refusal({ type: "serial", layers: [{ type: "dense", width: 1 }, { type: typed }] });
    expect(error.path).toBe("layers[1]");
    expect(error.message).toBe(`layers[1]: unknown layer type "${typed}" (did you mean "${meant}"?)`);
  });

  it.each(["conv", "attention", "cso2"])("no layer is near %s", (type) => {
    expect(refusal({ type }).message).toMatch(
      `unknown layer type "${type}": ntkit has no such layer; it has serial, parallel,`,
    );
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", ""])(
    "names that every object has are no layers: %s",
    (type) => {
      expect(refusal({ type }).message).toContain(`unknown layer type "${type}"`);
      expect(refusal(serial({ type } as unknown as Layer)).path).toBe("layers[0]");
    },
  );

  it.each([[undefined], [null], [3], ["relu"], [[]], [{}], [{ type: 3 }], [12n], [() => 1], [new Map()]])(
    "%s is no layer",
    (value) => expect(refusal(value).message).toContain('a layer must be an object with a "type"'),
  );

  it("says every known type when none is near", () => {
    expect(refusal({ type: "transformer" }).message).toContain(LAYER_TYPES.join(", "));
  });
});

describe("wrong fields", () => {
  it.each(LAYER_TYPES)("an unknown field of %s", (type) => {
    const error = refusal({ type, surprise: 1 });
    expect(error.message).toContain(`unknown field "surprise" of ${type}`);
    for (const field of Object.keys(fieldsOf(type))) expect(error.message).toContain(field);
  });

  it.each(LAYER_TYPES.filter((type) => Object.keys(fieldsOf(type)).length > 0))("the nearest field of %s", (type) => {
    for (const field of Object.keys(fieldsOf(type)).filter((name) => name.length > 2))
      expect(refusal({ type, [`${field}x`]: 1 }).message).toContain(`(did you mean "${field}"?)`);
  });

  it("a field named __proto__, as JSON.parse makes it, is unknown like any other", () => {
    const value = JSON.parse('{ "type": "dense", "width": 1, "__proto__": { "wStd": 3 } }');
    expect(refusal(value).message).toContain('unknown field "__proto__" of dense');
    expect(refusal({ type: "relu", constructor: 1 }).message).toContain('unknown field "constructor" of relu');
  });

  it.each(LAYER_TYPES)("a field of %s that must be given and is not", (type) => {
    const needed = Object.entries(fieldsOf(type)).filter(([, field]) => field.default === undefined);
    if (needed.length > 0) expect(refusal({ type }).message).toContain(`${type} needs the field "${needed[0]![0]}"`);
  });

  it.each([
    [{ type: "serial" }, 'serial needs the field "layers"'],
    [{ type: "parallel" }, 'parallel needs the field "branches"'],
    [{ type: "repeat", times: 2 }, 'repeat needs the field "layer"'],
    [{ type: "serial", layers: {} }, 'serial needs the field "layers", a list of layers'],
    [{ type: "serial", layers: [] }, "layers of serial must hold at least one layer"],
    [{ type: "parallel", branches: [] }, "branches of parallel must hold at least one layer"],
  ])("%o", (value, message) => expect(refusal(value).message).toContain(message));

  it.each(LAYER_TYPES)("values of the wrong kind for the fields of %s", (type) => {
    const fields = Object.entries(fieldsOf(type));
    for (const [name, { kind }] of fields) {
      const wrong = ["__proto__", Number.NaN, Infinity, -Infinity, null, true, {}, [], [Number.NaN], 12n, ""];
      for (const value of kind === "text" ? wrong.slice(1) : wrong) {
        const others = Object.fromEntries(fields.map(([other]) => [other, other === "coef" ? [1] : 1]));
        const error = refusal({ ...others, type, [name]: value });
        expect(error.message, `${type} ${name} ${String(value)}`).toMatch(/ must be .*, got /);
      }
    }
  });

  it.each([
    [{ type: "dense", width: 0 }, "width of dense must be an integer of at least 1, got 0"],
    [{ type: "dense", width: 1.5 }, "got 1.5"],
    [{ type: "dense", width: 1, wStd: -1 }, "wStd of dense must be a finite number of at least 0, got -1"],
    [{ type: "dense", width: 1, wStd: Number.NaN }, "got NaN"],
    [
      { type: "dense", width: 1, parameterization: "Ntk" },
      'must be one of ntk, standard, got "Ntk" (did you mean "ntk"?)',
    ],
    [{ type: "dropout", keep: 0 }, "keep of dropout must be a finite number above 0 and at most 1, got 0"],
    [{ type: "dropout", keep: 1.1 }, "got 1.1"],
    [{ type: "rbf", gamma: 0 }, "gamma of rbf must be a finite number above 0, got 0"],
    [{ type: "gaussian", b: 1 }, "b of gaussian must be"],
    [{ type: "monomial", degree: -1 }, "degree of monomial must be an integer from 0 to 20, got -1"],
    [
      { type: "repeat", layer: { type: "relu" }, times: 0 },
      "times of repeat must be an integer from 1 to 10000, got 0",
    ],
    [{ type: "polynomial", coef: [] }, "coef of polynomial must be a list of 1 to 101 finite numbers, got []"],
  ])("%o", (value, message) => expect(refusal(value).message).toContain(message));

  it("null is not the default: NaN becomes null in JSON", () => {
    const saved = JSON.parse(JSON.stringify(dense({ width: 1, wStd: Number.NaN })));
    expect(refusal(saved).message).toContain("wStd of dense must be a finite number of at least 0, got null");
  });
});

describe("the place of a layer", () => {
  const wrong = { type: "dense", width: -1 };
  const ok = { type: "relu" };
  it.each([
    ["", wrong],
    ["layers[1]", { type: "serial", layers: [ok, wrong] }],
    ["layers[2].branches[1].layers[0]", serialOf(ok, ok, { type: "parallel", branches: [ok, serialOf(wrong)] })],
    ["layers[0].layer", serialOf({ type: "repeat", times: 3, layer: wrong })],
  ])("%s", (path, value) => {
    expect(refusal(value).path).toBe(path);
    expect(refusal({ format: "ntkit-network", version: 1, network: value }).path).toBe(path);
  });
});

function serialOf(...layers: unknown[]): unknown {
  return { type: "serial", layers };
}

describe("network files", () => {
  it.each([
    [{ format: "ntkit", version: 1, network: relu() }, 'must be "ntkit-network", got "ntkit"'],
    [{ format: "ntkit-network", version: 2, network: relu() }, "version 2 of the network file is not known"],
    [{ format: "ntkit-network", version: "1", network: relu() }, 'version "1"'],
    [{ format: "ntkit-network", network: relu() }, "version undefined"],
    [{ format: "ntkit-network", version: 1, netwrk: relu() }, '"netwrk" of a network file (did you mean "network"?)'],
    [{ format: "ntkit-network", version: 1 }, 'a layer must be an object with a "type", got undefined'],
  ])("%o", (value, message) => expect(refusal(value).message).toContain(message));
});

describe("nesting", () => {
  const nested = (depth: number): Layer =>
    Array.from({ length: depth }).reduce<Layer>((inner) => serial(inner), dense({ width: 1 }));

  it("a layer that contains itself is refused", () => {
    const layers: Layer[] = [dense({ width: 1 })];
    const loop = serial(...layers) as { layers: Layer[] } & Layer;
    (loop.layers as Layer[]).push(loop);
    expect(refusal(loop).message).toContain("a layer contains itself");
    const again = { ...repeat(relu(), 2) } as { layer: Layer } & Layer;
    again.layer = again;
    expect(refusal(again).message).toContain("a layer contains itself");
  });

  it("ten thousand levels are refused, a hundred are computed", async () => {
    expect(refusal(nested(10_000)).message).toContain("nested more than 100 deep");
    const x = fromRows([[1, 2]]);
    const gram = await kernelFn(nested(100))(x, null, "ntk");
    expect(gram.data[0]).toBe(2.5);
  });
});

describe("what a description unrolls to", () => {
  const row = (...layers: Layer[]): Layer => serial(...layers);
  const joined = (copies: number): Layer => row(fanOut(copies), fanInConcat());

  it.each<[string, Layer, string, string]>([
    [
      "layers",
      row(relu(), repeat(repeat(relu(), 400), 400)),
      "layers[1]",
      "repeat holds 160401 layers once repeats are unrolled",
    ],
    [
      "layers in a row",
      row(...[0, 1, 2].map(() => repeat(repeat(relu(), 200), 200))),
      "",
      "serial holds 120604 layers",
    ],
    [
      "one fan-in",
      row(dense({ width: 4 }), fanOut(10_000), fanInConcat()),
      "layers[2]",
      "joins 49995000 pairs of branches",
    ],
    ["fan-ins in a row", row(...Array.from({ length: 30 }, () => joined(100))), "", "serial joins 148500 pairs"],
    ["a repeated fan-in", row(repeat(joined(100), 30)), "layers[0]", "repeat joins 148500 pairs of branches"],
    [
      "copies of copies",
      row(fanOut(200), fanOut(200)),
      "layers[1]",
      "fanOut gives 40000 branches, 2 deep; at most 10000",
    ],
    ["repeated copies", repeat(fanOut(2), 10_000), "layer", "fanOut gives 16384 branches, 14 deep"],
    ["branches without end", repeat(fanOut(1), 10_000), "layer", "fanOut gives 1 branches, 101 deep"],
    [
      "copies in one branch of several",
      row(fanOut(2), parallel(fanOut(1), fanOut(1000)), parallel(identity(), fanInConcat())),
      "layers[2].branches[1]",
      "fanInConcat joins 499500 pairs of branches, at most 100000 are allowed",
    ],
  ])("%s", (_, network, path, message) => {
    const started = performance.now();
    const error = refusal(network);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(error.message).toContain(message);
    expect(error.path).toBe(path);
  });

  it("counts branches as often as they are joined, whatever the rest repeats", () => {
    expect(() => parseNetwork(repeat(joined(60), 50))).not.toThrow(); // 50 · 60 · 59/2 pairs
    expect(refusal(repeat(joined(60), 60)).message).toContain("joins 106200 pairs");
    expect(() => parseNetwork(row(joined(447)))).not.toThrow();
    expect(refusal(row(joined(448))).path).toBe("layers[0].layers[1]");
  });

  it("a polynomial has at most 101 coefficients", () => {
    const coef = (count: number) => ({ type: "polynomial", coef: new Array(count).fill(1) });
    expect(() => parseNetwork(coef(101))).not.toThrow();
    expect(refusal(coef(20_000)).message).toBe(
      "coef of polynomial must be a list of 1 to 101 finite numbers, got 20000",
    );
  });

  it("a field nested a hundred thousand deep is a sentence", () => {
    const deep = (open: string, close: string) => JSON.parse(`${open.repeat(1e5)}1${close.repeat(1e5)}`);
    expect(refusal({ type: "dense", width: deep("[", "]") }).message).toContain("width of dense must be an integer");
    expect(refusal(deep('{"type":"serial","layers":[', "]}")).message).toContain("nested more than 100 deep");
  });
});
