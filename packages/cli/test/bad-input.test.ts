import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTable } from "../src/io/write-table.ts";
import { csv, floats, npyBytes, ntkit, smoothRows } from "./command-line.ts";
import { Folder } from "./io/files.ts";
import { refusedIn } from "./refused.ts";

const folder = new Folder();
const rows = smoothRows(24);
const network = (...layers: readonly object[]) => JSON.stringify({ type: "serial", layers });
const dense = { type: "dense", width: 8 };
const relu = { type: "relu" };

/** The rows with one cell changed; `at` counts from the header line, which is line 1. */
const withCell = (line: number, col: number, cell: string) =>
  csv(
    "a,b,y",
    rows.map((row, i) => row.map((value, j) => (i + 2 === line && j === col ? cell : value))),
  );

beforeAll(async () => {
  folder.file("good.csv", csv("a,b,y", rows));
  folder.file(
    "classes.csv",
    csv(
      "a,b,kind",
      rows.map(([a, b], i) => [a, b, i % 2 ? "odd" : "even"]),
    ),
  );
  folder.file("net.json", network(dense, relu, dense));
  folder.file("x.npy", npyBytes("(3, 2)", floats(1, 2, 3, 4, 5, 6)));
  mkdirSync(folder.at("folder"));
  for (const [table, target] of [
    ["good", "y"],
    ["classes", "kind"],
  ]) {
    const run = await ntkit(
      "fit",
      folder.at(`${table}.csv`),
      "--target",
      target!,
      "--out",
      folder.at(`${table}.ntkit`),
    );
    expect(run.stderr).toBe("");
  }
  await writeTable(folder.at("whole.parquet"), [{ name: "a", values: rows.map(([a]) => a!) }]);
});
afterAll(() => folder.remove());

const expectRefused = refusedIn(folder);

describe("tables to learn from", () => {
  it.each<[string, string | Uint8Array, string, string?]>([
    ["empty", "", "is empty: it needs a line of column names and a line per row"],
    ["header-only", "a,b,y\n", "has column names but no rows"],
    ["one-row", "a,b,y\n1,2,3\n", "at least 5 rows with a target are needed to learn, got 1"],
    ["ragged", "a,b,y\n1,2,3\n1,2\n", ".csv, line 3: every row must have 3 fields like the first line, got 2"],
    ["one-column", "y\n1.5\n2.5\n3.5\n4.5\n5\n6\n7\n", "no column is left to learn from: the target is the only one"],
    [
      "constant-target",
      csv(
        "a,b,y",
        rows.map(([a, b]) => [a, b, 5.5]),
      ),
      'target "y" is 5.5 in every row',
    ],
    [
      "no-target",
      csv(
        "a,b,y",
        rows.map(([a, b]) => [a, b, ""]),
      ),
      'target "y" is missing in every row',
    ],
    [
      "one-class",
      csv(
        "a,b,y",
        rows.map(([a, b]) => [a, b, "red"]),
      ),
      'target "y" is "red" in every row',
    ],
    [
      "identifiers",
      csv(
        "a,b,y",
        rows.map(([a, b], i) => [a, b, `id${i}`]),
      ),
      "classes in",
    ],
    [
      "constant-columns",
      csv(
        "a,b,y",
        rows.map(([a]) => [1, 2, a]),
      ),
      '"a" is constant, "b" is constant',
    ],
    ["text-in-column", withCell(9, 0, "oops"), 'column "a" is numeric but line 9 holds "oops": correct it'],
    ["text-in-target", withCell(9, 2, "oops"), 'target "y" is numeric but line 9 holds "oops": correct it'],
    ["infinite", withCell(9, 1, "-inf"), 'column "b" holds "-inf" in line 9: values must be finite'],
    ["huge", withCell(9, 1, "1e308"), 'column "b" holds 1e+308 in data row 8: values must lie within ±1e+305'],
    ["huge-target", withCell(9, 2, "-1e308"), 'column "y" holds -1e+308 in data row 8'],
    ["duplicated", "a,a,y\n1,2,3\n", 'columns 1 and 2 have the same name "a"'],
    ["unnamed", "a,,y\n1,2,3\n", "column 2 has no name in the first line: give it one"],
    ["numbers", "1,2,3\n4,5,6\n", "add names, or pass --no-header"],
    ["unclosed", 'a,b,y\n1,"2,3\n4,5,6\n', ".csv, line 2: a quote is opened in this row and never closed"],
    ["zeros", Buffer.from("a,b,y\n1,\0,3\n"), "is not text: byte 8 is 0, as in no text; name a text table"],
    ["picture", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), "is not text: byte 6 is a control character (26)"],
    ["page", "<html>\n<p>Not found, sorry</p>\n", "line 2: every row must have 1 field like the first line, got 2"],
    ["excel", Buffer.from("PK\x03\x04rest"), "is a spreadsheet or an archive, not text: export the sheet as CSV"],
    ["gzip", gzipSync("a,b,y\n1,2,3\n".repeat(99)).subarray(0, 30), "its gzip data end early or are corrupt"],
    ["semicolons", "a;b;y\n1;2;3\n", 'pass --delimiter ";"', " --delimiter ,"],
    ["wrong-delimiter", "a,b,y\n1,2,3\n", 'pass --delimiter ","', " --delimiter ;"],
    ["unsplit", "a:b:y\n1:2:3\n", 'no column is named "y"; the columns are a:b:y'],
  ])("%s", async (name, content, message, options = "") => {
    folder.file(`${name}.csv`, content);
    await expectRefused(`fit @${name}.csv --target y --out @new.ntkit${options}`, message);
  });

  it("an array without rows of endless columns", async () => {
    folder.file("no-values.npy", npyBytes("(0, 1000000000000)", floats()));
    const message = "a table has at most 1000000 columns, got shape (0, 1000000000000)";
    await expectRefused("fit @no-values.npy --target x0", message);
    await expectRefused("predict @good.ntkit @no-values.npy", message);
  });

  it("a Parquet file cut short", async () => {
    folder.file("cut.parquet", readFileSync(folder.at("whole.parquet")).subarray(0, -20));
    await expectRefused("fit @cut.parquet --target a", "is a damaged, truncated or encrypted Parquet file");
  });
});

