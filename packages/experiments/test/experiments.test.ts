import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { drawFigure } from "../src/draw.ts";
import { EXPERIMENTS } from "../src/registry.ts";
import { runExperiment } from "../src/run.ts";

const { document } = parseHTML("<html><body></body></html>");

it("experiments have names of their own", () => {
  const ids = EXPERIMENTS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9-]+$/);
});

describe.each(EXPERIMENTS.map((experiment) => [experiment.id, experiment] as const))("%s", (_, experiment) => {
  it("holds in a quick run, with finite numbers and figures that can be drawn", async () => {
    const found = await runExperiment(experiment, { quick: true });
    expect(found.checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(found.checks.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    const names = [...found.figures, ...found.tables].map(({ id }) => id);
    expect(new Set(names).size).toBe(names.length);
    for (const { columns, rows } of found.tables) for (const row of rows) expect(row).toHaveLength(columns.length);
    for (const figure of found.figures) {
      const svg = drawFigure(figure, { Plot, document });
      expect(svg).toMatch(/^<svg [\s\S]*<\/svg>$/);
      expect(svg).not.toContain("NaN");
    }
  });
});
