import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { DataError, didYouMean, type Engine } from "ntkit";
import { checkFiles, type Reference, readDataset, readReferences } from "../benchmark/uci-data.ts";
import { scoreDataset } from "../benchmark/uci-protocol.ts";
import {
  checkResultsPath,
  type Result,
  readResults,
  summarize,
  summaryLines,
  tableLines,
  writeResults,
} from "../benchmark/uci-results.ts";
import { Interrupted } from "../interrupt.ts";
import { checkWritable } from "../io/write-file.ts";
import type { Output } from "../output.ts";
import { type CommonOptions, checkPaths, choice, outputOf, withCommonOptions } from "./common.ts";
import { chooseReportedEngine, type EngineOptions, withEngineOption } from "./engine.ts";

interface BenchmarkOptions extends CommonOptions, EngineOptions {
  readonly data: string;
  readonly only?: readonly string[];
  readonly depths: readonly number[];
  readonly out?: string;
}

export function benchmarkCommand(signal: AbortSignal): Command {
  const command = new Command("benchmark")
    .addHelpText("before", "Example:\n  ntkit benchmark uci --data uci90 --out results.csv\n")
    .addArgument(
      new Argument("<suite>", "uci: the 90 small classification sets of the UCI repository")
        .choices(["uci"])
        .argParser(choice(["uci"])),
    )
    .requiredOption("--data <folder>", "reference.csv, and NAME.csv.gz and NAME.folds.json.gz of each data set in it")
    .option("--only <names>", "these data sets alone, with commas between them", names)
    .addOption(
      new Option("--depths <list>", "numbers of layers to choose from, like 1-5 or 1,3")
        .argParser(depths)
        .default([1, 2, 3, 4, 5], "1-5"),
    )
    .option("--out <file>", "a table of results, kept after each data set; what is in it already is not done again")
    .action((_suite: string, options: BenchmarkOptions) => runBenchmark(options, signal));
  return withCommonOptions(withEngineOption(command));
}

async function runBenchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const { data, out } = options;
  await checkPaths([], [out], options);
  if (out !== undefined) {
    checkResultsPath(out);
    await checkWritable(out);
  }
  const references = selected(await readReferences(data), options.only, data);
  await checkFiles(data, references);
  const { engine, notes } = await chooseReportedEngine(options, output);
  const results = await runAll(references, { options, engine, signal, output });
  const summary = summarize(results);
  for (const line of ["", ...summaryLines(summary, notes)]) output.print(line);
  output.result({
    suite: "uci",
    depths: options.depths,
    engine: { name: engine.name, description: engine.description },
    ...summary,
    results,
    out: out ?? null,
  });
}

interface Context {
  readonly options: BenchmarkOptions;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** One data set after the other; those that the file of results holds already are taken from it. */
async function runAll(references: readonly Reference[], context: Context): Promise<readonly Result[]> {
  const { options, output } = context;
  const { out } = options;
  const kept = out === undefined ? [] : [...(await readResults(out, `${options.depths}`))];
  const names = references.map(({ name }) => name);
  const known = kept.filter(({ name }) => names.includes(name)).length;
  if (known > 0) output.note(`${known} of ${names.length} data sets are in ${out} already`);
  const table = tableLines(names);
  output.print(table.header);
  const results: Result[] = [];
  for (const reference of references) {
    const earlier = kept.find(({ name }) => name === reference.name);
    const result = earlier ?? (await runOne(reference, `${results.length + 1}/${names.length}`, context));
    if (result === null) throw new Interrupted(stopped(results.length, names.length, out));
    results.push(result);
    output.print(table.line(result));
    if (earlier !== undefined) continue;
    kept.push(result);
    if (out !== undefined) await writeResults(out, kept);
  }
  return results;
}

/** The result of one data set, or null when Ctrl-C came before it was there. */
async function runOne(reference: Reference, place: string, context: Context): Promise<Result | null> {
  const { options, engine, signal, output } = context;
  if (signal.aborted) return null;
  const data = await readDataset(options.data, reference);
  const start = performance.now();
  try {
    const score = await output.progress(`${reference.name} (${place})`, (onProgress) =>
      scoreDataset(data, { depths: options.depths, engine, signal, onProgress }),
    );
    return {
      name: data.name,
      n: data.x.rows,
      d: data.x.cols,
      classes: data.classes,
      ...score,
      reference: reference.accuracy,
      seconds: (performance.now() - start) / 1000,
      engine: engine.name,
      depths: `${options.depths}`,
    };
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function stopped(done: number, all: number, out: string | undefined): string {
  const share = `stopped after ${done} of ${all} data sets`;
  if (out === undefined) return `${share}; with --out FILE a run can be continued`;
  return done === 0 ? share : `${share}; they are in ${out}: the same command goes on from there`;
}

function selected(
  all: readonly Reference[],
  only: readonly string[] | undefined,
  folder: string,
): readonly Reference[] {
  if (only === undefined) return all;
  const known = all.map(({ name }) => name);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new DataError(`${folder} has no data set "${unknown}"${didYouMean(unknown, known)}: see its reference.csv`);
  return all.filter(({ name }) => only.includes(name));
}

function names(text: string): readonly string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.includes("")) throw new InvalidArgumentError("it must be names with commas between them.");
  return list;
}

const MAX_DEPTH = 20;

/** "1-3,5" is 1, 2, 3 and 5. */
function depths(text: string): readonly number[] {
  const list = text.split(",").flatMap((part) => {
    const [, from, to = from] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first >= 1 && last >= first && last <= MAX_DEPTH))
      throw new InvalidArgumentError(`it must be whole numbers from 1 to ${MAX_DEPTH}, like 1-5 or 1,3.`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(list)].sort((a, b) => a - b);
}
