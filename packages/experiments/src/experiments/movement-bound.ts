import {
  apply,
  child,
  empiricalNtk,
  gradientDescentMse,
  gradientFlow,
  gronwallDecay,
  init,
  type Key,
  type Layer,
  linearizedWeights,
  type Matrix,
  matrix,
  movementBounds,
  normal,
  type Params,
  portable,
  ridgePath,
  train,
} from "ntkit";
import { always, inRange, near, nearly, never } from "../common/checks.ts";
import { columnOf, spherePoints } from "../common/data-sets.ts";
import { inTurn, range, stretch } from "../common/in-turn.ts";
import { scaledTanh, unitTwoLayerRelu } from "../common/networks.ts";
import { solved } from "../common/solved.ts";
import { eigenvalues } from "../common/spectrum.ts";
import { median, powerLaw } from "../common/statistics.ts";
import { logspace, norm, subtract } from "../common/vectors.ts";
import { fromZero, weightDistance } from "../common/weights.ts";
import { type AnyExperiment, experiment, type Findings, type RunContext } from "../experiment.ts";
import type { Figure } from "../figure.ts";
import { count } from "../params.ts";

export const movementBound: AnyExperiment = experiment({
  id: "movement-bound",
  title: "The residual decays at the rate of the smallest eigenvalue, and the weights move no farther than it allows",
  items: ["C6", "C10", "C11", "C12", "C13"],
  source: "C, Lemma 1, Lemma 2 with its corollary, and the theorem on the movement",
  claim:
    "If the eigenvalues of the tangent kernel stay between λ and λ_max along the gradient flow, ‖f − y‖ falls at least like e^(−λt), the risk like e^(−2λt), and the weights move at most (√λ_max/λ)‖f₀ − y‖. Of a linear flow the movement is √(r₀ᵀH⁻¹r₀) exactly.",
  formulas: [
    "z'=-Q(t)\\nabla R(z),\\;\\lambda=\\inf_t\\lambda_{\\min}(Q(t))\\;\\Rightarrow\\;R(z(t))\\le R(z(0))\\,e^{-2\\lambda t}",
    "\\lVert w(t)-w_0\\rVert\\le\\frac{\\sqrt{\\lambda_{\\max}}}{\\lambda}\\lVert r_0\\rVert,\\qquad\\sqrt{r_0^\\top H^{-1}r_0}\\le\\frac{\\lVert r_0\\rVert}{\\sqrt{\\lambda}}",
    "\\tfrac{d}{dt}\\,\\alpha f(w(t))=-\\alpha^2J_tJ_t^\\top\\,\\nabla R",
  ],
  params: {
    problems: count("random problems: 4 points in 3 dimensions, 20 tanh units", 200, { quick: 20, min: 2 }),
    times: count("times at which each flow is looked at", 40, { quick: 15, min: 4 }),
    n: count("points on the sphere for the wide network", 20, { quick: 6, min: 2, max: 100 }),
    width: count("width of that network, of which the first layer trains", 16_384, { max: 2 ** 18 }),
    networks: count("wide networks", 5, { quick: 1 }),
  },
  async run({ problems, times, n, width, networks }, context) {
    const flows = await inTurn(range(problems), stretch(context, 0, 0.5), (draw) => flow(draw, times, context));
    const scales = [1, 2, 4, 8];
    const speeds = await inTurn(scales, stretch(context, 0.5, 0.55), (alpha) => startingSpeed(alpha, context));
    const wide = await inTurn(range(networks), stretch(context, 0.55, 1), (draw) =>
      wideNetwork({ n, width, draw }, context),
    );
    return findings({
      flows,
      wide,
      speed: powerLaw(
        scales,
        speeds.map(({ size }) => size),
      ).exponent,
      speeds,
    });
  },
});

interface FlowRun {
  /** Largest ‖f − y‖ over its bound, the same for R, and movement over its bound, over all times. */
  readonly residual: number;
  readonly risk: number;
  readonly movement: number;
  /** ‖f − y‖ over its bound at the last time. */
  readonly late: number;
  /** Of the linear flow: movement over √(r₀ᵀH⁻¹r₀), and the three bounds in their order. */
  readonly sharp: number;
  readonly ordered: boolean;
  /** Late rate of R of the linear flow over its smallest eigenvalue. */
  readonly rate: number;
  /** Eigenvalues of Θ(t) against half and 3/2 of the singular values at the start, from the scale 64 on. */
  readonly sandwiched: boolean;
}

interface WideRun {
  readonly moved: number;
  readonly loose: number;
  readonly spectral: number;
  readonly sharp: number;
}

interface Problem {
  readonly network: Layer;
  readonly params: Params;
  readonly x: Matrix;
  readonly targets: Matrix;
  readonly fxTrain0: Matrix;
}

function problem(alpha: number, seed: Key): Problem {
  const network = scaledTanh(alpha, 20, 3);
  const x = matrix(4, 3, normal(child(seed, 0), 12));
  const params = init(network, 3, { seed: child(seed, 1) });
  return { network, params, x, ...fromZero(network, params, x, columnOf(normal(child(seed, 2), 4))) };
}

