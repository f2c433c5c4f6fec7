import fc from "fast-check";

/** The same cases on every run and machine; change the seed to look elsewhere: VITEST_SEED=7 npm test. */
fc.configureGlobal({ seed: Number(process.env["VITEST_SEED"] ?? 1) });
