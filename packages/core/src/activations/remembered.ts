/** The function with its last `capacity` values at least remembered: two generations, the older of which is dropped. */
export function remembered<T>(capacity: number, compute: (p: number) => T): (p: number) => T {
  let [young, old] = [new Map<number, T>(), new Map<number, T>()];
  return (p) => {
    const known = young.get(p);
    if (known !== undefined) return known;
    const value = old.get(p) ?? compute(p);
    if (young.size >= capacity) [young, old] = [new Map<number, T>(), young];
    young.set(p, value);
    return value;
  };
}
