/** Rows of a strip: matrices lie in WebAssembly memory as strips of 4 rows, column after column, padded with zeros. */
export const STRIP = 4;
/** Bytes from one column of a strip to the next. */
export const COLUMN: number = 8 * STRIP;

/** A window of a matrix in an array: entry (i, j) is at offset + i rowStep + j colStep. */
export interface Window {
  readonly data: Float64Array;
  readonly offset: number;
  readonly rowStep: number;
  readonly colStep: number;
}

/** Rows and columns of a tile. */
export interface Extent {
  readonly rows: number;
  readonly cols: number;
}

export function stripsOf(rows: number): number {
  return Math.ceil(rows / STRIP);
}

export function windowAt({ data, offset, rowStep, colStep }: Window, row: number, col: number): Window {
  return { data, offset: offset + row * rowStep + col * colStep, rowStep, colStep };
}

/**
 * Copies a tile to strips from out[at]; each strip has `columns` columns, and what the tile does not fill is zero. Shared
 * arrays are read entry by entry, because `subarray` and `set` take longer than that for a few hundred numbers.
 */
export function packStrips(
  window: Window,
  { rows, cols }: Extent,
  columns: number,
  out: Float64Array,
  at: number,
): void {
  for (let row = 0; row < rows; row += STRIP) {
    const start = at + row * columns;
    if (rows - row >= STRIP) packStrip(window, row, cols, out, start);
    else packLast(window, row, rows - row, cols, out, start);
    if (cols < columns) out.fill(0, start + STRIP * cols, start + STRIP * columns);
  }
}

function packStrip(window: Window, row: number, cols: number, out: Float64Array, at: number): void {
  const { data, offset, rowStep, colStep } = window;
  let i0 = offset + row * rowStep;
  let i1 = i0 + rowStep;
  let i2 = i1 + rowStep;
  let i3 = i2 + rowStep;
  for (let next = at; next < at + STRIP * cols; next += STRIP) {
    out[next] = data[i0]!;
    out[next + 1] = data[i1]!;
    out[next + 2] = data[i2]!;
    out[next + 3] = data[i3]!;
    i0 += colStep;
    i1 += colStep;
    i2 += colStep;
    i3 += colStep;
  }
}

/** The last strip, of fewer rows. */
function packLast(window: Window, row: number, rows: number, cols: number, out: Float64Array, at: number): void {
  const { data, offset, rowStep, colStep } = window;
  for (let j = 0; j < cols; j++) {
    const source = offset + row * rowStep + j * colStep;
    for (let r = 0; r < STRIP; r++) out[at + STRIP * j + r] = r < rows ? data[source + r * rowStep]! : 0;
  }
}

/** Copies strips back to their tile. */
export function unpackStrips(
  window: Window,
  { rows, cols }: Extent,
  columns: number,
  from: Float64Array,
  at: number,
): void {
  const whole = rows - (rows % STRIP);
  for (let row = 0; row < whole; row += STRIP) unpackStrip(window, row, cols, from, at + row * columns);
  for (let row = whole; row < rows; row++) unpackRow(window, row, cols, from, at + whole * columns + row - whole);
}

function unpackStrip(window: Window, row: number, cols: number, from: Float64Array, at: number): void {
  const { data, offset, rowStep, colStep } = window;
  let i0 = offset + row * rowStep;
  let i1 = i0 + rowStep;
  let i2 = i1 + rowStep;
  let i3 = i2 + rowStep;
  for (let next = at; next < at + STRIP * cols; next += STRIP) {
    data[i0] = from[next]!;
    data[i1] = from[next + 1]!;
    data[i2] = from[next + 2]!;
    data[i3] = from[next + 3]!;
    i0 += colStep;
    i1 += colStep;
    i2 += colStep;
    i3 += colStep;
  }
}

/** One row, whose numbers in the strip begin at `at`. */
function unpackRow(window: Window, row: number, cols: number, from: Float64Array, at: number): void {
  const { data, offset, rowStep, colStep } = window;
  const start = offset + row * rowStep;
  for (let j = 0; j < cols; j++) data[start + j * colStep] = from[at + STRIP * j]!;
}

/** Copies back row i of a square tile up to column i. */
export function unpackLower(window: Window, rows: number, columns: number, from: Float64Array, at: number): void {
  for (let row = 0; row < rows; row++) unpackRow(window, row, row + 1, from, at + indexIn(columns, row, 0));
}

/** Where entry (row, col) is in strips of so many columns. */
export function indexIn(columns: number, row: number, col: number): number {
  return (row - (row % STRIP)) * columns + STRIP * col + (row % STRIP);
}

/** from, from + step, … below `to`. */
export function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, k) => from + k * step);
}
