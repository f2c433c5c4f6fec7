/**
 * Mutation testing: changes the code of one folder of `core` at one place, runs the tests that cover it, and asks that one of them fails.
 *
 *   npm run mutation -- FOLDER
 *
 * Mutants that no test can notice, because they compute the same, are listed with their reasons in equivalent.json. The report, to be
 * looked at in a browser, lies in .mutation/FOLDER/. What was found is kept there too: a second run tries only what changed.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { type Equivalent, judge, type Report, type Verdict } from "./judge.ts";

/** The folders of core, and whose tests notice their faults. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  predict: ["predict"],
  learn: ["learn"],
  layers: ["layers", "kernel", "network"],
  kernel: ["kernel"],
  empirical: ["empirical"],
  theory: ["theory"],
};

const LEAST_SCORE = 0.9;

const ROOT = resolve(import.meta.dirname, "../..");

async function mutate(folder: string): Promise<Report> {
  const own = join(ROOT, ".mutation", folder);
  mkdirSync(own, { recursive: true });
  process.env["MUTATION_TESTS"] = TESTS[folder]!.map((tests) => `packages/core/test/${tests}`).join(",");
  const report = join(own, "report.json");
  await new Stryker({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
    mutate: [`packages/core/src/${folder}/**/*.ts`],
    // Texts of messages have tests of their own, which ask for their gist and not for every word.
    mutator: { excludedMutations: ["StringLiteral"] },
    // Constants computed while a module loads belong to no test: each would need a new process and every test.
    ignoreStatic: true,
    coverageAnalysis: "perTest",
    concurrency: 1,
    incremental: true,
    incrementalFile: join(own, "incremental.json"),
    tempDirName: ".mutation/sandbox",
    ignorePatterns: ["**/dist", "docs", "bench", "examples", "*.tsbuildinfo", ".mutation"],
    reporters: ["progress-append-only", "json", "html"],
    jsonReporter: { fileName: report },
    htmlReporter: { fileName: join(own, "report.html") },
  }).runMutationTest();
  return JSON.parse(readFileSync(report, "utf8")) as Report; // written by Stryker
}

function print(folder: string, { tested, killed, survivors, equivalent, onLoading, unknown, score }: Verdict): void {
  for (const { place, change } of survivors) console.log(`${place}\n  ${change}\n`);
  for (const { file, change } of unknown)
    console.log(`${file}: equivalent.json lists what no mutant survives as: ${change}\n`);
  console.log(
    `${folder}: ${tested} mutants tested, ${killed} noticed, ${equivalent} equivalent, ${survivors.length} survive: ` +
      `${(100 * score).toFixed(1)} % of those that are not equivalent (${onLoading} run only on loading, not tested)`,
  );
}

const [folder, ...rest] = process.argv.slice(2);
if (folder === undefined || !(folder in TESTS) || rest.length > 0) {
  console.error(`mutation: name one folder of ${Object.keys(TESTS).join(", ")}: npm run mutation -- theory`);
  process.exit(2);
}
const listed = JSON.parse(readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8")) as readonly Equivalent[]; // ours
const verdict = judge(await mutate(folder), folder, listed);
print(folder, verdict);
process.exitCode = verdict.score >= LEAST_SCORE && verdict.unknown.length === 0 ? 0 : 1;
