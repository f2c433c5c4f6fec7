import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from "node:os";

/** What the figures were measured on. */
export interface MachineReport {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Processes that wanted to run, on average over the last minute; null where the system does not count them. */
  readonly loadAverage: number | null;
}

export function describeMachine(): MachineReport {
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadAverage: platform() === "win32" ? null : loadavg()[0]!,
  };
}
