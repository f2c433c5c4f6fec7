import { type Command, InvalidArgumentError } from "commander";
import { type Layer, NetworkError, parseNetwork } from "ntkit";
import { readInput } from "../io/read-input.ts";
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
}

export function withTableOptions(command: Command): Command {
  return command
    .option("--delimiter <text>", "what separates fields of a text table (or: tab); found when absent")
    .option("--no-header", "the first line holds values, not column names; columns are then x0, x1, …");
}

export function tableReading({ delimiter, header }: TableOptions): ReadTableOptions {
  return { header, delimiter: delimiter === "tab" || delimiter === "\\t" ? "\t" : delimiter };
}

export function outputOf({ json = false, quiet = false }: CommonOptions): Output {
  return makeOutput({ json, quiet });
}

export async function readNetwork(path: string): Promise<Layer> {
  const text = new TextDecoder().decode(await readInput(path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NetworkError("", `${path} is not JSON: ${(error as Error).message}`);
  }
  try {
    return parseNetwork(value);
  } catch (error) {
    if (error instanceof NetworkError) throw new NetworkError("", `${path}: ${error.message}`);
    throw error;
  }
}

/** An argument that must be a whole number in [min, max]. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`it must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** An argument that must be a number in [min, max). */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) throw new InvalidArgumentError("it must be from 0 up to 1.");
  return value;
}
