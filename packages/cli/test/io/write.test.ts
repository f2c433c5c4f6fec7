import { execFile } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ValueError } from "ntkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readNpyMatrix } from "../../src/io/npy.ts";
import { readTable } from "../../src/io/table-file.ts";
import { checkWritable, writeFileAtomic } from "../../src/io/write-file.ts";
import { type OutputColumn, tableFormat, tableText, writeTable } from "../../src/io/write-table.ts";
import { Folder, messageOf } from "./files.ts";

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const write = (path: string, text = "new") => writeFileAtomic(path, (put) => put(Buffer.from(text)));

describe("a file is written as a whole or not at all", () => {
  it("makes it, replaces it, and leaves nothing beside it", async () => {
    const path = folder.at("a.txt");
    await write(path, "old");
    await write(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder.path)).toEqual(["a.txt"]);
  });

  it("keeps the old file when the content cannot be made, and passes that error on", async () => {
    const path = folder.file("a.txt", "old");
    const failing = writeFileAtomic(path, async (put) => {
      await put(Buffer.from("half"));
      throw new ValueError("no more");
    });
    await expect(failing).rejects.toThrow(ValueError);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder.path)).toEqual(["a.txt"]);
  });

  it("keeps permissions and links of the file it replaces", async () => {
    const path = folder.file("a.txt", "old");
    chmodSync(path, 0o640);
    symlinkSync("a.txt", folder.at("link.txt"));
    await write(folder.at("link.txt"));
    expect(lstatSync(folder.at("link.txt")).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it("says when the target is a directory, its folder is missing or is a file", async () => {
    mkdirSync(folder.at("sub"));
    expect(await messageOf("data", write(folder.at("sub")))).toContain("is a directory: name a file to write");
    expect(await messageOf("data", write(folder.at("missing/a.txt")))).toContain(
      `the folder ${folder.at("missing")} does not exist`,
    );
    const file = folder.file("file", "");
    expect(await messageOf("data", write(join(file, "a.txt")))).toContain("is not a folder");
    expect(await messageOf("data", checkWritable(join(file, "b", "a.txt")))).toContain("part of its path is a file");
    expect(await messageOf("data", write(folder.at("a".repeat(300))))).toContain("its name is too long");
    expect(readdirSync(folder.path).sort()).toEqual(["file", "sub"]);
  });

  it.runIf(existsSync("/dev/full"))("says when no space is left", async () => {
    expect(await messageOf("data", write("/dev/full"))).toContain("no space is left in /dev");
    expect(readdirSync("/dev").some((name) => name.endsWith(".tmp"))).toBe(false);
  });

  it.runIf(process.getuid?.() !== 0)("says when there is no permission", async () => {
    mkdirSync(folder.at("locked"));
    chmodSync(folder.at("locked"), 0o500);
    expect(await messageOf("data", write(folder.at("locked/a.txt")))).toContain("no permission in");
    expect(readdirSync(folder.at("locked"))).toEqual([]);
  });

  it("writes to a device without replacing it", async () => {
    await write("/dev/null");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("standard input and output", () => {
  const io = new URL("../../src/io/", import.meta.url);
  const run = (code: string, shell: (node: string) => string) => {
    const node = `"${process.execPath}" --conditions=source --import tsx --input-type=module -e '${code}'`;
    return promisify(execFile)("bash", ["-o", "pipefail", "-c", shell(node)], { maxBuffer: 2 ** 26 });
  };
  const columns = `[{ name: "a", values: new Float64Array(1e5).fill(0.1) }]`;
  const writing = `const { writeTable } = await import("${io}write-table.ts"); await writeTable("-", ${columns});`;

  it("- is standard output, complete", async () => {
    const { stdout } = await run(writing, (node) => node);
    expect(stdout).toBe(`a\n${"0.1\n".repeat(1e5)}`);
  });

  it("a reader that stops early is no error", async () => {
    expect(await run(writing, (node) => `${node} | head -n 1`)).toEqual({ stdout: "a\n", stderr: "" });
  });

  it.runIf(existsSync("/dev/full"))("says when standard output takes no more", async () => {
    const caught = `try { ${writing} } catch (error) { console.error(error.message); }`;
    const { stderr } = await run(caught, (node) => `${node} > /dev/full`);
    expect(stderr).toContain("standard output cannot be written");
  });

  it("- is standard input, for tables and arrays", async () => {
    const table = `const { readTable } = await import("${io}table-file.ts"); console.log((await readTable("-")).names.join());`;
    expect((await run(table, (node) => `printf 'a;b\\n1;2\\n' | ${node}`)).stdout).toBe("a,b\n");
    const array = `const { readNpy } = await import("${io}npy.ts"); console.log((await readNpy("-")).shape.join());`;
    const path = join(import.meta.dirname, "fixtures", "little-f8.npy");
    expect((await run(array, (node) => `cat "${path}" | ${node}`)).stdout).toBe("2,3\n");
  });
});

describe("tables", () => {
  const numbers = Float64Array.of(0.1 + 0.2, -0, 5e-324, 1.7976931348623157e308, 1 / 3, 123456789012345680000, NaN);
  const texts = ["a,b", 'say "x"', "two\nlines", "tab\there", "Köln", "a;b", null];
  const columns: OutputColumn[] = [
    { name: "value", values: numbers },
    { name: 'odd, "name"', values: texts },
  ];

  it.each(["a.csv", "a.tsv", "a.tab", "a.txt", "a.csv.gz", "a.tsv.gz", "a.parquet", "A.CSV.GZ", "plain"])(
    "%s is read back with the same bits",
    async (name) => {
      await writeTable(folder.at(name), columns);
      const table = await readTable(folder.at(name));
      expect(table.names).toEqual(columns.map((column) => column.name));
      expect(table.columns[0]).toEqual({ kind: "numeric", values: numbers });
      expect(table.columns[1]).toEqual({ kind: "text", values: texts });
    },
  );

  it("keeps rows of one empty field", async () => {
    await writeTable(folder.at("one.csv"), [{ name: "a", values: ["x", null, "", "y"] }]);
    expect((await readTable(folder.at("one.csv"))).rows).toBe(4);
  });

  it("writes many rows and none", async () => {
    const many = Float64Array.from({ length: 25_001 }, (_, i) => Math.sin(i));
    for (const name of ["many.csv", "many.tsv.gz", "many.parquet", "many.npy"]) {
      await writeTable(folder.at(name), [{ name: "x0", values: many }]);
      expect((await readTable(folder.at(name))).columns).toEqual([{ kind: "numeric", values: many }]);
      await writeTable(folder.at(name), [{ name: "x0", values: [] }]);
      expect(await readTable(folder.at(name))).toMatchObject({ names: ["x0"], rows: 0 });
    }
  });

  it("writes numbers as .npy, and refuses texts", async () => {
    await writeTable(folder.at("a.npy"), [
      { name: "a", values: [1, 2] },
      { name: "b", values: [3, 4] },
    ]);
    expect([...(await readNpyMatrix(folder.at("a.npy"))).data]).toEqual([1, 3, 2, 4]);
    expect(await messageOf("data", writeTable(folder.at("b.npy"), columns))).toContain(
      'column "odd, "name"" holds text: write .csv or .parquet',
    );
    expect(existsSync(folder.at("b.npy"))).toBe(false);
  });

  it("names the endings it knows when it does not know one", () => {
    for (const name of ["a.xlsx", "a.json", "a.parquet.gz", "a.npy.gz"])
      expect(() => tableFormat(name)).toThrow(
        /written as .csv or .tsv, each with or without .gz, .parquet or .npy, not as/,
      );
  });

  it("prints text for a terminal", () => {
    expect(tableText([{ name: "a", values: [1, 2.5] }])).toBe("a\n1\n2.5\n");
  });
});
