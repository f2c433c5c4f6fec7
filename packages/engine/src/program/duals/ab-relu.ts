import { type Dual, linearDual } from "./dual.ts";
import { arc, halfAngle } from "./half-angle.ts";
import { reluDual } from "./relu.ts";

/**
 * φ(x) = a·min(x, 0) + b·max(x, 0). With slope m = (a² + b²)/2, kink k = (a − b)²/2π, ϑ = min(θ, π − θ) and
 * G = r (sin ϑ − ϑ cos ϑ):
 *
 *   κ  = m max(c, 0) + ab min(c, 0) + k G
 *   κ̇  = m − kϑ for c ≥ 0, ab + kϑ for c < 0, ((a + b)/2)² when a row is zero
 *
 * and the new sine √(f (2m r − f)), f the distance of κ from the nearer end of ±m r that it has without cancellation:
 *
 *   c ≥ 0           m r − κ = m (r − |c|) − kG
 *   c < 0, ab ≤ 0   m r − κ = |ab| (r − |c|) + (m − |ab|) r − kG
 *   c < 0, ab > 0   m r + κ = ab (r − |c|) + (m − ab) r + kG
 */
export function abReluDual({ a, b }: { readonly a: number; readonly b: number }): Dual {
  if (a === b) return linearDual(a * a);
  if (a === 0 && b === 1) return reluDual;
  const slope = (a * a + b * b) / 2;
  const kink = ((a - b) * (a - b)) / (2 * Math.PI);
  const [product, size] = [a * b, Math.abs(a * b)];
  const beyond = product > 0 ? ((a - b) * (a - b)) / 2 : ((a + b) * (a + b)) / 2;
  return (algebra, pair) => {
    const { constant, add, sub, mul, sqrt, equal, less, select } = algebra;
    const { c, sine } = pair;
    const isObtuse = less(c, constant(0));
    const angles = halfAngle(algebra, pair);
    const { r, below } = angles;
    const { angle, excess: twice } = arc(algebra, angles, sine, kink);
    const excess = mul(constant(0.5), twice);
    const linear = mul(select(isObtuse, constant(product), constant(slope)), c);
    const acuteEnd = sub(mul(constant(slope), below), excess);
    const obtuse = add(mul(constant(size), below), mul(constant(beyond), r));
    const obtuseEnd = product > 0 ? add(obtuse, excess) : sub(obtuse, excess);
    const end = select(isObtuse, obtuseEnd, acuteEnd);
    return {
      kappa: add(linear, excess),
      kappaDot: select(
        equal(r, constant(0)),
        constant(((a + b) / 2) ** 2),
        select(isObtuse, add(constant(product), angle), sub(constant(slope), angle)),
      ),
      sine: sqrt(mul(end, sub(mul(constant(2 * slope), r), end))),
    };
  };
}
