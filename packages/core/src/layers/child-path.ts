/** The field that holds the children of a layer, by its type. */
export const CHILDREN: Readonly<Record<string, "layers" | "branches" | "layer">> = {
  serial: "layers",
  parallel: "branches",
  repeat: "layer",
};

/** Where a child of a layer of that type stands in the description, as messages say it, e.g. "layers[3].branches[1].layer". */
export function childPlace(type: unknown, place: string, segment: number): string {
  const field = CHILDREN[`${type}`];
  const step = field === "layer" ? field : `${field}[${segment}]`;
  return place === "" ? step : `${place}.${step}`;
}

/** The dotted position of a child among weights, e.g. "3.1.0": the copies of a repeated layer have one each. */
export function childPath(path: string, segment: number): string {
  return path === "" ? `${segment}` : `${path}.${segment}`;
}
