import type { Task } from "./task-queue.ts";
import type { Answer, Order, StartWorker, WorkerPort } from "./worker-port.ts";

/** A worker gets a second task beside a first one of up to this cost (about a millisecond), to hide the messages. */
const SHORT = 2e7;

export type Outcome = { readonly result: unknown } | { readonly error: Error };

export interface Job {
  readonly task: Task;
  settle(outcome: Outcome): void;
}

/** The workers of a pool. They start when they are first needed, and those that die are replaced. */
export interface Crew {
  /** Gives the job to the worker with the least to do; false when all have enough. It fails when no worker can be started. */
  assign(job: Job): boolean;
  tell(order: Order): void;
  /** Stops all workers; what they were doing fails. */
  dismiss(): void;
}

interface Member {
  readonly port: WorkerPort;
  readonly jobs: Map<number, Job>;
}

/** `greeting` lists what a new worker must be told first. */
export function makeCrew(size: number, start: StartWorker, greeting: () => Iterable<Order>): Crew {
  const members: Member[] = [];
  const homes = new Map<string, Member>();
  let ticket = 0;

  function hire(): Member {
    const jobs = new Map<number, Job>();
    const onDeath = (reason: string): void => {
      const place = members.indexOf(member);
      if (place >= 0) members.splice(place, 1);
      const lost = [...jobs.values()];
      jobs.clear();
      for (const { settle } of lost) settle({ error: new Error(`a worker of the wasm engine stopped: ${reason}`) });
    };
    const port = start({ onAnswer: (answer) => settleJob(member, answer), onDeath });
    const member: Member = { port, jobs };
    for (const order of greeting()) port.post(order);
    return member;
  }

  return {
    assign(job) {
      try {
        while (members.length < size) members.push(hire());
      } catch (reason) {
        const error = reason instanceof Error ? reason : new Error(String(reason));
        queueMicrotask(() => job.settle({ error })); // when the caller has counted it
        return true;
      }
      const { handler, args, home } = job.task;
      const idlest = members.reduce((best, other) => (burden(other) < burden(best) ? other : best));
      const member = (home !== undefined && homes.get(home)) || idlest;
      if (!members.includes(member)) {
        queueMicrotask(() => job.settle({ error: new Error(`${handler}: the worker that had begun it stopped`) }));
        return true;
      }
      if (member.jobs.size >= 2 || burden(member) > SHORT) return false;
      if (home !== undefined) homes.set(home, member);
      member.jobs.set(++ticket, job);
      member.port.hold(true);
      member.port.post({ kind: "task", ticket, handler, args });
      return true;
    },
    tell(order) {
      if (order.kind === "drop") homes.delete(order.id);
      for (const { port } of members) port.post(order);
    },
    dismiss() {
      for (const { port, jobs } of members.splice(0)) {
        port.terminate();
        for (const { settle } of jobs.values()) settle({ error: new Error("the wasm engine was closed") });
        jobs.clear();
      }
    },
  };
}

function burden({ jobs }: Member): number {
  let sum = 0;
  for (const { task } of jobs.values()) sum += task.cost;
  return sum;
}

function settleJob({ port, jobs }: Member, answer: Answer): void {
  const job = jobs.get(answer.ticket);
  jobs.delete(answer.ticket);
  if (jobs.size === 0) port.hold(false);
  if (!job) return;
  if ("failure" in answer) job.settle({ error: new Error(`${job.task.handler}: ${answer.failure}`) });
  else job.settle({ result: answer.result });
}
