import type { Work } from "ntkit/engine-kit";
import { MUCH } from "./collect.ts";
import { makeContext, type ThreadContext } from "./context.ts";
import { type Crew, makeCrew, type Outcome } from "./crew.ts";
import { runHandler } from "./handlers.ts";
import { hasSharedMemory, type SharedArrays, sharedArrays } from "./shared-array.ts";
import { type Task, type TaskQueue, taskQueue } from "./task-queue.ts";
import { hardwareThreads, type Order, type StartWorker, workerStarter } from "./worker-port.ts";

/** Below this many operations (about a quarter of a millisecond) a computation is not worth the messages. */
const SMALL = 4e6;
const MOST_THREADS = 16;

export interface PoolOptions {
  /** How many threads compute; as many as the hardware runs at once, up to 16, unless given. */
  readonly threads?: number | undefined;
  /** How to start a worker; the host's way unless given. */
  readonly start?: StartWorker | undefined;
  /** Called with each shared array before anything is written to it: to advise the system about its memory, say. */
  readonly onFresh?: ((array: Float64Array) => void) | undefined;
}

export interface RunOptions {
  /** Called with each result; true means that no more are needed. */
  readonly isEnough?: (result: unknown) => boolean;
  /** The cost that `runsInline` was asked about when the arrays were made; the sum over the tasks unless given. */
  readonly cost?: number;
}

/**
 * Threads that work on graphs of tasks, or just the calling one where there are no others. Which thread does a task, and
 * when, is left open: results must not depend on it.
 */
export interface Pool {
  readonly threads: number;
  readonly sharedArray: SharedArrays;
  /** Makes a value known under a name to the handlers on all threads, until it is dropped. */
  broadcast(id: string, value: unknown): void;
  drop(id: string): void;
  /** A name that nothing else was broadcast under. */
  freshId(prefix: string): string;
  /** Whether so much work is done on the calling thread: then its arrays need not be shared. */
  runsInline(cost: number): boolean;
  /**
   * Does the tasks and returns their results in the order of the list. Breathes through `work` between them; when that
   * throws, or a task or a worker fails, it lets the tasks that run finish, starts no more, and rejects.
   */
  run(tasks: readonly Task[], work: Work, options?: RunOptions): Promise<unknown[]>;
  /** Stops the workers. Running calls reject; later calls start new workers. */
  close(): void;
}

export function createPool({ threads = hardwareThreads(), start = workerStarter(), onFresh }: PoolOptions = {}): Pool {
  const size = start && hasSharedMemory ? Math.max(1, Math.min(Math.floor(threads), MOST_THREADS)) : 1;
  const local = makeContext();
  const values = new Map<string, unknown>();
  /** Names that the workers have not been told: they never learn of what is dropped before they have work. */
  const untold = new Set<string>();
  const news = (ids: Iterable<string>): Order[] =>
    Array.from(ids, (id) => ({ kind: "set", id, value: values.get(id) }));
  const crew = start && size > 1 ? makeCrew(size, start, () => news(values.keys())) : undefined;
  const runs = new Set<Run>();
  let names = 0;
  const pump = (): void => {
    for (const run of runs) if (!run.issue()) return;
  };
  const runsInline = (cost: number): boolean => !crew || cost < SMALL;
  return {
    threads: size,
    sharedArray: sharedArrays(MUCH, (bytes) => crew?.tell({ kind: "collect", bytes }), onFresh),
    broadcast(id, value) {
      values.set(id, value);
      local.set(id, value);
      untold.add(id);
    },
    drop(id) {
      values.delete(id);
      local.drop(id);
      if (!untold.delete(id)) crew?.tell({ kind: "drop", id });
    },
    freshId: (prefix) => `${prefix} ${++names}`,
    runsInline,
    async run(tasks, work, { isEnough = () => false, cost = totalCost(tasks) } = {}) {
      if (!crew || runsInline(cost)) return runInline(local, tasks, work, isEnough);
      for (const order of news(untold)) crew.tell(order);
      untold.clear();
      const results = await runThreaded({ crew, runs, pump }, tasks, work, isEnough);
      await work.breathe(1);
      return results;
    },
    close: () => crew?.dismiss(),
  };
}

