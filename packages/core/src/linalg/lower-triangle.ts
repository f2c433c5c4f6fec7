import { ValueError } from "../errors.ts";
import { checkSquare } from "../matrix/check.ts";
import type { Matrix } from "../matrix/matrix.ts";

/** A row-major copy of the lower triangle with zeros above it; throws when A is not square or a value not finite. */
export function lowerTriangle(
  where: string,
  a: Matrix,
  allocate: (length: number) => Float64Array = (length) => new Float64Array(length),
): Float64Array {
  checkSquare(where, a);
  const n = a.rows;
  const lower = allocate(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = a.data[i * n + j]!;
      if (!Number.isFinite(value))
        throw new ValueError(`${where}: every value must be finite, got ${value} at row ${i}, column ${j}`);
      lower[i * n + j] = value;
    }
  }
  return lower;
}
