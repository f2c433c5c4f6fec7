import fc from "fast-check";
import { tableFromRows } from "ntkit";
import { describe, it } from "vitest";
import { inputLimit } from "../../src/io/input-limit.ts";
import { jsonTable } from "../../src/io/json-table.ts";
import { parquetTable } from "../../src/io/parquet-table.ts";
import { textTable } from "../../src/io/text-table.ts";
import { anyDialect, anyFrame, asJson, asParquet, dateText, expectFrame, written } from "./random-frames.ts";

const SEED = 12;
const RUNS = 400;

describe("a random frame comes back", () => {
  it("from text in a random dialect", async () => {
    await fc.assert(
      fc.asyncProperty(anyFrame, anyDialect, async (frame, dialect) => {
        const missing = ["-999", "n.k."].includes(dialect.missing) ? [dialect.missing] : undefined;
        const table = await textTable(written(frame, dialect), "frame.csv", { missing });
        expectFrame(table, frame, (date, kind) => dateText(date, kind, dialect));
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it.each([true, false])("from JSON, one object a line: %s", (lines) => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const table = jsonTable(asJson(frame, lines), "frame.json");
        expectFrame(table!, frame, (date) => date.toISOString());
      }),
      { seed: SEED, numRuns: RUNS / 4 },
    );
  });

  it("from objects of JavaScript", () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const rows = frame[0]!.values.map((_, i) =>
          Object.fromEntries(frame.map(({ name, values }) => [name, values[i]])),
        );
        expectFrame(tableFromRows(rows), frame, (date) => date.toISOString());
      }),
      { seed: SEED, numRuns: RUNS / 4 },
    );
  });

  it("from Parquet", async () => {
    const options = { limit: inputLimit(), onPage: () => {}, onRead: () => {} };
    await fc.assert(
      fc.asyncProperty(anyFrame, async (frame) => {
        const table = await parquetTable(asParquet(frame), "frame.parquet", options);
        expectFrame(table, frame, (date) => date.toISOString());
      }),
      { seed: SEED, numRuns: RUNS / 4 },
    );
  });
});
