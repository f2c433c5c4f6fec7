import { describe, expect, it } from "vitest";
import { singularRidge } from "../../src/predict/singular-ridge.ts";

describe("singularRidge", () => {
  it.each([
    ["below zero", -3, 0.5, 1, 4],
    ["lifted to the tolerance alone", -3, 0.5, 3.5, 4],
    ["within rounding of zero", 0.25, 0.25, 0, 0.5],
    ["zero without rounding", 0, 0, 0, Number.EPSILON],
  ])("an eigenvalue %s needs twice the tolerance above what is missing", (_, smallest, tolerance, diagReg, ridge) => {
    const found = singularRidge("f", smallest, tolerance, diagReg);
    expect(found).toMatchObject({ ok: false, diagReg, smallestEigenvalue: smallest, suggestedDiagReg: ridge });
    expect(found!.message).toBe(
      `f: the kernel matrix (smallest eigenvalue ${smallest}) with diagReg ${diagReg} is not positive definite: raise diagReg to ${ridge}`,
    );
    expect(singularRidge("f", smallest, tolerance, ridge)).toBeNull();
  });
});
