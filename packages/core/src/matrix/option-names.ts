import { didYouMean, listed, quoted, ValueError } from "../errors.ts";

/** Every name in the options T; the compiler sees to it that none is missing. */
export type OptionNames<T> = { readonly [K in keyof T]-?: true };

/** The names of all options there are. */
const everywhere = new Set<string>();

/** The names of a function's options, for `checkOptions`. */
export function optionNames<T>(names: OptionNames<T>): readonly string[] {
  const list = Object.keys(names);
  for (const name of list) everywhere.add(name);
  return list;
}

/**
 * Throws ValueError for an option that is none but looks like one: JavaScript would take `{ sead: 1 }` for no seed at all. Objects
 * that hold more than options are let through, as TypeScript does: functions hand on what they were given.
 */
export function checkOptions(where: string, options: object | undefined, names: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new ValueError(`${where}: options must be an object, got ${quoted(options)}`);
  for (const name of Object.keys(options)) {
    if (everywhere.has(name)) continue;
    const hint = didYouMean(name, names);
    if (hint !== "")
      throw new ValueError(`${where}: there is no option ${quoted(name)}${hint}; there are ${listed(names)}`);
  }
}

/** Throws ValueError unless the value is one of a few names, with the nearest of them. */
export function checkChoice(where: string, name: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return; // of any other type it is not
  const hint = typeof value === "string" ? didYouMean(value, choices) : "";
  throw new ValueError(`${where}: ${name} must be one of ${choices.join(", ")}, got ${quoted(value)}${hint}`);
}

/** Of what can be stopped and watched. */
export const WORK_NAMES = { signal: true, onProgress: true } as const;

/** Of what an engine computes as well. */
export const PREDICT_NAMES = { signal: true, onProgress: true, engine: true } as const;

/** Of finite networks. */
export const NETWORK_NAMES = { activations: true, engine: true } as const;

/** Of their derivatives. */
export const DERIVATIVE_NAMES = { activations: true, engine: true, trainable: true } as const;
