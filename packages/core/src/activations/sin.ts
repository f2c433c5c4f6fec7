import { type Activation, squaredDistance } from "./activation.ts";

/**
 * φ(x) = a·sin(bx + c₀). With u = b²(p + q − 2c)/2 and v = b²(p + q + 2c)/2:
 *
 *   κ = (a²/2)·[e^{−u} − cos(2c₀) e^{−v}],    κ̇ = (a²b²/2)·[e^{−u} + cos(2c₀) e^{−v}]
 *
 * u and v come from squared distances, so neither cancels.
 */
export function sinActivation(
  { a, b, c: shift }: { readonly a: number; readonly b: number; readonly c: number },
  name = "sin",
): Activation {
  const cosine = Math.cos(2 * shift);
  return {
    name,
    smoothness: "smooth",
    phi: (x) => a * Math.sin(b * x + shift),
    dphi: (x) => a * b * Math.cos(b * x + shift),
    dual(c, sine, p, q, out) {
      const near = Math.exp((-b * b * squaredDistance(c, sine, p, q)) / 2);
      const far = Math.exp((-b * b * squaredDistance(-c, sine, p, q)) / 2);
      // near − far cancels where c is small: there it is far·(e^{2b²c} − 1).
      const exponent = 2 * b * b * c;
      const difference = Math.abs(exponent) < 1 ? far * Math.expm1(exponent) : near - far;
      out[0] = ((a * a) / 2) * (difference + (1 - cosine) * far);
      out[1] = ((a * a * b * b) / 2) * (near + cosine * far);
    },
  };
}

/** φ(x) = a·cos(bx + c₀) = a·sin(bx + c₀ + π/2). */
export function cosActivation({ a, b, c }: { readonly a: number; readonly b: number; readonly c: number }): Activation {
  return { ...sinActivation({ a, b, c: c + Math.PI / 2 }, "cos"), phi: (x) => a * Math.cos(b * x + c) };
}
