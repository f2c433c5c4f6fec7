/** The dotted position of a child, e.g. "3.1.0". */
export function childPath(path: string, segment: number): string {
  return path === "" ? `${segment}` : `${path}.${segment}`;
}
