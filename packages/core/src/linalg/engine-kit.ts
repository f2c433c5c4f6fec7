// What implementations of Engine share, beside the contract: one check of the input, one meaning of failure.

export { didYouMean, isNtkError, NumericalError, quoted, ValueError } from "../errors.ts";
export { allFinite, checkFinite, checkSquare } from "../matrix/check.ts";
export { type Matrix, matrix, transpose } from "../matrix/matrix.ts";
export { checkOptions, optionNames } from "../matrix/option-names.ts";
export { type Blas, type GemmOptions, gemmSizes, jsBlas } from "./blas.ts";
export { type Block, blockAt, blockOf, transposed } from "./block.ts";
export { type BadPivot, shiftDiagonal, withSuggestion } from "./cholesky.ts";
export { eigh } from "./eigh.ts";
export * from "./engine.ts";
export { jsEngine } from "./js-engine.ts";
export { jsKernels, type LinalgKernels } from "./kernels.ts";
export { lowerTriangle } from "./lower-triangle.ts";
export { matmulSizes, type ProductSizes, productSizes } from "./matmul.ts";
export type { Product } from "./multiply-add.ts";
export { svd } from "./svd.ts";
export { checkTriangular, checkTriangularShape } from "./triangular.ts";
export { tridiagonalForm } from "./tridiagonal-form.ts";
export type { Tridiagonal } from "./tridiagonalize.ts";
export { partOf, startWork, type Work } from "./work.ts";
