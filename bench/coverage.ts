/**
 * How often 95 % intervals hold fresh targets, over many drawn tables of the kinds that make it hard, and how wide they are
 * beside the width that knows the truth.
 *
 *   npm run bench:coverage [-- name …]
 *
 * Prints a Markdown table, the seed, the engine and the load.
 */
import { loadavg } from "node:os";
import { bestEngine } from "@ntkit/engine";
import {
  type Column,
  fitRegression,
  type Key,
  key,
  normal,
  predictRegression,
  randomInts,
  split,
  type Table,
  takeTableRows,
  uniform,
} from "ntkit";

const SEED = 0;
const LEVEL = 0.95;

/** A drawn problem: rows to learn from, and kinds of fresh rows with their targets. */
interface Draw {
  readonly train: Table;
  readonly fresh: readonly { readonly kind: string; readonly table: Table }[];
}

interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly repeats: number;
  readonly draw: (from: Key) => Draw;
}

type Named = Readonly<Record<string, ArrayLike<number> | readonly (string | null)[]>>;

function table(named: Named): Table {
  const columns = Object.values(named).map((values): Column => {
    const cells = Array.from(values as ArrayLike<string | number | null>); // either of the two lists
    if (cells.every((cell) => typeof cell === "number")) return { kind: "numeric", values: Float64Array.from(cells) };
    return { kind: "text", values: cells.map((cell) => (cell === null ? null : String(cell))) };
  });
  return { source: "drawn", names: Object.keys(named), rows: columns[0]!.values.length, columns };
}

const where = (t: Table, holds: (i: number) => boolean): Table =>
  takeTableRows(t, Array.from({ length: t.rows }, (_, i) => i).filter(holds));

const first = (t: Table, n: number): Table => where(t, (i) => i < n);
const after = (t: Table, n: number): Table => where(t, (i) => i >= n);

/** The table with some columns missing in every row, or another text there. */
function without(t: Table, names: readonly string[], text: string | null = null): Table {
  const columns = t.columns.map((column, j): Column => {
    if (!names.includes(t.names[j]!)) return column;
    return column.kind === "numeric"
      ? { ...column, values: column.values.map(() => Number.NaN) }
      : { ...column, values: column.values.map(() => text) };
  });
  return { ...t, columns };
}

/** A share of the cells of some columns missing at random. */
function withHoles(t: Table, names: readonly string[], share: number, from: Key): Table {
  const keys = split(from, t.names.length);
  const columns = t.columns.map((column, j): Column => {
    if (!names.includes(t.names[j]!)) return column;
    const holes = uniform(keys[j]!, t.rows);
    return column.kind === "numeric"
      ? { ...column, values: column.values.map((value, i) => (holes[i]! < share ? Number.NaN : value)) }
      : { ...column, values: column.values.map((value, i) => (holes[i]! < share ? null : value)) };
  });
  return { ...t, columns };
}

/** y = 1.5 a + sin 2b + effect of one of six sorts + noise of size 0.3; a and b correlated by `rho`. */
function mixed(from: Key, n: number, rho: number): Table {
  const [ka, kb, ks, ke, kn] = split(from, 5);
  const [a, free, noise, effects] = [normal(ka!, n), normal(kb!, n), normal(kn!, n), normal(ke!, 6)];
  const b = a.map((value, i) => rho * value + Math.sqrt(1 - rho * rho) * free[i]!);
  const sort = Array.from(randomInts(ks!, n, 6));
  const y = a.map((value, i) => 1.5 * value + Math.sin(2 * b[i]!) + effects[sort[i]!]! + 0.3 * noise[i]!);
  return table({ a, b, sort: sort.map((s) => `s${s}`), y });
}

/** Fresh rows of a seventh sort, whose effect is another draw. */
function unseenSort(t: Table, from: Key): Table {
  const shift = normal(from, 1)[0]!;
  const j = t.names.indexOf("sort");
  const effects = t.columns[j]!;
  const y = t.columns.at(-1)!;
  if (effects.kind !== "text" || y.kind !== "numeric") throw new Error("not this table");
  return {
    ...t,
    columns: t.columns.map((column) =>
      column === y ? { ...y, values: y.values.map((value) => value + shift) } : column,
    ),
  };
}

