import { type WasmFunction, type WasmMemory, type WasmModule, webAssembly } from "./web-assembly.ts";

const PAGE = 65536;
/** wasm32 addresses. */
const MAX_BYTES = 2 ** 32;

/** WebAssembly modules that share one private memory. */
export interface Machine {
  readonly memory: WasmMemory;
  /** The memory as numbers, at least `bytes` of it. Growing replaces it: get it anew in each task. */
  numbers(bytes: number): Float64Array;
  /** The exports of the module that was broadcast as `id`; the first call instantiates it. */
  code(id: string): Readonly<Record<string, WasmFunction>>;
  /** Lets go of the instance of a module that was dropped. */
  forget(id: string): void;
  /** Whatever handlers want to find again in the next task, by name: what the memory holds, say. */
  readonly notes: Map<string, unknown>;
}

/** What a handler works with; each thread has its own. */
export interface TaskContext {
  /** What was broadcast as `id`. */
  value<T>(id: string): T;
  /** The machine of that name, made empty when there is none. It goes with the broadcast value of the same name. */
  machine(name: string): Machine;
}

/** The context of a thread, and how the pool keeps it up to date. */
export interface ThreadContext extends TaskContext {
  set(id: string, value: unknown): void;
  /** Returns how many bytes of private memory that leaves to the garbage collector. */
  drop(id: string): number;
}

export function makeContext(): ThreadContext {
  const values = new Map<string, unknown>();
  const machines = new Map<string, Machine>();
  const value = <T>(id: string): T => {
    if (!values.has(id)) throw new Error(`nothing was broadcast as "${id}"`);
    return values.get(id) as T; // whoever asks knows what was broadcast under the name
  };
  return {
    value,
    machine(name) {
      const known = machines.get(name);
      if (known) return known;
      const machine = makeMachine((id) => value<WasmModule>(id));
      machines.set(name, machine);
      return machine;
    },
    set: (id, newValue) => void values.set(id, newValue),
    drop(id) {
      const bytes = machines.get(id)?.memory.buffer.byteLength ?? 0;
      values.delete(id);
      machines.delete(id);
      for (const machine of machines.values()) machine.forget(id);
      return bytes;
    },
  };
}

function makeMachine(moduleOf: (id: string) => WasmModule): Machine {
  if (!webAssembly) throw new Error("this host has no WebAssembly");
  const { Memory, Instance } = webAssembly;
  const memory = new Memory({ initial: 1 });
  const instances = new Map<string, Readonly<Record<string, WasmFunction>>>();
  let view = new Float64Array(memory.buffer);
  return {
    memory,
    numbers(bytes) {
      if (bytes > MAX_BYTES) throw new Error(`a task needs ${bytes} bytes at once, WebAssembly has ${MAX_BYTES}`);
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      if (view.buffer !== memory.buffer) view = new Float64Array(memory.buffer);
      return view;
    },
    code(id) {
      const known = instances.get(id);
      if (known) return known;
      // The names that wasmati gives to a module's only import.
      const { exports } = new Instance(moduleOf(id), { "": { m0: memory } });
      instances.set(id, exports);
      return exports;
    },
    forget: (id) => void instances.delete(id),
    notes: new Map(),
  };
}
