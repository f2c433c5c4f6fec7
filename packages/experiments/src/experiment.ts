import type { Engine, Key } from "ntkit";
import type { Figure } from "./figure.ts";
import type { ParamSpecs, ParamValues } from "./params.ts";

/** A claim of the literature as a program: what is claimed and where, what may be varied, and how it is measured. */
export interface Experiment<Specs extends ParamSpecs = ParamSpecs> {
  /** Lower-case words with hyphens: its name on the command line and of its files. */
  readonly id: string;
  readonly title: string;
  /** Items of the source documents, such as "B8": see docs/sources.md. */
  readonly items: readonly string[];
  /** Where the documents say it, for a reader: "B, Lemma 2". */
  readonly source: string;
  /** The claim in words, one to three sentences. */
  readonly claim: string;
  /** The claim in TeX, one display each. */
  readonly formulas: readonly string[];
  readonly params: Specs;
  /** Measures. The same parameters, seed and engine give the same bits. Throws for wrong parameters and when aborted. */
  run(params: ParamValues<Specs>, context: RunContext): Promise<Findings>;
}

export interface RunContext {
  readonly seed: number;
  /** Of the seed: the start of all randomness. */
  readonly key: Key;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
  /** What share of the work is done, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export interface Findings {
  readonly checks: readonly Check[];
  readonly figures: readonly Figure[];
  readonly tables: readonly DataTable[];
  /** What a reader should know beside the checks: another reading of the document, an explanation. */
  readonly notes?: readonly string[];
}

/** One line of the verdict. All numbers are finite. */
export interface Check {
  readonly claim: string;
  /** What theory says, where it names a number. */
  readonly theory: number | null;
  readonly measured: number;
  readonly tolerance: { readonly atLeast: number | null; readonly atMost: number | null };
  readonly holds: boolean;
}

export interface DataTable {
  /** The name of its file. */
  readonly id: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | string | null)[])[];
}

/** An experiment whose parameters are known by their specifications alone. */
export type AnyExperiment = Omit<Experiment, "run"> & {
  run(params: ParamValues<ParamSpecs>, context: RunContext): Promise<Findings>;
};

/** Gives `run` the types of the parameters that its own specifications describe. */
export function experiment<const Specs extends ParamSpecs>(definition: Experiment<Specs>): AnyExperiment {
  return {
    ...definition,
    // The caller resolves the parameters by these specifications: see `resolveParams`.
    run: (params, context) => definition.run(params as ParamValues<Specs>, context),
  };
}
