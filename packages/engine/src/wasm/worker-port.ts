/** What the pool sends to a worker. */
export type Order =
  | { readonly kind: "set"; readonly id: string; readonly value: unknown }
  | { readonly kind: "drop"; readonly id: string }
  /** Shared memory of so many bytes was lost track of: whoever knew it may let go of it. */
  | { readonly kind: "collect"; readonly bytes: number }
  | { readonly kind: "task"; readonly ticket: number; readonly handler: string; readonly args: unknown };

/** What it answers to a task. */
export type Answer =
  | { readonly ticket: number; readonly result: unknown }
  | { readonly ticket: number; readonly failure: string };

/** A worker of either kind of host. */
export interface WorkerPort {
  post(order: Order): void;
  /** Whether the worker keeps the process alive. */
  hold(busy: boolean): void;
  terminate(): void;
}

export interface PortEvents {
  onAnswer(answer: Answer): void;
  /** The worker is gone, and why. */
  onDeath(reason: string): void;
}

export type StartWorker = (events: PortEvents) => WorkerPort;

/** Seen from src/wasm and from dist/wasm alike; workers run the built file. */
const WORKER_FILE = "../../dist/wasm/worker.js";

interface BrowserWorker {
  postMessage(message: unknown): void;
  terminate(): void;
  addEventListener(type: string, listener: (event: { data?: unknown; message?: string }) => void): void;
}

interface Host {
  readonly process?: {
    getBuiltinModule?: typeof process.getBuiltinModule;
    readonly permission?: { has(scope: string): boolean };
    availableParallelism?: never;
  };
  readonly Worker?: new (url: URL, options: { type: "module" }) => BrowserWorker;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

const host = globalThis as Host;

/** How to start a worker here, or undefined where there are none, or none may be started. */
export function workerStarter(): StartWorker | undefined {
  if (host.process?.getBuiltinModule?.("node:worker_threads"))
    return mayStart(host.process) ? startNodeWorker : undefined;
  return host.Worker ? startBrowserWorker : undefined;
}

/** Whether this process may start workers, and read their file: Node and Deno can be told to let neither happen. */
function mayStart({ permission, getBuiltinModule }: NonNullable<Host["process"]>): boolean {
  try {
    getBuiltinModule?.("node:fs").accessSync(new URL(WORKER_FILE, import.meta.url));
    return permission?.has("worker") ?? true;
  } catch {
    return false;
  }
}

/** Threads that the hardware runs at the same time, at least 1. */
export function hardwareThreads(): number {
  return Math.max(1, parallelismInNode() ?? host.navigator?.hardwareConcurrency ?? 1);
}

/** Undefined where there is no Node, or it may not be asked. */
function parallelismInNode(): number | undefined {
  try {
    return host.process?.getBuiltinModule?.("node:os").availableParallelism();
  } catch {
    return undefined;
  }
}

function startNodeWorker({ onAnswer, onDeath }: PortEvents): WorkerPort {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  // The file's name not written out: bundlers for browsers would pack it a second time.
  const worker = new Worker(new URL(WORKER_FILE, import.meta.url));
  worker.on("message", onAnswer);
  worker.on("error", (error) => onDeath(error instanceof Error ? error.message : String(error)));
  worker.on("messageerror", (error) => onDeath(`a message could not be read (${error.message})`));
  worker.on("exit", (code) => onDeath(`it exited with code ${code}`));
  worker.unref();
  return {
    post: (order) => worker.postMessage(order),
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

function startBrowserWorker({ onAnswer, onDeath }: PortEvents): WorkerPort {
  const { Worker } = host;
  if (!Worker) throw new Error("this host has no workers");
  // Written out as bundlers look for it.
  const worker = new Worker(new URL("../../dist/wasm/worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => onAnswer(data as Answer)); // only worker.ts answers here
  worker.addEventListener("error", ({ message }) => onDeath(message ?? "its file did not load"));
  worker.addEventListener("messageerror", () => onDeath("a message could not be read"));
  return {
    post: (order) => worker.postMessage(order),
    hold: () => undefined,
    terminate: () => worker.terminate(),
  };
}
