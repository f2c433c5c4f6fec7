import fc from "fast-check";

/**
 * The same cases on every run and machine; change the seed to look elsewhere: VITEST_SEED=7 npm test. Mutation testing asks only whether
 * a test fails, so a failing case is not shrunk there.
 */
fc.configureGlobal({
  seed: Number(process.env["VITEST_SEED"] ?? 1),
  endOnFailure: process.env["STRYKER_MUTATOR_WORKER"] !== undefined,
});
