import type { Trace, Value } from "./rule.ts";

/** A composition of `count` layers: each maps the output of the one before. */
export function chain(count: number, input: Value, link: (index: number, input: Value) => Trace): Trace {
  const links: Trace[] = [];
  /** Whether a weight before link i trains, so that cotangents are wanted there. */
  const wanted: boolean[] = [];
  let [value, trains] = [input, false];
  for (let i = 0; i < count; i++) {
    const next = link(i, value);
    links.push(next);
    wanted.push(trains);
    value = next.output;
    trains ||= next.trains;
  }
  return {
    output: value,
    trains,
    pullback(cotangent, sink, wantInput) {
      let at: Value | null = cotangent;
      for (let i = count - 1; i >= 0 && at !== null; i--) {
        const wants = wantInput || wanted[i]!;
        if (!wants && !links[i]!.trains) return null;
        at = links[i]!.pullback(at, sink, wants);
      }
      return at;
    },
  };
}
