/** What this project reads of a report of Stryker. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly status: string;
  readonly static?: boolean;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Mutants of one file that compute the same as the code, and why. */
export interface Equivalent {
  /** Under packages/core/src. */
  readonly file: string;
  readonly why: string;
  /** `line → line as it was changed`. */
  readonly mutants: readonly string[];
}

export interface Survivor {
  /** File and line. */
  readonly place: string;
  readonly change: string;
}

export interface Verdict {
  readonly tested: number;
  readonly killed: number;
  readonly equivalent: number;
  /** Mutants of code that runs while its module loads. */
  readonly onLoading: number;
  readonly survivors: readonly Survivor[];
  /** Listed as equivalent where no such mutant survives. */
  readonly unknown: readonly { readonly file: string; readonly change: string }[];
  /** Killed over tested, the equivalent left out. */
  readonly score: number;
}

/** A mutant that never ends is noticed too. */
const NOTICED: ReadonlySet<string> = new Set(["Killed", "Timeout"]);
const UNNOTICED: ReadonlySet<string> = new Set(["Survived", "NoCoverage"]);

/** The score of a report on one folder of core, and what survives that is not listed as equivalent. */
export function judge({ files }: Report, folder: string, listed: readonly Equivalent[]): Verdict {
  const survivors: Survivor[] = [];
  const own = listed.filter(({ file }) => file.startsWith(`${folder}/`));
  const open = new Set(own.flatMap(({ file, mutants }) => mutants.map((change) => `${file}: ${change}`)));
  const met = new Set<string>();
  const counts = { tested: 0, killed: 0, equivalent: 0, onLoading: 0 };
  for (const [path, { source, mutants }] of Object.entries(files)) {
    const file = path.replace("packages/core/src/", "");
    for (const mutant of mutants) {
      if (mutant.static) counts.onLoading++;
      if (!NOTICED.has(mutant.status) && !UNNOTICED.has(mutant.status)) continue;
      counts.tested++;
      if (NOTICED.has(mutant.status)) {
        counts.killed++;
        continue;
      }
      const change = changeOf(source, mutant);
      if (open.has(`${file}: ${change}`)) {
        met.add(`${file}: ${change}`);
        counts.equivalent++;
      } else survivors.push({ place: `${file}:${mutant.location.start.line}`, change });
    }
  }
  const unknown = own.flatMap(({ file, mutants }) =>
    mutants.filter((change) => !met.has(`${file}: ${change}`)).map((change) => ({ file, change })),
  );
  return { ...counts, survivors, unknown, score: counts.killed / (counts.tested - counts.equivalent) };
}

/** `line → line as it was changed`, both on one line. */
function changeOf(source: string, { location: { start, end }, replacement = "" }: Mutant): string {
  const lines = source.split("\n");
  const first = lines[start.line - 1]!;
  const changed = first.slice(0, start.column - 1) + replacement + lines[end.line - 1]!.slice(end.column - 1);
  return `${first.trim()} → ${changed.trim().replace(/\s+/g, " ")}`;
}
