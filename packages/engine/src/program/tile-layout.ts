/** Rows and columns of the largest tile that a program maps at once: what it holds of one stays in a core's own cache. */
export const TILE = 128;

/** Numbers from one row of a tile to the next: not a power of two, so that the rows do not compete for the same lines of the cache. */
export const PITCH_NUMBERS: number = TILE + 8;
export const PITCH: number = 8 * PITCH_NUMBERS;

/** Bytes of a number for each pair of a tile. */
export const SQUARE: number = TILE * PITCH;

/**
 * Where things of a tile lie, in bytes from its base. Programs work in place: K and Θ take the place of the inputs. The
 * constants of the program and the values it keeps for each column come last.
 */
export const LAYOUT: Readonly<
  Record<"rowVariances" | "columnVariances" | "nngp" | "ntk" | "mirrored" | "program", number>
> = {
  rowVariances: 0,
  columnVariances: PITCH,
  /** Scalar products of the inputs, then K. */
  nngp: 2 * PITCH,
  /** √(pq) − |c| of nearly parallel inputs, then Θ. */
  ntk: 2 * PITCH + SQUARE,
  /** Room for the transpose of K or Θ. */
  mirrored: 2 * PITCH + 2 * SQUARE,
  program: 2 * PITCH + 3 * SQUARE,
};

/**
 * From this |cos θ| on, digits of 1 − |cos θ| are missing in the covariance of two inputs: it is computed from the rows themselves, and
 * √(pq) − |c| stands in the tile.
 */
export const NEARLY_PARALLEL = 0.9;
