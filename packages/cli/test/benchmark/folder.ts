import { gzipSync } from "node:zlib";
import { csv } from "../command-line.ts";
import type { Folder } from "../io/files.ts";

/** A data set to write: rows of features, and the class of each. */
export interface Sample {
  readonly name: string;
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Points that no line separates: class 1 inside a circle, class 0 outside it. */
export function circle(name: string, n: number): Sample {
  const rows = Array.from({ length: n }, (_, i) => [Math.sin(7.3 * i + 1), Math.cos(3.1 * i * i), 1]);
  return { name, rows, labels: rows.map(([a, b]) => (a! * a! + b! * b! < 0.9 ? 1 : 0)) };
}

/** Three classes by direction, all at different distances from 0. */
export function sectors(name: string, n: number): Sample {
  const angles = Array.from({ length: n }, (_, i) => (2.4 * i) % (2 * Math.PI));
  const rows = angles.map((angle, i) => [(1 + (i % 5)) * Math.cos(angle), (1 + (i % 5)) * Math.sin(angle)]);
  return { name, rows, labels: angles.map((angle) => Math.floor((3 * angle) / (2 * Math.PI))) };
}

/** Even rows against odd ones, and each quarter against the rest. */
export function splits(n: number) {
  const rows = Array.from({ length: n }, (_, i) => i);
  const split = (isTest: (row: number) => boolean) => ({
    train: rows.filter((row) => !isTest(row)),
    test: rows.filter(isTest),
  });
  return {
    validation: split((row) => row % 2 === 1),
    cv: [0, 1, 2, 3].map((k) => split((row) => Math.floor((4 * row) / n) === k)),
  };
}

export const REFERENCE_HEADER = "dataset,n,d,classes,ntk_svm_cv4,ntk_krr_cv4";

/** One line of reference.csv. */
export function referenceRow({ name, rows, labels }: Sample, accuracy: number): string {
  return [name, rows.length, rows[0]!.length, new Set(labels).size, 0.5, accuracy].join();
}

/** Writes a benchmark folder as the command expects it. */
export function writeBenchmark(folder: Folder, samples: readonly Sample[], accuracy = 0.75): void {
  const reference = samples.map((sample) => referenceRow(sample, accuracy));
  folder.file("reference.csv", [REFERENCE_HEADER, ...reference, ""].join("\n"));
  for (const sample of samples) writeSample(folder, sample);
}

export function writeSample(folder: Folder, { name, rows, labels }: Sample): void {
  const names = [...rows[0]!.map((_, j) => `x${j + 1}`), "class"].join();
  const table = csv(
    names,
    rows.map((row, i) => [...row, labels[i]!]),
  );
  folder.file(`${name}.csv.gz`, gzipSync(table));
  folder.file(`${name}.folds.json.gz`, gzipSync(JSON.stringify(splits(rows.length))));
}
