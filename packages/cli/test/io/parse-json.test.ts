import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/io/parse-json.ts";

const complaint = (text: string): string => {
  try {
    parseJson(text);
  } catch (error) {
    return (error as SyntaxError).message;
  }
  return "none";
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("parseJson", () => {
  it.each([
    ["", "line 1, column 1: expected a value, got the end of the file"],
    ['{"type": "serial",\n "layers', 'line 2, column 2: expected a name in quotes, got "\\"layers"'],
    ['{\n  "a": x\n}', 'line 2, column 8: expected a value, got "x"'],
    ["[1,\r\n2,\r\n]", 'line 3, column 1: expected a value, got "]"'],
    ["[1 2]", 'line 1, column 4: expected a comma or ], got "2]"'],
    ['{"a" 1}', 'line 1, column 6: expected a colon, got "1}"'],
    ['{"a":1 "b":2}', 'line 1, column 8: expected a comma or }, got "\\"b\\":2}"'],
    ["{a:1}", 'line 1, column 2: expected a name in quotes or }, got "a:1}"'],
    ["{} {}", 'line 1, column 4: expected the end, got "{}"'],
    ["[NaN]", 'line 1, column 2: expected a value or ], got "NaN]"'],
    ["[01]", 'line 1, column 2: expected a value or ], got "01]"'],
    ["[\"é😀\", 'a']", "line 1, column 8: expected a value, got \"'a']\""],
    [`["${"x".repeat(1e6)}`, `line 1, column 2: expected a value or ], got "\\"${"x".repeat(19)}"`],
  ])("%j", (text, message) => expect(complaint(text)).toBe(message));

  it("reads what JSON.parse reads, and finds something wrong with everything else", () => {
    const json = fc.json().map((text) => [...text]);
    const damage = fc.record({ at: fc.nat(), put: fc.constantFrom("", "x", ",", "}", "]", '"', "{", "\n", "1", ":") });
    fc.assert(
      fc.property(json, fc.array(damage, { maxLength: 3 }), (letters, changes) => {
        for (const { at, put } of changes) letters[at % letters.length] = put;
        const text = letters.join("");
        if (isJson(text)) expect(parseJson(text)).toEqual(JSON.parse(text));
        else expect(complaint(text)).toMatch(/^line \d+, column \d+: expected /);
      }),
      { numRuns: 2000 },
    );
  });

  it("what stands before the place could go on as JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, cut) => {
        const broken = `${text.slice(0, cut % text.length)}\u0007`;
        const [, line, column] = /^line (\d+), column (\d+)/.exec(complaint(broken))!.map(Number);
        expect([line, column! <= [...broken].length]).toEqual([1, true]);
      }),
    );
  });
});
