import { quoted } from "ntkit";

/** The value of a JSON text. Throws a SyntaxError that says line and column, both from 1, what must stand there and what does. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(complaint(text), { cause: error });
  }
}

/** What must come next, in words. */
const EXPECTED = {
  value: "a value",
  item: "a value or ]",
  field: "a name in quotes or }",
  name: "a name in quotes",
  colon: "a colon",
  inList: "a comma or ]",
  inObject: "a comma or }",
  end: "the end",
} as const;
type State = keyof typeof EXPECTED;

type Token = "[" | "]" | "{" | "}" | "," | ":" | "string" | "scalar" | "other";

/** Where a token leads: `done` ends a value, `close` a list or an object. What is not there is wrong. */
const NEXT: Readonly<Record<State, Readonly<Partial<Record<Token, State | "done" | "close">>>>> = {
  value: { "[": "item", "{": "field", string: "done", scalar: "done" },
  item: { "[": "item", "{": "field", string: "done", scalar: "done", "]": "close" },
  field: { string: "colon", "}": "close" },
  name: { string: "colon" },
  colon: { ":": "value" },
  inList: { ",": "value", "]": "close" },
  inObject: { ",": "name", "}": "close" },
  end: {},
};

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;

/** Where a text that is no JSON breaks its grammar. */
function complaint(text: string): string {
  const inside: ("inList" | "inObject")[] = [];
  let state: State = "value";
  let at = matchAt(SPACE, text, 0).length;
  for (;;) {
    const { token, length } = tokenAt(text, at);
    const next: State | "done" | "close" | undefined = NEXT[state][token];
    if (next === undefined) return `${placeIn(text, at)}: expected ${EXPECTED[state]}, got ${foundAt(text, at)}`;
    if (next === "item") inside.push("inList");
    if (next === "field") inside.push("inObject");
    if (next === "close") inside.pop();
    state = next === "done" || next === "close" ? (inside.at(-1) ?? "end") : next;
    at += length;
    at += matchAt(SPACE, text, at).length;
  }
}

function tokenAt(text: string, at: number): { readonly token: Token; readonly length: number } {
  const mark = text[at] ?? "";
  if (mark !== "" && "[]{},:".includes(mark)) return { token: mark as Token, length: 1 }; // one of those six
  const [string, scalar] = [matchAt(STRING, text, at), matchAt(SCALAR, text, at)];
  if (string !== "") return { token: "string", length: string.length };
  return scalar === "" ? { token: "other", length: 0 } : { token: "scalar", length: scalar.length };
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

function placeIn(text: string, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|\r|\n/);
  return `line ${lines.length}, column ${[...lines.at(-1)!].length + 1}`;
}

function foundAt(text: string, at: number): string {
  return at >= text.length ? "the end of the file" : quoted(matchAt(/[\s\S]\S{0,19}/uy, text, at));
}
