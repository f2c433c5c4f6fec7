import { constants } from "node:buffer";
import { freemem } from "node:os";
import { DataError } from "ntkit";

/** The most bytes that are read of one input. */
export interface InputLimit {
  readonly bytes: number;
  readonly why: string;
  /** What to do where it is too little. */
  readonly advice: string;
}

/** The environment variable that replaces the machine's own limit. */
const VARIABLE = "NTKIT_MAX_INPUT";

/** For what is read as a whole and then unpacked and parsed, which needs several times as much. */
export function inputLimit(): InputLimit {
  const limit = limitOf(1 / 4, "a quarter");
  if (limit.bytes <= constants.MAX_LENGTH) return limit;
  return { bytes: constants.MAX_LENGTH, why: "as much as Node holds in one piece", advice: "keep only what is needed" };
}

/** For numbers that are read into their place. */
export function arrayLimit(): InputLimit {
  return limitOf(3 / 4, "three quarters");
}

/** A share of the free memory, or what NTKIT_MAX_INPUT, in MB, says. */
function limitOf(share: number, name: string): InputLimit {
  const text = process.env[VARIABLE];
  const keep = "keep only what is needed";
  if (text === undefined)
    return {
      bytes: share * freeMemory(),
      why: `${name} of the free memory`,
      advice: `${keep}, or allow more by ${VARIABLE} (in MB)`,
    };
  if (!(Number(text) > 0))
    throw new DataError(`${VARIABLE} must be a number of MB above 0, got ${JSON.stringify(text)}`);
  return { bytes: 1e6 * Number(text), why: `what ${VARIABLE} allows`, advice: `${keep}, or raise it` };
}

/** Of the machine, or of the container that the process is confined to. */
function freeMemory(): number {
  return process.availableMemory?.() ?? freemem();
}

/** The error for an input that is larger. */
export function tooLarge(source: string, { bytes, why, advice }: InputLimit): DataError {
  return new DataError(`${source} is larger than ${sizeText(bytes)}, ${why}: ${advice}`);
}

/** A number of bytes as people say it. */
function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toPrecision(3)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${bytes} bytes`;
}