describe("arguments", () => {
  it.each([
    [
      "",
      "name a command: fit, predict, kernel, empirical, train, reproduce, certify, describe, benchmark, doctor; ntkit --help shows how",
    ],
    ["fti @good.csv", `unknown command 'fti' (did you mean "fit"?)`],
    ["help fti", "name a command"],
    ["fit --target y", "missing required argument 'table'; ntkit fit --help shows how"],
    ["fit @good.csv", "required option '--target <columns>' not specified"],
    ["fit @good.csv --target", "option '--target <columns>' argument missing"],
    ["fit @good.csv --target y --sed 1", `unknown option '--sed' (did you mean "--seed"?)`],
    ["fit @good.csv more --target y", "too many arguments for 'fit'"],
    ["fit @good.csv --target y --seed x", "argument 'x' is invalid: it must be a whole number from 0"],
    ["fit @good.csv --target y --seed ''", "argument '' is invalid: it must be a whole number"],
    ["fit @good.csv --target y --seed -1", "argument '-1' is invalid"],
    ["fit @good.csv --target y --seed 1.5", "argument '1.5' is invalid"],
    ["fit @good.csv --target y --test-fraction 1", "argument '1' is invalid: it must be a number from 0 up to"],
    ["fit @good.csv --target y --test-fraction half", "argument 'half' is invalid"],
    ["fit @good.csv --target y --test-fraction 0.99", "leaves 0 to learn from, at least 5 are needed: lower"],
    ["fit @good.csv --target y --test-fraction 0.001", "leaves none to test on: raise --test-fraction"],
    ["fit @good.csv --target y --task ranking", "it must be one of regression, classification"],
    ["fit @classes.csv --target kind --task regression", 'target "kind" holds "even" in data row 1'],
    ["fit @good.csv --target y --task classification", "too many to learn; use --task regression"],
    ["fit @good.csv --target Y", 'no column is named "Y" (did you mean "y"?); the columns are a, b, y'],
    ["fit @good.csv --target zebra", 'no column is named "zebra"; the columns are a, b, y'],
    ["fit @good.csv --target __proto__", 'no column is named "__proto__"'],
    ["fit @good.csv --target y --delimiter ''", "--delimiter must be text without quotes"],
    ["predict @good.ntkit @good.csv --level 1", "argument '1' is invalid: it must be a number between 0 and 1"],
    ["predict @good.ntkit @good.csv --level ''", "argument '' is invalid"],
    ["predict @good.ntkit @good.csv --level 95%", "argument '95%' is invalid"],
    ["fit '' --target y", "the name of a file is empty"],
    ["fit @good.csv --target y --out ''", "the name of a file is empty"],
    ["describe ''", "the name of a file is empty"],
    ["fit @good.csv --target ''", 'no column is named ""; the columns are'],
    ["fit @good.csv --target a --no-header", 'no column is named "a"; the columns are x0, x1, x2'],
    ["predict - -", "standard input can be read once only"],
    ["kernel --network @net.json --x1 @x.npy --out @k.npy --get nngpp", "it must be one of nngp, ntk"],
    ["kernel --network @net.json --x1 @x.npy", "required option '--out <file>' not specified"],
    ["kernel --network @net.json --x1 @x.npy --out - --json", "only one thing can go to standard output"],
    ["fit @good.csv --target y --json --out -", "only one thing can go to standard output"],
  ])("%s", (command, message) => expectRefused(command, message));
});

