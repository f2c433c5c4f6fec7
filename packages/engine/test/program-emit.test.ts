import fc from "fast-check";
import { type Layer, parseNetwork } from "ntkit";
import { describe, expect, it } from "vitest";
import { importMemory, Module } from "wasmati";
import { type Algebra, numberAlgebra } from "../src/program/algebra.ts";
import { compileProgram } from "../src/program/compile.ts";
import { emitProgram, SIZES, STEP } from "../src/program/emit.ts";
import { makeGraph, STAGE } from "../src/program/graph.ts";
import { moduleBytes } from "../src/program/module-bytes.ts";
import type { ScheduleSizes } from "../src/program/schedule.ts";
import { LAYOUT, PITCH, TILE } from "../src/program/tile-layout.ts";
import { webAssembly } from "../src/wasm/web-assembly.ts";

interface Inputs<T> {
  readonly c: T;
  readonly sine: T;
  readonly p: T;
  readonly q: T;
}

type Formula = <T, M>(algebra: Algebra<T, M>, inputs: Inputs<T>) => readonly [T, T];

/** Runs a formula as code over a tile of random inputs; returns what came out and what numbers give. */
async function compare(formula: Formula, rows: number, columns: number, sizes?: ScheduleSizes) {
  const graph = makeGraph();
  const [nngp, ntk] = formula(graph.algebra, {
    c: graph.input("c", STAGE.pair),
    sine: graph.input("sine", STAGE.pair),
    p: graph.input("p", STAGE.row),
    q: graph.input("q", STAGE.column),
  });
  const program = emitProgram(graph, { nngp, ntk }, false, sizes);
  if (!program || !webAssembly) throw new Error("the formula is too long, or there is no WebAssembly");
  const memory = new webAssembly.Memory({ initial: Math.ceil((LAYOUT.program + program.bytes) / 65536) });
  const module = Module({ exports: { run: program.code }, memory: importMemory({ min: 1 }) });
  // The names that wasmati gives to a module's only import.
  const instance = new webAssembly.Instance(await webAssembly.compile(moduleBytes(module)), { "": { m0: memory } });
  const values = new Float64Array(memory.buffer);
  values.set(program.constants, LAYOUT.program / 8);
  const at = (base: number, i: number, j: number): number => (base + i * PITCH) / 8 + j;
  const input = (i: number, j: number): Inputs<number> => ({
    p: 1 + i,
    q: 2 + Math.cos(j),
    c: Math.sin(3 * i - j),
    sine: Math.cos(i * j),
  });
  const padded = Math.ceil(columns / STEP) * STEP;
  for (let i = 0; i < rows; i++) {
    values[at(LAYOUT.rowVariances, 0, i)] = input(i, 0).p;
    for (let j = 0; j < padded; j++) {
      values[at(LAYOUT.columnVariances, 0, j)] = input(0, j).q;
      values[at(LAYOUT.nngp, i, j)] = input(i, j).c;
      values[at(LAYOUT.ntk, i, j)] = input(i, j).sine;
    }
  }
  instance.exports["run"]!(0, rows, padded);
  const got: (readonly [number, number])[] = [];
  const expected: (readonly [number, number])[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      got.push([values[at(LAYOUT.nngp, i, j)]!, values[at(LAYOUT.ntk, i, j)]!]);
      expected.push(formula(numberAlgebra, input(i, j)));
    }
  }
  return { got, expected };
}

/** One formula for each operation and each way of mixing what depends on rows, columns and pairs. */
const FORMULAS: Readonly<Record<string, Formula>> = {
  arithmetic: ({ add, sub, mul, div }, { c, sine, p, q }) => [
    div(add(mul(c, sine), p), sub(q, mul(p, p))),
    add(mul(p, q), c),
  ],
  "square root, absolute value, sign": ({ sqrt, abs, neg }, { c, q }) => [sqrt(abs(neg(c))), sqrt(q)],
  "smaller and larger": ({ min, max }, { c, sine, p, q }) => [min(c, sine), max(p, q)],
  rounding: ({ nearest, mul, constant }, { c }) => [nearest(mul(c, constant(7))), nearest(constant(2.5))],
  "powers of two": ({ powerOfTwo, nearest, mul, constant }, { c }) => [
    powerOfTwo(nearest(mul(c, constant(1000)))),
    powerOfTwo(constant(-1022)),
  ],
  conditions: ({ select, less, lessOrEqual, equal, and, or, not }, { c, sine, p, q }) => [
    select(and(less(c, sine), lessOrEqual(p, q)), c, q),
    select(or(equal(c, c), not(less(c, p))), sine, p),
  ],
  "multiply and add": ({ mulAdd }, { c, sine, p, q }) => [mulAdd(c, sine, p), mulAdd(p, p, mulAdd(q, q, c))],
  "rarely, of pairs": ({ rarely, less, constant, mul, sqrt, add }, { c, sine, p, q }) => {
    const [a, b] = rarely(less(c, constant(-0.9)), () => {
      const inner = rarely(less(sine, constant(0)), () => [mul(mul(c, c), q)], [c]);
      return [add(inner[0]!, p), sqrt(mul(p, q))];
    }, [c, sine]) as [typeof c, typeof c];
    return [add(a, b), mul(a, c)];
  },
  "rarely, of rows": ({ rarely, less, constant, sqrt, add }, { c, p }) => {
    const [a] = rarely(less(p, constant(3)), () => [sqrt(p)], [p]) as [typeof c];
    return [add(a, c), a];
  },
  constants: ({ constant, add, mul }) => [add(constant(1), constant(2)), mul(constant(-0), constant(3))],
};

