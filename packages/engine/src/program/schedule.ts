import { type Node, type Region, STAGE, type Stage } from "./graph.ts";

/** One step of the code: of a row, of a column, or for a pair of inputs. */
export type Step =
  | { readonly kind: "compute"; readonly node: Node }
  /** A part that runs only where its condition holds for some lane. */
  | { readonly kind: "rarely"; readonly results: readonly Node[]; readonly steps: readonly Step[] };

/** Some of the work on pairs that is done for a whole row before the next segment begins. */
export interface Segment {
  readonly steps: readonly Step[];
  /** Everything it computes. */
  readonly made: readonly Node[];
  /** What it needs and does not make: constants, inputs, values of the row, of the column, and of earlier segments. */
  readonly reads: readonly Node[];
  /** Those of them that belong to pairs and come from outside its part: inputs, and what earlier parts left. */
  readonly readsFar: readonly Node[];
  /** Its own values that later segments of the same part read. */
  readonly writes: readonly Node[];
  /** Its own values that later parts read. */
  readonly leaves: readonly Node[];
  /** The results, in the last segment of all. */
  readonly outputs: readonly Node[];
}

/** Work that is done for a whole tile before the next part begins. */
export interface Part {
  readonly rows: readonly Node[];
  readonly columns: readonly Node[];
  /** Values of rows that earlier parts made and this one reads. */
  readonly rowsRead: readonly Node[];
  /** Those of columns that its `columns` read. */
  readonly columnsRead: readonly Node[];
  /** Its own values of rows that later parts read. */
  readonly rowsLeft: readonly Node[];
  /** Its own values of columns that pairs or later parts read. */
  readonly columnsKept: readonly Node[];
  readonly segments: readonly Segment[];
  /** About the number of vector operations in its code. */
  readonly weight: number;
}

/** How long things get, in vector operations; a step for a pair is as many as the code has `lanes`. */
export interface ScheduleSizes {
  readonly lanes: number;
  /** Steps for pairs in a segment. */
  readonly segment: number;
  /** Up to this there is one part. */
  readonly whole: number;
  /** Beyond, parts have about this. */
  readonly part: number;
}

/**
 * Leaves out what no output needs, puts the rest in an order that computes every value before its use, and cuts that where few
 * values are under way. Time and memory are linear in the number of nodes.
 */
export function schedule(root: Region, outputs: readonly Node[], sizes: ScheduleSizes): readonly Part[] {
  const steps = stepsOf(root, reachable(outputs));
  const pairs = steps.filter(isOfPair);
  const underWay = valuesUnderWay(pairs, outputs);
  const weights = steps.map((step) => (isOfPair(step) ? sizes.lanes * allMadeBy(step).length : 1));
  const cuts = partCuts(steps, weights, underWay, sizes);
  const later = new Set<Node>();
  const parts: Part[] = [];
  let end = pairs.length;
  for (let k = cuts.length - 1; k >= 0; k--) {
    const [from, to] = [cuts[k]!, cuts[k + 1] ?? steps.length];
    const own = steps.slice(from, to);
    const start = end - own.filter(isOfPair).length;
    const isLast = k === cuts.length - 1;
    const segmentCutsHere = segmentCuts(start, end, underWay, sizes.segment);
    const segments = segmentsOf(pairs.slice(start, end), segmentCutsHere, isLast ? outputs : [], later);
    const weight = weights.slice(from, to).reduce((sum, value) => sum + value, 0);
    parts.push(partOf(own, segments, later, weight));
    for (const node of [...own.flatMap(usedBy), ...(isLast ? outputs : [])]) later.add(node);
    end = start;
  }
  return parts.reverse();
}

function reachable(outputs: readonly Node[]): ReadonlySet<Node> {
  const seen = new Set<Node>();
  const open = [...outputs];
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...node.args);
  }
  return seen;
}

function stepsOf(region: Region, needed: ReadonlySet<Node>): Step[] {
  const steps: Step[] = [];
  const resultsOf = new Map<Region, Node[]>();
  for (const node of region.nodes) {
    // Constants and inputs of pairs lie in memory: they are read where they are used.
    const isGiven = node.stage === STAGE.constant || (node.stage === STAGE.pair && node.operation === "input");
    if (isGiven || !needed.has(node)) continue;
    const { region: conditional } = node;
    const known = conditional && resultsOf.get(conditional);
    if (!conditional) steps.push({ kind: "compute", node });
    else if (known) known.push(node);
    else {
      const results = [node];
      resultsOf.set(conditional, results);
      steps.push({ kind: "rarely", results, steps: stepsOf(conditional, needed) });
    }
  }
  return steps;
}

function isOfPair(step: Step): boolean {
  return step.kind === "rarely" || step.node.stage === STAGE.pair;
}

/** The values a step makes. */
export function madeBy(step: Step): readonly Node[] {
  return step.kind === "compute" ? [step.node] : step.results;
}

/** The values a step reads, its own among them. */
export function usedBy(step: Step): readonly Node[] {
  if (step.kind === "compute") return step.node.args;
  return [...step.results.flatMap(({ args }) => args), ...step.steps.flatMap(usedBy)];
}

