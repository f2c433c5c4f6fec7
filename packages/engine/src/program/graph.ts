import { type Algebra, numberAlgebra } from "./algebra.ts";

/** What a value depends on: nothing, the row, the column, or the pair of them. */
export const STAGE = { constant: 0, row: 1, column: 2, pair: 3 } as const;
export type Stage = (typeof STAGE)[keyof typeof STAGE];

export type Operation =
  | "constant"
  | "input"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "mulAdd"
  | "sqrt"
  | "abs"
  | "neg"
  | "min"
  | "max"
  | "nearest"
  | "powerOfTwo"
  | "less"
  | "lessOrEqual"
  | "equal"
  | "and"
  | "or"
  | "not"
  | "select"
  | "rarely";

/** One value of a formula: an operation on values before it. */
export interface Node {
  readonly id: number;
  readonly operation: Operation;
  readonly args: readonly Node[];
  readonly stage: Stage;
  /** Of a constant. */
  readonly value: number;
  /** Name of an input. */
  readonly name: string;
  /** Of one result of `rarely`: the conditional part it comes from. Its args are [condition, computed, otherwise]. */
  readonly region: Region | null;
}

/** A part of the formula that is skipped when its condition holds nowhere. */
export interface Region {
  readonly outer: Region | null;
  readonly nodes: Node[];
  readonly known: Map<string, Node>;
}

/** Formulas written in `algebra` become nodes; equal nodes are one node, so nothing is computed twice. */
export interface Graph {
  readonly algebra: Algebra<Node, Node>;
  readonly root: Region;
  input(name: string, stage: Stage): Node;
}

/** A formula has more values than its graph may have. */
export class TooLong extends Error {}

/** At most `most` nodes; one more throws `TooLong`. */
export function makeGraph(most: number = Infinity): Graph {
  const store = makeStore(most);
  return {
    algebra: graphAlgebra(store),
    root: store.root,
    input: (name, stage) => store.make("input", [], { name, stage }, name),
  };
}

/** All nodes made so far. */
interface Store {
  readonly root: Region;
  /** The node with this operation, these arguments and this `detail`, an old one if there is one. */
  make(operation: Operation, args: readonly Node[], extra?: Partial<Node>, detail?: string): Node;
  /** Nodes made by `compute` belong to a region of their own. */
  inRegion<R>(compute: () => R): { readonly region: Region; readonly result: R };
}

function makeStore(most: number): Store {
  const root: Region = { outer: null, nodes: [], known: new Map() };
  let region = root;
  let count = 0;
  const find = (key: string): Node | undefined => {
    for (let at: Region | null = region; at; at = at.outer) {
      const known = at.known.get(key);
      if (known) return known;
    }
    return undefined;
  };
  return {
    root,
    make(operation, args, extra = {}, detail = "") {
      const key = `${operation} ${args.map(({ id }) => id).join(" ")} ${detail}`;
      const known = find(key);
      if (known) return known;
      if (count >= most) throw new TooLong(`a formula of more than ${most} values`);
      const stage = extra.stage ?? joined(args);
      const node: Node = { id: count++, operation, args, stage, value: 0, name: "", region: null, ...extra };
      // What does not depend on the pair is computed once, outside every condition.
      const home = stage === STAGE.pair ? region : root;
      home.nodes.push(node);
      home.known.set(key, node);
      return node;
    },
    inRegion(compute) {
      const own: Region = { outer: region, nodes: [], known: new Map() };
      region = own;
      const result = compute();
      region = own.outer!;
      return { region: own, result };
    },
  };
}

