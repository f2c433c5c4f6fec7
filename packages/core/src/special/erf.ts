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
  return (Math.exp(-high * high - 0.5625) * Math.exp((high - x) * (high + x) + y)) / x;
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

const EFX = 1.28379167095512586316e-1;
const ERF_ONE = 8.4506291151046752929687500e-1;

const NEAR_ZERO: Rational = [
  [
    1.28379167095512558561e-1, -3.25042107247001499370e-1, -2.84817495755985104766e-2, -5.77027029648944159157e-3,
    -2.37630166566501626084e-5,
  ],
  [
    1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3, 1.32494738004321644526e-4,
    -3.96022827877536812320e-6,
  ],
];

const NEAR_ONE: Rational = [
  [
    -2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1,
    -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.16637559486879084300e-3,
  ],
  [
    1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1,
    1.36370839120290507362e-2, 1.19844998467991074170e-2,
  ],
];

const MIDDLE: Rational = [
  [
    -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1,
    -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592,
  ],
  [
    1, 1.96512716674392571292e1, 1.37657754143519042600e2, 4.34565877475229228821e2, 6.45387271733267880336e2,
    4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2,
  ],
];

const FAR: Rational = [
  [
    -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2,
    -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2,
  ],
  [
    1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3,
    2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1,
  ],
];
