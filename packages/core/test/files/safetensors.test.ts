import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { crc32 } from "../../src/files/crc32.ts";
import { decodeSafetensors, encodeChecked, encodeSafetensors, type Safetensors } from "../../src/files/safetensors.ts";

/** Written by Python: numpy 2.4.6, safetensors 0.8.0, `save({"b": [[1.5, -2], [.25, 1e300]], "a": [pi], "empty": (0, 3)}, metadata={"origin": "python"})`. */
const FROM_PYTHON =
  "0AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJvcmlnaW4iOiJweXRob24ifSwiYSI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJiIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOls4LDQwXX0sImVtcHR5Ijp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlswLDNdLCJkYXRhX29mZnNldHMiOls0MCw0MF19fSAgGC1EVPshCUAAAAAAAAD4PwAAAAAAAADAAAAAAAAA0D+cdQCIPOQ3fg==";

/** The same with two float16 zeros named "half". */
const HALVES_FROM_PYTHON =
  "QAAAAAAAAAB7ImhhbGYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlswLDRdfX0gICAgICAgAAAAAA==";

const fromBase64 = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

/** A file with this header and that many bytes of data. */
function fileWith(header: unknown, data = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const headerOf = (bytes: Uint8Array) =>
  JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + bytes[0]! + 256 * bytes[1]!)));

/** The CRC at the end of what zlib packs, where it stands before the length. */
const zlibCrc32 = (bytes: Uint8Array): number => gzipSync(bytes).readUInt32LE(gzipSync(bytes).length - 8);

const name = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "toString", "ü"));
const contents: fc.Arbitrary<Safetensors> = fc
  .record({
    metadata: fc.dictionary(fc.string(), fc.string({ unit: "binary" })),
    tensors: fc.array(fc.tuple(name, fc.array(fc.double())), { maxLength: 4 }),
  })
  .map(({ metadata, tensors }) => ({
    metadata: { ...metadata },
    tensors: Object.fromEntries(
      tensors
        .filter(([key]) => key !== "__metadata__")
        .map(([key, values]) => [key, { shape: [values.length], data: Float64Array.from(values) }]),
    ),
  }));