function graphAlgebra(store: Store): Algebra<Node, Node> {
  const { make } = store;
  const constant = constantMaker(store);
  /** An operation of numbers, done now where all of them are known. */
  const numeric = (operation: NumericOperation, ...args: Node[]): Node =>
    args.every(isConstant) ? constant(numberOf(operation, args)) : make(operation, args);
  /** A condition that is known now; it never reaches the code. */
  const truth = (value: boolean): Node =>
    make("constant", [], { value: Number(value), name: "truth" }, `truth ${value}`);
  const compare = (operation: "less" | "lessOrEqual" | "equal", a: Node, b: Node): Node =>
    isConstant(a) && isConstant(b) ? truth(numberAlgebra[operation](a.value, b.value)) : make(operation, [a, b]);
  const algebra: Algebra<Node, Node> = {
    constant,
    add: (a, b) => numeric("add", ...inOrder(a, b)),
    sub: (a, b) => numeric("sub", a, b),
    mul: multiplier(store),
    div: (a, b) => (isConstant(b) && b.value === 1 ? a : numeric("div", a, b)),
    mulAdd: (a, b, c) => numeric("mulAdd", ...inOrder(a, b), c),
    sqrt: (a) => numeric("sqrt", a),
    abs: (a) => numeric("abs", a),
    neg: (a) => numeric("neg", a),
    min: (a, b) => numeric("min", a, b),
    max: (a, b) => numeric("max", a, b),
    nearest: (a) => numeric("nearest", a),
    powerOfTwo: (a) => numeric("powerOfTwo", a),
    less: (a, b) => compare("less", a, b),
    lessOrEqual: (a, b) => compare("lessOrEqual", a, b),
    equal: (a, b) => compare("equal", a, b),
    and: (a, b) => (isConstant(a) ? (a.value ? b : a) : isConstant(b) ? (b.value ? a : b) : make("and", [a, b])),
    or: (a, b) => (isConstant(a) ? (a.value ? a : b) : isConstant(b) ? (b.value ? b : a) : make("or", [a, b])),
    not: (a) => (isConstant(a) ? truth(!a.value) : make("not", [a])),
    select(condition, a, b) {
      if (a === b) return a;
      if (isConstant(condition)) return condition.value ? a : b;
      // A mask is all ones or all zeros, and zeros are the number 0.
      return isZero(b) ? make("and", [condition, a]) : make("select", [condition, a, b]);
    },
    rarely(condition, compute, otherwise) {
      if (condition.stage !== STAGE.pair)
        return compute().map((value, i) => algebra.select(condition, value, otherwise[i]!));
      const { region, result } = store.inRegion(compute);
      return result.map((value, i) =>
        make("rarely", [condition, value, otherwise[i]!], { region }, `${region.nodes[0]?.id} ${i}`),
      );
    },
  };
  return algebra;
}

function constantMaker({ make }: Store): (value: number) => Node {
  return (value) => make("constant", [], { value }, Object.is(value, -0) ? "-0" : String(value));
}

/** Products, with factors that are powers of two moved outwards past roundings, which they do not change, and merged. */
function multiplier(store: Store): Algebra<Node, Node>["mul"] {
  const constant = constantMaker(store);
  const factorOf = ({ operation, args: [factor, rest] }: Node): readonly [Node, Node] | undefined =>
    operation === "mul" && isConstant(factor!) ? [factor, rest!] : undefined;
  const powerOf = (node: Node): readonly [Node, Node] | undefined => {
    const parts = factorOf(node);
    return parts && isPowerOfTwo(parts[0]) ? parts : undefined;
  };
  const scale = (factor: Node, node: Node): Node => {
    if (isConstant(node)) return constant(factor.value * node.value);
    if (factor.value === 1) return node;
    const parts = isPowerOfTwo(factor) ? factorOf(node) : powerOf(node);
    return parts ? scale(constant(factor.value * parts[0].value), parts[1]) : store.make("mul", [factor, node]);
  };
  const multiply = (a: Node, b: Node): Node => {
    if (isConstant(a)) return scale(a, b);
    if (isConstant(b)) return scale(b, a);
    const [first, second] = [powerOf(a), powerOf(b)];
    if (first) return scale(first[0], multiply(first[1], b));
    if (second) return scale(second[0], multiply(a, second[1]));
    return store.make("mul", inOrder(a, b));
  };
  return multiply;
}

/** Operands of an operation that does not mind their order: one node for both orders. */
function inOrder(a: Node, b: Node): [Node, Node] {
  return a.id <= b.id ? [a, b] : [b, a];
}

function isConstant({ operation }: Node): boolean {
  return operation === "constant";
}

type NumericOperation = Exclude<
  keyof Algebra<number, boolean>,
  "constant" | "less" | "lessOrEqual" | "equal" | "and" | "or" | "not" | "select" | "rarely"
> &
  Operation;

function numberOf(operation: NumericOperation, args: readonly Node[]): number {
  const compute = numberAlgebra[operation] as (...values: number[]) => number; // one, two or three arguments
  return compute(...args.map(({ value }) => value));
}

function isZero({ operation, value }: Node): boolean {
  return operation === "constant" && Object.is(value, 0);
}

/** Powers of two of moderate size: products with them neither round nor leave the range. */
function isPowerOfTwo({ operation, value }: Node): boolean {
  return (
    operation === "constant" &&
    Math.abs(Math.log2(Math.abs(value))) < 64 &&
    Number.isInteger(Math.log2(Math.abs(value)))
  );
}

function joined(args: readonly Node[]): Stage {
  const stages = args.map(({ stage }) => stage);
  if (stages.includes(STAGE.row) && stages.includes(STAGE.column)) return STAGE.pair;
  return Math.max(STAGE.constant, ...stages) as Stage; // the largest of some stages
}
