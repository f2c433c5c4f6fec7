/**
 * What theory says of the training of wide networks, beside what is measured: the long versions of tests.
 *
 *   npm run bench:dynamics [-- --quick] [-- --only TEXT]
 *
 * Prints a Markdown table with what must hold, the seeds, and the engine. Nothing here is timed. About ten minutes on one core.
 */
import { parseArgs } from "node:util";
import { bestEngine } from "@ntkit/engine";
import {
  apply,
  dense,
  empiricalNtk,
  fromRows,
  gradientDescentMse,
  gradientDescentMseEnsemble,
  init,
  kernelDrift,
  kernelFn,
  key,
  type Layer,
  type Matrix,
  type MseDescent,
  matrix,
  relu,
  serial,
  train,
  uniform,
} from "ntkit";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
const { engine } = await bestEngine();
const SEEDS = options.quick ? [1, 2] : [1, 2, 3, 4, 5];
const WIDTHS = options.quick ? [64, 256, 1024] : [64, 256, 1024, 4096, 16_384];
const STEPS = options.quick ? 2000 : 20_000;

interface Finding {
  readonly what: string;
  readonly measured: string;
  readonly expected: string;
  readonly holds: boolean;
}

/** n points of t + sin 10t, t uniform on [−1, 1], lifted to the circle. */
function wave(n: number, seed: number): { readonly x: Matrix; readonly y: Matrix } {
  const t = uniform(key(seed), n).map((u) => 2 * u - 1);
  const y = matrix(
    n,
    1,
    t.map((v) => v + Math.sin(10 * v)),
  );
  return { x: fromRows(Array.from(t, (v) => [v, Math.sqrt(1 - v * v)])), y };
}

/** f = √2/√k A relu(B x), A and B standard normal. */
const reluNet = (width: number): Layer =>
  serial(dense({ width, wStd: Math.SQRT2 }), relu(), dense({ width: 1, wStd: Math.SQRT2 }));

const norm = (a: ArrayLike<number>): number => Math.hypot(...Array.from(a));
const mean = (a: readonly number[]): number => a.reduce((sum, value) => sum + value, 0) / a.length;

function slope(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([a, b]) => [Math.log(a), Math.log(b)] as const);
  const [meanX, meanY] = [mean(logs.map(([a]) => a)), mean(logs.map(([, b]) => b))];
  const xy = logs.reduce((sum, [a, b]) => sum + (a - meanX) * (b - meanY), 0);
  return xy / logs.reduce((sum, [a]) => sum + (a - meanX) ** 2, 0);
}

async function descentOf(ntk: Matrix, y: Matrix, learningRate: number): Promise<MseDescent> {
  const descent = await gradientDescentMse(ntk, y, { learningRate, engine });
  if (!descent.ok) throw new Error(descent.message);
  return descent;
}

function between(what: string, value: number, low: number, high: number): Finding {
  const expected = low === -Infinity ? `≤ ${high}` : high === Infinity ? `≥ ${low}` : `${low} … ${high}`;
  return { what, measured: `${Number(value.toPrecision(4))}`, expected, holds: value >= low && value <= high };
}

