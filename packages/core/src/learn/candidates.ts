import type { KernelName } from "../kernel/gram-engine.ts";
import { erf, relu } from "../layers/activation-layers.ts";
import { dense } from "../layers/dense.ts";
import { serial } from "../layers/serial.ts";
import type { Layer } from "../layers/spec.ts";

/** One model among which the data choose: an architecture and which of its kernels. */
export interface Candidate {
  readonly name: string;
  readonly network: Layer;
  readonly kernel: KernelName;
}

export interface FullyConnectedOptions {
  /** Number of hidden layers. */
  readonly depth: number;
  readonly activation: "relu" | "erf";
  readonly bStd: number;
}

/** Width written into descriptions of infinite networks: what a finite one would have. */
const WIDTH = 512;

/** Hidden layers of one activation, then one output. wStd is √2 for relu and 1.5 for erf, which keep signals alive. */
export function fullyConnected({ depth, activation, bStd }: FullyConnectedOptions): Layer {
  const wStd = activation === "relu" ? Math.SQRT2 : 1.5;
  const hidden = Array.from({ length: depth }, () => [
    dense({ width: WIDTH, wStd, bStd }),
    activation === "relu" ? relu() : erf(),
  ]);
  return serial(...hidden.flat(), dense({ width: 1, wStd: 1, bStd }));
}

/** The architectures tried when none is given: depth x activation family x bias, by tangent kernel and by NNGP. */
export function defaultCandidates(): readonly Candidate[] {
  const grid: readonly (FullyConnectedOptions & { readonly kernel: KernelName })[] = [
    { depth: 1, activation: "relu", bStd: 0.5, kernel: "ntk" },
    { depth: 2, activation: "relu", bStd: 0.5, kernel: "ntk" },
    { depth: 3, activation: "relu", bStd: 0.5, kernel: "ntk" },
    { depth: 3, activation: "relu", bStd: 0, kernel: "ntk" },
    { depth: 5, activation: "relu", bStd: 0.5, kernel: "ntk" },
    { depth: 1, activation: "relu", bStd: 0.5, kernel: "nngp" },
    { depth: 3, activation: "relu", bStd: 0.5, kernel: "nngp" },
    { depth: 1, activation: "erf", bStd: 0.5, kernel: "ntk" },
    { depth: 2, activation: "erf", bStd: 0.5, kernel: "ntk" },
    { depth: 1, activation: "erf", bStd: 0.5, kernel: "nngp" },
    { depth: 2, activation: "erf", bStd: 0.5, kernel: "nngp" },
  ];
  return grid.map(({ kernel, ...options }) => ({
    name: `${kernel.toUpperCase()}, ${options.depth} hidden ${options.activation}${options.bStd > 0 ? ", bias" : ""}`,
    network: fullyConnected(options),
    kernel,
  }));
}
