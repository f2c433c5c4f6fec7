import { vi } from "vitest";
import { main } from "../src/main.ts";

// Of what is not installed on every machine, stderr would say that it is missing.
process.env["NTKIT_ENGINE"] ??= "wasm";

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process and collects what it prints. */
export async function ntkit(...argv: readonly string[]): Promise<Finished> {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk, encoding?: unknown, done?: unknown) => {
      printed[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      for (const callback of [encoding, done]) if (typeof callback === "function") callback();
      return true;
    }),
  );
  try {
    return { exitCode: await main(argv), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Rows of three numbers that no two alike, the last a smooth function of the others. */
export function smoothRows(count: number): number[][] {
  return Array.from({ length: count }, (_, i) => {
    const [a, b] = [Math.sin(7.3 * i + 1), Math.cos(3.1 * i)];
    return [a, b, a + b * b];
  });
}

export function csv(names: string, rows: readonly (readonly unknown[])[], delimiter = ","): string {
  return [names, ...rows.map((row) => row.join(delimiter)), ""].join("\n");
}

/** A .npy file as NumPy writes it, of values given as bytes. */
export function npyBytes(shape: string, values: Uint8Array, descr = "'<f8'"): Uint8Array {
  const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", 0, "latin1");
  head.writeUInt16LE(header.length, 8);
  return Buffer.concat([head, Buffer.from(header, "latin1"), values]);
}

export function floats(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(values).buffer);
}
