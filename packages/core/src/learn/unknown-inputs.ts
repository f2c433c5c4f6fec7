import type { Matrix } from "../matrix/matrix.ts";
import { type Feature, isCellMissing, type Preprocessor, spansOf, tellsMissing } from "./preprocess.ts";
import { asTexts, type Column, columnsByName, type Table } from "./table.ts";

/** What a row does not tell: features, by their position, whose value is missing or a category that training never had. */
export interface RowKind {
  readonly missing: readonly number[];
  readonly unseen: readonly number[];
}

const COMPLETE: RowKind = { missing: [], unseen: [] };

/** The kinds of the rows of a table; kind 0 is that of complete rows. */
export interface RowKinds {
  readonly kinds: readonly RowKind[];
  /** Which of them each row is of. */
  readonly kindOf: Uint32Array;
}

/** The kinds of rows to be predicted. */
export function rowKinds({ features }: Preprocessor, table: Table): RowKinds {
  const columns = columnsByName(table);
  const unknown = new Map<number, { missing: number[]; unseen: number[] }>();
  const of = (row: number) => {
    const own = unknown.get(row) ?? { missing: [], unseen: [] };
    unknown.set(row, own);
    return own;
  };
  features.forEach((feature, f) => {
    const column = columns.get(feature.name)!;
    const isMissing = isCellMissing(feature, column);
    const isUnseen = isCellUnseen(feature, column);
    for (let row = 0; row < table.rows; row++) {
      if (isMissing(row)) of(row).missing.push(f);
      else if (isUnseen(row)) of(row).unseen.push(f);
    }
  });
  return gather(table.rows, unknown);
}

/** The kinds of training rows, read from their inputs. */
export function kindsOfInputs(preprocessor: Preprocessor, x: Matrix): RowKinds {
  const unknown = new Map<number, { missing: number[]; unseen: number[] }>();
  const spans = spansOf(preprocessor);
  preprocessor.features.forEach((feature, f) => {
    const at = tellsMissing(feature);
    if (at === null) return;
    for (let row = 0; row < x.rows; row++) {
      if (!(x.data[row * x.cols + spans[f]!.from + at]! > 0)) continue;
      const own = unknown.get(row) ?? { missing: [], unseen: [] };
      own.missing.push(f);
      unknown.set(row, own);
    }
  });
  return gather(x.rows, unknown);
}

function gather(rows: number, unknown: ReadonlyMap<number, RowKind>): RowKinds {
  const kinds: RowKind[] = [COMPLETE];
  const numbers = new Map([[keyOf(COMPLETE), 0]]);
  const kindOf = new Uint32Array(rows);
  for (const [row, kind] of unknown) {
    const key = keyOf(kind);
    const number = numbers.get(key) ?? kinds.push(kind) - 1;
    numbers.set(key, number);
    kindOf[row] = number;
  }
  return { kinds, kindOf };
}

export function keyOf({ missing, unseen }: RowKind): string {
  return `${missing.join(",")};${unseen.join(",")}`;
}

function isCellUnseen(feature: Feature, column: Column): (row: number) => boolean {
  if (feature.kind !== "category") return () => false;
  const levels = new Set(feature.levels);
  const texts = asTexts(column, feature.levels);
  return (row) => texts[row] !== null && !levels.has(texts[row]!);
}

/** Cells of a table that a model knows nothing of, by column. */
export interface UnknownCells {
  /** Rows that have such a cell. */
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly missing: number; readonly unseen: number }[];
}

/**
 * How many rows of a table have missing values or categories that training never had, and in which columns: predictions
 * for them average over what the values may be, and their intervals are wider.
 */
export function unknownCells({ preprocessor }: { readonly preprocessor: Preprocessor }, table: Table): UnknownCells {
  const { kinds, kindOf } = rowKinds(preprocessor, table);
  const counts = preprocessor.features.map(({ name }) => ({ name, missing: 0, unseen: 0 }));
  let rows = 0;
  for (const number of kindOf) {
    if (number > 0) rows++;
    for (const f of kinds[number]!.missing) counts[f]!.missing++;
    for (const f of kinds[number]!.unseen) counts[f]!.unseen++;
  }
  const columns = counts.filter(({ missing, unseen }) => missing + unseen > 0);
  return { rows, columns: columns.sort((a, b) => b.missing + b.unseen - a.missing - a.unseen) };
}

/** Whether the model has learned from rows like these what an unknown value means: from missing ones, where there were some. */
export function isLearned(feature: Feature, kind: RowKind, f: number): boolean {
  return kind.missing.includes(f) && tellsMissing(feature) !== null;
}
