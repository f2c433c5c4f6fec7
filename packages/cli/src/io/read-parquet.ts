import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { DataError, FormatError, type NtkErrorCode, type Table } from "ntkit";
import { type InputLimit, inputLimit } from "./input-limit.ts";
import { type ReadOptions, untilStopped } from "./read-input.ts";

/** What the thread is to read. */
export interface ParquetOrder {
  readonly bytes: Uint8Array;
  readonly source: string;
  readonly limit: InputLimit;
  readonly missing?: readonly string[] | undefined;
}

/** What it says. */
export type ParquetAnswer =
  | { readonly kind: "alive" }
  | { readonly kind: "read" }
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "refused"; readonly code: NtkErrorCode; readonly message: string };

export interface ReadParquetOptions extends ReadOptions {
  /** Milliseconds that one page may take. */
  readonly patience?: number | undefined;
  /** Texts that mean a missing value. */
  readonly missing?: readonly string[] | undefined;
}

/** Seen from src/io and from dist/io alike; threads run the built file. */
const WORKER_FILE = "../../dist/io/parquet-worker.js";

/**
 * A table from a Parquet file, read by a thread that is stopped when a page takes too long: in damaged pages the reader may go round
 * for ever, and would hear no signal.
 */
export async function readParquet(
  bytes: Uint8Array,
  source: string,
  { signal, limit = inputLimit(), patience = 10_000, missing }: ReadParquetOptions = {},
): Promise<Table> {
  const own = new Uint8Array(bytes);
  const order: ParquetOrder = { bytes: own, source, limit, missing };
  const worker = new Worker(new URL(WORKER_FILE, import.meta.url), {
    workerData: order,
    transferList: [own.buffer],
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: getHeapStatistics().heap_size_limit / 2 ** 20 },
  });
  try {
    return await untilStopped(signal, answerOf(worker, source, patience));
  } finally {
    await worker.terminate();
  }
}

function answerOf(worker: Worker, source: string, patience: number): Promise<Table> {
  let watch: NodeJS.Timeout | undefined;
  const answer = new Promise<Table>((resolve, reject) => {
    const refuse = (why: string) => reject(new FormatError(`${source} ${why}`));
    worker.on("message", (message: ParquetAnswer) => {
      clearTimeout(watch);
      if (message.kind === "table") resolve(message.table);
      else if (message.kind === "refused") reject(asError(message));
      else if (message.kind === "alive") watch = setTimeout(refuse, patience, pageWithoutEnd(patience));
    });
    worker.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ERR_WORKER_OUT_OF_MEMORY") refuse(OUT_OF_MEMORY);
      else reject(error);
    });
    worker.on("exit", () => refuse("could not be read: its thread ended early; try again"));
  });
  return answer.finally(() => clearTimeout(watch));
}

function pageWithoutEnd(patience: number): string {
  return `is a damaged Parquet file: a page did not end in ${patience / 1000} s; copy or write it again`;
}

const OUT_OF_MEMORY =
  "needs more memory than Node may use: keep only the rows and columns that are needed, or raise NODE_OPTIONS=--max-old-space-size";

function asError({ code, message }: { readonly code: NtkErrorCode; readonly message: string }): Error {
  return code === "format" ? new FormatError(message) : new DataError(message);
}