/** All values made while a step runs. */
function allMadeBy(step: Step): readonly Node[] {
  return step.kind === "compute" ? [step.node] : [...step.results, ...step.steps.flatMap(allMadeBy)];
}

/** For each of the steps and the end: how many values were made before it and are used from it on. */
function valuesUnderWay(steps: readonly Step[], outputs: readonly Node[]): readonly number[] {
  const lastUse = new Map<Node, number>();
  for (const [i, step] of steps.entries()) for (const node of usedBy(step)) lastUse.set(node, i);
  for (const node of outputs) lastUse.set(node, steps.length);
  const change = new Array<number>(steps.length + 2).fill(0);
  for (const [i, step] of steps.entries()) {
    for (const node of madeBy(step)) {
      change[i + 1]!++;
      change[lastUse.get(node)! + 1]!--;
    }
  }
  let sum = 0;
  return change.map((value) => {
    sum += value;
    return sum;
  });
}

/** Where parts begin, as numbers of steps. */
function partCuts(
  steps: readonly Step[],
  weights: readonly number[],
  underWay: readonly number[],
  { whole, part }: ScheduleSizes,
): readonly number[] {
  let left = weights.reduce((sum, value) => sum + value, 0);
  const cuts = [0];
  if (left <= whole) return cuts;
  // `since` is the weight since the last cut, `pair` the number of pairs' steps before step i.
  let [since, pair, best, bestPair, sinceBest, fewest] = [0, 0, 0, -1, 0, Infinity];
  for (const [i, step] of steps.entries()) {
    const few = underWay[pair]!;
    if (since >= 0.6 * part && (few < fewest || (few === fewest && pair > bestPair)))
      [best, bestPair, sinceBest, fewest] = [i, pair, 0, few];
    if (since > 1.4 * part && best > cuts.at(-1)! && left > 0.4 * part) {
      cuts.push(best);
      [since, fewest] = [sinceBest, Infinity];
    }
    since += weights[i]!;
    sinceBest += weights[i]!;
    left -= weights[i]!;
    if (isOfPair(step)) pair++;
  }
  return cuts;
}

/** Where the segments of steps `start` to `end` begin: about `size` steps each, cut where few values are under way. */
function segmentCuts(start: number, end: number, underWay: readonly number[], size: number): readonly number[] {
  const cuts = [start];
  while (end - cuts.at(-1)! > 1.3 * size) {
    const from = cuts.at(-1)!;
    let best = from + Math.ceil(0.7 * size);
    for (let i = best; i <= from + 1.3 * size; i++) if (underWay[i]! <= underWay[best]!) best = i;
    cuts.push(best);
  }
  return cuts.map((cut) => cut - start);
}

/** The segments of a part: `cuts` are their first steps, `later` is what later parts read. */
function segmentsOf(
  steps: readonly Step[],
  cuts: readonly number[],
  outputs: readonly Node[],
  later: ReadonlySet<Node>,
): readonly Segment[] {
  const madeHere = new Set(steps.flatMap(madeBy));
  const readLater = new Set<Node>();
  const segments: Segment[] = [];
  for (let k = cuts.length - 1; k >= 0; k--) {
    const own = steps.slice(cuts[k], cuts[k + 1] ?? steps.length);
    const results = k === cuts.length - 1 ? outputs : [];
    const made = new Set(own.flatMap(allMadeBy));
    const reads = [...new Set([...own.flatMap(usedBy), ...results].filter((node) => !made.has(node)))];
    const finished = own.flatMap(madeBy);
    segments.push({
      steps: own,
      made: [...made],
      reads,
      readsFar: reads.filter((node) => node.stage === STAGE.pair && !madeHere.has(node)),
      writes: finished.filter((node) => readLater.has(node)),
      leaves: finished.filter((node) => later.has(node)),
      outputs: results,
    });
    for (const node of reads) readLater.add(node);
  }
  return segments.reverse();
}

function partOf(steps: readonly Step[], segments: readonly Segment[], later: ReadonlySet<Node>, weight: number): Part {
  const at = (stage: Stage): Node[] => steps.flatMap(madeBy).filter((node) => node.stage === stage);
  const [rows, columns] = [at(STAGE.row), at(STAGE.column)];
  const made = new Set([...rows, ...columns]);
  const readByPairs = new Set(segments.flatMap(({ reads }) => reads));
  const readBySingles = [...rows, ...columns].flatMap(({ args }) => args);
  const missing = (nodes: Iterable<Node>, stage: Stage): Node[] =>
    [...new Set(nodes)].filter((node) => node.stage === stage && !made.has(node));
  return {
    rows,
    columns,
    rowsRead: missing([...readBySingles, ...readByPairs], STAGE.row),
    columnsRead: missing(readBySingles, STAGE.column),
    rowsLeft: rows.filter((node) => later.has(node)),
    columnsKept: columns.filter((node) => readByPairs.has(node) || later.has(node)),
    segments,
    weight,
  };
}
