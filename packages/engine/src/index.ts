export {
  type BestEngineOptions,
  bestEngine,
  type ChosenEngine,
  type EngineChoice,
  type OpenedEngine,
  openEngine,
} from "./best-engine.ts";
export { threadsInEnvironment } from "./environment.ts";
export { type NativeEngine, type NativeEngineOptions, nativeEngine } from "./native-engine.ts";
export { type WasmEngine, type WasmEngineOptions, wasmEngine } from "./wasm-engine.ts";
