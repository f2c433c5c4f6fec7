import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { DataError, didYouMean, type Layer, NetworkError, parseNetwork } from "ntkit";
import { ENCODINGS, type Encoding } from "../io/decode-text.ts";
import type { InputLimit } from "../io/input-limit.ts";
import { parseJson } from "../io/parse-json.ts";
import { readInput, sourceName } from "../io/read-input.ts";
import type { ReadTableOptions } from "../io/table-file.ts";
import { makeOutput, type Output } from "../output.ts";

/** Options every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function withCommonOptions(command: Command): Command {
  return command
    .option("--json", "print one JSON object on stdout and nothing else there")
    .option("-q, --quiet", "no progress and no notes on stderr");
}

/** Options of every command that reads a table. */
export interface TableOptions {
  readonly delimiter?: string;
  readonly header: boolean;
  readonly encoding?: Encoding;
  readonly missing?: readonly string[];
}

export function withTableOptions(command: Command): Command {
  return command
    .option("--delimiter <text>", "what separates fields of a text table (or: tab); found when absent")
    .option("--no-header", "the first line holds values, not column names; columns are then x0, x1, …")
    .addOption(choiceOption("--encoding <name>", "how a text table stores letters; found when absent", ENCODINGS))
    .option("--missing <text,…>", "texts that mean a missing value, beside the usual ones", commaSeparated);
}

function commaSeparated(text: string): readonly string[] {
  const texts = text.split(",").map((one) => one.trim());
  if (texts.includes(""))
    throw new InvalidArgumentError("it must be texts with commas between them, none of them empty.");
  return texts;
}

export function tableReading(options: TableOptions, signal: AbortSignal): ReadTableOptions {
  const { delimiter, header, encoding, missing } = options;
  return {
    header,
    delimiter: delimiter === "tab" || delimiter === "\\t" ? "\t" : delimiter,
    encoding,
    missing,
    signal,
  };
}

export function outputOf({ json = false, quiet = false, out }: CommonOptions & { readonly out?: string }): Output {
  return makeOutput({ json, quiet, dataOnStdout: out === "-" });
}

/** A hundred thousand layers written out are a tenth of it. */
const NETWORK_LIMIT: InputLimit = {
  bytes: 1e8,
  why: "the most that a network file may hold",
  advice: "write layers that repeat as one repeat",
};

/** A network whose layers all have meaning by their description alone. */
export async function readNetwork(path: string, signal: AbortSignal): Promise<Layer> {
  return networkIn(path, await readInput(path, { signal, limit: NETWORK_LIMIT }));
}

/** The same of bytes that are there already. */
export async function networkIn(path: string, bytes: Uint8Array): Promise<Layer> {
  const value = networkValue(bytes, sourceName(path));
  const network = await inNetworkFile(path, async () => parseNetwork(value));
  if (hasElementwise(network))
    throw new NetworkError(
      "",
      `${sourceName(path)}: elementwise layers need a function that a program gives: use one of the named activations`,
    );
  return network;
}

function networkValue(bytes: Uint8Array, source: string): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : "it is not UTF-8 text";
    throw new NetworkError("", `${source} is not a network file, which is JSON: ${reason}`);
  }
}

/** Runs the work; what it says of the network names its file. */
export async function inNetworkFile<T>(path: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (path === undefined || !(error instanceof NetworkError)) throw error;
    throw new NetworkError("", `${sourceName(path)}: ${error.message}`);
  }
}

function hasElementwise(layer: Layer): boolean {
  if (layer.type === "serial") return layer.layers.some(hasElementwise);
  if (layer.type === "parallel") return layer.branches.some(hasElementwise);
  return layer.type === "repeat" ? hasElementwise(layer.layer) : layer.type === "elementwise";
}

/** Throws, before any work is done, when files that are read and written get in each other's way. */
export async function checkPaths(
  inputs: readonly (string | undefined)[],
  outputs: readonly (string | undefined)[],
  { json = false }: CommonOptions,
): Promise<void> {
  if (inputs.includes("") || outputs.includes(""))
    throw new DataError("the name of a file is empty: give one, or leave its option out");
  if (inputs.filter((path) => path === "-").length > 1)
    throw new DataError("standard input can be read once only: give a file for one of the inputs");
  const toStdout = outputs.filter((path) => path === "-").length;
  if (toStdout + (json ? 1 : 0) > 1)
    throw new DataError(
      `only one thing can go to standard output: give a file to write${json ? ", or leave --json out" : ""}`,
    );
  const taken = new Map<string, string>();
  for (const path of inputs) if (isFile(path)) taken.set(await identity(path), "it is read by the same command");
  for (const path of outputs) {
    if (!isFile(path)) continue;
    const use = taken.get(await identity(path));
    if (use !== undefined) throw new DataError(`${path} would be overwritten: ${use}; name another file to write`);
    taken.set(await identity(path), "the same command writes it twice");
  }
}

function isFile(path: string | undefined): path is string {
  return path !== undefined && path !== "-" && !path.startsWith("/dev/");
}

async function identity(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path));
}

/** An option that takes one of a few names; a name that is none of them is met by the nearest. */
export function choiceOption(flags: string, what: string, names: readonly string[]): Option {
  return new Option(flags, what).choices(names).argParser(choice(names));
}

/** An argument that must be one of the names. */
export function choice(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError(`it must be one of ${names.join(", ")}${didYouMean(text, names)}.`);
  };
}

/** An argument that must be a whole number in [min, max]. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`it must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** An argument that must be a number in [min, max). */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1))
    throw new InvalidArgumentError("it must be a number from 0 up to, not including, 1.");
  return value;
}
