import { env } from "node:process";
import { didYouMean, type Engine, jsEngine, ValueError } from "ntkit/engine-kit";
import { nativeEngine } from "./native-engine.ts";

const CHOICES = ["js", "native"] as const;
export type EngineChoice = (typeof CHOICES)[number];

export interface BestEngineOptions {
  /** The engine to take when it is there; the fastest unless given. NTKIT_ENGINE overrides it. */
  readonly prefer?: EngineChoice | undefined;
}

export interface ChosenEngine {
  readonly engine: Engine;
  /** Why this one, a line each, for reports. */
  readonly notes: readonly string[];
}

/** The fastest engine of this machine, or the one asked for. Always finds one: `jsEngine` needs nothing. */
export async function bestEngine({ prefer }: BestEngineOptions = {}): Promise<ChosenEngine> {
  const asked = choiceIn(env["NTKIT_ENGINE"]);
  const choice = asked ?? prefer;
  const source = asked === undefined ? "as preferred" : "as NTKIT_ENGINE says";
  if (choice === "js") return { engine: jsEngine, notes: [`js engine (${jsEngine.description}), ${source}`] };
  const native = await nativeEngine();
  if ("engine" in native) {
    const why = choice === undefined ? "the fastest here" : source;
    return { engine: native.engine, notes: [`native engine (${native.engine.description}), ${why}`] };
  }
  const note = `js engine (${jsEngine.description}), because the native one is unavailable: ${native.unavailable}`;
  return { engine: jsEngine, notes: [note] };
}

function choiceIn(value: string | undefined): EngineChoice | undefined {
  if (value === undefined || value === "") return undefined;
  const choice = CHOICES.find((name) => name === value);
  if (choice === undefined)
    throw new ValueError(`NTKIT_ENGINE: must be "js" or "native", got "${value}"${didYouMean(value, CHOICES)}`);
  return choice;
}
