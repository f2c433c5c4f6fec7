import { describe, expect, it } from "vitest";

/** Adding or removing a public name is a decision: read the change of this snapshot. */
describe("public names", () => {
  it.each(["ntkit", "ntkit/testing", "@ntkit/engine", "@ntkit/cli", "@ntkit/experiments", "@ntkit/jax"])(
    "%s",
    async (name) => {
      expect(Object.keys(await import(/* @vite-ignore */ name)).sort()).toMatchSnapshot();
    },
  );
});
