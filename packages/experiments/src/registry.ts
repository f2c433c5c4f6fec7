import type { AnyExperiment } from "./experiment.ts";
import { ballIndicator } from "./experiments/ball-indicator.ts";
import { concentration } from "./experiments/concentration.ts";
import { doubleDescentCircles } from "./experiments/double-descent-circles.ts";
import { doubleDescentFormula } from "./experiments/double-descent-formula.ts";
import { gradientDescentThreshold } from "./experiments/gradient-descent-threshold.ts";
import { hermiteDuals } from "./experiments/hermite-duals.ts";
import { kernelDescent } from "./experiments/kernel-descent.ts";
import { lemma2 } from "./experiments/lemma-2.ts";
import { minNormBias } from "./experiments/min-norm-bias.ts";
import { minibatchVariance } from "./experiments/minibatch-variance.ts";
import { networkBesideKernel } from "./experiments/network-beside-kernel.ts";
import { rateLaws } from "./experiments/rate-laws.ts";
import { sineConstant } from "./experiments/sine-constant.ts";
import { spectralDynamics } from "./experiments/spectral-dynamics.ts";
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
  concentration,
  lemma2,
  spectralDynamics,
  minibatchVariance,
  rateLaws,
  gradientDescentThreshold,
  unseenShare,
  hermiteDuals,
  sineConstant,
  doubleDescentCircles,
  tangentKernelTheorem,
  threeReadings,
  networkBesideKernel,
];
