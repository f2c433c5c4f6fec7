import { ValueError } from "../errors.ts";
import { checkRange } from "../matrix/check.ts";
import * as portable from "../special/portable.ts";
import { checkPositive, type VectorKernel } from "./vector-kernel.ts";

/**
 * The width of a radial kernel. The literature writes it both ways with the same letter, so it has two names here:
 * `inverseBandwidth` L multiplies the distance, `bandwidth` divides it. Give exactly one.
 */
export type Bandwidth =
  | { readonly bandwidth: number; readonly inverseBandwidth?: never }
  | { readonly inverseBandwidth: number; readonly bandwidth?: never };

/** k = ⟨x, z⟩. */
export const linearKernel: VectorKernel = { name: "linear", evaluate: ({ dot }) => dot };

/** k = exp(−L‖x − z‖²) for an inverse bandwidth L, exp(−‖x − z‖²/r²) for a bandwidth r. Always in (0, 1]. */
export function gaussianKernel(width: Bandwidth): VectorKernel {
  const scaled = scaling("gaussianKernel", width);
  const squares = width.bandwidth !== undefined;
  return {
    name: "gaussian",
    evaluate: ({ distance }) => portable.exp(-scaled(distance) * (squares ? scaled(distance) : distance)),
  };
}

/** k = exp(−L‖x − z‖) for an inverse bandwidth L, exp(−‖x − z‖/r) for a bandwidth r. */
export function laplaceKernel(width: Bandwidth): VectorKernel {
  const scaled = scaling("laplaceKernel", width);
  return { name: "laplace", evaluate: ({ distance }) => portable.exp(-scaled(distance)) };
}

/** k = exp(−(L‖x − z‖)^γ), or exp(−(‖x − z‖/r)^γ), with 0 < γ ≤ 2: positive semidefinite on that range only. */
export function gammaExponentialKernel({ gamma, ...width }: Bandwidth & { readonly gamma: number }): VectorKernel {
  if (!(gamma > 0 && gamma <= 2))
    throw new ValueError(`gammaExponentialKernel: gamma must be above 0 and at most 2, got ${gamma}`);
  const scaled = scaling("gammaExponentialKernel", width as Bandwidth);
  return {
    name: "gammaExponential",
    evaluate: ({ distance }) => portable.exp(-portable.power(scaled(distance), gamma)),
  };
}

/** k = (scale·⟨x, z⟩ + offset)^degree. Defaults: scale 1, offset 1. */
export function polynomialKernel({
  degree,
  offset = 1,
  scale = 1,
}: {
  readonly degree: number;
  readonly offset?: number;
  readonly scale?: number;
}): VectorKernel {
  if (!(Number.isInteger(degree) && degree >= 0))
    throw new ValueError(`polynomialKernel: degree must be a whole number, got ${degree}`);
  checkRange("polynomialKernel", "offset", offset, 0);
  checkPositive("polynomialKernel", "scale", scale);
  return { name: "polynomial", evaluate: ({ dot }) => portable.power(scale * dot + offset, degree) };
}

/**
 * k = 1 if ‖x − z‖ < radius, else 0. Not positive semidefinite in general: three points in a row at spacing 0.8 radius
 * give the eigenvalue 1 − √2. `checkPositiveSemidefinite` says so for the points at hand.
 */
export function ballIndicatorKernel({ radius }: { readonly radius: number }): VectorKernel {
  checkPositive("ballIndicatorKernel", "radius", radius);
  return { name: "ballIndicator", evaluate: ({ distance }) => (distance < radius ? 1 : 0) };
}

/** ‖x‖‖z‖ k(x/‖x‖, z/‖z‖): the kernel on the sphere, extended to all norms as a ReLU network would; 0 on zero rows. */
export function homogeneous(kernel: VectorKernel): VectorKernel {
  return {
    name: `homogeneous ${kernel.name}`,
    evaluate({ dot, sine, norm1, norm2 }) {
      const r = norm1 * norm2;
      if (r === 0) return 0;
      // ‖u − v‖ = 2 sin(θ/2) for unit vectors.
      const distance = 2 * portable.sin(portable.atan2(sine, dot) / 2);
      return r * kernel.evaluate({ dot: dot / r, sine: sine / r, norm1: 1, norm2: 1, distance });
    },
  };
}

/** distance ↦ L·distance or distance/r. Divided, not multiplied by 1/r, which overflows for the smallest r. */
function scaling(where: string, { bandwidth, inverseBandwidth }: Bandwidth): (distance: number) => number {
  if ((bandwidth === undefined) === (inverseBandwidth === undefined))
    throw new ValueError(`${where}: give either bandwidth or inverseBandwidth`);
  const value = bandwidth ?? inverseBandwidth;
  checkPositive(where, bandwidth === undefined ? "inverseBandwidth" : "bandwidth", value!);
  return (distance) => (bandwidth === undefined ? inverseBandwidth! * distance : distance / bandwidth);
}
