import { bestEngine, type ChosenEngine } from "@ntkit/engine";
import { Command } from "commander";
import { advise } from "../doctor/advice.ts";
import { type EngineReport, examineEngines } from "../doctor/engines.ts";
import { describeMachine, type MachineReport } from "../doctor/machine.ts";
import { alignedTable } from "../report.ts";
import { type CommonOptions, outputOf, withCommonOptions } from "./common.ts";
import { type EngineOptions, withEngineOption } from "./engine.ts";

interface DoctorOptions extends CommonOptions, EngineOptions {
  readonly quick?: boolean;
}

export function doctorCommand(signal: AbortSignal): Command {
  const command = new Command("doctor")
    .addHelpText("before", "Example:\n  ntkit doctor\n")
    .option("--quick", "measure with small matrices: a second instead of five, and lower figures")
    .action((options: DoctorOptions) => runDoctor(options, signal));
  return withCommonOptions(withEngineOption(command));
}

async function runDoctor(options: DoctorOptions, signal: AbortSignal): Promise<void> {
  const output = outputOf(options);
  const machine = describeMachine();
  const chosen = await bestEngine({ choice: options.engine });
  const engines = await output.progress("measuring", (onProgress) =>
    examineEngines({ quick: options.quick ?? false, signal, onProgress }),
  );
  const advice = advise(findingsOf(machine, chosen, engines));
  for (const line of reportLines(machine, chosen, engines, advice)) output.print(line);
  output.result({
    uses: { name: chosen.engine.name, description: chosen.engine.description, why: chosen.notes },
    engines,
    advice,
    machine,
  });
}

function findingsOf(machine: MachineReport, { engine }: ChosenEngine, engines: readonly EngineReport[]) {
  const native = engines.find((report) => report.engine === "native");
  const [fast, plain] = [true, false].map((kind) =>
    engines.find((report) => report.engine === "wasm" && report.fast === kind),
  );
  return {
    machine,
    uses: engine.name,
    nativeUnavailable: native?.available ? null : (native?.description ?? null),
    nativeThreads: native?.threads ?? null,
    wasmThreads: plain?.threads ?? null,
    fastAvailable: fast?.available ?? false,
    environment: process.env,
  };
}

function reportLines(
  { node, platform, cpu, cores, memoryBytes, loadAverage }: MachineReport,
  chosen: ChosenEngine,
  engines: readonly EngineReport[],
  advice: readonly string[],
): string[] {
  const load = loadAverage === null ? "" : `, load ${loadAverage.toFixed(1)}`;
  return [
    ...chosen.notes.map((note) => `uses: ${note}`),
    `machine: ${cpu}, ${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, ${platform}, Node ${node}${load}`,
    "",
    ...alignedTable([["engine", "threads", "product GF/s", "n", "Cholesky GF/s", "n"], ...engines.map(cells)]),
    "",
    ...engines.map(({ engine, fast, available, description }) =>
      [nameOf(engine, fast), available ? description : `not there: ${description}`].join(": "),
    ),
    "",
    "faster:",
    ...advice.map((sentence) => `  ${sentence}`),
  ];
}

function nameOf(engine: string, fast: boolean): string {
  return fast ? `${engine}, fast` : engine;
}

function cells({ engine, fast, threads, speeds }: EngineReport): string[] {
  const figures = speeds
    ? [speeds.product, speeds.cholesky].flatMap(({ n, gflops }) => [gflops.toPrecision(3), `${n}`])
    : ["–", "", "–", ""];
  return [nameOf(engine, fast), speeds === null ? "–" : `${threads ?? "?"}`, ...figures];
}
