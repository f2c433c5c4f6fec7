import type { HandlerName, handlers } from "./handlers.ts";

/** A piece of work for one thread, of `handler`'s kind. */
export type Task = { [Name in HandlerName]: TaskOf<Name, Parameters<(typeof handlers)[Name]>[1]> }[HandlerName];

interface TaskOf<Name, Args> {
  readonly handler: Name;
  /** Posted to the thread: plain data. Large arrays are broadcast beforehand and named here. */
  readonly args: Args;
  /** Tasks that must be done before, by their place in the list; they come earlier in it. */
  readonly after?: readonly number[];
  /** About how many floating-point operations it takes, for progress and balance. */
  readonly cost: number;
  /** Tasks with the same home are done by the same thread, until what was broadcast under that name is dropped. */
  readonly home?: string;
}

/** Tasks that wait for each other. Of those that are ready the first in the list comes first. */
export interface TaskQueue {
  /** Takes a task that is ready, or says that none is. */
  take(): number | undefined;
  finish(index: number): void;
  /** How many are not finished. */
  left(): number;
}

export function taskQueue(tasks: readonly Task[]): TaskQueue {
  const missing = new Int32Array(tasks.length);
  const followers: number[][] = tasks.map(() => []);
  const ready: number[] = [];
  let left = tasks.length;
  tasks.forEach(({ after = [] }, index) => {
    missing[index] = after.length;
    for (const earlier of after) {
      if (!(earlier >= 0 && earlier < index)) throw new Error(`task ${index} waits for task ${earlier}`);
      followers[earlier]!.push(index);
    }
    if (after.length === 0) ready.push(index); // ascending, hence a heap
  });
  return {
    take: () => takeSmallest(ready),
    finish(index) {
      left--;
      for (const follower of followers[index]!) if (--missing[follower]! === 0) insert(ready, follower);
    },
    left: () => left,
  };
}

function insert(heap: number[], value: number): void {
  let i = heap.push(value) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent]! <= value) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = value;
}

function takeSmallest(heap: number[]): number | undefined {
  const smallest = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return smallest;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= last) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = last;
  return smallest;
}
