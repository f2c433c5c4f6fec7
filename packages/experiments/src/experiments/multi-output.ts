import { child, dense, empiricalNtk, init, type Key, kernelFn, type Layer, type Matrix, relu, serial } from "ntkit";
import { inRange } from "../common/checks.ts";
import { spherePoints } from "../common/data-sets.ts";
import { inTurn, range } from "../common/in-turn.ts";
import { lawMarks, scalingOf } from "../common/marks.ts";
import { mean } from "../common/statistics.ts";
import { norm } from "../common/vectors.ts";
import { type AnyExperiment, experiment, type RunContext } from "../experiment.ts";
import { count, counts } from "../params.ts";

export const multiOutput: AnyExperiment = experiment({
  id: "multi-output",
  title: "Several outputs share one kernel, and do not mix",
  items: ["E23"],
  source: "E, step 5, remark on several outputs",
  claim:
    "For a fully connected network with c outputs the tangent kernel of infinite width is Θ(x, x') times the c × c identity: block diagonal, the same for every output. At finite width the blocks between outputs are of order k^(−1/2).",
  formulas: [
    "\\Theta_{ab}(x,\\tilde x)=\\langle\\nabla f_a(x),\\nabla f_b(\\tilde x)\\rangle\\to\\delta_{ab}\\,K(x,\\tilde x)",
  ],
  params: {
    n: count("points on the sphere", 6, { min: 2, max: 100 }),
    d: count("dimensions", 4, { min: 2, max: 100 }),
    outputs: count("outputs", 3, { min: 2, max: 20 }),
    widths: counts("widths k", [64, 256, 1024, 4096, 16_384], { quick: [64, 256, 1024, 4096], max: 2 ** 18 }),
    networks: count("networks of each width", 100, { quick: 60, min: 2 }),
  },
  async run({ n, d, outputs, widths, networks }, context) {
    const x = spherePoints(child(context.key, 0), n, d);
    const network = (width: number) => serial(dense({ width, wStd: Math.sqrt(d) }), relu(), dense({ width: outputs }));
    const limit = await kernelFn(network(1))(x, null, "ntk");
    const found = await inTurn(widths, context, (width, i) =>
      inTurn(range(networks), { signal: context.signal }, (draw) =>
        measure(
          { network: network(width), x, limit, outputs, key: child(child(child(context.key, 1), i), draw) },
          context,
        ),
      ),
    );
    const of = (get: (one: Gaps) => number) =>
      scalingOf(
        widths,
        found.map((own) => own.map(get)),
      );
    const [between, within] = [of((one) => one.between), of((one) => one.within)];
    const slope = { theory: -0.5, atLeast: -0.55, atMost: -0.45 };
    return {
      checks: [
        inRange("blocks between outputs: slope of their size in the width", between.law.exponent, slope),
        inRange("blocks of one output: slope of their distance from the limit", within.law.exponent, slope),
        inRange(`blocks between outputs over the limit at width ${widths.at(-1)}`, between.y.at(-1)!, {
          ...{ theory: 0, atMost: 2 / Math.sqrt(widths.at(-1)!) },
        }),
      ],
      tables: [
        {
          id: "blocks",
          title: "Frobenius norms relative to the limit",
          columns: ["width", "between outputs", "standard error", "one output from the limit", "its standard error"],
          rows: widths.map((width, i) => [width, between.y[i]!, between.errors[i]!, within.y[i]!, within.errors[i]!]),
        },
      ],
      figures: [
        {
          id: "blocks",
          title: "Blocks of the tangent kernel of several outputs",
          caption: `Root mean squares over blocks, relative to the limit; mean and standard error over ${networks} networks with ${outputs} outputs.`,
          panels: [
            {
              x: { label: "width k", scale: "log" },
              y: { label: "size relative to the limit", scale: "log" },
              marks: [
                ...lawMarks("between two outputs", between, 0),
                ...lawMarks("of one output, from the limit", within, 1),
              ],
            },
          ],
        },
      ],
      notes: [
        "The document restricts this to fully connected networks: where outputs share more than the last layer’s independent weights, as in some convolutional networks, blocks between outputs need not vanish.",
      ],
    };
  },
});

interface Setting {
  readonly network: Layer;
  readonly x: Matrix;
  readonly limit: Matrix;
  readonly outputs: number;
  readonly key: Key;
}

interface Gaps {
  readonly between: number;
  readonly within: number;
}

async function measure({ network, x, limit, outputs, key }: Setting, { engine, signal }: RunContext): Promise<Gaps> {
  const params = init(network, x.cols, { seed: key });
  const full = await empiricalNtk(network, params, x, null, { traceAxes: [], engine, signal });
  const sizes = (same: boolean) => {
    const blocks = range(outputs * outputs).filter((ab) => (Math.floor(ab / outputs) === ab % outputs) === same);
    const squares = blocks.map((ab) => {
      const block = limit.data.map((value, ij) => full.data[ij * outputs * outputs + ab]! - (same ? value : 0));
      return norm(block) ** 2;
    });
    return Math.sqrt(mean(squares)) / norm(limit.data);
  };
  return { between: sizes(false), within: sizes(true) };
}
