import * as portable from "./portable.ts";

/**
 * erf x = 2/√π ∫₀ˣ e^{−t²} dt and erfc x = 1 − erf x, for every x, with an error below one unit in the last place:
 * the rational approximations of fdlibm (s_erf.c, Sun Microsystems 1993), one for each range of |x|.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) return size < 2 ** -28 ? x + EFX * x : x + x * ratio(NEAR_ZERO, x * x);
  if (Number.isNaN(x)) return x;
  const value = size < 1.25 ? ERF_ONE + ratio(NEAR_ONE, size - 1) : size < 6 ? 1 - tail(size) : 1;
  return x < 0 ? -value : value;
}

export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) {
    const y = size < 2 ** -56 ? 0 : ratio(NEAR_ZERO, x * x);
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x - 0.5 + x * y);
  }
  if (Number.isNaN(x)) return x;
  if (size < 1.25) {
    const y = ratio(NEAR_ONE, size - 1);
    return x < 0 ? 1 + (ERF_ONE + y) : 1 - ERF_ONE - y;
  }
  if (x < -6) return 2;
  if (x > 28) return 0;
  return x < 0 ? 2 - tail(size) : tail(size);
}

/** erfc x for x ≥ 1.25: e^{−x²}/x times a rational function of 1/x². x² is split so that its rounding
 * does no harm. */
function tail(x: number): number {
  const high = Math.fround(x);
  const y = ratio(x < 1 / 0.35 ? MIDDLE : FAR, 1 / (x * x));
  return (portable.exp(-high * high - 0.5625) * portable.exp((high - x) * (high + x) + y)) / x;
}

/** Coefficients of numerator and denominator, ascending powers. */
type Rational = readonly [readonly number[], readonly number[]];

function ratio([numerator, denominator]: Rational, x: number): number {
  return horner(numerator, x) / horner(denominator, x);
}

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k]!;
  return sum;
}

const EFX = 0.1283791670955126;
const ERF_ONE = 0.8450629115104675;

const NEAR_ZERO: Rational = [
  [0.12837916709551256, -0.3250421072470015, -0.02848174957559851, -0.005770270296489442, -2.3763016656650163e-5],
  [1, 0.39791722395915535, 0.0650222499887673, 0.005081306281875766, 0.00013249473800432164, -3.960228278775368e-6],
];

const NEAR_ONE: Rational = [
  [
    -0.0023621185607526594, 0.41485611868374833, -0.3722078760357013, 0.31834661990116175, -0.11089469428239668,
    0.035478304325618236, -0.002166375594868791,
  ],
  [
    1, 0.10642088040084423, 0.540397917702171, 0.07182865441419627, 0.12617121980876164, 0.01363708391202905,
    0.011984499846799107,
  ],
];

const MIDDLE: Rational = [
  [
    -0.009864944034847148, -0.6938585727071818, -10.558626225323291, -62.375332450326006, -162.39666946257347,
    -184.60509290671104, -81.2874355063066, -9.814329344169145,
  ],
  [
    1, 19.651271667439257, 137.65775414351904, 434.56587747522923, 645.3872717332679, 429.00814002756783,
    108.63500554177944, 6.570249770319282, -0.0604244152148581,
  ],
];

const FAR: Rational = [
  [
    -0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192, -637.5664433683896,
    -1025.0951316110772, -483.5191916086514,
  ],
  [
    1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955, 2553.0504064331644,
    474.52854120695537, -22.44095244658582,
  ],
];
