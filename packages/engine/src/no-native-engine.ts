import type { NativeEngine } from "./native-engine.ts";

/** Stands in for `nativeEngine` in browsers: see "browser" in package.json. */
export async function nativeEngine(): Promise<NativeEngine> {
  return { unavailable: "browsers cannot load the system's libraries" };
}
