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

/** The engine asked for, or the fastest; one line says when one that comes first did not load. */
export async function chooseEngine({ engine: choice }: EngineOptions, output: Output): Promise<ChosenEngine> {
  const { bestEngine } = await import("@ntkit/engine");
  const chosen = await bestEngine({ choice });
  if (chosen.fallback !== undefined) output.note(`ntkit: ${chosen.fallback}; ntkit doctor says more`);
  return chosen;
}