/** Lazy training in the width: 15 rows of the wave, both layers trained, η = 0.01; compared on 201 points. */
async function lazy(): Promise<readonly Finding[]> {
  const { x, y } = wave(15, 3);
  const grid = fromRows(
    Array.from({ length: 201 }, (_, i) => -1 + i / 100).map((t) => [t, Math.sqrt(Math.max(0, 1 - t * t))]),
  );
  const learningRate = 1e-2;
  const points: { width: number; movement: number; distance: number; drift: number; toLimit: number }[] = [];
  for (const width of WIDTHS) {
    const network = reluNet(width);
    const limit = await kernelFn(network)(x, null, "ntk");
    const runs: { movement: number; distance: number; drift: number; toLimit: number }[] = [];
    for (const seed of SEEDS) {
      const params = init(network, 2, { seed });
      const before = await empiricalNtk(network, params, x, null, { engine });
      const descent = await descentOf(before, y, learningRate);
      const kTestTrain = await empiricalNtk(network, params, grid, x, { engine });
      const [fxTrain0, fxTest0] = [apply(network, params, x), apply(network, params, grid)];
      const linear = await descent.atStep(STEPS, { fxTrain0, fxTest0, kTestTrain });
      if (!linear.ok) throw new Error(linear.message);
      const run = await train(network, params, x, y, { steps: STEPS, learningRate, engine, recordAt: [STEPS] });
      const fx = apply(network, run.params, grid);
      runs.push({
        movement: run.records.at(-1)!.movement,
        distance: norm(fx.data.map((f, i) => f - linear.fxTest!.data[i]!)) / Math.sqrt(fx.rows),
        drift: kernelDrift(before, await empiricalNtk(network, run.params, x, null, { engine })),
        toLimit: kernelDrift(limit, before),
      });
    }
    const of = (get: (run: (typeof runs)[number]) => number): number => mean(runs.map(get));
    points.push({
      width,
      movement: of((run) => run.movement),
      distance: of((run) => run.distance),
      drift: of((run) => run.drift),
      toLimit: of((run) => run.toLimit),
    });
    console.error(points.at(-1));
  }
  const rate = (get: (point: (typeof points)[number]) => number): number => slope(points.map((p) => [p.width, get(p)]));
  const widest = points.at(-1)!;
  return [
    between(
      "lazy training: slope of ‖w − w₀‖/‖w₀‖ in the width",
      rate((p) => p.movement),
      -0.65,
      -0.45,
    ),
    between(
      "lazy training: slope of rms(f − own linearization)",
      rate((p) => p.distance),
      -Infinity,
      -0.3,
    ),
    between(`lazy training: that rms at width ${widest.width}`, widest.distance, -Infinity, 0.06),
    between(
      "kernel drift: slope of ‖Θ_T − Θ₀‖/‖Θ₀‖ in the width",
      rate((p) => p.drift),
      -Infinity,
      -0.5,
    ),
    between(
      `kernel drift / distance from the limit at width ${widest.width}`,
      widest.drift / widest.toLimit,
      -Infinity,
      1,
    ),
  ];
}

/** The first layer alone, output weights ±1: movement and modes are those of the kernel, in the median over the seeds. */
async function spectral(): Promise<readonly Finding[]> {
  const runs: Awaited<ReturnType<typeof spectralRun>>[] = [];
  for (const seed of SEEDS) runs.push(await spectralRun(seed));
  const median = (get: (run: (typeof runs)[number]) => number): number =>
    runs.map(get).sort((a, b) => a - b)[Math.floor(runs.length / 2)]!;
  const fast = [1, 2, 3].map((k) => median(({ ratios }) => ratios.at(-k)!));
  return [
    between(
      "movement / √(αᵀΘα) of the linearization, first layer",
      median(({ movement }) => movement),
      0.98,
      1.02,
    ),
    between(
      "‖u − y‖²/(e^{−λ₀ηt} ‖r₀‖²), largest of all runs",
      Math.max(...runs.map(({ worst }) => worst)),
      -Infinity,
      1 + 1e-9,
    ),
    between("fitted rate / −log(1 − ηλ), top three modes, smallest", Math.min(...fast), 0.95, 1.05),
    between("fitted rate / −log(1 − ηλ), top three modes, largest", Math.max(...fast), 0.95, 1.05),
    between(
      "fitted rate / −log(1 − ηλ), fourth mode",
      median(({ ratios }) => ratios.at(-4)!),
      0.85,
      Infinity,
    ),
  ];
}

async function spectralRun(
  seed: number,
): Promise<{ readonly movement: number; readonly worst: number; readonly ratios: readonly number[] }> {
  const { x, y } = wave(20, 4);
  const network = reluNet(WIDTHS.at(-1)!);
  const params = init(network, 2, { seed, outputWeights: "signs" });
  const ntk = await empiricalNtk(network, params, x, null, { trainable: "first", engine });
  const largest = (await descentOf(ntk, y, 1)).path.values.at(-1)!;
  const learningRate = 0.2 / largest;
  const descent = await descentOf(ntk, y, learningRate);
  const { values, vectors } = descent.path;
  const n = values.length;
  const modesOf = (fx: Matrix): number[] =>
    Array.from({ length: n }, (_, k) =>
      fx.data.reduce((sum, f, i) => sum + vectors.data[k * n + i]! * (f - y.data[i]!), 0),
    );
  const steps = options.quick ? 200 : 4000;
  const seen = new Map<number, number[]>();
  const run = await train(network, params, x, y, {
    ...{ steps, learningRate, trainable: "first", engine },
    recordAt: Array.from({ length: 401 }, (_, i) => Math.round((i * steps) / 400)),
    onRecord: ({ step }, now) => void seen.set(step, modesOf(apply(network, now, x, { engine }))),
  });
  const linear = await descent.atStep(steps, { fxTrain0: apply(network, params, x) });
  if (!linear.ok) throw new Error(linear.message);
  const { data: alpha } = linear.alpha;
  const theta = alpha.reduce(
    (sum, a, i) => sum + a * alpha.reduce((row, b, j) => row + ntk.data[i * n + j]! * b, 0),
    0,
  );
  const start = norm(seen.get(0)!);
  const bound = (step: number): number => Math.exp(-values[0]! * learningRate * step) * start ** 2;
  return {
    movement: run.records.at(-1)!.layers[0]!.distance / Math.sqrt(theta),
    worst: Math.max(...[...seen].map(([step, now]) => norm(now) ** 2 / bound(step))),
    ratios: Array.from({ length: n }, (_, k) => fittedRate(seen, k) / -Math.log1p(-learningRate * values[k]!)),
  };
}

