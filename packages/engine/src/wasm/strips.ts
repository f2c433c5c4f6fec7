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
 * arrays are read entry by entry: `set` would copy them bytewise.
 */
export function packStrips(
  window: Window,
  { rows, cols }: Extent,
  columns: number,
  out: Float64Array,
  at: number,
): void {
  const whole = rows - (rows % (2 * STRIP));
  const byColumns = Math.abs(window.rowStep) === 1 ? whole : 0;
  for (let row = 0; row < byColumns; row += 2 * STRIP) packPair(window, row, cols, columns, out, at + row * columns);
  for (let row = byColumns; row < rows; row += STRIP) {
    if (rows - row >= STRIP) packStrip(window, row, cols, out, at + row * columns);
    else packLast(window, row, rows - row, cols, out, at + row * columns);
  }
  if (cols === columns) return;
  for (let row = 0; row < rows; row += STRIP)
    out.fill(0, at + row * columns + STRIP * cols, at + (row + STRIP) * columns);
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

/** Two strips of rows that are neighbours in memory: eight numbers are one line of the cache. */
function packPair(window: Window, row: number, cols: number, columns: number, out: Float64Array, at: number): void {
  const { data, offset, rowStep, colStep } = window;
  const twice = 2 * rowStep;
  let i = offset + row * rowStep;
  let i4 = i + 2 * twice;
  let second = at + STRIP * columns;
  for (let next = at; next < at + STRIP * cols; next += STRIP, second += STRIP) {
    out[next] = data[i]!;
    out[next + 1] = data[i + rowStep]!;
    out[next + 2] = data[i + twice]!;
    out[next + 3] = data[i + twice + rowStep]!;
    out[second] = data[i4]!;
    out[second + 1] = data[i4 + rowStep]!;
    out[second + 2] = data[i4 + twice]!;
    out[second + 3] = data[i4 + twice + rowStep]!;
    i += colStep;
    i4 += colStep;
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
  const { data, offset, rowStep, colStep } = window;
  for (let row = 0; row < rows; row++) {
    let source = at + (row - (row % STRIP)) * columns + (row % STRIP);
    let target = offset + row * rowStep;
    for (let j = 0; j < cols; j++) {
      data[target] = from[source]!;
      target += colStep;
      source += STRIP;
    }
  }
}

/** Copies back the entries on and below the diagonal of the tile. */
export function unpackLower(window: Window, rows: number, columns: number, from: Float64Array, at: number): void {
  for (let row = 0; row < rows; row++) {
    const strip = at + (row - (row % STRIP)) * columns + (row % STRIP);
    unpackRow(windowAt(window, row, 0), row + 1, from, strip);
  }
}

function unpackRow({ data, offset, colStep }: Window, cols: number, from: Float64Array, at: number): void {
  for (let j = 0; j < cols; j++) data[offset + j * colStep] = from[at + STRIP * j]!;
}
