import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { csv, type Finished, floats, npyBytes, smoothRows } from "./command-line.ts";
import { Folder, fixture } from "./io/files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const source = new URL("../src/main.ts", import.meta.url).href;
/** Tells the parent, where there is one that listens, that Ctrl-C is being handled. */
const ready = `process.on("newListener", (name) => name === "SIGINT" && setTimeout(() => process.send?.("ready"), 300));`;
const program = `${ready} const { main } = await import("${source}"); process.exitCode = await main(process.argv.slice(1));`;
const node = ["--conditions=source", "--import", "tsx", "--input-type=module", "-e", program, "--"];

interface Ended extends Finished {
  readonly signal?: NodeJS.Signals;
}

/** The command as a process of its own; `tail` is what a shell does with it. */
function start(
  argv: readonly string[],
  tail = "",
  more: Readonly<Record<string, string>> = {},
): { child: ChildProcess; finished: Promise<Ended> } {
  const env = { ...process.env, ...more };
  const child =
    tail === ""
      ? spawn(process.execPath, [...node, ...argv], { env, stdio: ["ignore", "pipe", "pipe", "ipc"] })
      : spawn("bash", ["-o", "pipefail", "-c", `"$0" "$@" ${tail}`, process.execPath, ...node, ...argv], { env });
  const printed = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => {
    printed.stdout += chunk;
  });
  child.stderr!.on("data", (chunk) => {
    printed.stderr += chunk;
  });
  const finished = new Promise<Ended>((resolve) => {
    // Of a process that a signal ended there is no exit code.
    child.on("close", (code, signal) => resolve({ exitCode: code ?? -1, ...printed, ...(signal && { signal }) }));
  });
  return { child, finished };
}

