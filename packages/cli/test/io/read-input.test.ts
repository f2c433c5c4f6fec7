import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { inputLimit } from "../../src/io/input-limit.ts";
import { readNpy } from "../../src/io/npy.ts";
import { readInput } from "../../src/io/read-input.ts";
import { readTable } from "../../src/io/table-file.ts";
import { floats, npyBytes } from "../command-line.ts";
import { Folder, messageOf } from "./files.ts";

const folder = new Folder();
afterAll(() => folder.remove());

const limit = { bytes: 1e6, why: "the limit of this test", advice: "give less" };
const message = "is larger than 1.00 MB, the limit of this test: give less";

describe("an input larger than the limit is refused by name before it is in memory", () => {
  it.runIf(existsSync("/dev/zero"))("a device that never ends", async () => {
    expect(await messageOf("data", readInput("/dev/zero", { limit }))).toBe(`/dev/zero ${message}`);
    expect(await messageOf("data", readTable("/dev/zero", { limit }))).toBe(`/dev/zero ${message}`);
    expect(await messageOf("data", readNpy("/dev/zero", { limit }))).toBe(`/dev/zero ${message}`);
  });

  it("a file", async () => {
    const path = folder.file("large.csv", Buffer.alloc(1e6 + 1, "1\n"));
    expect(await messageOf("data", readInput(path, { limit }))).toBe(`${path} ${message}`);
    expect(await readInput(folder.file("fits.csv", Buffer.alloc(1e6, "1\n")), { limit })).toHaveLength(1e6);
  });

  it("a file that unpacks to a thousand times its size", async () => {
    const path = folder.file("bomb.csv.gz", gzipSync(Buffer.alloc(3e7)));
    expect(await messageOf("data", readTable(path, { limit }))).toBe(`${path}, unpacked, ${message}`);
    const twice = folder.file("two.gz", Buffer.concat([gzipSync(Buffer.alloc(6e5)), gzipSync(Buffer.alloc(6e5))]));
    expect(await messageOf("data", readInput(twice, { limit }))).toBe(`${twice}, unpacked, ${message}`);
    const fits = folder.file("fits.gz", gzipSync(Buffer.alloc(1e6, "ab")));
    expect(Buffer.from(await readInput(fits, { limit })).equals(Buffer.alloc(1e6, "ab"))).toBe(true);
  });

  it("an array that takes more as float64 than in its file", async () => {
    const path = folder.file("bytes.npy", npyBytes("(200000,)", new Uint8Array(200_000), "'|u1'"));
    expect(await messageOf("data", readNpy(path, { limit }))).toBe(`${path} ${message}`);
    expect((await readNpy(folder.file("one.npy", npyBytes("(1,)", floats(1))), { limit })).data).toHaveLength(1);
  });

  it("the limit follows the machine, or a variable of the environment", () => {
    const { bytes, why } = inputLimit();
    expect(bytes).toBeGreaterThan(1e7);
    expect(why).toMatch(/a quarter of the free memory|as much as Node holds/);
    const before = process.env["NTKIT_MAX_INPUT"];
    try {
      process.env["NTKIT_MAX_INPUT"] = "2.5";
      expect(inputLimit()).toMatchObject({ bytes: 2.5e6, why: "what NTKIT_MAX_INPUT allows" });
      for (const wrong of ["", "much", "-1", "0"]) {
        process.env["NTKIT_MAX_INPUT"] = wrong;
        expect(() => inputLimit()).toThrow(`NTKIT_MAX_INPUT must be a number of MB above 0, got "${wrong}"`);
      }
    } finally {
      if (before === undefined) delete process.env["NTKIT_MAX_INPUT"];
      else process.env["NTKIT_MAX_INPUT"] = before;
    }
  });
});

describe("what is no file", () => {
  it("a directory and a socket", async () => {
    expect(await messageOf("data", readInput(folder.path))).toContain("is a directory: name a file in it");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(folder.at("socket"), resolve));
    expect(await messageOf("data", readInput(folder.at("socket")))).toContain("is a socket or a device that cannot");
    server.close();
  });

  it.runIf(process.platform !== "win32")("a pipe nobody writes to is left when the signal comes", async () => {
    execFileSync("mkfifo", [folder.at("pipe")]);
    const controller = new AbortController();
    const reading = readInput(folder.at("pipe"), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("stopped")), 50);
    await expect(reading).rejects.toThrow("stopped");
    execFileSync("bash", ["-c", `echo > ${folder.at("pipe")}`]); // lets go of the thread that waits
  });
});