function missingDraw(from: Key, rho: number, holes: number): Draw {
  const [kt, kh, kf, ku] = split(from, 4);
  const all = mixed(kt!, 700, rho);
  const [train, fresh] = [first(all, 200), after(all, 200)];
  // A sort of its own: what it adds is drawn anew, and its name was never seen.
  const noSort = withoutSortEffect(kt!, all, 200);
  const unseen = without(unseenSort(noSort, ku!), ["sort"], "new");
  const seen = holes > 0 ? withHoles(train, ["a", "b", "sort"], holes, kh!) : train;
  return {
    train: seen,
    fresh: [
      { kind: "complete", table: fresh },
      { kind: "a missing", table: without(fresh, ["a"]) },
      { kind: "b missing", table: without(fresh, ["b"]) },
      { kind: "a and b missing", table: without(fresh, ["a", "b"]) },
      { kind: "sort missing", table: without(fresh, ["sort"]) },
      { kind: "sort unseen", table: unseen },
      { kind: "a missing, sort unseen", table: without(unseen, ["a"]) },
      { kind: "holes", table: withHoles(fresh, ["a", "b", "sort"], 0.2, kf!) },
    ],
  };
}

/** The fresh rows as `mixed` drew them, without what their sorts add. */
function withoutSortEffect(from: Key, all: Table, n: number): Table {
  const effects = normal(split(from, 5)[3]!, 6);
  const sort = all.columns[2]!;
  const columns = all.columns.map((column, j): Column => {
    if (j !== 3 || column.kind !== "numeric") return column;
    return {
      ...column,
      values: column.values.map((value, i) => value - effects[Number(`${sort.values[i]}`.slice(1))]!),
    };
  });
  return after({ ...all, columns }, n);
}

type Truth = (x: readonly number[]) => number;

/** `n` rows to learn from and 400 fresh ones of a function of d normal inputs, with noise. */
const plain =
  (n: number, d: number, truth: Truth, noise: number) =>
  (from: Key): Draw => {
    const keys = split(from, d + 1);
    const inputs = Array.from({ length: d }, (_, j) => normal(keys[j]!, n + 400));
    const eps = normal(keys[d]!, n + 400);
    const y = eps.map((e, i) => truth(inputs.map((column) => column[i]!)) + noise * e);
    const all = table({ ...Object.fromEntries(inputs.map((column, j) => [`x${j}`, column])), y });
    return { train: first(all, n), fresh: [{ kind: "all", table: after(all, n) }] };
  };

/** Noise that grows with x from 0.05 to 1. */
function uneven(from: Key, n: number): Draw {
  const [kx, kz, kn] = split(from, 3);
  const [x, z, noise] = [uniform(kx!, n + 1000), normal(kz!, n + 1000), normal(kn!, n + 1000)];
  const y = x.map((v, i) => Math.sin(6 * v) + 0.3 * z[i]! + (0.05 + 0.95 * v) * noise[i]!);
  const all = table({ x, z, y });
  const fresh = after(all, n);
  const at = (i: number) => x[n + i]!;
  return {
    train: first(all, n),
    fresh: [
      { kind: "all", table: fresh },
      { kind: "noisy quarter", table: where(fresh, (i) => at(i) > 0.75) },
      { kind: "quiet quarter", table: where(fresh, (i) => at(i) < 0.25) },
    ],
  };
}

function copied(from: Key, n: number): Draw {
  const { train, fresh } = plain(n, 3, ([a, b]) => Math.sin(2 * a!) + b!, 0.3)(from);
  const twice = Array.from({ length: n }, (_, i) => (i < 0.3 * n ? i + Math.ceil(0.3 * n) : i));
  return { train: takeTableRows(train, twice), fresh };
}

function skewed(from: Key, n: number): Draw {
  const { train, fresh } = plain(n, 3, ([a, b]) => 0.8 * a! + 0.5 * Math.sin(2 * b!), 0.7)(from);
  const raised = (t: Table): Table => ({
    ...t,
    columns: t.columns.map((column, j) =>
      t.names[j] === "y" && column.kind === "numeric" ? { ...column, values: column.values.map(Math.exp) } : column,
    ),
  });
  const rows = raised(fresh[0]!.table);
  const a = rows.columns[0]!.values;
  return {
    train: raised(train),
    fresh: [
      { kind: "all", table: rows },
      { kind: "large", table: where(rows, (i) => Number(a[i]) > 1) },
      { kind: "small", table: where(rows, (i) => Number(a[i]) < -1) },
    ],
  };
}

