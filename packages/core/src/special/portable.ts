/*
 * Elementary functions with the same bits on every platform, unlike those of Math, of which the standard leaves the rounding open: these
 * use + − × ÷ and Math.sqrt alone, which IEEE 754 rounds in one way. Errors stay below four units in the last place, two for most. Sums are written out: as loops they take three times as long.
 *
 * The reductions are those of Cody and Waite (1980), the polynomials those of fdlibm (Sun Microsystems 1993).
 */

/** ln 2 in two parts; the first has so few bits that a whole number below 2²⁰ times it is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** A number and its two halves, the second the one with sign and exponent: every platform of today stores the low half first. */
const SCRATCH = new Float64Array(1);
const HALVES = new Uint32Array(SCRATCH.buffer);

/** 2^k for k from −1022 to 1023. */
function powerOfTwo(k: number): number {
  HALVES[0] = 0;
  HALVES[1] = (k + 1023) << 20;
  return SCRATCH[0]!;
}

/** x · 2^k for a whole k in [−1076, 1025], rounded once. */
function scaled(x: number, k: number): number {
  if (k >= -1022 && k <= 1023) return x * powerOfTwo(k);
  return k < 0 ? x * powerOfTwo(k + 200) * powerOfTwo(-200) : x * 2 * powerOfTwo(k - 1);
}

/** e^(high − low) − 1 for |high − low| ≤ ln(2)/2, by (r/2) coth(r/2) = 1 + r²/12 − …: eʳ − 1 = r + rc/(2 − c). */
function expm1NearZero(high: number, low: number): number {
  const r = high - low;
  const t = r * r;
  const tail = 0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8);
  const c = r - t * (0.16666666666666602 + t * (-0.0027777777777015593 + t * tail));
  return high - (low - (r * c) / (2 - c));
}

/** eˣ, subnormal results included. */
export function exp(x: number): number {
  if (!(x > -746)) return x <= -746 ? 0 : x; // NaN
  if (x > 710) return Number.POSITIVE_INFINITY;
  const k = Math.round(x * Math.LOG2E);
  return scaled(1 + expm1NearZero(x - k * LN2_HIGH, k * LN2_LOW), k);
}

/** eˣ − 1 without cancellation: 2ᵏ(eʳ − 1) + (2ᵏ − 1). */
export function expm1(x: number): number {
  if (!(x < 40 && x > -40)) return exp(x) - 1;
  const k = Math.round(x * Math.LOG2E);
  if (k === 0) return x === 0 ? x : expm1NearZero(x, 0);
  const power = powerOfTwo(k);
  return power - 1 + power * expm1NearZero(x - k * LN2_HIGH, k * LN2_LOW);
}

/**
 * ln x: by x = 2ᵏ m with m in [√½, √2] and ln m = 2 artanh s = 2(s + s³/3 + s⁵/5 + …), s = (m − 1)/(m + 1); |s| ≤ 0.172, so
 * that twelve terms reach 1e-19.
 */
export function log(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return x === 0 ? Number.NEGATIVE_INFINITY : x > 0 ? x : Number.NaN;
  const isSubnormal = x < 2 ** -1022;
  SCRATCH[0] = isSubnormal ? x * 2 ** 54 : x;
  let k = (HALVES[1]! >>> 20) - 1023 - (isSubnormal ? 54 : 0);
  HALVES[1] = (HALVES[1]! & 0xfffff) | (1023 << 20);
  let m = SCRATCH[0]!;
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const s = (m - 1) / (m + 1);
  const t = s * s;
  const high = t * (1 / 19 + t * (1 / 21 + t * (1 / 23 + t * (1 / 25))));
  const middle = t * (1 / 11 + t * (1 / 13 + t * (1 / 15 + t * (1 / 17 + high))));
  const sum = t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + middle))));
  return k * LN2_HIGH + (2 * s + (2 * s * sum + k * LN2_LOW));
}

/** ln(1 + x) without cancellation (Kahan). */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1 || Number.isNaN(u)) return x;
  if (u > 2 ** 53) return log(x);
  return u === 0 ? Number.NEGATIVE_INFINITY : (log(u) * x) / (u - 1);
}

/** The whole k with 2ᵏ ≤ |x| < 2ᵏ⁺¹, for finite x other than zero. */
export function exponent(x: number): number {
  const isSubnormal = Math.abs(x) < 2 ** -1022;
  SCRATCH[0] = isSubnormal ? x * 2 ** 54 : x;
  return ((HALVES[1]! >>> 20) & 0x7ff) - 1023 - (isSubnormal ? 54 : 0);
}

/** xʸ: by products for whole y up to 64 in size; else as e^{y ln |x|}, with a relative error of |y ln x| units in the last place. */
export function power(x: number, y: number): number {
  const isWhole = Number.isInteger(y);
  if (isWhole && Math.abs(y) <= 64) return y < 0 ? 1 / wholePower(x, -y) : wholePower(x, y);
  if (x < 0 && !isWhole) return Number.NaN;
  const size = x === 0 ? (y > 0 ? 0 : Number.POSITIVE_INFINITY) : exp(y * log(Math.abs(x)));
  return x < 0 && y % 2 !== 0 ? -size : size;
}

function wholePower(x: number, n: number): number {
  let [result, square] = [1, x];
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    if (rest > 1) square *= square;
  }
  return result;
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (!(size < 22)) return Number.isNaN(x) ? x : Math.sign(x);
  if (x === 0) return x;
  if (size < 1) {
    const lost = expm1(-2 * size);
    return x < 0 ? lost / (lost + 2) : -lost / (lost + 2);
  }
  const value = 1 - 2 / (expm1(2 * size) + 2);
  return x < 0 ? -value : value;
}

