import {
  type AnyExperiment,
  EXPERIMENTS,
  type ExperimentResult,
  type ParamValue,
  parseParam,
  resolveParams,
  runExperiment,
} from "@ntkit/experiments";
import { Command } from "commander";
import { DataError, didYouMean, type Engine, isNtkError, NumericalError } from "ntkit";
import { Interrupted } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { GatheringOption } from "../repeated-option.ts";
import { checkFolder, type Finished, type RunSetting, saveFindings } from "../reproduce/save-findings.ts";
import { experimentList, resultLines, shortLine } from "../reproduce/text.ts";
import { type CommonOptions, choiceOption, integer, outputOf, withCommonOptions } from "./common.ts";
import { chooseEngine, ENGINES, type EngineOptions } from "./engine.ts";

interface ReproduceOptions extends CommonOptions, Required<EngineOptions> {
  readonly set: readonly string[];
  readonly seed: number;
  readonly quick?: boolean;
  readonly out?: string;
}

const EXAMPLES = `Examples:
  ntkit reproduce                                            what there is
  ntkit reproduce concentration --out report                 one claim beside its measurement, as report/report.html
  ntkit reproduce concentration --set n=40 --set widths=64,256,1024 --seed 7
  ntkit reproduce all --quick
`;

export function reproduceCommand(signal: AbortSignal): Command {
  const command = new Command("reproduce")
    .addHelpText("before", EXAMPLES)
    .argument("[experiments...]", "their names, or all; a list of them when absent")
    .addOption(
      new GatheringOption("--set <name=value>", "a parameter of the one experiment; may be given again").default([]),
    )
    .option("--seed <integer>", "draws all data and networks", integer(0), 1)
    .option("--quick", "small sizes: all of them in minutes")
    .option("--out <folder>", "report.html, result.json, figures (.svg) and tables (.csv)")
    .addOption(
      choiceOption(
        "--engine <name>",
        "what computes; js and wasm give the same bits on every machine",
        ENGINES,
      ).default("wasm"),
    )
    .action((names: readonly string[], options: ReproduceOptions) => runReproduce(names, options, signal));
  return withCommonOptions(command);
}

async function runReproduce(names: readonly string[], options: ReproduceOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf({ ...(options.json && { json: true }), ...(options.quiet && { quiet: true }) });
  if (names.length === 0) return list(output, options);
  const chosen = choose(names);
  const set = settings(chosen, options);
  if (options.out !== undefined) await checkFolder(options.out);
  const engine = await chooseEngine(options, output);
  const finished: Finished[] = [];
  try {
    for (const experiment of chosen) {
      const run: Run = { options, set, engine, signal, output, place: finished.length, of: chosen.length };
      const found = await runOne(experiment, run);
      if (found === null) break;
      finished.push(found);
      for (const line of chosen.length === 1 ? resultLines(experiment, found.result) : shortLine(experiment, found))
        output.print(line);
    }
  } catch (error) {
    // What one experiment cannot do is no reason to lose the others.
    if (options.out !== undefined && finished.length > 0)
      await saveFindings(options.out, finished, runSetting(options));
    throw error;
  }
  await finish(finished, chosen.length, options, output);
}

function list(output: Output, options: ReproduceOptions): void {
  if (options.set.length > 0) throw new DataError("--set sets a parameter of one experiment: name it");
  for (const line of experimentList(EXPERIMENTS)) output.print(line);
  output.result(
    EXPERIMENTS.map(({ id, title, source, items, claim, formulas, params }) => ({
      id,
      title,
      source,
      items,
      claim,
      formulas,
      params,
    })),
  );
}

function choose(names: readonly string[]): readonly AnyExperiment[] {
  const known = EXPERIMENTS.map(({ id }) => id);
  for (const name of names) {
    if (name !== "all" && !known.includes(name))
      throw new DataError(
        `no experiment is named ${name}${didYouMean(name, [...known, "all"])}: ntkit reproduce lists them`,
      );
  }
  return EXPERIMENTS.filter(({ id }) => names.includes("all") || names.includes(id));
}

/** What --set sets; checked before anything runs. */
function settings(
  chosen: readonly AnyExperiment[],
  { set, quick = false }: ReproduceOptions,
): Readonly<Record<string, ParamValue>> {
  if (set.length === 0) return {};
  if (chosen.length > 1)
    throw new DataError(`--set sets a parameter of one experiment, ${chosen.length} are named: run it alone`);
  const [{ params, id }] = chosen as readonly [AnyExperiment];
  try {
    const values = Object.fromEntries(set.map((text) => parseParam(params, text)));
    resolveParams(params, { quick, set: values });
    return values;
  } catch (error) {
    throw isNtkError(error) ? new DataError(`${id}: ${error.message}`) : error;
  }
}

interface Run {
  readonly options: ReproduceOptions;
  readonly set: Readonly<Record<string, ParamValue>>;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly place: number;
  readonly of: number;
}

/** What was found, or null when Ctrl-C came before it was. */
async function runOne(experiment: AnyExperiment, run: Run): Promise<Finished | null> {
  const { options, set, engine, signal, output, place, of } = run;
  const start = performance.now();
  const label = of === 1 ? experiment.id : `${place + 1}/${of} ${experiment.id}`;
  try {
    const result: ExperimentResult = await output.progress(label, (onProgress) =>
      runExperiment(experiment, {
        ...{ seed: options.seed, quick: options.quick ?? false, set, engine, signal, onProgress },
      }),
    );
    return { experiment, result, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function runSetting({ seed, quick = false }: ReproduceOptions): RunSetting {
  return { seed, quick };
}

async function finish(
  finished: readonly Finished[],
  asked: number,
  options: ReproduceOptions,
  output: Output,
): Promise<void> {
  const { out, seed, quick = false } = options;
  const stopped = finished.length < asked;
  if (out !== undefined && finished.length > 0) {
    const report = await saveFindings(out, finished, runSetting(options));
    output.print();
    output.print(`Report: ${report}`);
  }
  const failed = finished.filter(({ result }) => !result.holds).map(({ experiment }) => experiment.id);
  output.result({
    seed,
    quick,
    holds: failed.length === 0 && !stopped,
    experiments: finished.map(({ result }) => result),
  });
  if (stopped) {
    const kept = out !== undefined && finished.length > 0 ? `; the report has those, ${out}` : "; nothing was written";
    throw new Interrupted(`stopped after ${finished.length} of ${asked} experiments${kept}`);
  }
  const checks = finished.flatMap(({ result }) => result.checks);
  output.print(
    `${checks.filter(({ holds }) => holds).length} of ${checks.length} checks hold, seed ${seed}${quick ? ", quick" : ""}`,
  );
  if (failed.length > 0) throw new NumericalError(`not all checks hold: ${failed.join(", ")}`);
}
