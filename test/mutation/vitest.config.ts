import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import base from "../../vitest.config.ts";

/** The quickest files first: the first test that notices a mutant ends its run. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).reverse();
  }
}

/** Tests for mutation testing: those in the folders that MUTATION_TESTS names, all of `core` without it. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: (process.env["MUTATION_TESTS"] ?? "packages/core/test/**").split(",").map((under) => `${under}/*.test.ts`),
    sequence: { sequencer: QuickestFirst },
  },
});