describe("laws", () => {
  it("decode ∘ encode is the identity, bit for bit, from any position in memory", () => {
    fc.assert(
      fc.property(contents, fc.integer({ min: 0, max: 9 }), (file, offset) => {
        const bytes = encodeSafetensors(file);
        const memory = new Uint8Array(bytes.length + 20);
        memory.set(bytes, offset);
        const decoded = decodeSafetensors(memory.subarray(offset, offset + bytes.length), "f");
        expect({ ...decoded.metadata }).toEqual({ ...file.metadata });
        expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(file.tensors).sort());
        for (const [key, { shape, data }] of Object.entries(file.tensors)) {
          const own = Object.entries(decoded.tensors).find(([other]) => other === key)![1];
          expect(own.shape).toEqual(shape);
          expect(Buffer.from(own.data.buffer)).toEqual(Buffer.from(data.buffer));
        }
      }),
    );
  });

  it("arrays start at a multiple of 8", () => {
    fc.assert(
      fc.property(contents, (file) => {
        const bytes = encodeSafetensors(file);
        expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
      }),
    );
  });

  it("any bytes at all are decoded or refused by name", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.json({ maxDepth: 3 }).map((header) => fileWith(header, 16)),
      fc
        .dictionary(
          name,
          fc.record({ dtype: fc.constantFrom("F64", "F32"), shape: fc.anything(), data_offsets: fc.anything() }),
        )
        .map((header) =>
          fileWith(JSON.parse(JSON.stringify(header, (_, v) => (typeof v === "bigint" ? 1 : v)) ?? "{}"), 16),
        ),
    );
    fc.assert(
      fc.property(bytes, (file) => {
        try {
          decodeSafetensors(file, "f");
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("files of the Python package", () => {
  it("are read", () => {
    const { metadata, tensors } = decodeSafetensors(fromBase64(FROM_PYTHON), "f");
    expect(metadata).toEqual({ origin: "python" });
    expect(tensors).toEqual({
      a: { shape: [1], data: Float64Array.of(Math.PI) },
      b: { shape: [2, 2], data: Float64Array.of(1.5, -2, 0.25, 1e300) },
      empty: { shape: [0, 3], data: new Float64Array(0) },
    });
  });

  it("are what we write, byte for byte, given the same order", () => {
    const { metadata, tensors } = decodeSafetensors(fromBase64(FROM_PYTHON), "f");
    expect(Buffer.from(encodeSafetensors({ metadata, tensors })).toString("base64")).toBe(FROM_PYTHON);
  });

  it("of half precision are read", () => {
    expect(decodeSafetensors(fromBase64(HALVES_FROM_PYTHON), "f").tensors).toEqual({
      half: { shape: [2], data: Float64Array.of(0, 0) },
    });
  });
});

describe("narrower numbers are widened exactly", () => {
  /** The bits of a number as a 16-bit type has them, and its value. */
  const halves: readonly (readonly [number, number])[] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x83ff, -1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, Number.NaN],
  ];
  const brains: readonly (readonly [number, number])[] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -133],
    [0x3f80, 1],
    [0xc040, -3],
    [0x4049, 3.140625],
    [0x7f7f, 255 * 2 ** 120],
    [0xff80, -Infinity],
    [0x7fc0, Number.NaN],
  ];

  it.each([
    ["F16", halves],
    ["BF16", brains],
  ])("%s", (dtype, pairs) => {
    const bytes = fileWith(
      { x: { dtype, shape: [pairs.length], data_offsets: [0, 2 * pairs.length] } },
      2 * pairs.length,
    );
    const view = new DataView(bytes.buffer, bytes.length - 2 * pairs.length);
    pairs.forEach(([bits], i) => {
      view.setUint16(2 * i, bits, true);
    });
    const { data } = decodeSafetensors(bytes, "f").tensors["x"]!;
    pairs.forEach(([bits, value], i) => {
      expect(data[i], bits.toString(16)).toBe(value);
    });
  });

  it("every half is the nearest one to its value", () => {
    const bytes = fileWith({ x: { dtype: "F16", shape: [2 ** 16], data_offsets: [0, 2 ** 17] } }, 2 ** 17);
    const view = new DataView(bytes.buffer, bytes.length - 2 ** 17);
    for (let bits = 0; bits < 2 ** 16; bits++) view.setUint16(2 * bits, bits, true);
    const { data } = decodeSafetensors(bytes, "f").tensors["x"]!;
    for (let bits = 0; bits < 0x7c00; bits++) {
      expect(data[bits + 1]! > data[bits]!).toBe(true);
      expect(data[bits + 0x8000]).toBe(-data[bits]!);
      const ulp = 2 ** (Math.max(1, bits >> 10) - 25);
      if (bits < 0x7bff) expect(data[bits + 1]! - data[bits]!).toBe(ulp);
    }
  });

  it("F32", () => {
    fc.assert(
      fc.property(fc.array(fc.float()), (values) => {
        const data = Float32Array.from(values);
        const bytes = fileWith(
          { x: { dtype: "F32", shape: [values.length], data_offsets: [0, data.byteLength] } },
          data.byteLength,
        );
        bytes.set(new Uint8Array(data.buffer), bytes.length - data.byteLength);
        expect(decodeSafetensors(bytes, "f").tensors["x"]!.data).toEqual(Float64Array.from(data));
      }),
    );
  });

  it("whole numbers are refused by their name", () => {
    const bytes = fileWith({ n: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, 8);
    expect(() => decodeSafetensors(bytes, "f")).toThrow('f: array "n" is of type I64, ntkit reads F64, F32, F16, BF16');
  });
});

describe("the checksum", () => {
  it("is the CRC-32 of zip: what zlib gives, in one piece and in several", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (bytes, cut) => {
        expect(crc32(bytes)).toBe(zlibCrc32(bytes));
        const at = cut % (bytes.length + 1);
        expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(crc32(bytes));
      }),
    );
  });

  it("says that something was changed, wherever it was, or nothing did change", () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (file, place, change) => {
        const bytes = encodeChecked(file);
        expect(decodeSafetensors(bytes, "f")).toEqual(decodeSafetensors(encodeSafetensors(file), "f"));
        const damaged = bytes.slice();
        damaged[place % bytes.length]! ^= change;
        let decoded: Safetensors | undefined;
        try {
          decoded = decodeSafetensors(damaged, "f");
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
        // Only the name of the checksum itself may go unseen: then the rest is as it was.
        if (decoded) expect(decoded.tensors).toEqual(decodeSafetensors(bytes, "f").tensors);
      }),
      { numRuns: 2000 },
    );
  });

  it("does not mind in which order a file names its contents", () => {
    const tensors = { b: { shape: [2], data: Float64Array.of(1, 2) }, a: { shape: [1], data: Float64Array.of(3) } };
    const { __metadata__: metadata, a, b } = headerOf(encodeChecked({ metadata: { x: "1", w: "2" }, tensors }));
    const { ntkit_crc32: crc, ...others } = metadata;
    const again = fileWith({ a, __metadata__: { ntkit_crc32: crc, w: others.w, x: others.x }, b }, 24);
    again.set(new Uint8Array(Float64Array.of(1, 2, 3).buffer), again.length - 24);
    expect(decodeSafetensors(again, "f")).toEqual({ metadata: { x: "1", w: "2" }, tensors });
    again[again.length - 1]! ^= 1;
    expect(() => decodeSafetensors(again, "f")).toThrow(/^f was changed after it was written: its contents have the/);
  });
});

