"""Golden values of Adam: mpmath at 50 digits, on f(x) = x·w/√d with half the sum of squared errors, and with softmax cross-entropy.

    python golden_adam.py --out ../../packages/core/test/golden/mpmath-adam.json

The update is Algorithm 1 of Kingma and Ba (2015), https://arxiv.org/abs/1412.6980, with its m̂ and v̂ written out.
"""

import argparse
import json
import random

import mpmath
from mpmath import mp, mpf

mp.dps = 50

EARLY = [1, 2, 3, 10, 100]
LATE = [*EARLY, 1000]

# With a short memory the weights jump about the minimum for ever, and what float64 rounds grows: no late steps there.
SETTINGS = [
    ({"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}, LATE),
    ({"learningRate": 0.05, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}, LATE),
    ({"learningRate": 0.02, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.01}, EARLY),
    ({"learningRate": 0.01, "beta1": 0.0, "beta2": 0.99, "epsilon": 1e-8}, EARLY),
]


def outputs(x, w):
    root = mpmath.sqrt(len(w))
    return [[mpmath.fsum(a * w[j][k] for j, a in enumerate(row)) / root for k in range(len(w[0]))] for row in x]


def squared(f, y):
    return [[a - b for a, b in zip(p, q)] for p, q in zip(f, y)]


def softmax(f, y):
    rows = []
    for values, targets in zip(f, y):
        e = [mpmath.exp(value) for value in values]
        total = mpmath.fsum(e)
        rows.append([value / total - target for value, target in zip(e, targets)])
    return rows


LOSSES = {"squared": squared, "softmax": softmax}


def adam(residual, x, y, w, setting, steps):
    """The weights after each of the steps."""
    rate, beta1, beta2, epsilon = (mpf(setting[name]) for name in ("learningRate", "beta1", "beta2", "epsilon"))
    shape = [(j, k) for j in range(len(w)) for k in range(len(w[0]))]
    w = [[mpf(value) for value in row] for row in w]
    m = {at: mpf(0) for at in shape}
    v = {at: mpf(0) for at in shape}
    root = mpmath.sqrt(len(w))
    found = []
    for t in range(1, steps[-1] + 1):
        r = residual(outputs(x, w), y)
        for j, k in shape:
            g = mpmath.fsum(x[i][j] * r[i][k] for i in range(len(x))) / root
            m[j, k] = beta1 * m[j, k] + (1 - beta1) * g
            v[j, k] = beta2 * v[j, k] + (1 - beta2) * g**2
            first = m[j, k] / (1 - beta1**t)
            second = v[j, k] / (1 - beta2**t)
            w[j][k] -= rate * first / (mpmath.sqrt(second) + epsilon)
        if t in steps:
            found.append([float(value) for row in w for value in row])
    return found


def case(draw, loss, setting, steps):
    n, d, k = (5, 3, 1) if loss == "squared" else (6, 3, 3)
    x = [[round(draw.uniform(-2, 2), 3) for _ in range(d)] for _ in range(n)]
    if loss == "squared":
        y = [[round(draw.uniform(-2, 2), 3)] for _ in range(n)]
    else:
        y = [[1.0 if j == i % k else 0.0 for j in range(k)] for i in range(n)]
    w = [[round(draw.gauss(0, 1), 3) for _ in range(k)] for _ in range(d)]
    walked = adam(LOSSES[loss], x, y, w, setting, steps)
    return {"loss": loss, **setting, "x": x, "y": y, "w0": w, "steps": steps, "w": walked}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    draw = random.Random(0)
    cases = [case(draw, loss, *setting) for loss in LOSSES for setting in SETTINGS]
    with open(parser.parse_args().out, "w", encoding="utf8") as file:
        lines = ",\n".join(json.dumps(one) for one in cases)
        header = {"made by": "bench/peers/golden_adam.py", "versions": {"mpmath": mpmath.__version__}}
        file.write(f'{{"header":{json.dumps(header)},\n"cases":[\n{lines}\n]}}\n')


main()
