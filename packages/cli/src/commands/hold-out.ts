import { DataError, type Split, type SplitOptions, type Table, trainTestSplit } from "ntkit";

/** Fewer rows than this cannot be learned from. */
const MIN_TRAIN = 5;

/** Holds rows out; throws DataError when too few are left on either side. */
export function holdOut(table: Table, options: SplitOptions): Split {
  const parts = trainTestSplit(table, options);
  const { testFraction } = options;
  if (parts.test.rows === 0)
    throw new DataError(
      `${table.source}: holding out ${testFraction} of ${table.rows} rows leaves none to test on: raise --test-fraction, or set it to 0`,
    );
  if (parts.train.rows < MIN_TRAIN)
    throw new DataError(
      `${table.source}: holding out ${testFraction} of ${table.rows} rows leaves ${parts.train.rows} to learn from, at least ${MIN_TRAIN} are needed: lower --test-fraction, or add rows`,
    );
  return parts;
}
