import type { Candidate } from "./engines.ts";
import { type Contender, disagreement, interleave, type Series } from "./measure.ts";
import type { Peaks } from "./peak.ts";
import type { Peer } from "./peer.ts";

/** What is to hold: a speed relative to the peer's, or a value of our own. */
export type Goal =
  | { readonly kind: "speed"; readonly atLeast: number }
  | { readonly kind: "value"; readonly atMost: number };

/** One line of the table. */
export interface Row {
  readonly work: string;
  /** Which of our engines. */
  readonly ours: string;
  /** What `value` and `theirs` count: seconds become what is easiest to read. */
  readonly unit: "s" | "ms" | "ns" | "GF/s" | "n²·8 bytes";
  readonly value: number | null;
  /** Median beside the best, in the same unit. */
  readonly median: number | null;
  readonly peer: string;
  readonly theirs: number | null;
  /** Our speed divided by the peer's. */
  readonly ratio: number | null;
  readonly goal: Goal | null;
  /** Fraction of the bound, from 0 to 1, and what the bound is. */
  readonly bound: { readonly fraction: number; readonly of: string } | null;
  readonly load: string;
  /** Why there is no value. */
  readonly unavailable: string;
}

export interface Context {
  readonly engines: readonly Candidate[];
  readonly peer: Peer | null;
  readonly peaks: Peaks;
  readonly threads: number;
  /** Divides sizes, for trying the harness out. */
  readonly shrink: number;
  /** Rounds of the short rows; the long ones take fewer. */
  readonly rounds: number;
  /** Where data lie that the peer reads. */
  readonly folder: string;
}

/** Work that every engine and the peer do on the same data. */
export interface Comparison {
  readonly work: string;
  readonly context: Context;
  readonly rounds: number;
  /** False where a round that does not count would cost more than it shows. */
  readonly warmUp?: boolean;
  readonly unit: "s" | "ms" | "ns" | "GF/s";
  /** Value in `unit` of a run of so many seconds. */
  readonly inUnit: (seconds: number) => number;
  readonly ours: readonly { readonly name: string; readonly contender: Contender | string }[];
  readonly peers: readonly Contender[];
  /** Of one of ours; a speed may depend on the peer it is relative to. */
  readonly goal: (name: string, peer?: string) => Goal | null;
  readonly bound: (name: string, seconds: number) => Row["bound"];
  /** Relative difference between the check numbers of ours and the first peer's. */
  readonly tolerance: number;
}

/** Measures in turn; one row for each of ours and each peer. */
export async function compare(comparison: Comparison): Promise<readonly Row[]> {
  const { work, ours, peers, rounds, warmUp = true, unit, inUnit, goal, bound, tolerance } = comparison;
  const present = ours.flatMap(({ contender }) => (typeof contender === "string" ? [] : [contender]));
  const { series, loadBefore, loadAfter } = await interleave(work, [...present, ...peers], { rounds, warmUp });
  const load = `${loadBefore.toFixed(1)}–${loadAfter.toFixed(1)}`;
  const found = (name: string): Series | undefined => series.find((s) => s.name === name);
  const others = peers.flatMap(({ name }) => found(name) ?? []);
  return ours.flatMap(({ name, contender }): Row[] => {
    const mine = found(name);
    const empty = { work, ours: name, unit, goal: goal(name), load, peer: "", theirs: null, ratio: null };
    const failure = typeof contender === "string" ? contender : mine ? wrong(mine, others[0], tolerance) : "failed";
    if (!mine || failure !== "") return [{ ...empty, value: null, median: null, bound: null, unavailable: failure }];
    const own = {
      value: inUnit(mine.best),
      median: inUnit(mine.median),
      bound: bound(name, mine.best),
      unavailable: "",
    };
    if (others.length === 0) return [{ ...empty, ...own }];
    return others.map((other) => {
      const peer = other.detail ? `${other.name}: ${other.detail}` : other.name;
      return {
        ...empty,
        ...own,
        goal: goal(name, other.name),
        peer,
        theirs: inUnit(other.best),
        ratio: other.best / mine.best,
      };
    });
  });
}

function wrong(mine: Series, other: Series | undefined, tolerance: number): string {
  return other ? disagreement(mine, other, tolerance) : "";
}

/** Whether the row holds what it must, or null where that is not known. */
export function holds({ goal, ratio, value }: Row): boolean | null {
  if (goal === null) return null;
  if (goal.kind === "value") return value === null ? null : value <= goal.atMost;
  return ratio === null ? null : ratio >= goal.atLeast;
}