describe("refusals", () => {
  const entry = (shape: unknown, offsets: unknown, dtype: unknown = "F64") => ({
    x: { dtype, shape, data_offsets: offsets },
  });
  it.each([
    ["empty", new Uint8Array(0), "not a safetensors file"],
    ["text", new TextEncoder().encode("a,b,c\n1,2,3\n4,5,6"), "not a safetensors file"],
    ["a list", fileWith([]), "not a safetensors file"],
    ["no JSON", fileWith("{nonsense}"), "its header cannot be read"],
    ["no UTF-8", fileWith(`{${String.fromCharCode(34)}`, 0).fill(0xff, 9), "its header cannot be read"],
    ["a length beyond the file", fileWith("{}").fill(9, 0, 1), "truncated"],
    ["a length beyond everything", fileWith("{}").fill(0xff, 0, 8), "not a safetensors file"],
    ["a null entry", fileWith({ x: null }), "the shape of array"],
    ["no type", fileWith(entry([1], [0, 8], null), 8), "is of type null"],
    [
      "a type that is no text",
      fileWith(entry([1], [0, 8], { toString: 1, valueOf: 2 }), 8),
      'of type {"toString":1,"valueOf":2}',
    ],
    ["no shape", fileWith(entry(undefined, [0, 8]), 8), "the shape of array"],
    ["a negative size", fileWith(entry([-1], [0, 8]), 8), "the shape of array"],
    ["a fraction", fileWith(entry([1.5], [0, 12]), 12), "the shape of array"],
    ["three offsets", fileWith(entry([1], [0, 8, 16]), 16), "the shape of array"],
    ["a size that differs", fileWith(entry([2], [0, 8]), 8), "has the wrong size"],
    ["offsets backwards", fileWith(entry([1], [8, 0]), 8), "has the wrong size"],
    ["data that is not there", fileWith(entry([2], [0, 16]), 8), "is truncated"],
    ["a size beyond memory", fileWith(entry([2 ** 49], [0, 2 ** 52]), 8), "is truncated"],
    ["sizes whose product overflows", fileWith(entry([1e200, 1e200], [0, 8]), 8), "has the wrong size"],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "weights.bin")).toThrow(FormatError);
    expect(() => decodeSafetensors(bytes, "weights.bin")).toThrow(message);
    expect(() => decodeSafetensors(bytes, "weights.bin")).toThrow("weights.bin");
  });
});
