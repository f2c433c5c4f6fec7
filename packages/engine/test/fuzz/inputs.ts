import fc from "fast-check";
import { type Matrix, matrix } from "ntkit";

/** How a row is made from the first row of its batch, or by itself. */
type RowKind = "own" | "zero" | "duplicate" | "near" | "antipodal" | "collinear" | "axis";

const kind = fc.oneof(
  { weight: 4, arbitrary: fc.constant<RowKind>("own") },
  { weight: 3, arbitrary: fc.constantFrom<RowKind>("zero", "duplicate", "near", "antipodal", "collinear", "axis") },
);

/** Sizes of rows: most near 1, some anywhere from 1e-148 to 1e148. */
const scale = fc.oneof(
  { weight: 5, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: -148, max: 148 }).map((exponent) => 10 ** exponent) },
  { weight: 1, arbitrary: fc.constantFrom(1e-148, 1e-78, 1e-60, 1e-8, 1e8, 1e60, 1e78, 1e148) },
);

const rowOf = (columns: number): fc.Arbitrary<{ kind: RowKind; values: number[]; scale: number; gap: number }> =>
  fc.record({
    kind,
    values: fc.array(
      fc.double({ min: -1, max: 1, noNaN: true }).map((v) => (Math.abs(v) < 1e-3 ? 0.3 : v)),
      {
        minLength: columns,
        maxLength: columns,
      },
    ),
    scale,
    gap: fc.integer({ min: 3, max: 8 }).map((k) => 10 ** -k),
  });

/** Up to twelve rows, or a hundred and more, of up to five columns: zero, equal, nearly equal, opposite, collinear, tiny, huge. */
export const batch: fc.Arbitrary<Matrix> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), scale, fc.boolean(), fc.integer({ min: 0, max: 40 }))
  .chain(([columns, common, mixes, many]) =>
    fc.array(rowOf(columns), { minLength: 1, maxLength: 12 }).map((rows) => {
      const first = rows[0]!.values;
      const made = rows.map((row) => {
        const own = mixes ? row.scale : 1;
        return valuesOf(row, first).map((value) => value * common * (isRescaled(common * own) ? 1 : own));
      });
      // Many rows are copies of these, each stretched a little.
      const all = Array.from({ length: many === 0 ? 130 : rows.length }, (_, i) =>
        made[i % made.length]!.map((value) => value * (1 + Math.floor(i / made.length) / 7)),
      );
      return matrix(all.length, columns, Float64Array.from(all.flat()));
    }),
  );

function isRescaled(size: number): boolean {
  return size > 1e148 || size < 1e-148;
}

function valuesOf(row: { kind: RowKind; values: number[]; gap: number }, first: readonly number[]): readonly number[] {
  switch (row.kind) {
    case "own":
      return row.values;
    case "zero":
      return row.values.map(() => 0);
    case "duplicate":
      return first;
    case "near":
      return first.map((value, k) => value + row.gap * row.values[k]!);
    case "antipodal":
      return first.map((value) => -value);
    case "collinear":
      return first.map((value) => value * 3 * row.values[0]!);
    case "axis":
      return row.values.map((_, k) => (k === 0 ? 1 : 0));
  }
}
