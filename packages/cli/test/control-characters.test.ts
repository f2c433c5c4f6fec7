import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
const at = (name: string) => folder.at(name);
/** A colour, a title of the window, a back space, C1, a turn of direction, what markup is made of, and what XML cannot hold. */
const HOSTILE = `\x1b[31mred\x1b]0;t\x07\b\x9b\u202e<b a="1">&amp;&\ufffe`;
const column = (name: string) => `"${`${name}${HOSTILE}`.replaceAll('"', '""')}"`;

beforeAll(() => {
  const rows = smoothRows(40);
  const table = (target: (y: number) => unknown) =>
    [
      [column("a"), column("b"), column("same"), column("y")].join(","),
      ...rows.map(([a, b, y]) => [a, b, 1, target(y!)].join(",")),
    ].join("\n");
  folder.file(
    "numbers.csv",
    table((y) => y),
  );
  folder.file(
    "classes.csv",
    table((y) => column(y > 0.3 ? "high" : "low")),
  );
  const layers = [{ type: "dense", width: 4 }, { type: "relu" }, { type: "dense", width: 1 }];
  folder.file("net.json", JSON.stringify({ type: "serial", layers }));
});
afterAll(() => folder.remove());

const UNPRINTABLE = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

async function printsSafely(...argv: readonly string[]): Promise<string> {
  const { stdout, stderr } = await ntkit(...argv);
  expect(stdout).not.toMatch(UNPRINTABLE);
  expect(stderr).not.toMatch(UNPRINTABLE);
  return stdout + stderr;
}

/** Whether nothing in it stops an XML parser: all it holds are allowed characters, and every & begins an entity. */
function expectWellFormed(name: string): void {
  const text = readFileSync(at(name), "utf8");
  expect(text).toContain("red");
  expect(text).not.toMatch(UNPRINTABLE);
  expect(text).not.toMatch(/[\ufffe\uffff]/);
  expect(text.replace(/&(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);/gi, "")).not.toContain("&");
  expect(text).not.toContain("<b ");
}

const target = ["--target", `y${HOSTILE}`] as const;

describe("control characters in names of columns, classes and files are shown as escapes", () => {
  it("by fit and predict, in text and pictures", async () => {
    for (const name of ["numbers", "classes"]) {
      const fit = ["fit", at(`${name}.csv`), ...target, "--plot", at(`${name}.svg`), "--out", at(`${name}.ntkit`)];
      const report = await printsSafely(...fit);
      expect(report).toContain(String.raw`\x1b[31mred\x1b]0;t\x07\x08\x9b\u202e<b a="1">`);
      expect(report).toContain("left out: column");
      expectWellFormed(`${name}.svg`);
      await printsSafely("describe", at(`${name}.ntkit`));
      await printsSafely("predict", at(`${name}.ntkit`), at(`${name}.csv`), "--out", at(`${name}.parquet`));
      await printsSafely("predict", at(`${name}.ntkit`), at("net.json"));
    }
  });

  it("by train and certify", async () => {
    const rest = [...target, "--network", at("net.json"), "--steps", "5", "--engine", "js"];
    await printsSafely("train", at("numbers.csv"), ...rest, "--width", "4,inf", "--plot", at("train.svg"));
    expectWellFormed("train.svg");
    await printsSafely("train", at("classes.csv"), ...rest, "--width", "4");
    const certify = [
      "certify",
      at("numbers.csv"),
      ...rest,
      "--width",
      "4",
      "--draws",
      "1",
      "--plot",
      at("certify.svg"),
    ];
    await printsSafely(...certify);
    expectWellFormed("certify.svg");
  });

  it("in messages", async () => {
    for (const argv of [
      ["fit", at("numbers.csv"), "--target", `x${HOSTILE}`],
      ["fit", at(`no${HOSTILE}.csv`), ...target],
      ["fit", at("numbers.csv"), ...target, `--${HOSTILE}`],
      ["fit", at("numbers.csv"), ...target, "--task", HOSTILE],
      [HOSTILE],
    ])
      expect(await printsSafely(...argv)).toContain(String.raw`\x1b[31mred`);
  });
});
