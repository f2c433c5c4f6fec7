import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { csv, type Finished, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const source = new URL("../src/main.ts", import.meta.url).href;
/** Tells the parent, where there is one that listens, that Ctrl-C is being handled. */
const ready = `process.on("newListener", (name) => name === "SIGINT" && setTimeout(() => process.send?.("ready"), 300));`;
const program = `${ready} const { main } = await import("${source}"); process.exitCode = await main(process.argv.slice(1));`;
const node = ["--conditions=source", "--import", "tsx", "--input-type=module", "-e", program, "--"];

/** The command as a process of its own; `tail` is what a shell does with it. */
function start(argv: readonly string[], tail = ""): { child: ChildProcess; finished: Promise<Finished> } {
  const child =
    tail === ""
      ? spawn(process.execPath, [...node, ...argv], { stdio: ["ignore", "pipe", "pipe", "ipc"] })
      : spawn("bash", ["-o", "pipefail", "-c", `"$0" "$@" ${tail}`, process.execPath, ...node, ...argv]);
  const printed = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => {
    printed.stdout += chunk;
  });
  child.stderr!.on("data", (chunk) => {
    printed.stderr += chunk;
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => resolve({ exitCode: code ?? -1, ...printed }));
  });
  return { child, finished };
}

const table = folder.file("small.csv", csv("a,b,y", smoothRows(30)));
const fit = ["fit", table, "--target", "y"];

describe("as a process", () => {
  it("exits 0 with a report, 2 with one sentence", async () => {
    const good = await start(fit).finished;
    expect(good).toMatchObject({ exitCode: 0, stderr: "" });
    expect(good.stdout).toContain("RMSE");
    const bad = await start(["fit", `${table}x`, "--target", "y"]).finished;
    expect(bad).toMatchObject({ exitCode: 2, stdout: "" });
    expect(bad.stderr).toMatch(/^ntkit: [^\n]+ does not exist \(did you mean "small.csv"\?\)\n$/);
  });

  it("a reader that stops early is no error", async () => {
    expect(await start(fit, "| head -n 1").finished).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await start(["--help"], "| head -n 1").finished).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it.runIf(existsSync("/dev/full"))("says when standard output takes no more", async () => {
    for (const argv of [fit, [...fit, "--json"], ["fit", "--help"]]) {
      const { exitCode, stderr } = await start(argv, "> /dev/full").finished;
      expect(stderr).toMatch(/^ntkit: standard output cannot be written: [^\n]+\n$/);
      expect(exitCode).toBe(2);
    }
  });

  it("Ctrl-C stops a long fit with one line and no file", async () => {
    const large = folder.file("large.csv", csv("a,b,y", smoothRows(4000)));
    const before = readdirSync(folder.path);
    const { child, finished } = start(["fit", large, "--target", "y", "--out", folder.at("large.ntkit")]);
    child.once("message", () => child.kill("SIGINT"));
    const { exitCode, stdout, stderr } = await finished;
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 130,
      stdout: "",
      stderr: "ntkit: stopped; nothing was written\n",
    });
    expect(readdirSync(folder.path)).toEqual(before);
  });

  it("Ctrl-C during a sweep of widths keeps the rows that are done", async () => {
    const network = folder.file(
      "net.json",
      JSON.stringify({
        type: "serial",
        layers: [{ type: "dense", width: 8 }, { type: "relu" }, { type: "dense", width: 1 }],
      }),
    );
    const before = readdirSync(folder.path);
    const argv = [
      "train",
      table,
      "--target",
      "y",
      "--network",
      network,
      "--width",
      "4,2048",
      "--out",
      folder.at("r.csv"),
    ];
    const { child, finished } = start([...argv, "--steps", "100000", "--engine", "wasm"]);
    child.stdout!.on("data", (chunk) => /^ +4 /m.test(`${chunk}`) && child.kill("SIGINT"));
    const { exitCode, stdout, stderr } = await finished;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr: "ntkit: stopped after 1 of 2 widths; nothing was written\n",
    });
    expect(stdout).toMatch(/^width +train mse[^\n]*\n +4 +[^\n]*\n$/m);
    expect(readdirSync(folder.path)).toEqual(before);
  });
});
