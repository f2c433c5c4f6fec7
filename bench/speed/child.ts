import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Runs a script of this folder in a process of its own; it prints one JSON value on its last line. */
export async function runChild<T>(script: string, args: readonly string[]): Promise<T> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${script} ${args.join(" ")} ended with code ${code}`);
  return JSON.parse(output.trim().split("\n").at(-1)!) as T; // as the script prints it
}
