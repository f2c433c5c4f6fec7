/** A claim of a lecture as a program: equation (8) of one of them, as it is printed and as it should be, beside networks. */
import { DOCUMENTS, EXPERIMENTS, runExperiment } from "@ntkit/experiments";

const experiment = EXPERIMENTS.find(({ id }) => id === "equation-8");
if (!experiment) throw new Error("no such experiment");
console.log(`${experiment.title} (${DOCUMENTS[experiment.source[0]!]})`);

const { checks, notes = [] } = await runExperiment(experiment, { seed: 1, quick: true });
for (const { claim, measured, holds } of checks)
  console.log(`${holds ? "✓" : "✗"} ${claim}: ${measured.toPrecision(3)}`);
for (const note of notes) console.log(note);
