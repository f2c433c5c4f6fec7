/**
 * ntkit: infinitely wide neural networks.
 *
 *   const network = serial(dense({ width: 512, wStd: 1.5, bStd: 0.1 }), relu(), dense({ width: 1 }));
 *   const kernel = kernelFn(network);
 *   const ntk = await kernel(xTrain, null, "ntk");                    // exact, float64
 *   const solved = await kernelRegression(ntk, yTrain, { diagReg: 1e-6 });
 *
 * A network is plain data; `kernelFn` interprets it at infinite width, `init` and `apply` at finite width.
 */

// Activations and their duals
export { type Activation, SINE_UNKNOWN } from "./activations/activation.ts";
export { dualFromHermite, hermiteCoefficients } from "./activations/hermite-series.ts";
export { type NumericalOptions, numericalActivation } from "./activations/numerical.ts";
export { makeActivation } from "./activations/registry.ts";
export type { ActivationSpec, ActivationType } from "./activations/spec.ts";
// Training of finite networks
export { decodeTrainState, encodeTrainState } from "./dynamics/checkpoint.ts";
export { type GradientFlow, type GradientFlowOptions, gradientFlow } from "./dynamics/gradient-flow.ts";
export type { KernelRecord } from "./dynamics/kernel-monitor.ts";
export { maxStableRate, type StableRate, type StableRateOptions } from "./dynamics/max-stable-rate.ts";
export { type LayerMovement, relativeMovement, weightMovement } from "./dynamics/movement.ts";
export { ADAM_DEFAULTS, nesterovMomentum, type Optimizer, type OptimizerType } from "./dynamics/optimizer.ts";
export { logSpacedSteps } from "./dynamics/schedule.ts";
export { type TrainOptions, type TrainRecord, type TrainRun, type TrainState, train } from "./dynamics/train.ts";
// Empirical kernels: finite networks as kernels
export { type EmpiricalOptions, empiricalNngp, empiricalNtk, type NtkAlgorithm } from "./empirical/empirical-kernel.ts";
export { type HessianNormOptions, hessianNorm } from "./empirical/hessian-norm.ts";
export { kernelDrift, type Laziness, laziness } from "./empirical/laziness.ts";
export { type ExpandedNetwork, linearize, taylorExpand } from "./empirical/linearize.ts";
export { linearizedWeights } from "./empirical/linearized-weights.ts";
export { type KernelEstimate, type MonteCarloOptions, monteCarloKernel } from "./empirical/monte-carlo-kernel.ts";
export { ntkVectorProduct } from "./empirical/ntk-vector-product.ts";
export { type KernelArray, kernelMatrix, type OutputAxes } from "./empirical/output-axes.ts";
// Errors
export {
  brief,
  DataError,
  didYouMean,
  FormatError,
  isNtkError,
  listed,
  NetworkError,
  NtkError,
  type NtkErrorCode,
  NumericalError,
  printable,
  quoted,
  ShapeError,
  ValueError,
} from "./errors.ts";
// Kernels
export {
  type Bandwidth,
  ballIndicatorKernel,
  gammaExponentialKernel,
  gaussianKernel,
  homogeneous,
  laplaceKernel,
  linearKernel,
  polynomialKernel,
} from "./kernel/classical-kernels.ts";
export { describeNetwork, type LayerReport, type NetworkReport } from "./kernel/describe-network.ts";
export type { GramEngine, GramRequest, Grams, KernelName, TileValues } from "./kernel/gram-engine.ts";
export type { Batch, TileRange } from "./kernel/input.ts";
export {
  type GramOptions,
  type KernelFn,
  type KernelFnOptions,
  kernelDiagonal,
  kernelFn,
} from "./kernel/kernel-fn.ts";
export { checkPositiveSemidefinite, type PositiveSemidefiniteReport } from "./kernel/positive-semidefinite.ts";
export { appendBias, sphereLift, type TwoLayerReluOptions, twoLayerReluKernel } from "./kernel/two-layer-relu.ts";
export type { Variances } from "./kernel/variances.ts";
export { gram, type VectorKernel, type VectorPair } from "./kernel/vector-kernel.ts";
// Layers: a network is data
export {
  abRelu,
  abs,
  cos,
  elu,
  erf,
  exp,
  expNormalized,
  gabor,
  gaussian,
  gelu,
  hermite,
  leakyRelu,
  monomial,
  polynomial,
  rbf,
  rectifiedMonomial,
  relu,
  sigmoid,
  sigmoidLike,
  sign,
  silu,
  sin,
  softplus,
  tanh,
} from "./layers/activation-layers.ts";
export { dense } from "./layers/dense.ts";
export { dropout } from "./layers/dropout.ts";
export { elementwise } from "./layers/elementwise.ts";
export { fanInConcat } from "./layers/fan-in-concat.ts";
export { fanInProd } from "./layers/fan-in-prod.ts";
export { fanInSum } from "./layers/fan-in-sum.ts";
export { fanOut } from "./layers/fan-out.ts";
export { identity } from "./layers/identity.ts";
export { layerNorm } from "./layers/layer-norm.ts";
export { childPlace, type NetworkFile, networkFile, parseNetwork, placeOf } from "./layers/network-file.ts";
export { parallel } from "./layers/parallel.ts";
export { repeat } from "./layers/repeat.ts";
export type { DenseParams, Params } from "./layers/rule.ts";
export type { Activations } from "./layers/scope.ts";
export { serial } from "./layers/serial.ts";
export type { Shape } from "./layers/signature.ts";
export type { Layer, LayerType, Parameterization } from "./layers/spec.ts";
// Learning from a table
export { type Candidate, defaultCandidates, type FullyConnectedOptions, fullyConnected } from "./learn/candidates.ts";
export { type DecimalMark, type MarkEvidence, markEvidence } from "./learn/cell-number.ts";
export { copiesOfTarget } from "./learn/copies.ts";
export type { CyclePart, DateFeature, DatePart, TrendPart, WeekdayPart } from "./learn/date-feature.ts";
export { type EstimatorOptions, type Inputs, NtkClassifier, NtkRegressor } from "./learn/estimators.ts";
export {
  type ClassificationEvaluation,
  type ClassificationScore,
  evaluateClassification,
  evaluateRegression,
  type RegressionEvaluation,
  type RegressionScore,
} from "./learn/evaluate.ts";
export { fitClassification, predictClassification } from "./learn/fit-classification.ts";
export { type FitOptions, fitRegression } from "./learn/fit-regression.ts";
export { type CellReading, inferColumn } from "./learn/infer-column.ts";
export type {
  ClassificationModel,
  ClassificationPrediction,
  FittedKernel,
  Model,
  RegressionModel,
  RegressionPrediction,
} from "./learn/model.ts";
export { decodeModel, encodeModel, MODEL_FORMAT } from "./learn/model-file.ts";
export { decodeModels, encodeModels } from "./learn/models-file.ts";
export type { DateWriting } from "./learn/parse-date.ts";
export { type PredictTableOptions, predictMeans, predictRegression } from "./learn/predict-regression.ts";
export type { CategoryFeature, DroppedColumn, Feature, NumericFeature, Preprocessor } from "./learn/preprocess.ts";
export type { RowColumns } from "./learn/row-roles.ts";
export type { RowValues } from "./learn/row-values.ts";
export type { CandidateScore } from "./learn/select.ts";
export { type Split, type SplitOptions, trainTestSplit } from "./learn/split.ts";
export {
  type Column,
  type NumericColumn,
  type SuspectCell,
  type Table,
  type TableDialect,
  type TextColumn,
  takeTableRows,
} from "./learn/table.ts";
export { type RowsOptions, tableFromRows } from "./learn/table-from-rows.ts";
export { inferTask, type Task } from "./learn/target.ts";
export {
  dataLike,
  type LearnedData,
  type TargetScale,
  type TrainingData,
  type TrainingDataOptions,
  trainingData,
} from "./learn/training-data.ts";
export { type UnknownCells, unknownCells } from "./learn/unknown-inputs.ts";
export { valueColumn } from "./learn/value-column.ts";
// Linear algebra
export { type Blas, type GemmOptions, jsBlas } from "./linalg/blas.ts";
export type {
  CholeskyFactor,
  CholeskyOptions,
  CholeskyResult,
  Eigh,
  Engine,
  MatmulOptions,
  NotPositiveDefinite,
  Svd,
  TriangularOptions,
  TridiagonalForm,
  WorkOptions,
} from "./linalg/engine.ts";
export { inverseDiagonal } from "./linalg/inverse-diagonal.ts";
export { jsEngine } from "./linalg/js-engine.ts";
export {
  type LanczosFailure,
  type LanczosOptions,
  type LargestEigenvalue,
  largestEigenvalue,
  type Matvec,
} from "./linalg/lanczos.ts";
export { logDeterminant } from "./linalg/log-determinant.ts";
export { type Pseudoinverse, type PseudoinverseOptions, pseudoinverse } from "./linalg/pseudoinverse.ts";
export { solveCholesky } from "./linalg/solve-cholesky.ts";
// Losses
export { binaryCrossEntropy, softmaxCrossEntropy } from "./loss/cross-entropy.ts";
export type { Loss, LossScale, TwiceDifferentiableLoss } from "./loss/loss.ts";
export { type SquaredLoss, squaredLoss } from "./loss/squared-loss.ts";
// Matrices
export { checkFinite } from "./matrix/check.ts";
export {
  addToDiagonal,
  column,
  columnVector,
  diagonal,
  fromRows,
  type Matrix,
  matrix,
  row,
  takeBlock,
  takeRows,
  toRows,
  transpose,
} from "./matrix/matrix.ts";
export { type DerivativeOptions, gradient, hvp, jacobian, jvp, vjp } from "./network/derivatives.ts";
export type { WeightLaw } from "./network/initial-weights.ts";
export { type ApplyOptions, apply, type InitOptions, init, outputWidth } from "./network/network.ts";
export { countParams, flattenParams, type ParamEntry, paramEntries, unflattenParams } from "./network/params.ts";
// Finite networks
export { decodeParams, encodeParams } from "./network/params-file.ts";
export type { NetworkOptions } from "./network/trace.ts";
export type { Trainable } from "./network/trainable.ts";
// Ordinary differential equations
export {
  dormandPrince,
  type OdeFailure,
  type OdeOptions,
  type OdeSolution,
  type OdeWork,
  type RightHandSide,
} from "./ode/dormand-prince.ts";
export type { DescentFailure } from "./predict/descent-modes.ts";
export type { DescentOrigin, DescentState, DescentVelocity } from "./predict/descent-state.ts";
// Kernel regression and Gaussian processes
export type { GpKernels, KernelPair } from "./predict/gp-blocks.ts";
export { type GpInferenceOptions, type GpKind, type GpPosterior, gpInference } from "./predict/gp-inference.ts";
export {
  type GradientDescentOptions,
  type GradientDescentStates,
  gradientDescent,
} from "./predict/gradient-descent.ts";
export {
  type DescentPrediction,
  type DescentStart,
  type GradientDescentMseOptions,
  gradientDescentMse,
  gradientDescentMseOn,
  type MseDescent,
  type StepsPrediction,
} from "./predict/gradient-descent-mse.ts";
export {
  type EnsembleDescent,
  type EnsembleKind,
  type EnsembleOptions,
  type EnsemblePosterior,
  gradientDescentMseEnsemble,
} from "./predict/gradient-descent-mse-ensemble.ts";
export {
  type GradientDescentRun,
  type GradientDescentStepsOptions,
  gradientDescentSteps,
} from "./predict/gradient-descent-steps.ts";
export {
  type KernelDescent,
  type KernelDescentOptions,
  type KernelDescentResult,
  kernelDescentAt,
  kernelMaxLearningRate,
} from "./predict/kernel-gradient-descent.ts";
export {
  absoluteDiagReg,
  type KernelRegressionOptions,
  kernelRegression,
  type RegressionMethod,
  type Solution,
  type Solved,
} from "./predict/kernel-regression.ts";
export {
  type CholeskyLeaveOneOut,
  type CholeskyLeaveOneOutOptions,
  type LeaveOneOut,
  looAt,
  looFromCholesky,
} from "./predict/leave-one-out.ts";
export {
  type LinearDescent,
  type LinearDescentOptions,
  type LinearProblem,
  linearMaxLearningRate,
  linearRegression,
  linearWeightsAt,
  minNormWeights,
} from "./predict/linear-regression.ts";
export {
  type LikelihoodOptions,
  logMarginalLikelihood,
  logMarginalLikelihoodAt,
  type MarginalLikelihood,
} from "./predict/marginal-likelihood.ts";
export { type MaxLearningRateOptions, maxLearningRate } from "./predict/max-learning-rate.ts";
export { type Decay, type ModeRate, modeRates } from "./predict/mode-rates.ts";
export type { IndefiniteKernel } from "./predict/mse-flow.ts";
export type { PredictOptions, Ridge } from "./predict/options.ts";
export type { SolveFailure } from "./predict/regularized-solve.ts";
export {
  alphaAt,
  effectiveDegreesOfFreedomAt,
  fittedAt,
  type RidgePath,
  rankAt,
  ridgePath,
} from "./predict/ridge-path.ts";
export { type RidgeScore, ridgeScores } from "./predict/ridge-scores.ts";
export { type SampleOptions, type Samples, samplePosterior, samplePrior } from "./predict/sample.ts";
export type { SingularRidge } from "./predict/singular-ridge.ts";
export { type TridiagonalPath, tridiagonalPath } from "./predict/tridiagonal-path.ts";
// Randomness with an explicit key
export { child, type Key, key, normal, permutation, randomInts, split, uniform } from "./random/key.ts";
// Elementary functions with the same bits on every platform
export * as portable from "./special/portable.ts";
// Theory: bounds beside what is measured
export type { Assumption, Bound } from "./theory/bound.ts";
export { concentrationWidth, kernelConcentration } from "./theory/concentration.ts";
export { gradientDescentIterations, gronwallDecay, nesterovIterations } from "./theory/decay.ts";
export { minNormRisk } from "./theory/double-descent.ts";
export { labelComplexity } from "./theory/generalization.ts";
export { type LazyScaleBounds, lazyScaleBounds, lazyScaleThreshold } from "./theory/lazy-scale.ts";
export { type MovementBounds, movementBounds } from "./theory/movement.ts";
export { type ClosestPair, closestPair, smallestEigenvalueBound } from "./theory/smallest-eigenvalue.ts";
