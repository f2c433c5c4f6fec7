import * as wasm from "wasmati";
import type { Node, Operation } from "./graph.ts";

const { f64x2, i32, i64x2, v128 } = wasm;

/** 2⁵² + 2⁵¹ + 1023: added to a whole number n, it leaves n + 1023 in the last bits, which shifted are the exponent of 2ⁿ. */
export const EXPONENT_MAGIC: number = 2 ** 52 + 2 ** 51 + 1023;

/** Puts two lanes of a value on the stack. */
export type Push = (node: Node) => void;

/** Operations that are one instruction; arguments are on the stack. `select` wants its condition last. */
const PLAIN: Partial<Record<Operation, () => unknown>> = {
  add: () => f64x2.add(),
  sub: () => f64x2.sub(),
  mul: () => f64x2.mul(),
  div: () => f64x2.div(),
  sqrt: () => f64x2.sqrt(),
  abs: () => f64x2.abs(),
  neg: () => f64x2.neg(),
  min: () => f64x2.pmin(),
  max: () => f64x2.pmax(),
  nearest: () => f64x2.nearest(),
  less: () => f64x2.lt(),
  lessOrEqual: () => f64x2.le(),
  equal: () => f64x2.eq(),
  and: () => v128.and(),
  or: () => v128.or(),
  not: () => v128.not(),
};

/** Code for one operation on two lanes: leaves the result on the stack. */
export function emitOperation({ operation, args }: Node, push: Push, pushMagic: () => void, fast: boolean): void {
  if (operation === "select" || operation === "rarely") {
    const [condition, chosen, otherwise] = args as readonly [Node, Node, Node]; // both operations have three
    for (const node of [chosen, otherwise, condition]) push(node);
    v128.bitselect();
    return;
  }
  for (const node of args.slice(0, 2)) push(node);
  if (operation === "powerOfTwo") {
    pushMagic();
    f64x2.add();
    i32.const(52);
    i64x2.shl();
  } else if (operation === "mulAdd") {
    if (!fast) f64x2.mul();
    push(args[2]!);
    if (fast) f64x2.relaxed_madd();
    else f64x2.add();
  } else {
    const instruction = PLAIN[operation];
    if (!instruction) throw new Error(`${operation} is not an instruction`);
    instruction();
  }
}