/** One cell a thousand times too large. */
function outlier(from: Key, n: number, name: string): Draw {
  const { train, fresh } = plain(n, 3, ([a, b]) => Math.sin(2 * a!) + b!, 0.3)(from);
  const columns = train.columns.map((column, j): Column => {
    if (train.names[j] !== name || column.kind !== "numeric") return column;
    const at = column.values.reduce(
      (best, value, i) => (Math.abs(value) > Math.abs(column.values[best]!) ? i : best),
      0,
    );
    return { ...column, values: column.values.map((value, i) => (i === at ? 1000 * value : value)) };
  });
  return { train: { ...train, columns }, fresh };
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: "little-linear",
    what: "20 rows, 3 inputs, linear",
    repeats: 100,
    draw: plain(20, 3, ([a, b]) => a! + b!, 0.5),
  },
  {
    name: "little-sine",
    what: "20 rows, 1 input, sine",
    repeats: 100,
    draw: plain(20, 1, ([a]) => Math.sin(2 * a!), 0.2),
  },
  {
    name: "little-many",
    what: "20 rows, 8 inputs",
    repeats: 100,
    draw: plain(20, 8, ([a, b, c]) => a! + b! * c!, 0.3),
  },
  { name: "little-noise", what: "20 rows, 4 inputs, noise alone", repeats: 100, draw: plain(20, 4, () => 0, 1) },
  { name: "forty", what: "40 rows, 4 inputs", repeats: 60, draw: plain(40, 4, ([a, b]) => Math.sin(2 * a!) + b!, 0.3) },
  {
    name: "hundred",
    what: "100 rows, 4 inputs",
    repeats: 30,
    draw: plain(100, 4, ([a, b]) => Math.sin(2 * a!) + b!, 0.3),
  },
  { name: "uneven", what: "300 rows, noise 0.05 to 1", repeats: 20, draw: (from) => uneven(from, 300) },
  { name: "missing", what: "200 complete rows", repeats: 20, draw: (from) => missingDraw(from, 0, 0) },
  {
    name: "missing-alike",
    what: "200 complete rows, inputs correlated",
    repeats: 20,
    draw: (from) => missingDraw(from, 0.9, 0),
  },
  { name: "holes", what: "200 rows, 15 % missing", repeats: 20, draw: (from) => missingDraw(from, 0.5, 0.15) },
  { name: "copied", what: "200 rows, 30 % copied", repeats: 20, draw: (from) => copied(from, 200) },
  { name: "skewed", what: "200 rows, log-normal target", repeats: 20, draw: (from) => skewed(from, 200) },
  { name: "outlier-x", what: "100 rows, one input × 1000", repeats: 20, draw: (from) => outlier(from, 100, "x0") },
  { name: "outlier-y", what: "100 rows, one target × 1000", repeats: 20, draw: (from) => outlier(from, 100, "y") },
];

const { engine } = await bestEngine();

interface Tally {
  held: number;
  rows: number;
  width: number;
  errors: number;
}

async function run({ draw, repeats }: Scenario): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (const from of split(key(SEED), repeats)) {
    const { train, fresh } = draw(from);
    const model = await fitRegression(train, { target: "y", seed: SEED, engine });
    for (const { kind, table: rows } of fresh) {
      const truth = rows.columns[rows.names.indexOf("y")]!.values as Float64Array; // numbers, as drawn
      const { prediction, lower, upper } = await predictRegression(model, rows, { level: LEVEL, engine });
      const tally = tallies.get(kind) ?? { held: 0, rows: 0, width: 0, errors: 0 };
      truth.forEach((y, i) => {
        tally.held += y >= lower[i]! && y <= upper[i]! ? 1 : 0;
        tally.width += upper[i]! - lower[i]!;
        tally.errors += (y - prediction[i]!) ** 2;
        tally.rows++;
      });
      tallies.set(kind, tally);
    }
  }
  return tallies;
}

const asked = process.argv.slice(2);
console.log("| tables | repeats | fresh rows | 95 % intervals hold | mean width | RMSE |");
console.log("|---|---|---|---|---|---|");
for (const scenario of SCENARIOS.filter(({ name }) => asked.length === 0 || asked.includes(name)))
  for (const [kind, { held, rows, width, errors }] of await run(scenario))
    console.log(
      `| ${scenario.what} | ${scenario.repeats} | ${kind} | ${((100 * held) / rows).toFixed(1)} % | ${(width / rows).toPrecision(3)} | ${Math.sqrt(errors / rows).toPrecision(3)} |`,
    );
console.log(`\nseed ${SEED}; engine ${engine.description}; load ${loadavg()[0]!.toFixed(1)}; Node ${process.version}`);
