/** The estimators on plain arrays: fit, predict with intervals, classify with probabilities. */
import { NtkClassifier, NtkRegressor } from "ntkit";

const x = Array.from({ length: 60 }, (_, i) => [Math.cos(i), Math.sin(1.7 * i)]);
const y = x.map(([a, b]) => a! * b! + 0.5 * a!);

const regressor = await new NtkRegressor().fit(x, y);
const { prediction, lower, upper } = await regressor.predictInterval([[0.3, -0.4]]);
console.log(
  `predicted ${prediction[0]!.toFixed(3)} in [${lower[0]!.toFixed(3)}, ${upper[0]!.toFixed(3)}], truth 0.030`,
);

const classifier = await new NtkClassifier().fit(
  x,
  y.map((value) => (value > 0 ? "above" : "below")),
);
const probabilities = await classifier.predictProba([[0.3, -0.4]]);
console.log(classifier.classes.map((name, k) => `${name} ${probabilities.data[k]!.toFixed(3)}`).join(", "));
