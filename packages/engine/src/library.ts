import type { LibraryHandle } from "koffi";
import { type Allocate, allocator } from "./huge-pages.ts";

/** The functions used, by LAPACK name, with the number of their character arguments and of all their arguments. */
const SIGNATURES = {
  dgemm: { characters: 2, pointers: 11 },
  dsyrk: { characters: 2, pointers: 8 },
  dtrsm: { characters: 4, pointers: 7 },
  dlacpy: { characters: 1, pointers: 6 },
  dpotrf: { characters: 1, pointers: 4 },
  dsytrd: { characters: 1, pointers: 9 },
  dorgtr: { characters: 1, pointers: 7 },
  dsyevd: { characters: 2, pointers: 9 },
  dsyevr: { characters: 3, pointers: 18 },
  dgesdd: { characters: 1, pointers: 13 },
} as const;

export type Routine = keyof typeof SIGNATURES;
export type Pointer = Float64Array | BigInt64Array;

/** A BLAS with LAPACK. */
export interface Library {
  /** E.g. "OpenBLAS 0.3.21". */
  readonly title: string;
  /** Number of threads it uses, when it says. */
  readonly threads: number | undefined;
  /** Zeros to write results to. */
  readonly allocate: Allocate;
  /** Runs a Fortran routine on a thread of its own: first its character arguments, then pointers, in order. */
  call(routine: Routine, characters: string, ...pointers: readonly Pointer[]): Promise<void>;
  /** The same while the calling thread waits. */
  callNow(routine: Routine, characters: string, ...pointers: readonly Pointer[]): void;
}

export interface LibraryOptions {
  /** A file or soname; the usual ones unless given. */
  readonly path?: string | undefined;
  /** For all of the process. */
  readonly threads?: number | undefined;
}

/**
 * An integer argument. Sixty-four bits with the number in the lower half (on little-endian machines) serve libraries
 * built with 32-bit and with 64-bit integers alike, so that the wrong guess cannot crash.
 */
export function integer(value: number): BigInt64Array {
  return BigInt64Array.of(BigInt(value));
}

/** The integer a routine wrote. */
export function integerIn(argument: BigInt64Array): number {
  return Number(BigInt.asIntN(32, argument[0]!));
}

export type Koffi = typeof import("koffi");

interface Candidate {
  readonly path: string;
  /** A plain name that may lead to the slow reference implementation: taken only when it shows to be another. */
  readonly mustShow?: boolean;
}

const CANDIDATES: Readonly<Record<string, readonly Candidate[]>> = {
  linux: [
    { path: "libopenblas.so.0" },
    { path: "libmkl_rt.so.2" },
    { path: "libflexiblas.so.3" },
    { path: "liblapack.so.3", mustShow: true },
  ],
  darwin: [
    { path: "/System/Library/Frameworks/Accelerate.framework/Accelerate" },
    { path: "/opt/homebrew/opt/openblas/lib/libopenblas.dylib" },
  ],
  win32: [{ path: "libopenblas.dll" }, { path: "mkl_rt.2.dll" }],
};

/** Functions that only the fast libraries have. */
const SHOWS = ["openblas_get_config", "mkl_get_max_threads"];

/** The first library that loads and has every routine, or why there is none. */
export function loadLibrary(koffi: Koffi, options: LibraryOptions = {}): Library | { readonly unavailable: string } {
  const absent: string[] = [];
  const reasons: string[] = [];
  const { path } = options;
  const candidates: readonly Candidate[] = path === undefined ? (CANDIDATES[process.platform] ?? []) : [{ path }];
  for (const candidate of candidates) {
    try {
      const handle = koffi.load(candidate.path);
      if (candidate.mustShow && !SHOWS.some((name) => find(handle, name, "void", [])))
        throw new Error("is the reference implementation, slower than plain TypeScript");
      return bind(koffi, handle, candidate.path, options.threads);
    } catch (error) {
      const reason = error instanceof Error ? error.message : `${error}`;
      if (NOT_THERE.test(reason)) absent.push(candidate.path);
      else reasons.push(`${candidate.path}: ${reason}`);
    }
  }
  if (absent.length > 0) reasons.unshift(`there is no ${absent.join(", ")}`);
  return { unavailable: reasons.length === 0 ? `no library is known for ${process.platform}` : reasons.join("; ") };
}

/** What loaders say of a file that does not exist. */
const NOT_THERE = /no such file|module could not be found/i;

type Function = ReturnType<LibraryHandle["func"]>;

function find(handle: LibraryHandle, name: string, result: string, parameters: string[]): Function | undefined {
  try {
    return handle.func(name, result, parameters);
  } catch {
    return undefined;
  }
}

/** Fortran names end in _, and some builds mark 64-bit integers or themselves in the name. */
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => `${name}_`,
  (name) => `${name}_64_`,
  (name) => `scipy_${name}_`,
  (name) => `scipy_${name}_64_`,
];

function bind(koffi: Koffi, handle: LibraryHandle, path: string, threads: number | undefined): Library {
  const routines = new Map<Routine, Function>();
  for (const [name, { characters, pointers }] of Object.entries(SIGNATURES)) {
    // Fortran passes the lengths of character arguments behind the others; compilers rely on them being there.
    const parameters = [
      ...Array<string>(characters).fill("str"),
      ...Array<string>(pointers).fill("void *"),
      ...Array<string>(characters).fill("size_t"),
    ];
    const found = SPELLINGS.map((spell) => find(handle, spell(name), "void", parameters)).find((f) => f !== undefined);
    if (found === undefined) throw new Error(`has no ${name}`);
    // The keys of SIGNATURES are the routines.
    routines.set(name as Routine, found);
  }
  if (threads !== undefined) setThreads(handle, threads);
  const running = new Set<readonly Pointer[]>();
  return {
    ...identify(handle, path),
    allocate: allocator(koffi),
    callNow(routine, characters, ...pointers) {
      const letters = [...characters];
      routines.get(routine)!(...letters, ...pointers, ...letters.map(() => 1));
    },
    call: (routine, characters, ...pointers) =>
      new Promise((resolve, reject) => {
        const letters = [...characters];
        // The routine works on these until it ends, even when nobody waits for it any more.
        running.add(pointers);
        routines.get(routine)!.async(...letters, ...pointers, ...letters.map(() => 1), (error: unknown) => {
          running.delete(pointers);
          error ? reject(error) : resolve();
        });
      }),
  };
}

function setThreads(handle: LibraryHandle, threads: number): void {
  for (const name of ["openblas_set_num_threads", "MKL_Set_Num_Threads"])
    find(handle, name, "void", ["int"])?.(threads);
}

function identify(handle: LibraryHandle, path: string): { title: string; threads: number | undefined } {
  const config: unknown = find(handle, "openblas_get_config", "str", [])?.();
  const ask = (name: string): unknown => find(handle, name, "int", [])?.();
  const threads = ask("openblas_get_num_threads") ?? ask("mkl_get_max_threads");
  const title = typeof config === "string" ? config.split(" ").slice(0, 2).join(" ") : path;
  return { title, threads: typeof threads === "number" ? threads : undefined };
}