function totalCost(tasks: readonly Task[]): number {
  return tasks.reduce((sum, task) => sum + task.cost, 0);
}

type IsEnough = NonNullable<RunOptions["isEnough"]>;

async function runInline(
  context: ThreadContext,
  tasks: readonly Task[],
  work: Work,
  isEnough: IsEnough,
): Promise<unknown[]> {
  const cost = totalCost(tasks);
  const queue = taskQueue(tasks);
  const results: unknown[] = new Array(tasks.length).fill(undefined);
  let done = 0;
  for (let index = queue.take(); index !== undefined; index = queue.take()) {
    const task = tasks[index]!;
    results[index] = runHandler(context, task.handler, task.args);
    if (isEnough(results[index])) break;
    queue.finish(index);
    done += task.cost;
    if (queue.left() > 0) await work.breathe(done / cost);
  }
  await work.breathe(1);
  return results;
}

interface Run {
  /** Hands out all tasks that are ready; false when the workers have enough. */
  issue(): boolean;
}

interface Shop {
  readonly crew: Crew;
  /** The runs under way, oldest first. */
  readonly runs: Set<Run>;
  /** Hands out what is ready in all of them. */
  pump(): void;
}

function runThreaded(
  { crew, runs, pump }: Shop,
  tasks: readonly Task[],
  work: Work,
  isEnough: IsEnough,
): Promise<unknown[]> {
  const cost = totalCost(tasks);
  const queue: TaskQueue = taskQueue(tasks);
  const results: unknown[] = new Array(tasks.length).fill(undefined);
  const breath = breathing(work);
  let [running, done, enough] = [0, 0, tasks.length === 0];
  let pending: number | undefined;
  return new Promise((resolve, reject) => {
    const settle = (index: number, outcome: Outcome): void => {
      running--;
      if ("error" in outcome) breath.stop(outcome.error);
      else {
        results[index] = outcome.result;
        enough ||= isEnough(outcome.result);
        queue.finish(index);
        done += tasks[index]!.cost;
        enough ||= queue.left() === 0;
      }
      if (!enough) breath.take(done / cost, pump);
      pump();
    };
    const run: Run = {
      issue() {
        while (!enough && !breath.stopped()) {
          const index: number | undefined = pending ?? queue.take();
          pending = index;
          if (index === undefined) break;
          if (!crew.assign({ task: tasks[index]!, settle: (outcome) => settle(index, outcome) })) return false;
          pending = undefined;
          running++;
        }
        if (running === 0 && (enough || breath.stopped())) {
          runs.delete(run);
          breath.end().then(() => resolve(results), reject);
        }
        return true;
      },
    };
    runs.add(run);
    pump();
  });
}

interface Breathing {
  /** Breathes unless it is doing so; calls back when that brought the order to stop. */
  take(fraction: number, onStop: () => void): void;
  stop(reason: unknown): void;
  stopped(): boolean;
  /** When the last breath is out; rejects with the reason to stop. */
  end(): Promise<void>;
}

function breathing(work: Work): Breathing {
  let stop: { readonly reason: unknown } | undefined;
  let last: Promise<void> | undefined;
  return {
    take(fraction, onStop) {
      last ??= work
        .breathe(fraction)
        .catch((reason: unknown) => {
          stop ??= { reason };
          onStop();
        })
        .finally(() => {
          last = undefined;
        });
    },
    stop(reason) {
      stop ??= { reason };
    },
    stopped: () => stop !== undefined,
    async end() {
      await last;
      if (stop) throw stop.reason;
    },
  };
}
