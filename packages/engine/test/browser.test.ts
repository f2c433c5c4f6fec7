import { existsSync } from "node:fs";
import { kernelFn } from "ntkit";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wasmEngine } from "../src/wasm-engine.ts";
import { type Calculations, calculate, inputs, RELU } from "./browser/calculations.ts";
import type { PolicyReport } from "./browser/policy-page.ts";
import { type Bundle, bundle, serve } from "./browser/site.ts";
import type { WasmReport } from "./browser/wasm-page.ts";

const CHROMIUM = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
const MODE = there
  ? "in headless Chromium"
  : `skipped: there is no Chromium at ${CHROMIUM}; CHROMIUM_PATH says where one is`;

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

interface Visit<Report> {
  readonly report: Report;
  /** Exceptions that nobody caught, files that did not load, and lines on the console. */
  readonly complaints: readonly string[];
  readonly workers: number;
}

describe.runIf(there)(MODE, () => {
  let built: Bundle;
  let browser: Browser;
  let expected: Calculations;

  beforeAll(async () => {
    [built, browser, expected] = await Promise.all([
      bundle(`${import.meta.dirname}/browser`, ["wasm-page.ts", "js-page.ts", "policy-page.ts"]),
      chromium.launch({ executablePath: CHROMIUM, args: QUIET }),
      calculationsInNode(1),
    ]);
  });
  afterAll(() => browser?.close());

  async function visit<Report>(
    page: string,
    isolated: boolean,
    files = built.files,
    policy?: string,
  ): Promise<Visit<Report>> {
    const site = await serve(files, isolated, policy);
    const tab = await browser.newPage();
    const complaints: string[] = [];
    tab.on("pageerror", (error) => complaints.push(String(error)));
    tab.on("requestfailed", (request) => complaints.push(`${request.url()} did not load`));
    tab.on("console", (message) => complaints.push(message.text()));
    try {
      await tab.goto(`${site.url}/${page}.html`);
      const report = await tab.evaluate<Report>("trial()");
      return { report, complaints, workers: tab.workers().length };
    } finally {
      await tab.close();
      site.close();
    }
  }

  it("pages are bundled without anything of Node", () => {
    expect(built.warnings.filter((warning) => /externalized|node:/.test(warning))).toEqual([]);
    for (const [file, text] of built.files) expect(String(text), file).not.toMatch(/(from|import|require\()\s*"node:/);
    expect([...built.files.keys()].filter((file) => /worker/.test(file))).toHaveLength(1);
  });

  it("two threads give the same bits in Node", async () => {
    expect((await calculationsInNode(2)).prints).toEqual(expected.prints);
  });

  describe.each([
    { isolated: true, threads: 2, workers: 2, mostBetweenTicks: 50 },
    { isolated: false, threads: 1, workers: 0, mostBetweenTicks: 150 },
  ])("the wasm engine, cross-origin isolated: $isolated", ({ isolated, threads, workers, mostBetweenTicks }) => {
    let visited: Visit<WasmReport>;
    beforeAll(async () => {
      visited = await visit<WasmReport>("wasm-page", isolated);
    });

    it(`computes with ${threads} of its threads`, () => {
      const { report, complaints } = visited;
      expect(complaints).toEqual([]);
      expect({ ...visited, isolated: report.isolated, threads: report.threads }).toMatchObject({
        isolated,
        threads,
        workers,
      });
      expect(report.description).toBe(`WebAssembly SIMD, ${threads} ${threads === 1 ? "thread" : "threads"}`);
      expect(report.best).not.toBe("native");
    });

    it("gives the same bits as in Node, and the same eigenvalues", () => {
      const { prints, eigenvalues } = visited.report.calculations;
      expect(prints).toEqual(expected.prints);
      const largest = expected.eigenvalues.at(-1)!;
      const errors = eigenvalues.map((value, i) => Math.abs(value - expected.eigenvalues[i]!) / largest);
      expect(errors).toHaveLength(300);
      expect(Math.max(...errors)).toBeLessThan(1e-13);
    });

    it("obeys the laws of an engine", () => {
      expect(visited.report.brokenLaws).toBe("");
    });

    it("lets the page live during a long call", () => {
      const { ms, ticks } = visited.report.responsiveness;
      expect(ms / (ticks + 1)).toBeLessThan(mostBetweenTicks);
    });

    it("stops when asked and works afterwards", () => {
      expect(visited.report.abort).toEqual({ reason: "enough", sameAfterwards: true });
    });
  });

  it("a worker whose file is missing gives an error, not a wait", async () => {
    const files = new Map([...built.files].filter(([file]) => !/worker/.test(file)));
    await expect(visit("wasm-page", true, files)).rejects.toThrow(/a worker of the wasm engine stopped: /);
  });

  it.each([
    [
      "script-src 'self'; default-src 'none'; img-src data:",
      "js",
      /Content Security Policy forbids WebAssembly: .*'wasm-unsafe-eval'/,
    ],
    [
      "script-src 'self' 'wasm-unsafe-eval'; default-src 'none'; img-src data:",
      "wasm",
      /the native engine is unavailable/,
    ],
  ])("an engine is found under the policy %s", async (policy, engine, note) => {
    const { report } = await visit<PolicyReport>("policy-page", false, built.files, policy);
    expect(report.engine).toBe(engine);
    expect(report.note).toMatch(note);
    const inNode = (await kernelFn(RELU)(inputs(12, 5), null, "ntk")).data;
    expect(report.gram).toHaveLength(144);
    expect(Math.max(...report.gram.map((value, i) => Math.abs(value - inNode[i]!)))).toBeLessThan(1e-13);
  });

  it("the js engine needs nothing but ntkit", async () => {
    const { report, complaints } = await visit<number[]>("js-page", false);
    expect(complaints).toEqual([]);
    const inNode = (await kernelFn(RELU)(inputs(12, 5), null, "ntk")).data;
    const errors = report.map((value, i) => Math.abs(value - inNode[i]!));
    expect(errors).toHaveLength(144);
    expect(Math.max(...errors)).toBeLessThan(1e-13);
  });
});

async function calculationsInNode(threads: number): Promise<Calculations> {
  const wasm = await wasmEngine({ threads });
  if ("unavailable" in wasm) throw new Error(wasm.unavailable);
  const calculations = await calculate(wasm.engine);
  wasm.pool.close();
  return calculations;
}
