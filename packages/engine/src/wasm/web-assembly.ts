// The part of the WebAssembly interface that is used here: neither ES2023 nor Node's types declare it, and the DOM's do
// not belong into a library for both.

/** Compiled code; can be posted to workers. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  /** Replaced when the memory grows. */
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

export type WasmFunction = (...args: number[]) => number;

export interface WasmInstance {
  readonly exports: Readonly<Record<string, WasmFunction>>;
}

interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Memory: new (limits: { initial: number; maximum?: number }) => WasmMemory;
  readonly Instance: new (module: WasmModule, imports: Record<string, Record<string, WasmMemory>>) => WasmInstance;
}

/** Undefined where the host has none. */
export const webAssembly: WebAssemblyApi | undefined = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
