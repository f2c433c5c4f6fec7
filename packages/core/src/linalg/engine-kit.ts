// What implementations of Engine share, beside the contract: one check of the input, one meaning of failure.
export { didYouMean, NumericalError, ValueError } from "../errors.ts";
export { checkFinite } from "../matrix/check.ts";
export { type Matrix, matrix, transpose } from "../matrix/matrix.ts";
export { type BadPivot, withSuggestion } from "./cholesky.ts";
export type * from "./engine.ts";
export { jsEngine } from "./js-engine.ts";
export { lowerTriangle } from "./lower-triangle.ts";
export { matmulSizes } from "./matmul.ts";
export { checkTriangular } from "./triangular.ts";
