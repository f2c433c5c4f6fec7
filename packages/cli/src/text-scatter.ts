const WIDTH = 48;
const HEIGHT = 14;

/** Predicted against true as text, the diagonal dotted; nothing for fewer than two different values. */
export function textScatter(truth: Float64Array, prediction: Float64Array): string[] {
  const [low, high] = rangeOf(truth, prediction);
  if (!(high > low)) return [];
  const place = (value: number, cells: number) =>
    Math.min(cells - 1, Math.floor(((value - low) / (high - low)) * cells));
  const canvas = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(" "));
  for (let x = 0; x < WIDTH; x++) canvas[Math.floor((x * HEIGHT) / WIDTH)]![x] = "·";
  truth.forEach((value, i) => {
    canvas[place(prediction[i]!, HEIGHT)]![place(value, WIDTH)] = "o";
  });
  const label = (value: number) => value.toPrecision(3);
  const lines = canvas.reverse().map((cells) => `  |${cells.join("")}`.trimEnd());
  return [
    "predicted, against true below",
    ...lines,
    `  +${"-".repeat(WIDTH)}`,
    `   ${label(low)}${label(high).padStart(WIDTH - label(low).length)}`,
  ];
}

/** The smallest and the largest of all values; arrays may be longer than a call takes arguments. */
export function rangeOf(...arrays: readonly Float64Array[]): readonly [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const values of arrays) {
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}
