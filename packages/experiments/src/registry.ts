import type { AnyExperiment } from "./experiment.ts";
import { alphaScaling } from "./experiments/alpha-scaling.ts";
import { ballIndicator } from "./experiments/ball-indicator.ts";
import { chizatBachScale } from "./experiments/chizat-bach-scale.ts";
import { circleSpectrum } from "./experiments/circle-spectrum.ts";
import { concentration } from "./experiments/concentration.ts";
import { courseKernels } from "./experiments/course-kernels.ts";
import { divergingRate } from "./experiments/diverging-rate.ts";
import { doubleDescentCircles } from "./experiments/double-descent-circles.ts";
import { doubleDescentFormula } from "./experiments/double-descent-formula.ts";
import { earlyStoppingRidge } from "./experiments/early-stopping-ridge.ts";
import { equation8 } from "./experiments/equation-8.ts";
import { featureLearning } from "./experiments/feature-learning.ts";
import { gaussianEnsemble } from "./experiments/gaussian-ensemble.ts";
import { gaussianProcessAtStart } from "./experiments/gaussian-process-at-start.ts";
import { gradientDescentThreshold } from "./experiments/gradient-descent-threshold.ts";
import { gradientFlowLimit } from "./experiments/gradient-flow-limit.ts";
import { hermiteDuals } from "./experiments/hermite-duals.ts";
import { hessianWidth } from "./experiments/hessian-width.ts";
import { kernelDescent } from "./experiments/kernel-descent.ts";
import { labelComplexity } from "./experiments/label-complexity.ts";
import { labelCorrection } from "./experiments/label-correction.ts";
import { landscapeNearStart } from "./experiments/landscape-near-start.ts";
import { lastLayerLimit } from "./experiments/last-layer-limit.ts";
import { lazyWidth } from "./experiments/lazy-width.ts";
import { lemma2 } from "./experiments/lemma-2.ts";
import { linearizedMinNorm } from "./experiments/linearized-min-norm.ts";
import { minNormBias } from "./experiments/min-norm-bias.ts";
import { minibatchVariance } from "./experiments/minibatch-variance.ts";
import { movementBound } from "./experiments/movement-bound.ts";
import { multiOutput } from "./experiments/multi-output.ts";
import { networkBesideKernel } from "./experiments/network-beside-kernel.ts";
import { orthantProbability } from "./experiments/orthant-probability.ts";
import { parallelInputs } from "./experiments/parallel-inputs.ts";
import { parityWall } from "./experiments/parity-wall.ts";
import { rateLaws } from "./experiments/rate-laws.ts";
import { residualRecursion } from "./experiments/residual-recursion.ts";
import { sineConstant } from "./experiments/sine-constant.ts";
import { spectralDynamics } from "./experiments/spectral-dynamics.ts";
import { stepRemainder } from "./experiments/step-remainder.ts";
import { tangentDynamics } from "./experiments/tangent-dynamics.ts";
import { tangentKernelTheorem } from "./experiments/tangent-kernel-theorem.ts";
import { threeReadings } from "./experiments/three-readings.ts";
import { unseenShare } from "./experiments/unseen-share.ts";
import { widthToInterpolate } from "./experiments/width-to-interpolate.ts";

/** All experiments, in the order of the documents. */
export const EXPERIMENTS: readonly AnyExperiment[] = [
  minNormBias,
  widthToInterpolate,
  doubleDescentFormula,
  ballIndicator,
  kernelDescent,
  stepRemainder,
  tangentDynamics,
  concentration,
  lemma2,
  equation8,
  parallelInputs,
  spectralDynamics,
  landscapeNearStart,
  minibatchVariance,
  rateLaws,
  gradientFlowLimit,
  lazyWidth,
  alphaScaling,
  chizatBachScale,
  movementBound,
  residualRecursion,
  gaussianProcessAtStart,
  gaussianEnsemble,
  linearizedMinNorm,
  orthantProbability,
  circleSpectrum,
  gradientDescentThreshold,
  unseenShare,
  courseKernels,
  lastLayerLimit,
  hermiteDuals,
  sineConstant,
  doubleDescentCircles,
  labelCorrection,
  tangentKernelTheorem,
  multiOutput,
  hessianWidth,
  threeReadings,
  networkBesideKernel,
  divergingRate,
  featureLearning,
  parityWall,
  earlyStoppingRidge,
  labelComplexity,
];