/** The name of the first file in a folder, as soon as there is one. */
async function firstFile({ path }: Folder): Promise<string> {
  for (;;) {
    const [name] = readdirSync(path);
    if (name !== undefined) return name;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const table = folder.file("small.csv", csv("a,b,y", smoothRows(30)));
const network = folder.file(
  "net.json",
  JSON.stringify({
    type: "serial",
    layers: [{ type: "dense", width: 8 }, { type: "relu" }, { type: "dense", width: 1 }],
  }),
);
const oneRow = folder.file("row.npy", npyBytes("(1, 2)", floats(1, 2)));
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

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s stops a long fit with one line and no file", async (name, code) => {
    const large = folder.file("large.csv", csv("a,b,y", smoothRows(4000)));
    const before = readdirSync(folder.path);
    const { child, finished } = start(["fit", large, "--target", "y", "--out", folder.at("large.ntkit")]);
    child.once("message", () => child.kill(name));
    const { exitCode, stdout, stderr } = await finished;
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: code,
      stdout: "",
      stderr: "ntkit: stopped; nothing was written\n",
    });
    expect(readdirSync(folder.path)).toEqual(before);
  });

  it("Ctrl-C stops a kernel whose entries are integrals, of rows with one large column", {
    timeout: 60_000,
  }, async () => {
    const [dense, elu] = [{ type: "dense", width: 1 }, { type: "elu" }];
    const network = folder.file(
      "elu.json",
      JSON.stringify({ type: "serial", layers: [dense, elu, dense, elu, dense] }),
    );
    const rows = Array.from({ length: 1500 }, (_, i) => [1000 + Math.sin(i), Math.cos(3 * i)]);
    const x1 = folder.file("near.npy", npyBytes("(1500, 2)", floats(...rows.flat())));
    const before = readdirSync(folder.path);
    const { child, finished } = start(["kernel", "--network", network, "--x1", x1, "--out", folder.at("k.npy")]);
    child.once("message", () => setTimeout(() => child.kill("SIGINT"), 1000));
    const { exitCode, stdout, stderr } = await finished;
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: "" });
    expect(stderr).toMatch(/ntkit: stopped; nothing was written\n$/);
    expect(readdirSync(folder.path)).toEqual(before);
  });

  it.each([
    ["once", ["SIGTERM"]],
    ["twice", ["SIGHUP", "SIGTERM"]],
  ] as const)("a signal during a write, %s, leaves no part of a file", async (_, signals) => {
    const out = new Folder();
    const rows = 2500;
    const values = Float64Array.from({ length: 2 * rows }, (_value, i) => Math.sin(7.3 * i));
    const x = folder.file("rows.npy", npyBytes(`(${rows}, 2)`, new Uint8Array(values.buffer)));
    const argv = ["kernel", "--network", network, "--x1", x, "--out", out.at("k.npy"), "--engine", "js"];
    const { child, finished } = start(argv);
    const begun = await firstFile(out);
    for (const name of signals) child.kill(name);
    const { exitCode, signal } = await finished;
    expect(begun).toMatch(/^\.k\.npy\..*\.tmp$/);
    const left = readdirSync(out.path);
    expect(left).toEqual(exitCode === 0 ? ["k.npy"] : []);
    if (exitCode !== 0) expect(signals).toContain(signal); // of two the first may have ended it before the second came
    out.remove();
  });

  it.runIf(existsSync("/dev/zero"))("input without end is refused by name, whatever the command", async () => {
    const env = { NTKIT_MAX_INPUT: "20" };
    const message = "is larger than 20.0 MB, what NTKIT_MAX_INPUT allows: keep only what is needed, or raise it";
    for (const argv of [
      ["fit", "/dev/zero", "--target", "y"],
      ["predict", "/dev/zero", table],
      ["kernel", "--network", network, "--x1", "/dev/zero", "--out", folder.at("k.npy")],
      ["empirical", "--network", network, "--params", "/dev/zero", "--x1", oneRow, "--out", folder.at("k.npy")],
    ])
      expect(await start(argv, "", env).finished).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `ntkit: /dev/zero ${message}\n`,
      });
    expect(await start(["fit", "-", "--target", "y"], "< <(yes 1,2)", env).finished).toMatchObject({
      exitCode: 2,
      stderr: `ntkit: standard input ${message}\n`,
    });
    expect(await start(["train", table, "--target", "y", "--network", "/dev/zero"]).finished).toMatchObject({
      exitCode: 2,
      stderr:
        "ntkit: /dev/zero is larger than 100 MB, the most that a network file may hold: write layers that repeat as one repeat\n",
    });
  });

  it.runIf(process.platform !== "win32")("Ctrl-C ends the wait for a pipe that nobody writes to", async () => {
    const pipe = folder.at("pipe");
    execFileSync("mkfifo", [pipe]);
    const { child, finished } = start(["fit", pipe, "--target", "y"]);
    child.once("message", () => setTimeout(() => child.kill("SIGINT"), 500));
    const { signal, stderr } = await finished;
    expect({ signal, stderr }).toEqual({ signal: "SIGINT", stderr: "ntkit: stopped; nothing was written\n" });
  });

  it("Ctrl-C ends the reading of a Parquet file that has no end", async () => {
    const { child, finished } = start(["fit", fixture("endless-page.parquet"), "--target", "y"]);
    const started = performance.now();
    child.once("message", () => setTimeout(() => child.kill("SIGINT"), 1500));
    expect(await finished).toEqual({ exitCode: 130, stdout: "", stderr: "ntkit: stopped; nothing was written\n" });
    expect(performance.now() - started).toBeLessThan(9000);
  });

  it("Ctrl-C during a sweep of widths keeps the widths that are done", async () => {
    const argv = ["train", table, "--target", "y", "--network", network, "--width", "4,2048,inf"];
    const files = ["--out", folder.at("r.csv"), "--plot", folder.at("r.svg")];
    const { child, finished } = start([...argv, ...files, "--steps", "20000", "--engine", "wasm"]);
    child.stdout!.on("data", (chunk) => /^ +4 /m.test(`${chunk}`) && child.kill("SIGINT"));
    const { exitCode, stdout, stderr } = await finished;
    const saved = `records: ${folder.at("r.csv")}, plot: ${folder.at("r.svg")}`;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr: `ntkit: stopped after 2 of 3 widths, 2048 is missing; ${saved}\n`,
    });
    expect(stdout).toMatch(/^width +train mse[^\n]*\n +4 +[^\n]*\n +inf +[^\n]*\n\n/m);
    const records = readFileSync(folder.at("r.csv"), "utf8");
    expect(records).toMatch(/^width,step,loss,trainMse,movement\n4,/);
    expect(records).not.toContain("\n2048,");
    expect(readFileSync(folder.at("r.svg"), "utf8")).toContain("stopped before 2048");
  });

  it("Ctrl-C during a certificate keeps the widths that are done", async () => {
    const argv = ["certify", table, "--target", "y", "--network", network, "--width", "4,4096,8192"];
    const { child, finished } = start([...argv, "--plot", folder.at("c.svg"), "--engine", "wasm"]);
    child.stdout!.on("data", (chunk) => /^ +4 /m.test(`${chunk}`) && child.kill("SIGINT"));
    const { exitCode, stdout, stderr } = await finished;
    expect(exitCode).toBe(130);
    // Before it, how long all of it will take.
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      `ntkit: stopped after 1 of 3 widths, 4096, 8192 are missing; plot: ${folder.at("c.svg")}`,
    );
    expect(stdout).toMatch(/\n +4 [^\n]*\n[\s\S]*Lemma 2 asks for[\s\S]*\nplot: [^\n]*\n$/);
    expect(readFileSync(folder.at("c.svg"), "utf8")).toContain("</svg>");
  });
});