async function flow(draw: number, count: number, context: RunContext): Promise<FlowRun> {
  const seed = child(child(context.key, 0), draw);
  const [lazy, rich] = await Promise.all([
    alongFlow(problem(64, seed), count, context),
    alongFlow(problem(2, seed), count, context),
  ]);
  const linear = await linearFlow(problem(1, seed), context);
  return { ...rich, sandwiched: lazy.sandwiched, ...linear };
}

/** Follows the flow of a network; its kernel's extreme eigenvalues so far give the bounds at each time. */
async function alongFlow({ network, params, x, targets }: Problem, count: number, context: RunContext) {
  const { engine, signal } = context;
  const spectrum = async (at: Params) =>
    eigenvalues(await empiricalNtk(network, at, x, null, { engine, signal }), context);
  const first = await spectrum(params);
  const times = logspace(0.01 / first.at(-1)!, 4 / first[0]!, count);
  const path = solved(
    await gradientFlow(network, params, x, targets, times, { rtol: 1e-8, atol: 1e-10, engine, signal }),
  );
  const residual = (at: Params) => norm(subtract(apply(network, at, x, { engine }).data, targets.data));
  const start = residual(params);
  let [smallest, largest] = [first[0]!, first.at(-1)!];
  const worst = { residual: 0, risk: 0, movement: 0, late: 0, sandwiched: true };
  for (const [i, t] of times.entries()) {
    const now = path.params[i]!;
    const values = await spectrum(now);
    smallest = Math.min(smallest, values[0]!);
    largest = Math.max(largest, values.at(-1)!);
    const { promises } = gronwallDecay({ smallestEigenvalue: smallest, t, start });
    const left = residual(now);
    worst.residual = Math.max(worst.residual, left / promises.value);
    worst.late = left / promises.value;
    worst.risk = Math.max(worst.risk, left ** 2 / 2 / ((start ** 2 / 2) * portable.exp(-2 * smallest * t)));
    const allowed = (Math.sqrt(largest) / smallest) * start;
    worst.movement = Math.max(worst.movement, weightDistance(now, params) / allowed);
    // Half of the smallest singular value and 3/2 of the largest, squared.
    worst.sandwiched &&= values[0]! >= first[0]! / 4 && values.at(-1)! <= (9 / 4) * first.at(-1)!;
  }
  return worst;
}

/** The linearization of the same problem, at once for all times. */
async function linearFlow({ network, params, x, targets, fxTrain0 }: Problem, { engine, signal }: RunContext) {
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const descent = solved(await gradientDescentMse(ntk, targets, { engine, signal }));
  const { alpha } = await descent.at(Number.POSITIVE_INFINITY, { fxTrain0 });
  const moved = weightDistance(linearizedWeights(network, params, x, alpha), params);
  const r0 = columnOf(subtract(targets.data, fxTrain0.data));
  const { loose, spectral, sharp } = movementBounds(await ridgePath(ntk, r0, { engine, signal }), moved);
  const smallest = descent.path.values[0]!;
  const late = 12 / smallest;
  const risk = async (t: number) =>
    norm(subtract((await descent.at(t, { fxTrain0 })).fxTrain.data, targets.data)) ** 2 / 2;
  const rate = portable.log((await risk(late)) / (await risk(late + 1 / smallest)));
  return {
    sharp: moved / sharp.promises.value,
    ordered: [loose, spectral, sharp].every(
      ({ promises }, i, all) => i === 0 || promises.value <= all[i - 1]!.promises.value * (1 + 1e-12),
    ),
    rate,
  };
}

interface Speed {
  readonly size: number;
  /** Relative distance of the velocity from −α² J₀J₀ᵀ ∇R. */
  readonly error: number;
}

/** d/dt αf(w(t)) at the start, where αf = 0, beside −α² J₀J₀ᵀ ∇R. */
async function startingSpeed(alpha: number, { key, engine, signal }: RunContext): Promise<Speed> {
  const { network, params, x, targets, fxTrain0 } = problem(alpha, child(key, 1));
  const ntk = await empiricalNtk(network, params, x, null, { engine, signal });
  const r0 = subtract(targets.data, fxTrain0.data);
  const predicted = (await engine.matmul(ntk, columnOf(r0), { signal })).data;
  const dt = 1e-4 / ntk.data.reduce((sum, value) => sum + Math.abs(value), 0);
  const path = solved(
    await gradientFlow(network, params, x, targets, [dt], { rtol: 1e-10, atol: 1e-14, engine, signal }),
  );
  const after = apply(network, path.params[0]!, x, { engine });
  const velocity = subtract(after.data, fxTrain0.data).map((v) => v / dt);
  return { size: norm(velocity), error: norm(subtract(velocity, predicted)) / norm(predicted) };
}

