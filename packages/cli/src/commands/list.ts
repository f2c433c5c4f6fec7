import type { Command } from "commander";

/** What is known of a command without loading its code. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** Its options and what it does; a signal that is aborted on Ctrl-C goes in. */
  readonly load: () => Promise<(signal: AbortSignal) => Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "fit",
    description: "Fit an infinitely wide network to a table, say how good it is, and save the model.",
    load: async () => (await import("./fit.ts")).fitCommand,
  },
  {
    name: "predict",
    description: "Predict each row of a table with a saved model: a value and its interval, or class probabilities.",
    load: async () => (await import("./predict.ts")).predictCommand,
  },
  {
    name: "kernel",
    description: "Compute the exact infinite-width kernel of a network between the rows of two arrays.",
    load: async () => (await import("./kernel.ts")).kernelCommand,
  },
  {
    name: "empirical",
    description: "Compute the kernels or the outputs of one finite network, with weights from a file or drawn.",
    load: async () => (await import("./empirical.ts")).empiricalCommand,
  },
  {
    name: "train",
    description: "Train a network at several widths, and compare each with its linearization and the infinite limit.",
    load: async () => (await import("./train.ts")).trainCommand,
  },
  {
    name: "reproduce",
    description:
      "Run the theorems and figures of the literature: each claim beside what is measured, and whether it holds.",
    load: async () => (await import("./reproduce.ts")).reproduceCommand,
  },
  {
    name: "certify",
    description:
      "Say what theory promises of a network on a table: learning rate, time, width, laziness; beside measurements.",
    load: async () => (await import("./certify.ts")).certifyCommand,
  },
  {
    name: "describe",
    description:
      "Show a network layer by layer, with the kernels of two unit inputs; or what a saved model learned, and how well.",
    load: async () => (await import("./describe.ts")).describeCommand,
  },
  {
    name: "benchmark",
    description:
      "Score kernel ridge regression with ReLU tangent kernels on a folder of data sets, beside reference accuracies.",
    load: async () => (await import("./benchmark.ts")).benchmarkCommand,
  },
  {
    name: "doctor",
    description: "Say which engine computes here, why, how fast each of them is, and what would make it faster.",
    load: async () => (await import("./doctor.ts")).doctorCommand,
  },
];
