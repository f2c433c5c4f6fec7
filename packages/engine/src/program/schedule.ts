import { type Node, type Region, STAGE, type Stage } from "./graph.ts";

/** One step of the code for a pair of inputs. */
export type Step =
  | { readonly kind: "compute"; readonly node: Node }
  /** A part that runs only where its condition holds for some lane. */
  | { readonly kind: "rarely"; readonly results: readonly Node[]; readonly steps: readonly Step[] };

/** A part of the work on pairs that is done for a whole row before the next part begins. */
export interface Segment {
  readonly steps: readonly Step[];
  /** Everything it computes. */
  readonly made: readonly Node[];
  /** What it needs and does not make: constants, inputs, values of the row, of the column, and of earlier segments. */
  readonly reads: readonly Node[];
  /** Its own values that later segments read. */
  readonly writes: readonly Node[];
  /** The results, in the last segment. */
  readonly outputs: readonly Node[];
}

/** What is needed for the outputs, by what it depends on. */
export interface Schedule {
  readonly rows: readonly Node[];
  readonly columns: readonly Node[];
  readonly segments: readonly Segment[];
}

/** Leaves out what no output needs, and puts the rest in an order that computes every value before its use. */
export function schedule(root: Region, outputs: readonly Node[], size: number): Schedule {
  const needed = reachable(outputs);
  const at = (stage: Stage): Node[] => root.nodes.filter((node) => node.stage === stage && needed.has(node));
  const steps = stepsOf(root, needed);
  return { rows: at(STAGE.row), columns: at(STAGE.column), segments: segmentsOf(steps, outputs, size) };
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
  const finished = new Set<Region>();
  for (const node of region.nodes) {
    // Inputs lie in memory: they are read where they are used.
    if (node.stage !== STAGE.pair || node.operation === "input" || !needed.has(node)) continue;
    const { region: conditional } = node;
    if (!conditional) steps.push({ kind: "compute", node });
    else if (!finished.has(conditional)) {
      finished.add(conditional);
      const results = region.nodes.filter((other) => other.region === conditional && needed.has(other));
      steps.push({ kind: "rarely", results, steps: stepsOf(conditional, needed) });
    }
  }
  return steps;
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

/** Cuts the steps into segments of about `size`, where few values are under way. */
function segmentsOf(steps: readonly Step[], outputs: readonly Node[], size: number): Segment[] {
  const lastUse = new Map<Node, number>(outputs.map((node) => [node, steps.length]));
  for (const [i, step] of steps.entries())
    for (const node of usedBy(step)) if (lastUse.get(node) !== steps.length) lastUse.set(node, i);
  const madeAt = new Map(steps.flatMap((step, i) => madeBy(step).map((node) => [node, i] as const)));
  // underWay[i]: values made before step i and used from it on.
  const underWay = new Array<number>(steps.length + 1).fill(0);
  for (const [node, made] of madeAt) for (let i = made + 1; i <= lastUse.get(node)!; i++) underWay[i]!++;
  const cuts = [0];
  while (steps.length - cuts.at(-1)! > 1.3 * size) {
    const from = cuts.at(-1)!;
    let best = from + Math.ceil(0.7 * size);
    for (let i = best; i <= from + 1.3 * size; i++) if (underWay[i]! <= underWay[best]!) best = i;
    cuts.push(best);
  }
  return cuts.map((from, k) => {
    const to = cuts[k + 1] ?? steps.length;
    const isLast = k === cuts.length - 1;
    const own = steps.slice(from, to);
    const made = new Set(own.flatMap(allMadeBy));
    const used = [...own.flatMap(usedBy), ...(isLast ? outputs : [])].filter((node) => !made.has(node));
    const writes = isLast ? [] : own.flatMap(madeBy).filter((node) => lastUse.get(node)! >= to);
    return { steps: own, made: [...made], reads: [...new Set(used)], writes, outputs: isLast ? outputs : [] };
  });
}
