import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import base from "../../vitest.config.ts";

/**
 * First what noticed the mutant before, which was near by, then the quickest files: the first test that notices a mutant ends its run.
 */
class LikeliestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { cache, config } = this.ctx;
    const cost = ({ project, moduleId }: TestSpecification): number => {
      const last = cache.getFileTestResults(`${project.name}:${relative(config.root, moduleId)}`);
      return last?.failed ? -1 : (last?.duration ?? 0);
    };
    return [...files].sort((a, b) => cost(a) - cost(b));
  }
}

/** Tests for mutation testing: those in the folders that MUTATION_TESTS names, all of `core` without it. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: (process.env["MUTATION_TESTS"] ?? "packages/core/test/**").split(",").map((under) => `${under}/*.test.ts`),
    sequence: { sequencer: LikeliestFirst },
  },
});
