"""Golden values of the special functions of kernel programs: mpmath at 50 digits, correctly rounded, with what rounding took.

    python golden_functions.py --out ../../packages/engine/test/golden/mpmath-functions.json
"""

import argparse
import json
import math
import random

import mpmath
from mpmath import mp, mpf

mp.dps = 50

EXTREME = [5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-160, 1e-30, 1e-17, 1e-16, 1e-9]


def short(x):
    """A float64 whose decimal has at most 6 digits, as its mantissa is no less arbitrary for that."""
    return float(f"{x:.5e}")


def signed(values):
    return [s * x for x in values for s in (1, -1)]


def spread(draw, low, high, count):
    return [short(draw.uniform(low, high)) for _ in range(count)]


def orders(draw, low, high, count):
    return [short(10 ** draw.uniform(low, high)) for _ in range(count)]


def acos_points(draw):
    ends = [1 - 2.0**-k for k in range(1, 54)] + [1 - x for x in orders(draw, -15, -1, 400)]
    return signed([0.0, 0.5, math.nextafter(0.5, 1), 1.0, *EXTREME, *ends, *spread(draw, 0, 1, 500), *orders(draw, -20, 0, 100)])


def exp_points(draw):
    near_halves = [short((k + 0.5) * math.log(2)) for k in range(-60, 60)]
    edges = [709.78, 709.7827, 709.782712893384, 710.0, 1e3, 1e300, -708.3, -708.4, -744.4, -745.1, -745.2, -746.0, -1e3, -1e300]
    return [
        0.0, *signed(EXTREME), *near_halves, *edges, *spread(draw, -1, 1, 600), *spread(draw, -745, 710, 800), *spread(draw, -40, 40, 400),
        *signed(orders(draw, -20, 0, 100)),
    ]


def erf_points(draw):
    return signed([0.0, 1.0, math.nextafter(1, 2), 6.0, 7.0, 30.0, 1e300, *EXTREME, *spread(draw, 0, 1.5, 600), *spread(draw, 1, 6.2, 400), *orders(draw, -20, 0, 100)])


def atan2_points(draw):
    edges = [[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [1.0, 1.0], [1.0, -1.0], [5e-324, 5e-324], [5e-324, 1.0], [1.0, 5e-324]]
    extreme = [[y, x] for y in (1e-300, 1e-160, 1.0, 1e160, 1e300) for x in signed([1e-300, 1e-160, 1.0, 1e160, 1e300])]
    turned = [draw.uniform(0, math.pi) for _ in range(1200)]
    nearly = [base + s for base in (0, math.pi / 4, math.pi / 2, 3 * math.pi / 4) for s in orders(draw, -15, -1, 100)]
    supplements = [[short(s), short(draw.uniform(-2, -1))] for s in orders(draw, -20, -1, 200)]
    scale = lambda: 10 ** draw.uniform(-3, 3)
    circle = [[short(r * math.sin(t)), short(r * math.cos(t))] for t in turned + nearly for r in [scale()]]
    return edges + extreme + circle + supplements + [[float(f"{y:.16e}"), float(f"{x:.16e}")] for y, x in
        ((math.sin(t), math.cos(t)) for t in nearly)]


FUNCTIONS = {
    "atan2": (lambda y, x: mpmath.atan2(y, x), atan2_points),
    "acos": (mpmath.acos, acos_points),
    "exp": (mpmath.exp, exp_points),
    "expm1": (lambda x: mpmath.expm1(x), exp_points),
    "erf": (mpmath.erf, erf_points),
}


def row(function, arguments):
    """[arguments …, rounded value, hundredths of an ulp that the true value lies above it]; infinity as null."""
    exact = function(*(mpf(x) for x in arguments))
    if exact > mpf(2) ** 1024:
        return [*arguments, None, 0]
    value = float(exact)
    if math.isinf(value):
        return [*arguments, None, 0]
    return [*arguments, value, int(mpmath.nint(100 * (exact - mpf(value)) / mpf(math.ulp(value))))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    header = {
        "made by": "bench/peers/golden_functions.py",
        "mpmath": mpmath.__version__,
        "what": "rows [arguments …, value rounded to float64, (true value - value) in hundredths of its ulp]; null: Infinity",
    }
    lines = []
    for name, (function, points) in FUNCTIONS.items():
        arguments = [x if isinstance(x, list) else [x] for x in points(random.Random(3))]
        rows = [json.dumps(row(function, each), separators=(",", ":")) for each in arguments]
        lines.append('{"function":"' + name + '","values":[\n' + ",\n".join(rows) + "]}")
    text = '{"header":' + json.dumps(header) + ',\n"cases":[\n' + ",\n".join(lines) + "\n]}\n"
    with open(parser.parse_args().out, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
