import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { csv, type Finished, npyBytes, smoothRows } from "./command-line.ts";
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
    const { exitCode } = await finished;
    expect(begun).toMatch(/^\.k\.npy\..*\.tmp$/);
    const left = readdirSync(out.path);
    expect(left).toEqual(exitCode === 0 ? ["k.npy"] : []);
    if (exitCode !== 0) expect([143, 129]).toContain(exitCode);
    out.remove();
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
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr: `ntkit: stopped after 1 of 3 widths, 4096, 8192 are missing; plot: ${folder.at("c.svg")}\n`,
    });
    expect(stdout).toMatch(/\n +4 [^\n]*\n[\s\S]*Lemma 2 asks for[\s\S]*\nplot: [^\n]*\n$/);
    expect(readFileSync(folder.at("c.svg"), "utf8")).toContain("</svg>");
  });
});
