// The program of the thread that reads one Parquet file; its order is in `workerData`.
import { parentPort, workerData } from "node:worker_threads";
import { isNtkError } from "ntkit";
import { parquetTable } from "./parquet-table.ts";
import type { ParquetAnswer, ParquetOrder } from "./read-parquet.ts";

const { bytes, source, limit, missing } = workerData as ParquetOrder; // only `readParquet` starts this thread
const answer = (message: ParquetAnswer) => parentPort!.postMessage(message);

/** Milliseconds between two signs of life. */
const EVERY = 200;

let last = performance.now();
try {
  answer({ kind: "alive" });
  const onPage = () => {
    if (performance.now() - last < EVERY) return;
    last = performance.now();
    answer({ kind: "alive" });
  };
  const onRead = () => answer({ kind: "read" });
  answer({ kind: "table", table: await parquetTable(bytes, source, { limit, missing, onPage, onRead }) });
} catch (error) {
  if (!isNtkError(error)) throw error;
  answer({ kind: "refused", code: error.code, message: error.message });
}