/** Parts of about four steps for pairs, in segments of two. */
const SHORT_PARTS: ScheduleSizes = { ...SIZES, segment: 2, whole: 0, part: 8 };

describe("code of a formula gives the bits of its numbers", () => {
  it.each(Object.entries(FORMULAS))("%s", async (_, formula) => {
    for (const [rows, columns] of [
      [1, 1],
      [3, 8],
      [5, 17],
      [TILE, TILE],
    ] as const) {
      for (const sizes of [SIZES, SHORT_PARTS]) {
        const { got, expected } = await compare(formula, rows, columns, sizes);
        expect(got).toEqual(expected);
      }
    }
  });

  it("random formulas", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(9), fc.nat(30), fc.nat(30), fc.nat(30)), { minLength: 1, maxLength: 40 }),
        async (steps) => {
          const formula: Formula = (algebra, { c, sine, p, q }) => {
            const values = [c, sine, p, q, algebra.constant(0.5)];
            for (const [kind, i, j, k] of steps) values.push(randomStep(algebra, values, kind, i, j, k));
            return [values.at(-1)!, values.at(-2)!];
          };
          for (const sizes of [SIZES, SHORT_PARTS]) {
            const { got, expected } = await compare(formula, 3, 9, sizes);
            expect(got).toEqual(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

function randomStep<T, M>(
  algebra: Algebra<T, M>,
  values: readonly T[],
  kind: number,
  i: number,
  j: number,
  k: number,
): T {
  const { add, sub, mul, sqrt, abs, min, less, select, rarely, mulAdd, neg } = algebra;
  const [a, b, c] = [i, j, k].map((at) => values[at % values.length]!) as [T, T, T];
  const choices = [
    () => add(a, b),
    () => sub(a, b),
    () => mul(a, b),
    () => sqrt(abs(a)),
    () => min(a, b),
    () => select(less(a, b), b, c),
    () => mulAdd(a, b, c),
    () => neg(a),
    () => rarely(less(a, b), () => [mul(add(a, c), b)], [c])[0]!,
    () => rarely(less(a, b), () => [rarely(less(b, c), () => [sub(a, c)], [b])[0]!], [c])[0]!,
  ];
  return choices[kind]!();
}

describe("the length of a program", () => {
  const options = { frozen: 0, preciseSine: true, wantNngp: true, wantNtk: true, columns: 8, fast: false };
  const relu = (depth: number): Layer =>
    parseNetwork({
      type: "repeat",
      times: depth,
      layer: { type: "serial", layers: [{ type: "dense", width: 8, wStd: 1.4 }, { type: "relu" }] },
    });

  it("and its memory do not grow with the number of equal layers", () => {
    const [deep, deeper] = [compileProgram(relu(300), options)!, compileProgram(relu(1200), options)!];
    expect(deeper.memory).toBe(deep.memory);
    expect(deeper.constants).toEqual(deep.constants);
    expect(deeper.bytes.length).toBeLessThan(1.05 * deep.bytes.length);
    expect(deeper.operations / deep.operations).toBeCloseTo(4, 1);
  });

  it("has a limit, beyond which there is none", () => {
    expect(compileProgram(relu(300), options, 30_000)).toBeUndefined();
    expect(compileProgram(relu(300), options, 300_000)).toBeDefined();
  });

  it("is that of one function while it fits there", () => {
    const graph = makeGraph();
    const c = graph.input("c", STAGE.pair);
    const sum = (terms: number) => Array.from({ length: terms }).reduce((a: typeof c) => graph.algebra.add(a, c), c);
    expect(emitProgram(graph, { nngp: sum(2000), ntk: null }, false)?.parts).toBe(1);
    expect(emitProgram(graph, { nngp: sum(6000), ntk: null }, false)?.parts).toBeGreaterThan(3);
  });
});
