import type { Layer } from "../layers/spec.ts";
import type { WorkOptions } from "../linalg/engine.ts";
import type { Matrix } from "../matrix/matrix.ts";
import type { Batch, TileRange } from "./input.ts";
import type { Variances } from "./variances.ts";

/** What a kernel function can compute: the covariance of outputs K, and the tangent kernel Θ. */
export type KernelName = "nngp" | "ntk";

/** Gram matrices by the name of their kernel. */
export type Grams = Readonly<Record<KernelName, Matrix>>;

/** Values of a block of each Gram matrix that is asked for. */
export type TileValues = { readonly [Name in KernelName]?: Float64Array };

/** The Gram matrices that a kernel function asks an engine for. */
export interface GramRequest {
  /** Checked, with its defaults filled in. */
  readonly network: Layer;
  /** Number of leading parametric layers that do not train. */
  readonly frozen: number;
  /** Whether some activation has kinks, so that digits of √(pq − c²) matter. */
  readonly preciseSine: boolean;
  readonly names: readonly KernelName[];
  readonly a: Batch;
  /** The same object as `a` for a symmetric Gram matrix. */
  readonly b: Batch;
  /** Self terms of the rows of `a` and of `b` on their way through the network: none is out of the range of float64. */
  readonly variances1: Variances;
  readonly variances2: Variances;
  /** Side of the tiles, where the caller wants another than the engine's own. */
  readonly tile: number | undefined;
  /**
   * Maps a block by the layers' own rules, for what a program leaves out, in pieces that are short to compute: `visit` gets each with
   * its row-major values, and may breathe. Throws NumericalError when a value leaves the range of float64.
   */
  block(range: TileRange, visit: (piece: TileRange, values: TileValues) => Promise<void>): Promise<void>;
}

/** An engine that has kernel programs: the whole recursion of a network over a tile at once. */
export interface GramEngine {
  /** Undefined when it has no program for this network; the caller then maps it layer by layer. */
  gram(request: GramRequest, options: WorkOptions): Promise<Grams | undefined>;
}
