import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Column, DataError, FormatError, type Matrix, matrix, type Table } from "ntkit";
import { parseJson } from "../io/parse-json.ts";
import { readInput } from "../io/read-input.ts";
import { readTable } from "../io/table-file.ts";

/** Row numbers, from 0, to learn from and to be scored on. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/** A classification data set with the splits it is always scored on. */
export interface BenchmarkDataset {
  readonly name: string;
  /** n x d, standardized as the file gives it. */
  readonly x: Matrix;
  /** Class of each row, 0 to classes - 1. */
  readonly labels: Uint32Array;
  readonly classes: number;
  /** Where the configuration is chosen. */
  readonly validation: Split;
  /** Where the chosen one is scored. */
  readonly folds: readonly Split[];
}

/** What `reference.csv` says of a data set. */
export interface Reference {
  readonly name: string;
  readonly rows: number;
  readonly features: number;
  readonly classes: number;
  /** Mean test accuracy of the same protocol by another program. */
  readonly accuracy: number;
}

const REFERENCE = "reference.csv";

/** The data sets of a folder, in the order of its `reference.csv`. Throws DataError with one sentence. */
export async function readReferences(folder: string): Promise<readonly Reference[]> {
  const path = join(folder, REFERENCE);
  const table = await readTable(path, { header: true, delimiter: "," });
  const names = columnOf(table, "dataset");
  const [rows, features, classes, accuracy] = ["n", "d", "classes", "ntk_krr_cv4"].map((name) => {
    const column = columnOf(table, name);
    if (column.kind !== "numeric" || !column.values.every(Number.isFinite))
      throw new DataError(`${path}: column "${name}" must hold a number in every row: correct the file`);
    return column.values;
  });
  if (table.rows === 0) throw new DataError(`${path} lists no data sets: give it a row for each`);
  return Array.from({ length: table.rows }, (_, i) => ({
    name: nameAt(names, i, path),
    rows: rows![i]!,
    features: features![i]!,
    classes: classes![i]!,
    accuracy: accuracy![i]!,
  }));
}

/** A name is part of a path, so it may not lead out of the folder. */
function nameAt(column: Column, row: number, path: string): string {
  const name = `${column.values[row] ?? ""}`;
  if (!/^[\w-][\w.-]*$/.test(name))
    throw new DataError(`${path}: "${name}" in data row ${row + 1} is no name of a data set: correct the file`);
  return name;
}

/** Throws, before any work is done, when a data set lacks one of its files. */
export async function checkFiles(folder: string, references: readonly Reference[]): Promise<void> {
  for (const { name } of references) {
    for (const path of filesOf(folder, name)) {
      await access(path).catch((cause: unknown) => {
        throw new DataError(`${path} does not exist, but ${REFERENCE} lists ${name}: copy the folder again`, { cause });
      });
    }
  }
}

/** Its examples and its splits. */
function filesOf(folder: string, name: string): readonly [string, string] {
  return [join(folder, `${name}.csv.gz`), join(folder, `${name}.folds.json.gz`)];
}

/** NAME.csv.gz and NAME.folds.json.gz of the folder, checked against each other and against the reference. */
export async function readDataset(folder: string, reference: Reference): Promise<BenchmarkDataset> {
  const { name } = reference;
  const [examples, splits] = filesOf(folder, name);
  const table = await readTable(examples, { header: true, delimiter: "," });
  const { x, labels } = examplesOf(table);
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const found = { rows: x.rows, features: x.cols, classes };
  for (const key of ["rows", "features", "classes"] as const) {
    if (found[key] !== reference[key])
      throw new DataError(
        `${table.source} holds ${found[key]} ${key}, but ${REFERENCE} says ${reference[key]}: copy the folder again`,
      );
  }
  return { name, x, labels, classes, ...splitsOf(jsonOf(await readInput(splits), splits), x.rows, splits) };
}

function examplesOf(table: Table): { x: Matrix; labels: Uint32Array } {
  const { source, rows } = table;
  const classes = columnOf(table, "class");
  if (classes.kind !== "numeric" || !classes.values.every((label) => Number.isInteger(label) && label >= 0))
    throw new DataError(`${source}: column "class" must hold whole numbers from 0: correct the file`);
  const columns = table.columns.filter((column) => column !== classes);
  if (rows === 0 || columns.length === 0)
    throw new DataError(`${source} needs at least one row and one column beside "class", got ${rows} rows`);
  const x = matrix(rows, columns.length);
  for (const [j, column] of columns.entries()) {
    for (let i = 0; i < rows; i++) {
      const value = column.kind === "numeric" ? column.values[i]! : Number.NaN;
      if (Number.isNaN(value))
        throw new DataError(`${source}: data row ${i + 1} holds no number in one of its columns: correct the file`);
      x.data[i * x.cols + j] = value;
    }
  }
  return { x, labels: Uint32Array.from(classes.values) };
}

function columnOf(table: Table, name: string): Column {
  const column = table.columns[table.names.indexOf(name)];
  if (column === undefined) throw new DataError(`${table.source} has no column "${name}": correct the file`);
  return column;
}

function jsonOf(bytes: Uint8Array, path: string): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? `: ${error.message}` : "";
    throw new FormatError(`${path} does not hold JSON text${reason}; copy it again`, { cause: error });
  }
}

function splitsOf(value: unknown, rows: number, path: string): { validation: Split; folds: readonly Split[] } {
  const { validation, cv } = fieldsOf(value);
  if (!Array.isArray(cv) || cv.length === 0)
    throw new DataError(`${path}: "cv" must be a list of one split or more: copy the file again`);
  const folds = cv.map((split, k) => splitOf(split, rows, `${path}: cv ${k + 1}`));
  return { validation: splitOf(validation, rows, `${path}: "validation"`), folds };
}

function splitOf(value: unknown, rows: number, where: string): Split {
  const { train, test } = fieldsOf(value);
  if (!isRowList(train, rows) || !isRowList(test, rows))
    throw new DataError(`${where} must have "train" and "test", lists of row numbers from 0 to ${rows - 1}`);
  const both = new Set(train);
  const shared = test.find((row) => both.has(row));
  if (shared !== undefined) throw new DataError(`${where} trains and tests on row ${shared}: copy the file again`);
  return { train, test };
}

function isRowList(value: unknown, rows: number): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((row) => Number.isInteger(row) && row >= 0 && row < rows) &&
    new Set(value).size === value.length
  );
}

function fieldsOf(value: unknown): { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null ? (value as { readonly [key: string]: unknown }) : {};
}
