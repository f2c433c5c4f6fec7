import { wasmEngine } from "@ntkit/engine";
import { EXPERIMENTS, runExperiment } from "@ntkit/experiments";

/** What a quick run finds, each as JSON: the text has all bits of its numbers. */
async function trial(): Promise<readonly string[]> {
  const wasm = await wasmEngine();
  if ("unavailable" in wasm) throw new Error(wasm.unavailable);
  const findings: string[] = [];
  for (const experiment of EXPERIMENTS)
    findings.push(JSON.stringify(await runExperiment(experiment, { quick: true, engine: wasm.engine })));
  return findings;
}

Object.assign(globalThis, { trial });
