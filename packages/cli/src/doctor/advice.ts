import type { MachineReport } from "./machine.ts";

/** What advice rests on. */
export interface Findings {
  readonly machine: MachineReport;
  /** The engine that is used. */
  readonly uses: string;
  /** Why the native engine is not there; null when it is. */
  readonly nativeUnavailable: string | null;
  readonly nativeThreads: number | null;
  readonly wasmThreads: number | null;
  readonly fastAvailable: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What would make it faster, the most effective first; a sentence each. */
export function advise(findings: Findings): string[] {
  const { machine, uses, nativeUnavailable, environment } = findings;
  return [
    ...(nativeUnavailable === null ? [] : [getNative(machine.platform, nativeUnavailable, environment["NTKIT_BLAS"])]),
    ...(nativeUnavailable === null && uses !== "native" ? [`use the native engine: ${leaveNative(environment)}`] : []),
    ...threadAdvice(findings),
    ...(uses === "wasm" && findings.fastAvailable && environment["NTKIT_FAST"] !== "1"
      ? ["set NTKIT_FAST=1: products then fuse multiply and add; last bits depend on the machine"]
      : []),
    ...(machine.loadAverage !== null && machine.loadAverage > machine.cores / 2
      ? [
          `let other work end: the load is ${machine.loadAverage.toFixed(1)} on ${machine.cores} cores, so figures are low`,
        ]
      : []),
    "in a browser: serve the page cross-origin isolated (COOP same-origin, COEP require-corp), which threads need",
  ];
}

function leaveNative(environment: Findings["environment"]): string {
  return environment["NTKIT_ENGINE"]
    ? `unset NTKIT_ENGINE (it is "${environment["NTKIT_ENGINE"]}")`
    : "leave --engine out";
}

function getNative(platform: string, reason: string, path: string | undefined): string {
  if (reason.includes("koffi")) return "for the native engine, install the optional package koffi: npm install koffi";
  if (path) return `NTKIT_BLAS is "${path}": name a library with BLAS and LAPACK, or unset it`;
  const hint = "or name a library with BLAS and LAPACK in NTKIT_BLAS";
  if (platform.startsWith("linux"))
    return `for the native engine, install libopenblas0-pthread (Debian, Ubuntu: apt install libopenblas0-pthread; Fedora: dnf install openblas), ${hint}`;
  if (platform.startsWith("darwin")) return `for the native engine, install OpenBLAS (brew install openblas), ${hint}`;
  return `for the native engine, put libopenblas.dll on the PATH, ${hint}`;
}

function threadAdvice({ machine, uses, nativeThreads, wasmThreads, environment }: Findings): string[] {
  const threads = uses === "native" ? nativeThreads : uses === "wasm" ? wasmThreads : null;
  if (threads === null || threads >= machine.cores) return [];
  const limits = ["NTKIT_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"];
  const limit = limits.find((name) => environment[name]);
  const how = limit ? `unset ${limit} (it is "${environment[limit]}")` : `set NTKIT_THREADS=${machine.cores}`;
  return [`${threads} of ${machine.cores} cores are used: ${how}`];
}
