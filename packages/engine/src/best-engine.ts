import type { GramEngine } from "ntkit";
import { checkOptions, type Engine, isNtkError, jsEngine, optionNames } from "ntkit/engine-kit";
import {
  checkEngineName,
  ENGINE_NAMES,
  type EngineChoice,
  engineInEnvironment,
  fastInEnvironment,
  threadsInEnvironment,
  variable,
} from "./environment.ts";

export type { EngineChoice };

export interface BestEngineOptions {
  /** The engine that a user asked for; comes before NTKIT_ENGINE. */
  readonly choice?: EngineChoice | undefined;
  /** The engine to take when neither a user nor NTKIT_ENGINE says; the fastest unless given. */
  readonly prefer?: EngineChoice | undefined;
  /** Threads to use, NTKIT_THREADS unless given. For `native` this holds for all of the process. */
  readonly threads?: number | undefined;
  /** Lets `wasm` fuse multiplications and additions: faster, with last bits that depend on the machine. Or NTKIT_FAST=1. */
  readonly fast?: boolean | undefined;
}

const NAMES = optionNames<BestEngineOptions>({ choice: true, prefer: true, threads: true, fast: true });

export interface ChosenEngine {
  readonly engine: Engine & Partial<GramEngine>;
  /** What it is and why this one, a line each, for reports. */
  readonly notes: readonly string[];
  /** One line when an engine that comes first did not load: which, and all that its loader said. */
  readonly fallback: string | undefined;
  /** Whether an engine, or a library in NTKIT_BLAS, that somebody asked for did not load. Else a fallback is no fault: there is none faster here. */
  readonly denied: boolean;
}

export type OpenedEngine = { readonly engine: Engine & Partial<GramEngine> } | { readonly unavailable: string };

/**
 * The fastest engine of this machine, or the one asked for: `native` where there is a fast BLAS, else `wasm`, else `js`.
 * Always finds one, whatever the host forbids: `jsEngine` needs nothing. Throws ValueError only for an option, or a variable of
 * the environment, whose value means nothing.
 */
export async function bestEngine(options: BestEngineOptions = {}): Promise<ChosenEngine> {
  checkOptions("bestEngine", options, NAMES);
  const { name: first, source, asked } = firstChoice(options);
  const failures: string[] = [];
  const failed: string[] = [];
  for (const name of [first, ...BY_SPEED.filter((other) => other !== first)]) {
    const opened = await openEngine(name, options);
    if ("unavailable" in opened) {
      failed.push(`the ${name} engine is unavailable`);
      failures.push(`${failed.at(-1)}: ${opened.unavailable}`);
      continue;
    }
    const { engine } = opened;
    const what = `${engine.name} engine (${engine.description})`;
    const denied = failed.length > 0 && (asked || variable("NTKIT_BLAS") !== undefined);
    return {
      engine,
      notes: [`${what}, ${denied ? `because ${failed.join(", and ")}` : source}`],
      fallback: failures.length === 0 ? undefined : `${what}, because ${failures.join(", and ")}`,
      denied,
    };
  }
  throw new Error("the js engine is always there");
}

const BY_SPEED: readonly EngineChoice[] = [...ENGINE_NAMES].reverse();

interface FirstChoice {
  readonly name: EngineChoice;
  readonly source: string;
  /** Whether somebody named it. */
  readonly asked: boolean;
}

function firstChoice({ choice, prefer }: BestEngineOptions): FirstChoice {
  if (choice !== undefined)
    return { name: checkEngineName("bestEngine: choice", choice), source: "as asked", asked: true };
  const inEnvironment = engineInEnvironment();
  if (inEnvironment !== undefined) return { name: inEnvironment, source: "as NTKIT_ENGINE says", asked: true };
  if (prefer !== undefined)
    return { name: checkEngineName("bestEngine: prefer", prefer), source: "as preferred", asked: true };
  return { name: BY_SPEED[0]!, source: "the fastest here", asked: false };
}

/** One engine, or why it is not there: what the host forbids is a reason too. Loads no code of the others. */
export async function openEngine(
  name: EngineChoice,
  options: Pick<BestEngineOptions, "threads" | "fast"> = {},
): Promise<OpenedEngine> {
  const threads = options.threads ?? threadsInEnvironment();
  const fast = options.fast ?? fastInEnvironment();
  if (name === "js") return { engine: jsEngine };
  try {
    if (checkEngineName("openEngine", name) === "wasm")
      return await (await import("./wasm-engine.ts")).wasmEngine({ threads, fast });
    return await (await import("./native-engine.ts")).nativeEngine({ threads, fast });
  } catch (error) {
    if (isNtkError(error)) throw error;
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}
