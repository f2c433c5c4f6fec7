import { type Node, STAGE } from "./graph.ts";
import type { ProgramMemory } from "./program-memory.ts";
import type { Part, Segment, Step } from "./schedule.ts";

/** Parts with the same key have the same code: they do the same operations in the same order on values at the same places. */
export function partKey(part: Part, memory: ProgramMemory): string {
  const numbers = new Map<Node, number>();
  const name = (node: Node): string => {
    if (node.stage === STAGE.constant) return `#${memory.constantAt(node.value)}`;
    const known = numbers.get(node);
    if (known === undefined) numbers.set(node, numbers.size);
    return String(known ?? numbers.size - 1);
  };
  const line = (node: Node): string => `${name(node)}@${memory.lineAt(node)}`;
  const square = (node: Node): string => `${name(node)}@${memory.squareAt(node)}`;
  const compute = (node: Node): string => `${node.operation}(${node.args.map(name).join()})${name(node)}`;
  const stepKey = (step: Step): string =>
    step.kind === "compute"
      ? compute(step.node)
      : `rarely[${step.steps.map(stepKey).join(" ")}]${step.results.map(compute).join(" ")}`;
  const segmentKey = ({ reads, readsFar, steps, writes, leaves, outputs }: Segment): string => {
    const far = new Set(readsFar);
    const read = (node: Node): string =>
      node.stage === STAGE.constant || node.stage === STAGE.row
        ? name(node)
        : far.has(node)
          ? square(node)
          : line(node);
    const lists = [reads.map(read), steps.map(stepKey), writes.map(line), leaves.map(square), outputs.map(name)];
    return lists.map((list) => list.join(" ")).join(";");
  };
  const { rows, columns, rowsRead, columnsRead, rowsLeft, columnsKept, segments } = part;
  return [
    [...rowsRead.map(line), "", ...rows.map(compute), "", ...rowsLeft.map(line)].join(" "),
    [...columnsRead.map(line), "", ...columns.map(compute), "", ...columnsKept.map(line)].join(" "),
    ...segments.map(segmentKey),
  ].join("|");
}
