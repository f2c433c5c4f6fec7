import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXPERIMENTS, type ExperimentResult } from "@ntkit/experiments";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle, serve } from "../../engine/test/browser/site.ts";
import { type Finished, ntkit } from "./command-line.ts";

const CHROMIUM = process.env["CHROMIUM_PATH"] || "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
const MINUTES = 60_000;

const folder = mkdtempSync(join(tmpdir(), "ntkit-reproduce-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each experiment's findings in headless Chromium, as JSON; none without it. */
async function findingsInChromium(): Promise<readonly string[]> {
  if (!there) return [];
  const built = await bundle(join(import.meta.dirname, "browser"), ["findings-page.ts"]);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  const site = await serve(built.files, true);
  try {
    const tab = await browser.newPage();
    await tab.goto(`${site.url}/findings-page.html`);
    return await tab.evaluate<readonly string[]>("trial()");
  } finally {
    await browser.close();
    site.close();
  }
}

describe("ntkit reproduce all --quick", () => {
  let finished: Finished;
  let inChromium: readonly string[];
  let experiments: readonly ExperimentResult[];
  beforeAll(async () => {
    [finished, inChromium] = await Promise.all([
      ntkit("reproduce", "all", "--quick", "--out", folder),
      findingsInChromium(),
    ]);
    experiments = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")).experiments;
  }, 10 * MINUTES);

  it("says that all checks hold", () => {
    expect(finished.stderr).toBe("");
    expect(finished.exitCode).toBe(0);
    expect(finished.stdout.match(/^✓ /gm)).toHaveLength(EXPERIMENTS.length);
    expect(finished.stdout).toMatch(/(\d+) of \1 checks hold, seed 1, quick\n$/);
  });

  it("writes one page with all formulas and pictures, and a file for each figure and table", () => {
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(page).not.toMatch(/src=|<link|@import|NaN|undefined/);
    const files = readdirSync(folder);
    for (const { id, formulas } of EXPERIMENTS) {
      const { figures, tables } = experiments.find((result) => result.id === id)!;
      expect(page).toContain(`<section id="${id}">`);
      expect(page.split(`<section id="${id}">`)[1]!.split("</section>")[0]!.match(/<math/g)).toHaveLength(
        formulas.length,
      );
      for (const figure of figures) expect(files).toContain(`${id}-${figure.id}.svg`);
      for (const table of tables) expect(files).toContain(`${id}-${table.id}.csv`);
    }
  });

  it.each(EXPERIMENTS.map(({ id }, i) => [id, i] as const))("%s: finite findings of the right shape", (id, i) => {
    const found = experiments[i]!;
    expect(found).toMatchObject({ id, seed: 1, engine: "wasm", holds: true });
    expect(found.checks.length).toBeGreaterThan(0);
    expect(found.figures.length + found.tables.length).toBeGreaterThan(0);
    const names = [...found.figures.map((own) => `${own.id}.svg`), ...found.tables.map((own) => `${own.id}.csv`)];
    expect(new Set(names).size).toBe(names.length);
    for (const { columns, rows } of found.tables) for (const row of rows) expect(row).toHaveLength(columns.length);
    for (const { measured, holds, tolerance } of found.checks) {
      expect(Number.isFinite(measured)).toBe(true);
      expect(holds).toBe(measured >= (tolerance.atLeast ?? -Infinity) && measured <= (tolerance.atMost ?? Infinity));
    }
  });

  describe.runIf(there)(there ? "in headless Chromium" : `skipped: there is no Chromium at ${CHROMIUM}`, () => {
    it.each(EXPERIMENTS.map(({ id }, i) => [id, i] as const))("%s has the same bits", (_, i) => {
      expect(JSON.parse(inChromium[i]!)).toEqual(experiments[i]);
      expect(inChromium[i]).toBe(JSON.stringify(experiments[i]));
    });
  });
});

describe("ntkit reproduce", () => {
  it("lists what there is", async () => {
    const { exitCode, stdout } = await ntkit("reproduce");
    expect(exitCode).toBe(0);
    for (const { id, title } of EXPERIMENTS)
      expect(stdout.split("\n").find((line) => line.startsWith(`${id} `))).toContain(title);
    const listed = JSON.parse((await ntkit("reproduce", "--json")).stdout);
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(EXPERIMENTS.map(({ id }) => id));
  });

  it("runs one with parameters of one's own, as one JSON object", async () => {
    const argv = ["reproduce", "concentration", "--set", "widths=16,64", "--set", "draws=2", "--seed", "5", "--json"];
    const { stdout } = await ntkit(...argv);
    const { experiments, seed } = JSON.parse(stdout);
    expect(seed).toBe(5);
    expect(experiments[0].params).toMatchObject({ widths: [16, 64], draws: 2, n: 20 });
    expect(JSON.parse((await ntkit(...argv)).stdout)).toEqual(JSON.parse(stdout));
  });

  it("exits 1 where a check fails, with its name", async () => {
    // Far too few networks of far too small a width for the slope to show.
    const { exitCode, stdout, stderr } = await ntkit(
      ...["reproduce", "concentration", "--set", "widths=1,2", "--set", "draws=2", "--set", "n=2"],
    );
    expect(stdout).toContain("✗");
    expect(stderr).toBe("ntkit: not all checks hold: concentration\n");
    expect(exitCode).toBe(1);
  });

  it.each([
    [
      ["concentratio"],
      /no experiment is named concentratio \(did you mean "concentration"\?\): ntkit reproduce lists them/,
    ],
    [["concentration", "--set", "m=3"], /concentration: no parameter "m": there is n, d, widths, draws/],
    [["concentration", "--set", "n"], /write name=value/],
    [["concentration", "--set", "n=1.5"], /n must be a whole number from 1 to 500 \(points on the sphere\), got 1.5/],
    [["concentration", "--set", "n=1,2"], /n is one number, got "1,2"/],
    [["all", "--set", "n=3"], /--set sets a parameter of one experiment/],
    [["--set", "n=3"], /--set sets a parameter of one experiment: name it/],
    [["all", "--out", "/dev/null/x"], /cannot be a folder/],
    [["all", "--seed", "-1"], /it must be a whole number/],
    [["all", "--engine", "gpu"], /it must be one of js, wasm, native/],
  ] as const)("refuses %j", async (argv, message) => {
    const { exitCode, stdout, stderr } = await ntkit("reproduce", ...argv);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  });
});