/** A wide network of which the first layer trains until all modes are fitted. */
async function wideNetwork(
  { n, width, draw }: { readonly n: number; readonly width: number; readonly draw: number },
  { key, engine, signal }: RunContext,
): Promise<WideRun> {
  const d = 10;
  const x = spherePoints(child(key, 2), n, d);
  const y = columnOf(normal(child(key, 3), n));
  const network = unitTwoLayerRelu(width, d);
  const params = init(network, d, { seed: child(child(key, 4), draw), outputWeights: "signs" });
  const fx = apply(network, params, x, { engine });
  const ntk = await empiricalNtk(network, params, x, null, { trainable: "first", engine, signal });
  const path = await ridgePath(ntk, columnOf(subtract(y.data, fx.data)), { engine, signal });
  const learningRate = 1 / path.values.at(-1)!;
  const steps = Math.ceil(7 / (learningRate * path.values[0]!));
  const run = await train(network, params, x, y, {
    ...{ steps, learningRate, trainable: "first", recordAt: [steps], engine, signal },
  });
  const moved = run.records.at(-1)!.layers[0]!.distance;
  const { loose, spectral, sharp } = movementBounds(path, moved);
  const value = ({ promises }: typeof sharp) => promises.value;
  return { moved, loose: value(loose), spectral: value(spectral), sharp: value(sharp) };
}

interface Measured {
  readonly flows: readonly FlowRun[];
  readonly wide: readonly WideRun[];
  readonly speeds: readonly Speed[];
  /** Exponent of α in the speed at the start. */
  readonly speed: number;
}

function findings({ flows, wide, speeds, speed }: Measured): Findings {
  const of = flows.length;
  // The integration and the sampling of the eigenvalues in time leave this much.
  const over = (get: (run: FlowRun) => number) => flows.filter((run) => get(run) > 1 + 1e-6).length;
  const printed = median(flows.map(({ rate }) => rate));
  return {
    checks: [
      never(
        "problems with ‖f − y‖ above ‖f₀ − y‖ e^(−λt)",
        over((run) => run.residual),
        of,
      ),
      never(
        "problems with R above R₀ e^(−2λt)",
        over((run) => run.risk),
        of,
      ),
      never(
        "problems with a movement above (√λ_max/λ)‖f₀ − y‖",
        over((run) => run.movement),
        of,
      ),
      always("problems with sharp ≤ spectral ≤ loose bound", flows.filter((run) => run.ordered).length, of),
      inRange(
        "movement of the linear flow over √(r₀ᵀH⁻¹r₀), largest relative error",
        Math.max(...flows.map(({ sharp }) => Math.abs(sharp - 1))),
        { theory: 0, atMost: 1e-6 },
      ),
      nearly("late rate of R of the linear flow over λ (printed with an undetermined c), median", printed, 2, 0.01),
      near("exponent of α in the speed of αf at the start (printed as 3)", speed, 2, 0.01),
      inRange("speed at the start against −α²J₀J₀ᵀ∇R, relative error", Math.max(...speeds.map(({ error }) => error)), {
        ...{ theory: 0, atMost: 1e-3 },
      }),
      always(
        "problems of scale 64 with σ_min²/4 ≤ eigenvalues ≤ 9σ_max²/4 at all times",
        flows.filter((run) => run.sandwiched).length,
        of,
      ),
      nearly(
        "movement of a wide network over the sharp value",
        median(wide.map((run) => run.moved / run.sharp)),
        1,
        0.02,
      ),
      inRange("that movement over the theorem's bound", median(wide.map((run) => run.moved / run.loose)), {
        atMost: 1,
      }),
    ],
    tables: [
      {
        id: "wide",
        title: "Movement of the first layer of wide networks, beside three bounds",
        columns: ["movement", "sharp √(r₀ᵀH⁻¹r₀)", "spectral ‖r₀‖/√λ", "loose (√λ_max/λ)‖r₀‖"],
        rows: wide.map(({ moved, sharp, spectral, loose }) => [moved, sharp, spectral, loose]),
      },
    ],
    figures: [figure(flows)],
    notes: [
      "Printed, the velocity of αf carries α³ and one Jacobian; measured, it is α² with both. The printed e^(−cλt) leaves c open: c = 2 for R and c = 1 for ‖f − y‖, which is what the late rate shows. In the theorem the second “≤” is an equality: ‖g(v(0)) − y‖ = √(2R).",
      "λ and λ_max are the extremes of the kernel along the path until each time, not those of the start.",
    ],
  };
}

function figure(flows: readonly FlowRun[]): Figure {
  const sorted = (get: (run: FlowRun) => number) =>
    flows
      .map(get)
      .sort((a, b) => a - b)
      .map((value, i) => [(i + 1) / flows.length, value] as const);
  return {
    id: "bounds",
    title: "How near the bounds come to being violated",
    caption: `The residual at the end and the largest movement along each of ${flows.length} gradient flows, over their bounds, sorted. Above 1 a bound would be violated.`,
    panels: [
      {
        x: { label: "share of problems", domain: [0, 1] },
        y: { label: "measured over bound", scale: "log" },
        marks: [
          { kind: "points", label: "‖f − y‖ at the end", points: sorted((run) => run.late), size: 2.5 },
          { kind: "points", label: "‖w − w₀‖", points: sorted((run) => run.movement), size: 2.5 },
          { kind: "ruleY", at: 1, label: "bound", dashed: true },
        ],
      },
    ],
  };
}
