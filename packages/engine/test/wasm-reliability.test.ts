import { execFile } from "node:child_process";
import { freemem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { addToDiagonal, type Engine, type GramEngine, kernelFn, type Matrix, type WorkOptions } from "ntkit";
import { afterEach, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../src/wasm/pool.ts";
import {
  type Order,
  type PortEvents,
  type StartWorker,
  type WorkerPort,
  workerStarter,
} from "../src/wasm/worker-port.ts";
import { wasmEngine } from "../src/wasm-engine.ts";
import { inputs, RELU } from "./browser/calculations.ts";

/** Two threads whatever the hardware has, and their workers in the order in which they started. */
interface Setup {
  readonly engine: Engine & GramEngine;
  readonly pool: Pool;
  readonly workers: readonly WorkerPort[];
}

const pools: Pool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

/** `starts[k]` is the way to start worker number k, the host's way that for the others. */
async function setup(starts: readonly StartWorker[] = []): Promise<Setup> {
  const usual = workerStarter()!;
  const workers: WorkerPort[] = [];
  let started = 0;
  const start: StartWorker = (events) => {
    const worker = (starts[started++] ?? usual)(events);
    workers.push(worker);
    return worker;
  };
  const pool = createPool({ threads: 2, start });
  pools.push(pool);
  const wasm = await wasmEngine({ pool });
  if ("unavailable" in wasm) throw new Error(wasm.unavailable);
  return { engine: wasm.engine, pool, workers };
}

/** A worker that runs this text instead of the pool's program. */
function brokenWorker(program: string): StartWorker {
  return ({ onDeath }: PortEvents): WorkerPort => {
    const worker = new Worker(program, { eval: true });
    worker.on("error", (error) => onDeath(String(error)));
    worker.on("exit", (code) => onDeath(`it exited with code ${code}`));
    return {
      post: (order) => worker.postMessage(order),
      hold: () => {},
      terminate: () => void worker.terminate(),
    };
  };
}

/** A usual worker; when it is given its `count`-th task, something happens. */
function eventful(count: number, happens: (worker: WorkerPort) => void): StartWorker {
  return (events) => {
    const worker = workerStarter()!(events);
    let tasks = 0;
    const post = (order: Order): void => {
      worker.post(order);
      if (order.kind === "task" && ++tasks === count) happens(worker);
    };
    return { ...worker, post };
  };
}

const mortal = eventful(6, (worker) => worker.terminate());

const refuse: StartWorker = () => {
  throw new Error("no workers today");
};

const X = inputs(1500, 20);
const gramOf = (engine: Engine & GramEngine): Promise<Matrix> => kernelFn(RELU)(X, null, "ntk", { engine });

/** Why a call was rejected. */
const outcome = (call: Promise<unknown>): Promise<string> => call.then(() => "an answer", String);

function sameBits(a: Matrix, b: Matrix): boolean {
  return a.data.length === b.data.length && a.data.every((value, i) => Object.is(value, b.data[i]));
}

async function expectUsable(engine: Engine & GramEngine): Promise<void> {
  const single = await wasmEngine({ threads: 1 });
  if ("unavailable" in single) throw new Error(single.unavailable);
  expect(sameBits(await gramOf(engine), await gramOf(single.engine))).toBe(true);
}

describe("a worker that dies gives an error, and the next call works", () => {
  it("when it is terminated in the middle of a call", async () => {
    const { engine, workers } = await setup([mortal]);
    expect(await outcome(gramOf(engine))).toMatch("a worker of the wasm engine stopped: ");
    await expectUsable(engine);
    expect(workers).toHaveLength(3);
  });

  it("when it is terminated between two calls: then there is no error", async () => {
    const { engine, workers } = await setup();
    await gramOf(engine);
    for (const worker of workers) worker.terminate();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expectUsable(engine);
    expect(workers).toHaveLength(4);
  });

  it.each([
    ["throws", "throw new Error('no room')", /no room/],
    ["leaves", "process.exit(3)", /exited with code 3/],
    [
      "throws at the first task",
      "require('worker_threads').parentPort.on('message', ({ kind }) => { if (kind === 'task') throw new Error('odd task'); })",
      /odd task/,
    ],
  ])("when its program %s", async (_, program, message) => {
    const { engine } = await setup([brokenWorker(program)]);
    expect(await outcome(gramOf(engine))).toMatch(message);
    await expectUsable(engine);
  });

  it("when workers cannot be started", async () => {
    const { engine } = await setup([refuse]);
    expect(await outcome(gramOf(engine))).toMatch("no workers today");
    await expectUsable(engine);
  });

  it("when no worker can be started in place of one that died while there are two calls", async () => {
    const { engine } = await setup([mortal, workerStarter()!, refuse]);
    const reasons = await Promise.all([outcome(gramOf(engine)), outcome(gramOf(engine))]);
    // A call whose tasks were all done when the worker died has its answer; the other one, or both, say what happened.
    for (const reason of reasons) expect(reason).toMatch(/ stopped: |no workers today|an answer/);
    expect(new Set(reasons)).not.toEqual(new Set(["an answer"]));
    // Where both calls lost a task, neither asked for a new worker.
    if (!reasons.join().includes("today")) expect(await outcome(gramOf(engine))).toMatch("no workers today");
    await expectUsable(engine);
  });

  it("when all die, each time", async () => {
    const broken = brokenWorker("throw new Error('again')");
    const { engine } = await setup([broken, broken, broken, broken]);
    for (let call = 0; call < 2; call++) expect(await outcome(gramOf(engine))).toMatch("again");
    await expectUsable(engine);
  });
});

describe("a pool in use", () => {
  it("gives right answers to calls at the same time", async () => {
    const { engine } = await setup();
    const a = inputs(400, 400, 2);
    const positive = addToDiagonal(await engine.matmul(a, a, { transposeB: true }), 1);
    const factor = async (): Promise<Matrix> => {
      const result = await engine.cholesky(positive);
      if (!result.ok) throw new Error(`pivot ${result.pivot}`);
      return result.lower;
    };
    const all = [() => gramOf(engine), () => engine.matmul(a, positive), factor, () => gramOf(engine)];
    const together = await Promise.all(all.map((call) => call()));
    for (const [k, call] of all.entries()) expect(sameBits(together[k]!, await call()), `call ${k}`).toBe(true);
  });

  it("stays usable when calls are aborted, also those beside it", async () => {
    const { engine } = await setup();
    const a = inputs(1500, 1500, 3);
    const positive = addToDiagonal(inputs(2500, 2500, 4), 2500);
    // Each takes at least three slices of the time after which a call looks whether it is to stop.
    const stopped = async (call: (options: WorkOptions) => Promise<unknown>): Promise<void> => {
      const controller = new AbortController();
      setTimeout(() => controller.abort("enough"), 10);
      expect(await outcome(call({ signal: controller.signal }))).toBe("enough");
    };
    const beside = gramOf(engine);
    await stopped((options) => kernelFn(RELU)(inputs(4000, 20), null, "ntk", { engine, ...options }));
    await stopped((options) => engine.matmul(a, a, options));
    await stopped((options) => engine.cholesky(positive, options));
    await stopped((options) => engine.eigh(a, options));
    expect(sameBits(await beside, await gramOf(engine))).toBe(true);
    await expectUsable(engine);
  });

  it("rejects what runs when it is closed, and works again afterwards", async () => {
    const closing = eventful(3, () => queueMicrotask(() => used.pool.close()));
    const used = await setup([closing]);
    const { engine } = used;
    expect(await outcome(gramOf(engine))).toMatch("the wasm engine was closed");
    await expectUsable(engine);
  });
});

/** Runs a program of the folder on the built packages; it prints JSON. Ends it when it takes too long. */
async function run(program: string, seconds: number, ...flags: string[]): Promise<Record<string, number>> {
  const file = join(import.meta.dirname, "reliability", program);
  const options = { timeout: 1000 * seconds, env: { ...process.env, NODE_OPTIONS: "" } };
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", ...flags, file], options);
  return JSON.parse(stdout);
}

describe("a process", () => {
  it("does not grow over 1000 Gram matrices and 1000 Cholesky factors", async () => {
    const { threads, grown } = await run("leak.ts", 100, "--expose-gc");
    expect(threads).toBe(2);
    expect(grown).toBeLessThan(60e6);
  }, 120_000);

  it("gives the memory of dropped matrices back in time, though its collector does not count shared memory", async () => {
    const { bytes, grown } = await run("resident.ts", 100);
    expect(bytes).toBeGreaterThan(600e6);
    expect(grown).toBeLessThan(200e6);
  }, 120_000);

  it("that used threads ends by itself", async () => {
    expect(await run("exit.ts", 20)).toEqual({ threads: 2, rows: 400 });
  });

  const room = freemem() > 12e9;
  it.runIf(room)(
    `computes a Gram matrix beyond one WebAssembly memory: n = 20 000${room ? "" : " (skipped: 12 GB of memory are not free)"}`,
    async () => {
      const { bytes, worst } = await run("large-gram.ts", 100);
      expect(bytes).toBe(3.2e9);
      expect(worst).toBeLessThan(1e-13);
    },
    120_000,
  );
});

it("a pool shows every shared array before anything is written to it", () => {
  const seen: Float64Array[] = [];
  const pool = createPool({ threads: 2, onFresh: (array) => seen.push(array) });
  pools.push(pool);
  const [small, large] = [pool.sharedArray(10), pool.sharedArray(2 ** 20)];
  expect(seen).toHaveLength(2);
  expect([seen[0] === small, seen[1] === large]).toEqual([true, true]);
});
