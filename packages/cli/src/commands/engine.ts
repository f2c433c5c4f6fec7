import type { ChosenEngine, EngineChoice } from "@ntkit/engine";
import type { Command } from "commander";
import type { Output } from "../output.ts";
import { choiceOption } from "./common.ts";

/** Options of every command that computes. */
export interface EngineOptions {
  readonly engine?: EngineChoice;
}

export const ENGINES: readonly EngineChoice[] = ["js", "wasm", "native"];

export function withEngineOption(command: Command): Command {
  return command.addOption(
    choiceOption("--engine <name>", "what computes; the fastest here when absent, see ntkit doctor", ENGINES),
  );
}

/** An engine that computes, and what a report says of it, a line each. */
export interface ReportedEngine {
  readonly engine: ChosenEngine["engine"];
  readonly notes: readonly string[];
}

/** The engine asked for, or the fastest. A line on stderr says when it is not the one asked for, or a faster one could be installed. */
export async function chooseEngine(options: EngineOptions, output: Output): Promise<ChosenEngine["engine"]> {
  const { engine, word } = await choose(options);
  if (word !== undefined) output.note(`ntkit: ${word}`);
  return engine;
}

/** The same for a command whose report names the engine: only an engine that was asked for in vain is worth a line on stderr. */
export async function chooseReportedEngine(options: EngineOptions, output: Output): Promise<ReportedEngine> {
  const { engine, notes, word, denied } = await choose(options);
  if (word === undefined) return { engine, notes };
  if (denied) output.note(`ntkit: ${word}`);
  return { engine, notes: denied ? notes : [word] };
}

async function choose({ engine: choice }: EngineOptions): Promise<ChosenEngine & { readonly word?: string }> {
  const { bestEngine } = await import("@ntkit/engine");
  const chosen = await bestEngine({ choice });
  if (chosen.fallback === undefined) return chosen;
  const { name, description } = chosen.engine;
  const word = chosen.denied
    ? `${chosen.notes.join("; ")}; ntkit doctor says why`
    : `${name} engine (${description}); ntkit doctor says how to go faster`;
  return { ...chosen, word };
}
