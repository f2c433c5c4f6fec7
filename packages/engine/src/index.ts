export { type BestEngineOptions, bestEngine, type ChosenEngine, type EngineChoice } from "./best-engine.ts";
export { type NativeEngine, nativeEngine } from "./native-engine.ts";
