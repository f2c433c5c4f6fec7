import { didYouMean, quoted, ValueError } from "ntkit/engine-kit";

export const ENGINE_NAMES = ["js", "wasm", "native"] as const;
export type EngineChoice = (typeof ENGINE_NAMES)[number];

/** A variable of the environment, where it is not empty; browsers have no environment, and some hosts show none without permission. */
export function variable(name: string): string | undefined {
  try {
    return globalThis.process?.env[name] || undefined;
  } catch {
    return undefined;
  }
}

/** Throws unless that is the name of an engine, for callers without types. */
export function checkEngineName(where: string, value: string): EngineChoice {
  const choice = ENGINE_NAMES.find((name) => name === value);
  if (choice !== undefined) return choice;
  throw new ValueError(
    `${where}: must be "js", "wasm" or "native", got ${quoted(value)}${didYouMean(`${value}`, ENGINE_NAMES)}`,
  );
}

/** NTKIT_ENGINE: the engine to take. */
export function engineInEnvironment(): EngineChoice | undefined {
  const value = variable("NTKIT_ENGINE");
  return value === undefined ? undefined : checkEngineName("NTKIT_ENGINE", value);
}

/** NTKIT_THREADS: how many threads an engine may use. */
export function threadsInEnvironment(): number | undefined {
  const value = variable("NTKIT_THREADS");
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new ValueError(`NTKIT_THREADS: must be a whole number from 1 to 9999, got "${value}"`);
  return Number(value);
}

/** NTKIT_FAST: whether last bits may depend on the machine. */
export function fastInEnvironment(): boolean | undefined {
  const value = variable("NTKIT_FAST");
  if (value === undefined) return undefined;
  if (value !== "0" && value !== "1") throw new ValueError(`NTKIT_FAST: must be 0 or 1, got "${value}"`);
  return value === "1";
}
