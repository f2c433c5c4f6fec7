import * as portable from "../special/portable.ts";
import { type Activation, belowBound, squaredDistance } from "./activation.ts";
import { extendWave } from "./taylor-series.ts";

interface Wave {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** φ(x) = a sin(bx + phase): see `waveDual`. */
export function sinActivation({ a, b, c: phase }: Wave): Activation {
  return {
    name: "sin",
    smoothness: "smooth",
    phi: (x) => a * portable.sin(b * x + phase),
    dphi: (x) => a * b * portable.cos(b * x + phase),
    taylor(x, out) {
      out[0] = a * portable.sin(b * x + phase);
      out[1] = a * b * portable.cos(b * x + phase);
      extendWave(out, b);
    },
    dual: waveDual(a, b, portable.sin(phase), portable.cos(phase)),
  };
}

/** φ(x) = a cos(bx + phase) = a sin(bx + phase + π/2). */
export function cosActivation({ a, b, c: phase }: Wave): Activation {
  return {
    name: "cos",
    smoothness: "smooth",
    phi: (x) => a * portable.cos(b * x + phase),
    dphi: (x) => -a * b * portable.sin(b * x + phase),
    taylor(x, out) {
      out[0] = a * portable.cos(b * x + phase);
      out[1] = -a * b * portable.sin(b * x + phase);
      extendWave(out, b);
    },
    dual: waveDual(a, b, portable.cos(phase), -portable.sin(phase)),
  };
}

/**
 * For φ(x) = a sin(bx + ψ), with s = sin ψ:
 *
 *   κ  = (a²/2) (E₋ − cos 2ψ E₊) = (a²/2) ((E₋ − E₊) + 2 sin²ψ E₊)
 *   κ̇  = (a²b²/2) (E₋ + cos 2ψ E₊),      E∓ = e^{−b² (p + q ∓ 2c)/2} = E± e^{±2b²c}
 *
 * Han et al. (2022). The new sine: with g = cos 2ψ and e(p) = e^{−b²p},
 *
 *   (4/a⁴)(κ(p,p,p) κ(q,q,q) − κ²) = (1 − E₋²)(1 − g² E₊²) − g (e(p) − e(q))²
 *
 * For g > 0 the part in g is that of sin itself: g (1 − E₋²)(1 − E₊²) − g (e(p) − e(q))² = 4g (sinh x sinh y − sinh² z) e^{−x−y},
 * (x, y, z) = b² (p, q, c), where `sinhExcess` takes over.
 */
function waveDual(a: number, b: number, sin: number, cos: number): Activation["dual"] {
  const half = (a * a) / 2;
  const square = b * b;
  const g = (cos - sin) * (cos + sin);
  const spread = 4 * sin * sin * cos * cos;
  return (c, sine, p, q, out) => {
    const r = Math.sqrt(p) * Math.sqrt(q);
    const [below, above] = [belowBound(r, c, sine), belowBound(r, -c, sine)];
    const near = square * squaredDistance(c, sine, p, q);
    const far = square * squaredDistance(-c, sine, p, q);
    const [minus, plus] = [portable.exp(-near / 2), portable.exp(-far / 2)];
    const difference = c >= 0 ? -minus * portable.expm1(-2 * square * c) : plus * portable.expm1(2 * square * c);
    out[0] = half * (difference + 2 * sin * sin * plus);
    out[1] = half * square * (difference + 2 * cos * cos * plus);
    const [lostNear, lostFar] = [-portable.expm1(-near), -portable.expm1(-far)];
    const radial = portable.exp(-square * Math.min(p, q)) * portable.expm1(-square * Math.abs(p - q));
    const own =
      g > 0
        ? (1 - g) * lostNear * lostFar + g * sinhExcess(square * p, square * q, square * below, square * above)
        : lostNear * lostFar - g * radial * radial;
    out[2] = half * Math.sqrt(own + spread * lostNear * plus * plus);
  };
}

/**
 * 4 (sinh x sinh y − sinh² z) e^{−x−y} ≥ 0 for |z| ≤ √(xy), given below = √(xy) − z and above = √(xy) + z.
 *
 * It is 4 sinh(below) sinh(above) e^{−x−y} plus 4 (sinh x sinh y − sinh² √(xy)) e^{−x−y}, which is twice `coshExcess` at
 * A = x + y, B = |x − y|, C = 2√(xy). Both are positive.
 */
function sinhExcess(x: number, y: number, below: number, above: number): number {
  const [rootX, rootY] = [Math.sqrt(x), Math.sqrt(y)];
  const angular = portable.expm1(-2 * below) * portable.expm1(-2 * above) * portable.exp(-((rootX - rootY) ** 2));
  return angular + 2 * coshExcess(x + y, Math.abs(x - y), 2 * rootX * rootY);
}

/**
 * (cosh A − cosh B − cosh C + 1) e^{−A} ≥ 0 where A² = B² + C². Small A: Σ (A²ᵏ − B²ᵏ − C²ᵏ)/(2k)!, every term a sum of
 * products of B and C. Else, with m the smaller of B and C: 2 (sinh h sinh(m²/4h) − sinh²(m/2)) e^{−A}, h + m²/4h = A.
 */
function coshExcess(a: number, b: number, c: number): number {
  if (a > 1) {
    const m = Math.min(b, c);
    const h = (a + Math.max(b, c)) / 2;
    const product = portable.expm1(-2 * h) * portable.expm1(-((m / h) * (m / 2)));
    return Math.max(0, (product - portable.expm1(-m) ** 2 * portable.exp(m - a)) / 2);
  }
  const [b2, c2] = [b * b, c * c];
  let [bPower, cPower, excess, factorial, sum] = [b2, c2, 0, 2, 0];
  for (let k = 2; k <= 11; k++) {
    excess = b2 * (excess + cPower) + c2 * (excess + bPower);
    bPower *= b2;
    cPower *= c2;
    factorial *= 2 * k * (2 * k - 1);
    sum += excess / factorial;
  }
  return sum * portable.exp(-a);
}
