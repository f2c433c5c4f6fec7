import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Contender, interleave } from "./measure.ts";
import type { Context, Row } from "./row.ts";

const RUNS = 15;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Time from starting Node to its end, for a user who has just typed a command. */
export async function coldStartRows({ shrink }: Context): Promise<readonly Row[]> {
  const starts = {
    "node alone": ["--input-type=module", "--eval", "0"],
    'import "ntkit"': ["--input-type=module", "--eval", 'import "ntkit"'],
    "ntkit --help": ["packages/cli/bin/ntkit.js", "--help"],
  };
  const contenders: Contender[] = Object.entries(starts).map(([name, args]) => ({
    name,
    run: async () => start(args),
  }));
  const { series, loadBefore, loadAfter } = await interleave("cold start", contenders, {
    rounds: shrink > 1 ? 3 : RUNS,
    warmUp: true,
  });
  const load = `${loadBefore.toFixed(1)}–${loadAfter.toFixed(1)}`;
  // Medians: a user does not get to choose the best.
  const [alone, imported, help] = series.map(({ median }) => median * 1e3) as [number, number, number];
  return [
    coldRow("node alone", alone, null, load),
    coldRow('import "ntkit", beyond node alone', imported - alone, 60, load),
    coldRow("ntkit --help", help, 150, load),
  ];
}

function coldRow(work: string, value: number, atMost: number | null, load: string): Row {
  return {
    work: `cold start, ${work}`,
    ours: "",
    unit: "ms",
    value,
    median: value,
    peer: "",
    theirs: null,
    ratio: null,
    goal: atMost === null ? null : { kind: "value", atMost },
    bound: null,
    load,
    unavailable: "",
  };
}

function start(args: readonly string[]) {
  const before = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT });
  const seconds = Number(process.hrtime.bigint() - before) / 1e9;
  if (status !== 0) throw new Error(stderr.toString());
  return { seconds, check: [] };
}