/** π/2 in three parts, the first two with so few bits that a whole number below 2²⁰ times one is exact. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;
/** Larger arguments would need more parts. */
const MOST_TURNS = 2 ** 20;

/** sin(x + rest) for |x| ≤ π/4. */
function sineNearZero(x: number, rest: number): number {
  const t = x * x;
  const tail = 0.0000027557313707070068 + t * (-2.5050760253406863e-8 + t * 1.58969099521155e-10);
  const sum = 0.00833333333332249 + t * (-0.00019841269829857949 + t * tail);
  return x - (t * (0.5 * rest - t * x * sum) - rest - t * x * -0.16666666666666632);
}

/** cos(x + rest) for |x| ≤ π/4. */
function cosineNearZero(x: number, rest: number): number {
  const t = x * x;
  const half = 0.5 * t;
  const nearly = 1 - half;
  const tail = -2.7557314351390663e-7 + t * (2.087572321298175e-9 + t * -1.1359647557788195e-11);
  const sum = 0.0416666666666666 + t * (-0.001388888888887411 + t * (0.00002480158728947673 + t * tail));
  return nearly + (1 - nearly - half + (t * t * sum - x * rest));
}

/** sin(x + quarters · π/2). */
function sineFrom(x: number, quarters: number): number {
  const n = Math.round(x / (Math.PI / 2));
  const high = x - n * HALF_PI_1;
  const middle = n * HALF_PI_2;
  const a = high - middle;
  const low = n * HALF_PI_3 - (high - a - middle);
  const r = a - low;
  const rest = a - r - low;
  switch ((((n + quarters) % 4) + 4) % 4) {
    case 0:
      return sineNearZero(r, rest);
    case 1:
      return cosineNearZero(r, rest);
    case 2:
      return -sineNearZero(r, rest);
    default:
      return -cosineNearZero(r, rest);
  }
}

/** sin x; beyond a million turns Math.sin, whose bits depend on the platform. */
export function sin(x: number): number {
  if (Math.abs(x) < 2 ** -27) return x;
  return Math.abs(x) < MOST_TURNS ? sineFrom(x, 0) : Math.sin(x);
}

/** cos x; beyond a million turns Math.cos, whose bits depend on the platform. */
export function cos(x: number): number {
  return Math.abs(x) < MOST_TURNS ? sineFrom(x, 1) : Math.cos(x);
}

/** atan 1/2, 1, 3/2 and ∞ in two parts. */
const ATAN_AT = [0.4636476090008061, 0.7853981633974483, 0.982793723247329, 1.5707963267948966] as const;
const ATAN_REST = [
  2.2698777452961687e-17, 3.061616997868383e-17, 1.3903311031230998e-17, 6.123233995736766e-17,
] as const;

/** atan x for x ≥ 0, from the nearest of 0, 1/2, 1, 3/2 and ∞. */
function atanOfPositive(x: number): number {
  if (x < 0.4375) return x < 2 ** -29 ? x : x - x * atanLoss(x);
  const i = x < 0.6875 ? 0 : x < 1.1875 ? 1 : x < 2.4375 ? 2 : 3;
  const t =
    i === 0 ? (2 * x - 1) / (2 + x) : i === 1 ? (x - 1) / (x + 1) : i === 2 ? (x - 1.5) / (1 + 1.5 * x) : -1 / x;
  return ATAN_AT[i] - (t * atanLoss(t) - ATAN_REST[i] - t);
}

/** 1 − atan(t)/t for |t| ≤ 7/16. */
function atanLoss(t: number): number {
  const z = t * t;
  const high = 0.049768779946159324 + z * (-0.036531572744216916 + z * 0.016285820115365782);
  const middle = -0.0769187620504483 + z * (0.06661073137387531 + z * (-0.058335701337905735 + z * high));
  const low = 0.14285714272503466 + z * (-0.11111110405462356 + z * (0.09090887133436507 + z * middle));
  return z * (0.3333333333333293 + z * (-0.19999999999876483 + z * low));
}

export function atan(x: number): number {
  return x < 0 ? -atanOfPositive(-x) : x === 0 || Number.isNaN(x) ? x : atanOfPositive(x);
}

/** What float64 π lacks. */
const PI_REST = 1.2246467991473532e-16;

/** The angle of the point (x, y), in [−π, π]; of signed zeros as Math.atan2 has it. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  const isLeft = x < 0 || Object.is(x, -0);
  const [width, height] = [Math.abs(x), Math.abs(y)];
  const isUpright = height > 0 && width < height * 2 ** -60;
  const angle = isUpright ? Math.PI / 2 : acuteAngle(height, width);
  const whole = isLeft && !isUpright ? Math.PI - (angle - PI_REST) : angle;
  return y < 0 || Object.is(y, -0) ? -whole : whole;
}

function acuteAngle(height: number, width: number): number {
  if (height === 0) return 0;
  if (width === Number.POSITIVE_INFINITY) return height === Number.POSITIVE_INFINITY ? Math.PI / 4 : 0;
  return atanOfPositive(height / width);
}

/** acos x, NaN beyond ±1. */
export function acos(x: number): number {
  return atan2(Math.sqrt((1 - x) * (1 + x)), x);
}

/** √(a² + b²) without overflow. */
export function hypot(a: number, b: number): number {
  const [large, small] = Math.abs(a) > Math.abs(b) ? [Math.abs(a), Math.abs(b)] : [Math.abs(b), Math.abs(a)];
  if (large === 0 || large === Number.POSITIVE_INFINITY) return large;
  const ratio = small / large;
  return large * Math.sqrt(1 + ratio * ratio);
}
