import { didYouMean, listed, ValueError } from "../errors.ts";
import type { Params } from "../layers/rule.ts";
import { checkChoice } from "../matrix/option-names.ts";
import { paramEntries } from "./params.ts";

/**
 * Which layers train: all of them; the last one, whose tangent kernel is that of random features (the NNGP without a last bias);
 * the first one; or those at the listed positions, as in "0" or "3.1.0". The others stay at their initial weights.
 */
export type Trainable = "all" | "last" | "first" | readonly string[];

/** The dotted positions of the layers that train. */
export function trainablePaths(params: Params, trainable: Trainable = "all"): ReadonlySet<string> {
  const paths = [...new Set(paramEntries(params).map(({ path }) => path))];
  if (trainable === "all") return new Set(paths);
  if (trainable === "first") return new Set(paths.slice(0, 1));
  if (trainable === "last") return new Set(paths.slice(-1));
  if (typeof trainable === "string") checkChoice("trainable", "it", trainable, ["all", "first", "last"]);
  for (const path of trainable) {
    if (paths.includes(path)) continue;
    throw new ValueError(
      `trainable: there is no layer with weights at "${path}"${didYouMean(path, paths)}; there are ${listed(paths)}`,
    );
  }
  return new Set(trainable);
}
