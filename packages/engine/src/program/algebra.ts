/**
 * The arithmetic that formulas of kernel programs are written in, once, for numbers and for the lanes of a WebAssembly vector.
 *
 * Every operation is one IEEE 754 operation, rounded to nearest, so that a formula gives the same bits in each algebra. A formula
 * must not look at its values: where it would branch, it selects.
 */
export interface Algebra<T, M> {
  constant(value: number): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  /** a b + c: two roundings, or one where the engine may be `fast`. */
  mulAdd(a: T, b: T, c: T): T;
  sqrt(a: T): T;
  abs(a: T): T;
  neg(a: T): T;
  /** b < a ? b : a */
  min(a: T, b: T): T;
  /** a < b ? b : a */
  max(a: T, b: T): T;
  /** The nearest whole number, ties to even. */
  nearest(a: T): T;
  /** 2ⁿ for a whole number n from −1022 to 1023. */
  powerOfTwo(n: T): T;
  less(a: T, b: T): M;
  lessOrEqual(a: T, b: T): M;
  equal(a: T, b: T): M;
  and(a: M, b: M): M;
  or(a: M, b: M): M;
  not(a: M): M;
  /** Lane by lane: condition ? a : b. */
  select(condition: M, a: T, b: T): T;
  /**
   * As `select` of each value, where `compute` is long and its condition seldom holds: it is skipped when it holds in no lane.
   * `compute` may be called once, while the formula is read.
   */
  rarely(condition: M, compute: () => readonly T[], otherwise: readonly T[]): readonly T[];
}

/** Plain numbers: the readable truth, and what tests compare with. */
export const numberAlgebra: Algebra<number, boolean> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mulAdd: (a, b, c) => a * b + c,
  sqrt: Math.sqrt,
  abs: Math.abs,
  neg: (a) => -a,
  // Unlike Math.min and Math.max, the first of two zeros, and the first if one of the two is NaN.
  // biome-ignore lint/complexity/useMathMinMax: see above
  min: (a, b) => (b < a ? b : a),
  // biome-ignore lint/complexity/useMathMinMax: see above
  max: (a, b) => (a < b ? b : a),
  nearest: roundHalfEven,
  powerOfTwo: (n) => 2 ** n,
  less: (a, b) => a < b,
  lessOrEqual: (a, b) => a <= b,
  equal: (a, b) => a === b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  select: (condition, a, b) => (condition ? a : b),
  rarely: (condition, compute, otherwise) => (condition ? compute() : otherwise),
};

/** From 2⁵¹ on there are no halves; below, adding and subtracting 3·2⁵¹ rounds to a whole number. */
function roundHalfEven(a: number): number {
  if (!(Math.abs(a) < 2 ** 51)) return a;
  const rounded = a + 3 * 2 ** 51 - 3 * 2 ** 51;
  return rounded === 0 ? a * 0 : rounded;
}