describe("paths", () => {
  it.each([
    ["fit @goood.csv --target y", 'goood.csv does not exist (did you mean "good.csv"?)'],
    ["fit @missing/good.csv --target y", "missing/good.csv does not exist: there is no folder"],
    ["fit @folder --target y", "folder is a directory: name a file in it"],
    ["fit @good.csv --target y --test @gone.csv", "gone.csv does not exist"],
    ["predict @god.ntkit @good.csv", '(did you mean "good.ntkit"?)'],
    ["predict @folder @good.csv", "is a directory"],
    ["describe @nett.json", '(did you mean "net.json"?)'],
    ["describe @folder", "is a directory"],
    ["kernel --network @net.json --x1 @xx.npy --out @k.npy", '(did you mean "x.npy"?)'],
    ["kernel --network @net.json --x1 @folder --out @k.npy", "is a directory"],
    ["fit @good.csv --target y --out @folder", "folder is a directory: name a file to write"],
    ["fit @good.csv --target y --out @missing/new.ntkit", "does not exist; create it"],
    ["fit @good.csv --target y --plot @missing/new.svg", "does not exist; create it"],
    ["fit @good.csv --target y --plot @new.png", "new.png: plots are written as .svg"],
    ["fit @good.csv --target y --plot @new.svg --test-fraction 0", "a plot shows test rows"],
    ["fit @good.csv --target y --out @good.csv", "good.csv would be overwritten: it is read by the same command"],
    ["fit @good.csv --target y --out @new.svg --plot @folder/../new.svg", "the same command writes it twice"],
    ["predict @good.ntkit @good.csv --out @good.ntkit", "good.ntkit would be overwritten"],
    ["predict @good.ntkit @good.csv --out @new.xlsx", "tables are written as .csv or .tsv"],
    ["predict @good.ntkit @good.csv --out @missing/new.csv", "does not exist; create it"],
    ["predict @classes.ntkit @good.csv --out @new.npy", ".npy holds numbers only"],
    ["kernel --network @net.json --x1 @x.npy --out @k.csv", "k.csv: kernels are written as .npy"],
    ["kernel --network @net.json --x1 @x.npy --out @missing/k.npy", "does not exist; create it"],
    ["kernel --network @net.json --x1 @x.npy --out @x.npy", "x.npy would be overwritten"],
  ])("%s", (command, message) => expectRefused(command, message));

  it.runIf(existsSync("/dev/full"))("no space is left", async () => {
    symlinkSync("/dev/full", folder.at("full.svg"));
    for (const command of [
      "fit @good.csv --target y --out /dev/full --plot @new.svg",
      "fit @good.csv --target y --plot @full.svg",
      "predict @good.ntkit @good.csv --out /dev/full",
      "kernel --network @net.json --x1 @x.npy --out /dev/full",
    ])
      await expectRefused(command, "cannot be written: no space is left");
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  it.runIf(process.getuid?.() !== 0)("no permission to write", async () => {
    mkdirSync(folder.at("locked"), { mode: 0o500 });
    await expectRefused("fit @good.csv --target y --out @locked/new.ntkit", "no permission in");
  });
});

describe("test tables", () => {
  it.each([
    ["lacks the target", "good", "y", "a,b\n1,2\n", 'no column is named "y"; the columns are a, b'],
    ["lacks a column", "good", "y", "a,y\n1,2\n", 'was fitted with the column "b", which is not there'],
    ["has a new class", "classes", "kind", "a,b,kind\n1,2,prime\n", 'the class "prime", which no training row has'],
    ["has no target value", "good", "y", "a,b,y\n1,2,\n", 'target "y" is missing in every row'],
    ["has no rows", "good", "y", "a,b,y\n", "no rows"],
  ])("%s", async (name, train, target, content, message) => {
    const file = `${name.replaceAll(" ", "-")}.csv`;
    folder.file(file, content);
    await expectRefused(`fit @${train}.csv --target ${target} --test @${file} --out @new.ntkit`, message);
  });
});

describe("columns that options name", () => {
  it.each([
    [
      "fit @good.csv --target y --exclude a,bb --out @new.ntkit",
      'has no column named "bb" (did you mean "b"?); its columns are a, b, y',
    ],
    ["fit @good.csv --target y --exclude y --out @new.ntkit", '"y" is the target and cannot be excluded'],
    ["fit @good.csv --target y --exclude a,b --out @new.ntkit", 'no column is left to learn from: "a" is excluded'],
    ["fit @good.csv --target y --exclude '' --out @new.ntkit", 'has no column named ""'],
    ["predict @good.ntkit @good.csv --keep idd --out @new.csv", "--keep: "],
    [
      "predict @good.ntkit @taken.csv --keep lower --out @new.csv",
      '"lower" is the name of a column of predictions: rename it',
    ],
  ])("%s", async (command, message) => {
    folder.file("taken.csv", "a,b,lower\n1,2,3\n");
    await expectRefused(command, message);
  });
});

describe("tables to predict", () => {
  it.each([
    ["renamed", "a,bb\n1,2\n", 'with the column "b" (did you mean "bb"?), which is not there: add or rename it'],
    ["both-gone", "c,d\n1,2\n", 'the columns "a", "b", which are not there: add or rename them'],
    ["now-text", "a,b\n1,2\n3,x\n", 'column "b" was numeric in training but'],
    ["one-text", `a,b\n${"1,2\n".repeat(20)}1,x\n`, 'column "b" was numeric in training but line 22 holds "x"'],
    ["far", "a,b\n1,1e300\n", 'column "b" holds 1e+300 in data row 1, too far from training'],
    ["empty", "", "is empty"],
  ])("%s", async (name, content, message) => {
    folder.file(`predict-${name}.csv`, content);
    await expectRefused(`predict @good.ntkit @predict-${name}.csv --out @new.csv`, message);
  });
});

describe("network files", () => {
  const file = (version: number) => JSON.stringify({ format: "ntkit-network", version, network: dense });

  it.each<[string, string | Uint8Array, string]>([
    ["cut", '{"type": "serial",\n "layers', "cut.json is not a network file, which is JSON: "],
    ["empty", "", "empty.json is not a network file"],
    ["bytes", Buffer.from('{"type":"dense"}', "utf16le").subarray(1), "bytes.json is not a network file"],
    ["latin", Buffer.from('{"t\xf6":1}', "latin1"), "it is not UTF-8 text"],
    ["null", "null", 'null.json: a layer must be an object with a "type", got null'],
    ["type", network({ type: "dens" }), 'type.json: layers[0]: unknown layer type "dens" (did you mean "dense"?)'],
    ["proto", '{"type":"constructor"}', 'unknown layer type "constructor": ntkit has no such layer; it has serial,'],
    ["field", network({ ...dense, wstd: 1 }), 'layers[0]: unknown field "wstd" of dense (did you mean "wStd"?)'],
    ["proto-field", '{"type":"dense","width":1,"__proto__":{}}', 'unknown field "__proto__" of dense'],
    ["value", network({ type: "dense", width: -5 }), "width of dense must be an integer of at least 1, got -5"],
    ["version", file(2), "version 2 of the network file is not known here (1 is): update ntkit"],
    [
      "branches",
      network(
        dense,
        ...Array.from({ length: 50 }, () => [{ type: "fanOut", copies: 10_000 }, { type: "fanInConcat" }]).flat(),
      ),
      "branches.json: layers[2]: fanInConcat joins 49995000 pairs of branches, at most 100000 are allowed",
    ],
    [
      "coefficients",
      network(dense, { type: "polynomial", coef: new Array(20_000).fill(1) }),
      "layers[1]: coef of polynomial must be a list of 1 to 101 finite numbers, got 20000",
    ],
    ["function", network(dense, { type: "elementwise", name: "mine" }, dense), "use one of the named activations"],
  ])("%s", async (name, content, message) => {
    folder.file(`${name}.json`, content);
    await expectRefused(`describe @${name}.json`, message);
    await expectRefused(`kernel --network @${name}.json --x1 @x.npy --out @k.npy`, message);
    await expectRefused(`fit @good.csv --target y --network @${name}.json --out @new.ntkit`, message);
  });

  it("two activations without a dense layer between", async () => {
    folder.file("twice.json", network(dense, relu, relu, dense));
    const message = "twice.json: layers[2]: relu needs Gaussian pre-activations: put a dense layer before it";
    await expectRefused("describe @twice.json", message);
    await expectRefused("kernel --network @twice.json --x1 @x.npy --out @k.npy", message);
    await expectRefused("fit @good.csv --target y --network @twice.json --out @new.ntkit", message);
  });
});

describe("arrays", () => {
  it.each<[string, string | Uint8Array, string]>([
    ["vector", npyBytes("(6,)", floats(1, 2, 3, 4, 5, 6)), "a two-dimensional array is needed"],
    ["cube", npyBytes("(1, 2, 3)", floats(1, 2, 3, 4, 5, 6)), "got shape (1, 2, 3): reshape it before saving"],
    [
      "complex",
      npyBytes("(1, 2)", floats(1, 2, 3, 4), "'<c16'"),
      "values are of dtype '<c16', ntkit reads real numbers",
    ],
    ["object", npyBytes("(1, 2)", floats(1), "'|O'"), "values are of dtype '|O'"],
    ["cut", npyBytes("(3, 2)", floats(1, 2, 3, 4, 5)), "is truncated: shape (3, 2) needs"],
    ["cut-header", npyBytes("(3, 2)", floats(1)).subarray(0, 30), "is truncated: it ends within its header"],
    ["vast", npyBytes("(30000000, 20000000)", floats(1)), "is truncated"],
    [
      "beyond",
      npyBytes("(3000000000, 2000000000)", floats(1)),
      "no array is as large as its shape (3000000000, 2000000000) says",
    ],
    ["endless", npyBytes("(0, 99999999999999999999999)", floats()), "no array is as large as its shape (0, 9999"],
    ["nan", npyBytes("(3, 2)", floats(1, 2, 3, Number.NaN, 5, 6)), "must be finite, got NaN at row 1, column 1"],
    ["infinite", npyBytes("(2, 2)", floats(-Infinity, 2, 3, 4)), "must be finite, got -Infinity at row 0, column 0"],
    ["text", "a,b\n1,2\n", "text.npy is not a .npy file: save the array with numpy.save"],
  ])("%s", async (name, content, message) => {
    folder.file(`${name}.npy`, content);
    await expectRefused(`kernel --network @net.json --x1 @${name}.npy --out @k.npy`, message);
    await expectRefused(`kernel --network @net.json --x1 @x.npy --x2 @${name}.npy --out @k.npy`, message);
  });

  it("arrays of different width", async () => {
    folder.file("wide.npy", npyBytes("(2, 3)", floats(1, 2, 3, 4, 5, 6)));
    await expectRefused(
      "kernel --network @net.json --x1 @x.npy --x2 @wide.npy --out @k.npy",
      "wide.npy: both inputs must have the same number of columns, got 3, and 2 in",
    );
  });

  it("more rows than any kernel matrix can have", async () => {
    folder.file("long.npy", npyBytes("(2000000, 2)", new Uint8Array(4_000_000).fill(1), "'|u1'"));
    await expectRefused(
      "kernel --network @net.json --x1 @long.npy --out @k.npy",
      "kernelFn: a Gram matrix of 2000000 x 2000000 entries is more than an array holds: take fewer rows",
    );
    await expectRefused(
      "empirical --network @net.json --seed 1 --x1 @long.npy --out @k.npy",
      "there is not enough memory for this: take fewer rows, or narrower layers",
    );
  });

  it("an array without columns", async () => {
    folder.file("no-columns.npy", npyBytes("(3, 0)", floats()));
    await expectRefused(
      "kernel --network @net.json --x1 @no-columns.npy --out @k.npy",
      "inputs must have at least one column, got shape (3, 0)",
    );
  });
});
