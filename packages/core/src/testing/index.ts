/**
 * What must hold, to run on your own network, activation or engine:
 *
 *   expect(broken(await checkKernel(network))).toBe("");
 */
export { ACTIVATION_EXAMPLES } from "./activation-examples.ts";
export { type ActivationLawOptions, checkActivation } from "./activation-laws.ts";
export { checkDerivatives, type DerivativeLawOptions } from "./derivative-laws.ts";
export { checkEngine, type EngineLawOptions } from "./engine-laws.ts";
export { checkFiniteNetworks, type FiniteNetworkOptions } from "./finite-network-laws.ts";
export { checkKernel, type KernelLawOptions } from "./kernel-laws.ts";
export { broken, type LawResult, TOLERANCE } from "./laws.ts";
export { LAYER_EXAMPLES } from "./layer-examples.ts";