/** The rate at which a mode decays until it is a third of what it was, or the run ends. */
function fittedRate(seen: ReadonlyMap<number, readonly number[]>, k: number): number {
  const first = Math.abs(seen.get(0)![k]!);
  let [best, rate] = [0, Number.NaN];
  for (const [step, now] of seen) {
    if (step === 0) continue;
    const left = Math.abs(now[k]!) / first;
    if (left < 1 / 3) return best > 0 ? rate : -Math.log(left) / step;
    [best, rate] = [step, -Math.log(left) / step];
  }
  return rate;
}

/** 2000 networks on four points of the circle beside the Gaussian of the infinite ensemble. */
async function ensemble(): Promise<readonly Finding[]> {
  const circle = (t: readonly number[]): Matrix => fromRows(t.map((a) => [Math.cos(a), Math.sin(a)]));
  const x = circle([-2.2, -0.8, 0.6, 2.1]);
  const xTest = circle([-2.9, -1.5, 0, 1.4, 2.8]);
  const y = matrix(4, 1, Float64Array.of(0.5, -0.4, 0.3, 0.2));
  const network = (width: number): Layer =>
    serial(dense({ width, wStd: 1.4, bStd: 0.3 }), relu(), dense({ width: 1, wStd: 1.2 }));
  const kernel = kernelFn(network(1));
  const both = async (a: Matrix, b: Matrix | null) => await kernel(a, b, ["nngp", "ntk"]);
  const [learningRate, steps] = [0.3, 400];
  const blocks = {
    kTrainTrain: await both(x, null),
    kTestTrain: await both(xTest, x),
    kTestTest: await both(xTest, null),
  };
  const descent = await gradientDescentMseEnsemble(blocks, y, { get: "ntk", learningRate });
  if (!descent.ok) throw new Error("the kernel is indefinite");
  const { mean: center, variance } = await descent.at(steps);
  const findings: Finding[] = [];
  for (const width of [50, 1000]) {
    const count = options.quick ? 200 : 2000;
    const outputs: Float64Array[] = [];
    for (let seed = 0; seed < count; seed++) {
      const run = await train(network(width), init(network(width), 2, { seed }), x, y, {
        steps,
        learningRate,
        recordAt: [],
      });
      outputs.push(apply(network(width), run.params, xTest).data);
    }
    let worst = 0;
    for (let i = 0; i < xTest.rows; i++) {
      const sorted = outputs.map((fx) => fx[i]!).sort((a, b) => a - b);
      for (const [share, quantile] of [
        [0.1, -1.2815515655446],
        [0.5, 0],
        [0.9, 1.2815515655446],
      ] as const)
        worst = Math.max(
          worst,
          Math.abs(sorted[Math.floor(share * count)]! - center.data[i]! - quantile * Math.sqrt(variance![i]!)),
        );
    }
    const what = `${count} trained networks of width ${width}: 10, 50, 90 % quantiles, largest miss`;
    findings.push(
      width === 1000 ? between(what, worst, -Infinity, 0.05) : { ...between(what, worst, -Infinity, 1), expected: "" },
    );
  }
  return findings;
}

const all: Finding[] = [];
for (const [name, run] of Object.entries({ spectral, ensemble, lazy })) {
  if (!name.includes(options.only)) continue;
  all.push(...(await run()));
}
console.log(`Engine: ${engine.description}; seeds ${SEEDS.join(", ")}; widths ${WIDTHS.join(", ")}; ${STEPS} steps.\n`);
console.log("| what | measured | expected | |\n| --- | --- | --- | --- |");
for (const { what, measured, expected, holds } of all)
  console.log(`| ${what} | ${measured} | ${expected} | ${expected === "" ? "" : holds ? "✓" : "missed"} |`);
process.exit(all.every(({ holds }) => holds) ? 0 : 1);
