"""Minimax polynomials of the special functions of kernel programs, by Remez' exchange at 60 digits.

Writes packages/engine/src/program/coefficients.ts; each row of FUNCTIONS says what is approximated, where, and how well.

    python minimax_functions.py --out ../../packages/engine/src/program/coefficients.ts
    npx biome check --write ../../packages/engine/src/program/coefficients.ts
"""

import argparse

from mpmath import asin, atan, cos, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, nstr, pi, polyval, sqrt

mp.dps = 60


def remez(f, low, high, degree, weight):
    """Coefficients, ascending, of the polynomial with the least max |weight (polynomial - f)|, and that maximum."""
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (degree + 1)) for i in range(degree + 2)]
    best = None
    for _ in range(12):
        system, values = matrix(degree + 2, degree + 2), matrix(degree + 2, 1)
        for i, x in enumerate(nodes):
            for j in range(degree + 1):
                system[i, j] = x**j
            system[i, degree + 1] = (-1) ** i / weight(x)
            values[i] = f(x)
        solved = lu_solve(system, values)
        coefficients = [solved[j] for j in range(degree + 1)]
        extrema = alternating_extrema(lambda x: weight(x) * (polyval(coefficients[::-1], x) - f(x)), nodes, low, high)
        error = max(abs(value) for _, value in extrema)
        if best is None or error < best[1]:
            best = coefficients, error
        if len(extrema) < degree + 2 or error < abs(solved[degree + 1]) * mpf("1.001"):
            break
        while len(extrema) > degree + 2:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        nodes = [x for x, _ in extrema]
    return best


def rational_remez(f, low, high, degrees, weight):
    """The same for a quotient of two polynomials of those degrees, the second starting with 1: both, and the maximum."""
    m, n = degrees
    count = m + n + 2
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (count - 1)) for i in range(count)]
    best, level = None, mpf(0)
    for _ in range(40):
        # numerator - f denominator = +-level denominator/weight: linear when the level on the right is that of the step before.
        system, values = matrix(count, count), matrix(count, 1)
        for i, x in enumerate(nodes):
            target = f(x) + (-1) ** i * level / weight(x)
            for j in range(m + 1):
                system[i, j] = x**j
            for j in range(1, n + 1):
                system[i, m + j] = -target * x**j
            system[i, count - 1] = -((-1) ** i) / weight(x)
            values[i] = target
        solved = lu_solve(system, values)
        above = [solved[j] for j in range(m + 1)]
        below = [mpf(1)] + [solved[m + j] for j in range(1, n + 1)]
        level += solved[count - 1]
        ratio = lambda x: polyval(above[::-1], x) / polyval(below[::-1], x)
        extrema = alternating_extrema(lambda x: weight(x) * (ratio(x) - f(x)), nodes, low, high)
        error = max(abs(value) for _, value in extrema)
        if best is None or error < best[2]:
            best = above, below, error
        if len(extrema) < count or error < abs(level) * mpf("1.001"):
            break
        while len(extrema) > count:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        nodes = [x for x, _ in extrema]
    return best


def alternating_extrema(error, nodes, low, high):
    """The largest |error| in each run of one sign, on a grid that refines the nodes."""
    ends = [low, *nodes, high]
    grid = [a + (b - a) * k / 12 for a, b in zip(ends, ends[1:]) if b > a for k in range(12)] + [high]
    runs = []
    for x in grid:
        value = error(x)
        if runs and (runs[-1][1] > 0) == (value > 0):
            if abs(value) > abs(runs[-1][1]):
                runs[-1] = (x, value)
        else:
            runs.append((x, value))
    return runs


def arctangent_loss(z):
    """(1 - atan(t)/t)/t^2 at z = t^2."""
    if z < mpf(10) ** -20:
        return mpf(1) / 3 - z / 5
    t = sqrt(z)
    return (1 - atan(t) / t) / z


def arcsine_growth(z):
    """(asin(s)/s - 1)/s^2 at z = s^2."""
    if z < mpf(10) ** -20:
        return mpf(1) / 6 + 3 * z / 40
    s = sqrt(z)
    return (asin(s) / s - 1) / z


def exponential_rest(x):
    """(e^x - 1 - x)/x^2."""
    if abs(x) < mpf(10) ** -20:
        return mpf(1) / 2 + x / 6
    return (expm1(x) - x) / x**2


def error_function_growth(z):
    """erf(x)/x - 1 at z = x^2."""
    if z < mpf(10) ** -25:
        return 2 / sqrt(pi) * (1 - z / 3) - 1
    x = sqrt(z)
    return erf(x) / x - 1


def tail_variable(x):
    return 1 / (x + 2)


def scaled_tail(u):
    """e^(x^2) erfc(x) at u = 1/(x + 2)."""
    x = 1 / u - 2
    return exp(x * x) * erfc(x)


def one(_):
    return mpf(1)


def tail_weight(u):
    x = 1 / u - 2
    return exp(-x * x)


# name, formula as it stands in the file, function, interval, degree, weight of the error
FUNCTIONS = [
    ("ATAN", "(1 − atan(t)/t)/t² in powers of t², 0 ≤ t ≤ 1", arctangent_loss, 0, 1, 19, one),
    ("ASIN", "(asin(s)/s − 1)/s² in powers of s², 0 ≤ s ≤ 1/2", arcsine_growth, 0, mpf(1) / 4, 12, one),
    ("EXP", "(eˣ − 1 − x)/x² in powers of x, |x| ≤ ln(2)/2", exponential_rest, -log(2) / 2, log(2) / 2, 10, one),
    ("ERF", "erf(x)/x − 1 in powers of x², 0 ≤ x ≤ 1", error_function_growth, 0, 1, 11, one),
    ("ERFC", "e^(x²) erfc(x) in powers of 1/(x + 2), 1 ≤ x ≤ 6", scaled_tail, tail_variable(6), tail_variable(1), 11, tail_weight),
]

RATIOS = [
    ("ATAN_RATIO", "(1 − atan(t)/t)/t² in powers of t², 0 ≤ t ≤ 1", arctangent_loss, 0, 1, (5, 6), one),
]

HEADER = """/**
 * Minimax polynomials and quotients of polynomials, coefficients in ascending powers. Written by bench/peers/minimax_functions.py, which computes them at
 * 60 digits; the error named is that before they are rounded to float64.
 */
"""


def listed(coefficients):
    return "[" + ", ".join(repr(float(value)) for value in coefficients) + "]"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out")
    text = HEADER
    for name, formula, f, low, high, degree, weight in FUNCTIONS:
        coefficients, error = remez(f, low, high, degree, weight)
        text += f"\n/** {formula}; error {nstr(error, 2)}. */\nexport const {name}: readonly number[] = {listed(coefficients)};\n"
    for name, formula, f, low, high, degrees, weight in RATIOS:
        above, below, error = rational_remez(f, low, high, degrees, weight)
        text += f"\n/** Numerator and denominator of {formula}; error {nstr(error, 2)}. */\nexport const {name} = {{\n"
        text += f"  numerator: {listed(above)},\n  denominator: {listed(below)},\n}} as const;\n"
    out = parser.parse_args().out
    if out:
        with open(out, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
