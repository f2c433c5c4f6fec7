"""Golden values of infinite-width kernels, evaluated with mpmath at high precision.

An independent interpreter of the ntkit network format: it shares no code with the
library and evaluates every kernel straight from its definition or closed form.
Only needs mpmath (gmpy2, when present, makes mpmath faster).

    python golden_mpmath.py --out ../../packages/core/test/golden            # write all files
    python golden_mpmath.py --check                                          # closed forms vs 2-D quadrature

How each number is made sure of
  * closed forms are evaluated at 80 and at 120 digits; both must agree to 1e-30;
  * quadrature (tanh sigmoid softplus silu elu) is done by two different rules that must agree to 1e-20;
  * `--check` compares every closed form with an adaptive 2-D quadrature of E[phi phi], E[phi' phi'].

Notation: u, v centred Gaussians, p = Var u, q = Var v, c = Cov(u, v);
kappa = E[phi(u) phi(v)], kappaDot = E[phi'(u) phi'(v)].
"""

import argparse
import datetime
import json
import math
import os
import platform
import random
from fractions import Fraction

import mpmath
from mpmath import mp, mpf

PRECISIONS = (80, 120)      # decimal digits; the two evaluations of every closed form
AGREE_CLOSED = "1e-30"      # allowed difference between them, relative to sqrt(Kii Kjj)
AGREE_QUADRATURE = "1e-20"  # allowed difference between two quadrature rules
FLUSH = "1e-60"             # relative size below which a value is an exact zero blurred by rounding


# --------------------------------------------------------------------------- duals in closed form

def gap(c, p, q):
    """sqrt(pq - c^2)"""
    return mp.sqrt(max(p * q - c * c, mpf(0)))


def angle(c, p, q):
    """Angle between u and v; pi/2 when a variance is zero (0 <= angle <= pi)."""
    if p == 0 or q == 0:
        return mp.pi / 2
    return mp.atan2(gap(c, p, q), c)


def ab_relu(a, b):
    """phi = a min(x,0) + b max(x,0).
    kappaDot = ab + (a-b)^2 (pi-theta)/(2 pi);  kappa = (a-b)^2/(2 pi) sqrt(pq-c^2) + c kappaDot."""
    def dual(c, p, q):
        dot = a * b + (a - b) ** 2 * (mp.pi - angle(c, p, q)) / (2 * mp.pi)
        return (a - b) ** 2 * gap(c, p, q) / (2 * mp.pi) + c * dot, dot
    return dual


def erf(a, b, shift):
    """phi = a erf(bx) + shift: the arcsine kernel (Williams 1997)."""
    def dual(c, p, q):
        c, p, q = b * b * c, b * b * p, b * b * q
        r = mp.sqrt((1 + 2 * p) * (1 + 2 * q) - 4 * c * c)
        return a * a * 2 / mp.pi * mp.atan2(2 * c, r) + shift ** 2, a * a * b * b * 4 / (mp.pi * r)
    return dual


def sin(a, b, phase):
    """phi = a sin(bx + phase), from E cos(su + tv) = exp(-Var(su + tv)/2)."""
    def dual(c, p, q):
        minus = mp.exp(-b * b * (p + q - 2 * c) / 2)
        plus = mp.cos(2 * phase) * mp.exp(-b * b * (p + q + 2 * c) / 2)
        return a * a / 2 * (minus - plus), a * a * b * b / 2 * (minus + plus)
    return dual


def gelu(c, p, q):
    """phi = x Phi(x)."""
    outer = (1 + p) * (1 + q)
    d = mp.sqrt(outer - c * c)
    at = mp.atan2(c, d)
    kappa = c / 4 + (c * at + (c * c + p * q * d * d) / (outer * d)) / (2 * mp.pi)
    dot = mpf(1) / 4 + at / (2 * mp.pi) + c / (2 * mp.pi * d) * (1 / d ** 2 + (1 - p * q) / outer + 1)
    return kappa, dot


def sign(c, p, q):
    """phi = sign(x); its kappaDot diverges at theta = 0 and is 0 by convention."""
    return (1 - 2 * angle(c, p, q) / mp.pi if p and q else mpf(0)), mpf(0)


def gabor(c, p, q):
    """phi = exp(-x^2) sin x.  With K the covariance and t = (1, +-1):
    E exp(-u^2-v^2+i t.(u,v)) = det(I+2K)^(-1/2) exp(-t' K (I+2K)^(-1) t / 2)."""
    delta = 4 * (p * q - c * c)
    det = 1 + 2 * (p + q) + delta
    ddet = ddelta = -8 * c                                   # d/dc

    def exponent(s):                                         # and its d/dc
        top, dtop = p + q + delta + 2 * s * c, ddelta + 2 * s
        return -top / (2 * det), -dtop / (2 * det) + top * ddet / (2 * det ** 2)
    (em, dm), (ep, dp) = exponent(-1), exponent(+1)
    em, ep = mp.exp(em), mp.exp(ep)
    kappa = (em - ep) / (2 * mp.sqrt(det))
    return kappa, (em * dm - ep * dp) / (2 * mp.sqrt(det)) - kappa * ddet / (2 * det)


def rbf(gamma):
    """phi = sqrt2 sin(sqrt(2 gamma) x + pi/4): kappa = exp(-gamma (p + q - 2c))."""
    def dual(c, p, q):
        kappa = mp.exp(-gamma * (p + q - 2 * c))
        return kappa, 2 * gamma * kappa
    return dual


def gaussian(a, b):
    """phi = a exp(b x^2), b < 0."""
    def dual(c, p, q):
        d = (1 - 2 * b * p) * (1 - 2 * b * q) - 4 * b * b * c * c
        return a * a / mp.sqrt(d), 4 * a * a * b * b * c / d ** mpf("1.5")
    return dual


def exp(a, b):
    """phi = a exp(bx): the moment generating function."""
    def dual(c, p, q):
        kappa = a * a * mp.exp(b * b * ((p + q) / 2 + c))
        return kappa, b * b * kappa
    return dual


def exp_normalized(gamma, shift):
    """No phi: kappa = sqrt(pq) exp(gamma (c/sqrt(pq) + shift)), kappaDot = d kappa/dc (Shankar et al. 2020)."""
    def dual(c, p, q):
        root = mp.sqrt(p * q)
        e = mp.exp(gamma * (c / root + shift))
        return root * e, gamma * e
    return dual


def double_factorial_moment(n):
    """E x^n of a standard normal: (n-1)!! for even n, else 0."""
    return mpf(0) if n % 2 else mp.fac2(n - 1)


def joint_moment(i, j, c, p, q):
    """E[u^i v^j] by Isserlis: choose l pairs across, pair the rest within."""
    total = mpf(0)
    for l in range(i % 2, min(i, j) + 1, 2):
        if (j - l) % 2 == 0:
            total += (mp.binomial(i, l) * mp.binomial(j, l) * mp.factorial(l) * c ** l
                      * double_factorial_moment(i - l) * double_factorial_moment(j - l)
                      * p ** ((i - l) // 2) * q ** ((j - l) // 2))
    return total


def polynomial(coef):
    """phi = sum coef[j] x^j."""
    prime = [j * a for j, a in enumerate(coef)][1:]

    def moment(f, c, p, q):
        return mp.fsum(a * b * joint_moment(i, j, c, p, q)
                       for i, a in enumerate(f) if a for j, b in enumerate(f) if b)

    def dual(c, p, q):
        return moment(coef, c, p, q), moment(prime, c, p, q)
    return dual


def hermite_coef(n):
    """He_n / sqrt(n!): He_{m+1} = x He_m - m He_{m-1}."""
    before, now = [mpf(0)], [mpf(1)]
    for m in range(n):
        after = [mpf(0)] + now
        for j, a in enumerate(before):
            after[j] -= m * a
        before, now = now, after
    return [a / mp.sqrt(mp.factorial(n)) for a in now]


def arc_cosine_terms(n):
    """J_n(theta) = (-1)^n sin^(2n+1) ((1/sin) d/dtheta)^n ((pi-theta)/sin)   (Cho & Saul 2009)
    as {(e, i, j): coefficient} meaning (pi-theta)^e cos^i sin^j, e in {0, 1}."""
    terms = {(1, 0, -1): 1}
    for _ in range(n):
        after = {}
        for (e, i, j), a in terms.items():
            for key, b in (((e - 1, i, j - 1), -e), ((e, i - 1, j), -i), ((e, i + 1, j - 2), j)):
                if b:
                    after[key] = after.get(key, 0) + a * b
        terms = after
    return {(e, i, j + 2 * n + 1): (-1) ** n * a for (e, i, j), a in terms.items() if a}


def arc_cosine(n, c, p, q):
    """E[u_+^n v_+^n] = (pq)^(n/2) J_n(theta) / (2 pi)."""
    if n > 0 and (p == 0 or q == 0):
        return mpf(0)
    theta = angle(c, p, q)
    root = mp.sqrt(p * q)
    cos, si = (c / root, gap(c, p, q) / root) if root else (mpf(0), mpf(1))
    j = mp.fsum(a * (mp.pi - theta) ** e * cos ** i * si ** k for (e, i, k), a in arc_cosine_terms(n).items())
    return root ** n * j / (2 * mp.pi)


def rectified_monomial(n):
    """phi = max(x,0)^n, so kappaDot = n^2 E[u_+^(n-1) v_+^(n-1)]."""
    def dual(c, p, q):
        return arc_cosine(n, c, p, q), (n * n * arc_cosine(n - 1, c, p, q) if n else mpf(0))
    return dual


# --------------------------------------------------------------------------- duals by quadrature

def logistic(x):
    return 1 / (1 + mp.exp(-x))


def phi_tanh(x):
    t = mp.tanh(x)
    return t, 1 - t * t


def phi_sigmoid(x):
    s = logistic(x)
    return s, s * (1 - s)


def phi_softplus(x):
    return (x if x > 0 else mpf(0)) + mp.log1p(mp.exp(-abs(x))), logistic(x)


def phi_silu(x):
    s = logistic(x)
    return x * s, s + x * s * (1 - s)


def phi_elu(x):
    return (x, mpf(1)) if x > 0 else (mp.expm1(x), mp.exp(x))


# phi and the distance of its nearest singularity from the real axis
ANALYTIC = {
    "tanh": (phi_tanh, mp.pi / 2),
    "sigmoid": (phi_sigmoid, mp.pi),
    "softplus": (phi_softplus, mp.pi),
    "silu": (phi_silu, mp.pi),
}
BITS = 170       # fixed-point fraction bits of the lattice sums
REACH = 12       # the normal density beyond is < 1e-31
QUAD_DPS = 50


def fixed(x):
    return int(mp.floor(mp.ldexp(x, BITS)))


def step_for(distance):
    """Trapezoid step with error exp(-2 pi d/h + d^2/2) < e^-62 for a singularity at distance d (all in
    standard deviations); the Gaussian itself allows h = 0.56."""
    return 2 * mp.pi * distance / (62 + distance ** 2 / 2) if distance < 11 else mpf("0.56")


def normal_weights(h, count):
    return [fixed(h * mp.npdf(i * h)) for i in range(-count, count + 1)]


def dot(a, b):
    return sum(map(int.__mul__, a, b))


def line_rule(phi, sp, sq, h):
    """E[phi(sp x) phi(sq x)] and the same for phi', by the trapezoid rule (sq may be negative or 0)."""
    n = int(REACH / h) + 1
    w = normal_weights(h, n)
    left = [phi(sp * i * h) for i in range(-n, n + 1)]
    right = left if sq == sp else [phi(sq * i * h) for i in range(-n, n + 1)]
    return tuple(mp.ldexp(dot(w, [fixed(a[f] * b[f]) for a, b in zip(left, right)]), -2 * BITS) for f in (0, 1))


def mean_rule(phi, scale, h):
    """E[phi(scale x)], E[phi'(scale x)]."""
    n = int(REACH / h) + 1
    w, values = normal_weights(h, n), [phi(scale * i * h) for i in range(-n, n + 1)]
    return tuple(mp.ldexp(dot(w, [fixed(v[f]) for v in values]), -2 * BITS) for f in (0, 1))


def plane_rule(phi, sp, sq, rho, h, hy):
    """The same for u = sp x, v = sq (rho x + s y), on the lattice x = i h, y = k eta/s with eta = |rho| h/m:
    v then takes the values sq eta (i m sign(rho) + k), so phi is tabulated once."""
    s = mp.sqrt(1 - rho * rho)
    m = max(1, int(mp.ceil(abs(rho) * h / (hy * s))))
    eta = abs(rho) * h / m
    nx, ny = int(REACH / h) + 1, int(REACH * s / eta) + 1
    turn = 1 if rho > 0 else -1
    wx, wy = normal_weights(h, nx), normal_weights(eta / s, ny)
    table = {}

    def row(i):
        if m > 2 * ny:                                       # rows do not overlap
            return [[fixed(f) for f in phi(sq * eta * (i * m * turn + k))] for k in range(-ny, ny + 1)]
        if not table:
            reach = nx * m + ny
            for j in range(-reach, reach + 1):
                table[j] = [fixed(f) for f in phi(sq * eta * j)]
            table["list"] = [list(map(list, zip(*(table[j] for j in range(-reach, reach + 1))))), reach]
        return None

    total = [0, 0]
    for i in range(-nx, nx + 1):
        w, mine, u = wx[i + nx], row(i), phi(sp * i * h)
        for f in (0, 1):
            if mine is None:
                columns, reach = table["list"]
                start = i * m * turn - ny + reach
                values = columns[f][start:start + 2 * ny + 1]
            else:
                values = [v[f] for v in mine]
            total[f] += (w * fixed(u[f]) >> BITS) * (dot(wy, values) >> BITS)
    return tuple(mp.ldexp(t, -2 * BITS) for t in total)


def analytic_rule(name, c, p, q, shrink):
    phi, distance = ANALYTIC[name]
    sp, sq = mp.sqrt(p), mp.sqrt(q)
    far = mpf(10) ** 6

    def step(scale):
        return shrink * step_for(distance / scale if scale else far)
    if p == 0 or q == 0 or abs(p * q - c * c) < mpf("1e-40") * p * q:
        turn = -1 if c < 0 else 1
        return line_rule(phi, sp, turn * sq, step(max(sp, sq)))
    rho = c / (sp * sq)
    if abs(rho) < mpf("1e-40"):                              # independent: a product of two lines
        means = [mean_rule(phi, t, step(t)) for t in (sp, sq)]
        return tuple(a * b for a, b in zip(*means))
    assert abs(rho) > mpf("1e-5"), "correlation too small for the lattice"
    s = mp.sqrt(1 - rho * rho)
    return plane_rule(phi, sp, sq, rho, step(max(sp, sq * abs(rho))), step(sq * s))


def elu_given(mean, sd):
    """E[elu(v)], E[elu'(v)] for v ~ N(mean, sd^2), in closed form (complete the square under e^v)."""
    z = mean / sd
    below = mp.exp(mean + sd * sd / 2) * mp.ncdf(-(mean + sd * sd) / sd)
    return mean * mp.ncdf(z) + sd * mp.npdf(z) + below - mp.ncdf(-z), mp.ncdf(z) + below


def elu_rule(c, p, q):
    """Condition on u: a one-dimensional integral in x = u/sqrt(p), split at the kink."""
    sp, sq = mp.sqrt(p), mp.sqrt(q)
    degenerate = p == 0 or q == 0 or abs(p * q - c * c) < mpf("1e-40") * p * q
    turn = -1 if c < 0 else 1
    rho = turn if degenerate else c / (sp * sq)
    s = mpf(0) if degenerate else mp.sqrt(1 - rho * rho)

    def inner(x):
        return phi_elu(turn * sq * x) if degenerate else elu_given(sq * rho * x, sq * s)

    # E[.|u] bends on the scale s/|rho| of x, the exponentials on 1/sp and 1/sq
    bend = [t * s / abs(rho) for t in (1, 3, 6, 10, 14)] if rho else []
    scales = bend + [1 / t for t in (sp, sq) if t] + [mpf(3)]
    cuts = sorted({mpf(0), mpf(REACH), *(t for t in scales if 0 < t < REACH)})
    sums = [mpf(0), mpf(0)]
    for side in (1, -1):
        for lo, hi in zip(cuts, cuts[1:]):
            for x, w in gauss_legendre(lo, hi):
                weight = w * mp.npdf(x)
                for f, (a, b) in enumerate(zip(phi_elu(side * sp * x), inner(side * x))):
                    sums[f] += weight * a * b
    return tuple(sums)


GAUSS = {}


def gauss_legendre(lo, hi, degree=48, pieces=2):
    """Composite Gauss-Legendre nodes and weights on [lo, hi]."""
    if degree not in GAUSS:
        roots = []
        for i in range(degree):
            x = mp.cos(mp.pi * (i + mpf("0.75")) / (degree + mpf("0.5")))
            for _ in range(8):
                before, now = mpf(1), x
                for n in range(2, degree + 1):
                    before, now = now, ((2 * n - 1) * x * now - (n - 1) * before) / n
                slope = degree * (x * now - before) / (x * x - 1)
                x -= now / slope
            roots.append((x, 2 / ((1 - x * x) * slope * slope)))
        GAUSS[degree] = roots
    width = (hi - lo) / pieces
    for piece in range(pieces):
        mid = lo + width * (piece + mpf("0.5"))
        for x, w in GAUSS[degree]:
            yield mid + x * width / 2, w * width / 2


MEMO = {}


def by_quadrature(name):
    """Two rules per value: two lattices (analytic phi), or conditioning on u and on v (elu)."""
    def dual(c, p, q):
        if p > q:
            p, q = q, p
        key = (name, c, p, q)
        if key not in MEMO:
            with mp.workdps(QUAD_DPS):
                if name == "elu":
                    first, second = elu_rule(c, p, q), elu_rule(c, q, p)
                else:
                    first, second = (analytic_rule(name, c, p, q, mpf(s)) for s in ("1", "0.93"))
                for a, b in zip(first, second):
                    assert abs(a - b) <= mpf(AGREE_QUADRATURE) * max(abs(a), min(1, p)), (name, c, p, q, a, b)
                MEMO[key] = first
        return MEMO[key]
    return dual


# --------------------------------------------------------------------------- the network format

QUADRATURE = ("tanh", "sigmoid", "softplus", "silu", "elu")


def num(spec, field, default=None):
    return mpf(spec.get(field, default))


def dual_of(spec):
    """The function (c, p, q) -> (kappa, kappaDot) of an activation layer, or None."""
    kind = spec["type"]
    if kind in QUADRATURE:
        return by_quadrature(kind)
    if kind in ("erf", "sin", "cos"):
        a, b, c = num(spec, "a", 1), num(spec, "b", 1), num(spec, "c", 0)
        return erf(a, b, c) if kind == "erf" else sin(a, b, c + (mp.pi / 2 if kind == "cos" else 0))
    table = {
        "relu": lambda: ab_relu(mpf(0), mpf(1)),
        "abs": lambda: ab_relu(mpf(-1), mpf(1)),
        "leakyRelu": lambda: ab_relu(num(spec, "alpha"), mpf(1)),
        "abRelu": lambda: ab_relu(num(spec, "a"), num(spec, "b")),
        "sigmoidLike": lambda: erf(mpf("0.5"), 1 / mpf("2.4020563531719796"), mpf("0.5")),
        "gelu": lambda: gelu,
        "sign": lambda: sign,
        "gabor": lambda: gabor,
        "rbf": lambda: rbf(num(spec, "gamma")),
        "gaussian": lambda: gaussian(num(spec, "a"), num(spec, "b")),
        "exp": lambda: exp(num(spec, "a"), num(spec, "b")),
        "expNormalized": lambda: exp_normalized(num(spec, "gamma"), num(spec, "shift")),
        "monomial": lambda: polynomial([mpf(0)] * spec["degree"] + [mpf(1)]),
        "polynomial": lambda: polynomial([mpf(a) for a in spec["coef"]]),
        "hermite": lambda: polynomial(hermite_coef(spec["degree"])),
        "rectifiedMonomial": lambda: rectified_monomial(spec["degree"]),
    }
    return table[kind]() if kind in table else None


class State:
    """Kernel of rows x1 with rows x2: K, tangent T, variances q1 and q2, layer width, is x2 x1."""

    def __init__(self, K, T, q1, q2, width, same):
        self.K, self.T, self.q1, self.q2, self.width, self.same = K, T, q1, q2, width, same

    def map(self, entry, variance, width=None):
        """entry(K, T, q1, q2, same sample) -> (K', T'); variance(q) -> q'."""
        pairs = [[entry(k, t, a, b, self.same and i == j)
                  for j, (k, t, b) in enumerate(zip(rk, rt, self.q2))]
                 for i, (rk, rt, a) in enumerate(zip(self.K, self.T, self.q1))]
        return State([[e[0] for e in r] for r in pairs], [[e[1] for e in r] for r in pairs],
                     [variance(q) for q in self.q1], [variance(q) for q in self.q2],
                     self.width if width is None else width, self.same)


def input_state(x1, x2):
    """K = <x, x'>/d, T = 0."""
    same, d = x2 is None, len(x1[0])
    x1 = [[mpf(a) for a in r] for r in x1]
    x2 = x1 if same else [[mpf(a) for a in r] for r in x2]

    def inner(a, b):
        return mp.fsum(s * t for s, t in zip(a, b)) / d
    return State([[inner(a, b) for b in x2] for a in x1], [[mpf(0)] * len(x2) for _ in x1],
                 [inner(a, a) for a in x1], [inner(b, b) for b in x2], d, same)


def dense(spec, s):
    """K' = W^2 K + b^2;  ntk: T' = K' + W^2 T;  standard: T' = N K + W^2 T + [b > 0], N = fan-in."""
    w2, b2 = num(spec, "wStd", 1) ** 2, num(spec, "bStd", 0) ** 2
    standard = spec.get("parameterization", "ntk") == "standard"

    def entry(k, t, a, b, same):
        out = w2 * k + b2
        own = s.width * k + (1 if b2 else 0) if standard else out
        return out, own + w2 * t
    return s.map(entry, lambda q: w2 * q + b2, spec["width"])


def activation(dual, s):
    def entry(k, t, a, b, same):
        kappa, dot_ = dual(k, a, b)
        return kappa, t * dot_
    return s.map(entry, lambda q: dual(q, q, q)[0])


def layer_norm(spec, s):
    eps = num(spec, "eps", 1e-12)

    def entry(k, t, a, b, same):
        scale = mp.sqrt((a + eps) * (b + eps))
        return k / scale, t / scale
    return s.map(entry, lambda q: q / (q + eps))


def dropout(spec, s):
    """Training mode: an input is kept with probability `keep` and divided by it; masks of different samples
    are independent, so only a sample with itself feels it."""
    keep = num(spec, "keep")
    return s.map(lambda k, t, a, b, same: (k / keep, t / keep) if same else (k, t), lambda q: q / keep)


def combine(states, value, tangent, width):
    """value(list), tangent(list of values, list of tangents) applied entrywise over branches."""
    n, m = len(states[0].K), len(states[0].K[0])
    grid = [[([s.K[i][j] for s in states], [s.T[i][j] for s in states]) for j in range(m)] for i in range(n)]
    return State([[value(k) for k, _ in r] for r in grid], [[tangent(k, t) for k, t in r] for r in grid],
                 [value(q) for q in zip(*(s.q1 for s in states))],
                 [value(q) for q in zip(*(s.q2 for s in states))], width, states[0].same)


def fan_in(kind, states):
    if kind == "fanInSum":
        return combine(states, mp.fsum, lambda k, t: mp.fsum(t), states[0].width)
    if kind == "fanInProd":
        def product_rule(k, t):
            return mp.fsum(t[i] * mp.fprod(k[:i] + k[i + 1:]) for i in range(len(k)))
        return combine(states, mp.fprod, product_rule, states[0].width)
    widths = [s.width for s in states]                       # fanInConcat: mean weighted by width

    def mean(values):
        return mp.fsum(w * v for w, v in zip(widths, values)) / sum(widths)
    return combine(states, mean, lambda k, t: mean(t), sum(widths))


def apply_layer(spec, state):
    kind = spec["type"]
    if kind == "serial":
        for layer in spec["layers"]:
            state = apply_layer(layer, state)
        return state
    if kind == "repeat":
        for _ in range(spec["times"]):
            state = apply_layer(spec["layer"], state)
        return state
    if kind == "parallel":
        return [apply_layer(b, s) for b, s in zip(spec["branches"], state, strict=True)]
    if kind == "fanOut":
        return [state] * spec["copies"]
    if kind in ("fanInSum", "fanInProd", "fanInConcat"):
        return fan_in(kind, state)
    if kind == "identity":
        return state
    if kind in ("dense", "layerNorm", "dropout"):
        return {"dense": dense, "layerNorm": layer_norm, "dropout": dropout}[kind](spec, state)
    dual = dual_of(spec)
    if dual is None:
        raise ValueError(f"unknown layer {kind}")
    return activation(dual, state)


def uses_quadrature(network):
    return any(f'"{name}"' in json.dumps(network) for name in QUADRATURE)


def to_double(x):
    """Nearest double, through a decimal string (Python rounds those correctly)."""
    value = float(mp.nstr(x, 45))
    assert math.isfinite(value), "value outside the range of doubles"
    return value


def settle(results, scales, tolerance):
    """The results of the last precision, checked against the first and rounded to doubles."""
    out = []
    for rows in zip(*results, strict=True):
        out.append([])
        for values, scale in zip(zip(*rows, strict=True), scales[len(out) - 1]):
            assert abs(values[0] - values[-1]) <= mpf(tolerance) * scale, values
            out[-1].append(0.0 if abs(values[-1]) <= mpf(FLUSH) * scale else to_double(values[-1]))
    return out


def kernel(network, x1, x2=None):
    """(nngp, ntk) as nested lists of doubles."""
    quad = uses_quadrature(network)
    runs = []
    for dps in (60,) if quad else PRECISIONS:
        with mp.workdps(dps):
            runs.append(apply_layer(network, input_state(x1, x2)))
    with mp.workdps(PRECISIONS[-1]):
        last = runs[-1]
        scale = [[max(mp.sqrt(a * b), abs(k)) for b, k in zip(last.q2, r)] for a, r in zip(last.q1, last.K)]
        tscale = [[max(s, abs(t)) for s, t in zip(rs, rt)] for rs, rt in zip(scale, last.T)]
        tolerance = AGREE_QUADRATURE if quad else AGREE_CLOSED
        return (settle([r.K for r in runs], scale, tolerance), settle([r.T for r in runs], tscale, tolerance))


# --------------------------------------------------------------------------- networks and inputs of the cases

def layer_dense(width=64, w=None, b=None, **more):
    return {"type": "dense", "width": width, **({} if w is None else {"wStd": w}),
            **({} if b is None else {"bStd": b}), **more}


def serial(*layers):
    return {"type": "serial", "layers": list(layers)}


def act(kind, **fields):
    return {"type": kind, **fields}


def mlp(activations, w=1.3, b=0.2, w_out=1.1, b_out=0.15):
    layers = []
    for a in activations:
        layers += [layer_dense(64, w, b or None), a]
    return serial(*layers, layer_dense(1, w_out, b_out or None))


# (activation, kind of growth): bounded or linear growth take rows of any norm, the others need tame ones
ANY, TAME, STEEP = "any", "tame", "steep"
ACTIVATIONS = [
    (act("relu"), ANY), (act("leakyRelu", alpha=0.2), ANY), (act("leakyRelu", alpha=-0.7), ANY),
    (act("abRelu", a=-0.3, b=1.7), ANY), (act("abRelu", a=0.6, b=0.6), ANY), (act("abs"), ANY),
    (act("erf"), ANY), (act("erf", a=0.7, b=1.4, c=0.3), ANY),
    (act("sin"), ANY), (act("sin", a=1.2, b=0.8, c=0.4), ANY),
    (act("cos"), ANY), (act("cos", a=0.9, b=1.3, c=-0.5), ANY),
    (act("sigmoidLike"), ANY), (act("gelu"), ANY), (act("sign"), ANY), (act("gabor"), ANY),
    (act("rbf", gamma=1), ANY), (act("rbf", gamma=0.35), ANY),
    (act("gaussian", a=1, b=-1), ANY), (act("gaussian", a=1.3, b=-0.4), ANY),
    (act("exp", a=1, b=1), STEEP), (act("exp", a=0.8, b=-0.6), STEEP),
    (act("expNormalized", gamma=1, shift=-1), ANY), (act("expNormalized", gamma=0.6, shift=0.2), ANY),
    *[(act("monomial", degree=n), TAME) for n in range(6)],
    *[(act("rectifiedMonomial", degree=n), TAME if n > 1 else ANY) for n in range(5)],
    *[(act("hermite", degree=n), TAME) for n in range(6)],
    (act("polynomial", coef=[0.3, -0.5, 0.2, 0.1]), TAME), (act("polynomial", coef=[0, 1, 0, -0.25, 0, 0.05]), TAME),
    (act("tanh"), ANY), (act("sigmoid"), ANY), (act("softplus"), ANY), (act("silu"), ANY), (act("elu"), ANY),
]


def label(spec):
    fields = ",".join(f"{k}={json.dumps(v, separators=(',', ':'))}" for k, v in spec.items() if k != "type")
    return spec["type"] + (f"({fields})" if fields else "")


def rows(rng, n, d, norms=None):
    """n rows of d doubles with few digits; norms gives the range of the norms, log-uniform."""
    out = []
    for i in range(n):
        r = [rng.gauss(0, 1) for _ in range(d)]
        if norms:
            lo, hi = map(math.log, norms)
            target = math.exp(lo + (hi - lo) * (i + rng.random()) / n)
            size = math.sqrt(sum(a * a for a in r))
            r = [a * target / size for a in r]
        out.append([float(f"{a:.6g}") for a in r])
    return out


def degenerate_rows(rng, d, zero):
    """x, x, -x, (0,) 2x, other"""
    x, other = rows(rng, 2, d)
    out = [x, x, [-a for a in x]] + ([[0.0] * d] if zero else []) + [[2 * a for a in x], other]
    return out


class Cases:
    def __init__(self):
        self.list = []

    def add(self, name, network, x1, x2=None):
        nngp, ntk = kernel(network, x1, x2)
        self.list.append({"name": name, "network": network, "x1": x1, "x2": x2, "nngp": nngp, "ntk": ntk})


def depth_weights(growth):
    return {ANY: (1.3, 0.2), TAME: (0.8, 0.2), STEEP: (0.6, 0.1)}[growth]


def activation_cases(cases, rng):
    for spec, growth in ACTIVATIONS:
        name, slow = label(spec), spec["type"] in QUADRATURE
        cases.add(f"depth 1 {name}", mlp([spec]), rows(rng, 3, 3), rows(rng, 2, 3))
        w, b = depth_weights(growth)
        if not (spec["type"] == "expNormalized" or spec.get("degree", 0) > 3):
            norms = {ANY: (1e-3, 1e3), TAME: (0.1, 3), STEEP: (0.1, 2)}[growth]
            if slow:
                norms = (1e-2, 30)
            cases.add(f"depth 1 {name}, mixed norms", mlp([spec], w, b), rows(rng, 3 if slow else 4, 5, norms))
        degree_too_high = spec.get("degree", 0) > 3 or len(spec.get("coef", [])) > 4
        if not degree_too_high:
            deep = mlp([spec] * 3, w, b)
            cases.add(f"depth 3 {name}", deep, rows(rng, 2, 4), rows(rng, 2, 4))


def degenerate_cases(cases, rng):
    for spec, growth in ACTIVATIONS:
        no_zero = spec["type"] == "expNormalized" or spec == act("rectifiedMonomial", degree=0)
        x = degenerate_rows(rng, 4, not no_zero)
        w = depth_weights(growth)[0]
        cases.add(f"degenerate rows {label(spec)}, no bias", mlp([spec], w, 0, 1.1, 0), x)
        if spec["type"] in ("relu", "erf", "gelu", "abs", "sign", "sin", "leakyRelu", "tanh"):
            cases.add(f"degenerate rows depth 2 {label(spec)}", mlp([spec] * 2, w, 0.1), x)
            cases.add(f"degenerate rows depth 3 {label(spec)}, no bias", mlp([spec] * 3, w, 0, 1.1, 0), x)


def depth_cases(cases, rng):
    families = [(act("relu"), math.sqrt(2)), (act("erf"), 1.4), (act("gelu"), 1.5),
                (act("leakyRelu", alpha=0.1), 1.4), (act("sin"), 1.2)]
    for spec, w in families:
        x1, x2 = rows(rng, 2, 5), rows(rng, 2, 5)
        for depth in range(1, 11):
            for b in (0, 0.1):
                cases.add(f"depth {depth} {label(spec)}, b={b}", mlp([spec] * depth, w, b, w, b), x1, x2)


def structure_cases(cases, rng):
    def residual(*body):
        return [{"type": "fanOut", "copies": 2},
                {"type": "parallel", "branches": [serial(*body), {"type": "identity"}]}, {"type": "fanInSum"}]

    def standard(width, b=None):
        return layer_dense(width, 1.4, b, parameterization="standard")

    def both(name, network, d=4):
        cases.add(f"{name}", network, rows(rng, 3, d))
        cases.add(f"{name}, x2", network, rows(rng, 2, d), rows(rng, 3, d))

    relu, erf_ = act("relu"), act("erf")
    both("dense only", layer_dense(3, 1.3, 0.2))
    both("dense defaults", serial(layer_dense(8), relu, layer_dense(1)))
    both("dense dense", serial(layer_dense(8, 1.3, 0.2), layer_dense(5, 0.9, 0.1)))
    both("dense only, standard", standard(7, 0.3), 6)
    both("standard, bias", serial(standard(32, 0.1), relu, standard(16, 0.2), erf_, standard(8, 0.3), relu, standard(1, 0.1)))
    both("standard, no bias", serial(standard(32), relu, standard(16), act("gelu"), standard(1)), 7)
    both("standard then ntk", serial(standard(20, 0.1), erf_, layer_dense(10, 1.2, 0.1), relu, standard(1, 0.4)))
    both("layerNorm", serial(layer_dense(16, 1.3, 0.2), act("layerNorm"), relu, layer_dense(8, 1.2), act("layerNorm", axis=-1, eps=1e-3), act("gelu"), layer_dense(1)))
    both("layerNorm scaled rows", serial(layer_dense(16, 1.3), act("layerNorm", eps=0.05), relu, layer_dense(1)))
    both("dropout", serial(layer_dense(16, 1.3, 0.2), relu, act("dropout", keep=0.7), layer_dense(8, 1.2, 0.1), erf_, act("dropout", keep=0.9), layer_dense(1, 1.1)))
    both("dropout keep 1", serial(layer_dense(16, 1.3, 0.2), relu, act("dropout", keep=1), layer_dense(1, 1.1)))
    both("residual", serial(layer_dense(16, 1.2, 0.1), *residual(relu, layer_dense(16, 1.1, 0.2)), relu, layer_dense(1)))
    both("residual twice, layerNorm", serial(layer_dense(16), *residual(act("layerNorm"), relu, layer_dense(16, 1.4)),
                                             *residual(act("layerNorm"), act("gelu"), layer_dense(16, 0.7, 0.3)), layer_dense(1)))
    three = {"type": "parallel", "branches": [serial(relu, layer_dense(8, 1.2)), serial(erf_, layer_dense(8, 1.1, 0.3)), {"type": "identity"}]}
    both("fanInSum of three", serial(layer_dense(8, 1.3), {"type": "fanOut", "copies": 3}, three, {"type": "fanInSum"}, act("sin"), layer_dense(1)))
    both("fanInProd of three", serial(layer_dense(8, 1.3), {"type": "fanOut", "copies": 3}, three, {"type": "fanInProd"}, layer_dense(1)))
    gate = {"type": "parallel", "branches": [serial(layer_dense(8, 1.3, 0.1), relu), serial(layer_dense(8, 0.9, 0.2), act("sigmoidLike"))]}
    both("fanInProd gate", serial({"type": "fanOut", "copies": 2}, gate, {"type": "fanInProd"}, layer_dense(1, 1.2, 0.1)))
    for axis in ({}, {"axis": -1}):
        wide = {"type": "parallel", "branches": [serial(layer_dense(8, 1.3, 0.1), relu, layer_dense(5)), serial(layer_dense(8, 0.9, 0.2), erf_), serial(layer_dense(20, 1.5), act("abs"))]}
        both(f"fanInConcat widths 5 8 20 {axis}", serial({"type": "fanOut", "copies": 3}, wide, {"type": "fanInConcat", **axis}, layer_dense(1, 1.2, 0.1)))
        both(f"fanInConcat then standard {axis}", serial({"type": "fanOut", "copies": 3}, wide, {"type": "fanInConcat", **axis}, standard(12, 0.1), relu, standard(1)))
    skip = {"type": "parallel", "branches": [{"type": "identity"}, serial(layer_dense(9, 1.1), relu, layer_dense(11))]}
    both("fanInConcat with the input", serial({"type": "fanOut", "copies": 2}, skip, {"type": "fanInConcat"}, layer_dense(1)), 5)
    def again(block, times):
        return {"type": "repeat", "layer": block, "times": times}

    block = serial(relu, layer_dense(16, 1.4, 0.1))          # keeps the width, as neural-tangents asks
    both("repeat 3", serial(layer_dense(16), again(block, 3), act("gelu"), layer_dense(1)))
    both("repeat 1", serial(layer_dense(16), again(block, 1), relu, layer_dense(1)))
    both("repeat of residual", serial(layer_dense(16), again(serial(*residual(relu, layer_dense(16, 0.8, 0.1))), 4), relu, layer_dense(1)))
    both("repeat standard", serial(standard(16), again(serial(erf_, standard(16, 0.1)), 3), standard(1)), 6)
    both("repeat of repeat", serial(layer_dense(16), again(serial(again(serial(erf_, layer_dense(16, 1.2)), 2), relu, layer_dense(16, 1.1, 0.1)), 2), layer_dense(1)))
    both("nested serial, identity", serial(serial(layer_dense(8, 1.3), act("identity")), serial(serial(relu)), act("identity"), layer_dense(1)))
    both("mixed activations", mlp([relu, erf_, act("gelu"), act("sin"), act("abs")], 1.3, 0.1))
    cases.add("rows of very different norms, relu sqrt2", mlp([relu] * 3, math.sqrt(2), 0, 1, 0), rows(rng, 4, 6, (1e-3, 1e3)))
    cases.add("fanInConcat given dropout", serial(layer_dense(8, 1.3), {"type": "fanOut", "copies": 2},
              {"type": "parallel", "branches": [serial(relu, act("dropout", keep=0.5)), serial(act("gelu"), layer_dense(3))]},
              {"type": "fanInConcat"}, layer_dense(1)), rows(rng, 3, 4))


def kernel_cases():
    cases, rng = Cases(), random.Random(20240229)
    structure_cases(cases, rng)
    depth_cases(cases, rng)
    activation_cases(cases, rng)
    degenerate_cases(cases, rng)
    return cases.list


# --------------------------------------------------------------------------- zero, equal and opposite inputs

def special_row_cases():
    """Each activation, then relu, whose kernel shows the angle that the activation made: of x, x, -x, 0, 2x, other."""
    cases, rng = Cases(), random.Random(11)
    for spec, growth in ACTIVATIONS:
        x = degenerate_rows(rng, 3, spec["type"] != "expNormalized")
        w = depth_weights(growth)[0]
        for b in (0, 0.3):
            cases.add(f"{label(spec)} then relu, b={b}", mlp([spec, act("relu")], w, b, 1, 0), x)
    return cases.list


# --------------------------------------------------------------------------- nearly coinciding inputs

def unit(v):
    size = math.sqrt(sum(a * a for a in v))
    return [a / size for a in v]


def neighbours(rng, x):
    """x + eps t for t perpendicular, radial, random and -x + eps t (perpendicular); eps = 1e-1 ... 1e-8."""
    r = unit([rng.gauss(0, 1) for _ in x])
    radial = unit(x)
    along = sum(a * b for a, b in zip(r, radial))
    perpendicular = unit([a - along * b for a, b in zip(r, radial)])
    out = []
    for base, direction in ((x, perpendicular), (x, radial), (x, r), ([-a for a in x], perpendicular)):
        for k in range(1, 9):
            out.append([a + 10.0 ** -k * b for a, b in zip(base, direction)])
    return out


def near_duplicate_networks():
    root2 = math.sqrt(2)
    relu, sign_, gelu_, erf_ = act("relu"), act("sign"), act("gelu"), act("erf")
    for depth in (1, 2, 3, 5, 10):
        for b in (0, 0.1):
            yield f"relu depth {depth}, b={b}", mlp([relu] * depth, root2, b, 1, b)
    for spec, w in ((act("leakyRelu", alpha=0.2), 1.4), (act("abs"), 1.0), (sign_, 1.1), (gelu_, 1.4), (erf_, 1.4), (act("sin"), 1.2)):
        for depth in (1, 3):
            yield f"{label(spec)} depth {depth}", mlp([spec] * depth, w, 0.1 if depth > 1 else 0)
    for n in (0, 1, 2):
        for depth in (1, 2):
            yield f"rectifiedMonomial {n} depth {depth}", mlp([act("rectifiedMonomial", degree=n)] * depth, 1.1, 0)
    yield "exp depth 1", mlp([act("exp", a=1, b=1)], 1, 0.1)
    yield "exp depth 2", mlp([act("exp", a=1, b=0.5)] * 2, 0.7, 0.1)
    for b in (0, 0.1):
        yield f"erf then relu, b={b}", mlp([erf_, relu], 1.4, b)
        yield f"gelu then sign, b={b}", mlp([gelu_, sign_], 1.4, b)
        yield f"relu then sign then relu, b={b}", mlp([relu, sign_, relu], 1.4, b)
        yield f"sign then relu, b={b}", mlp([sign_, relu], 1.4, b)


def near_duplicate_cases():
    cases, rng = Cases(), random.Random(7)
    for name, network in near_duplicate_networks():
        x = rows(rng, 1, 4)
        cases.add(name, network, x, neighbours(rng, x[0]))
    return cases.list


# --------------------------------------------------------------------------- the angle that gelu makes

def gelu_angle_cases():
    """sqrt(1 - kappa^2/(kappa_p kappa_q)) of nearly parallel rows; 700 digits, as it is 1e-230 at variances of 1e150."""
    out = []
    for p in (1e-6, 0.25, 1.0, 100.0, 1e4, 1e8, 1e13, 1e30, 1e150):
        for ratio, angles in ((1.0, (0, 27, 10, 7)), (1.0625, (0, 27, 10, 7)), (4.0, (0, 27, 10, 7)), (4096.0, (0, 10))):
            for k in angles:
                q, theta = p * ratio, 2.0 ** -k if k else 0.0
                r = math.sqrt(p) * math.sqrt(q)
                c, sine = r * math.cos(theta), r * math.sin(theta)
                with mp.workdps(700):
                    exact_p, exact_q, exact_c = mpf(p), mpf(q), mp.sqrt(mpf(p) * mpf(q) - mpf(sine) ** 2)
                    kappa = gelu(exact_c, exact_p, exact_q)[0]
                    bound = gelu(exact_p, exact_p, exact_p)[0] * gelu(exact_q, exact_q, exact_q)[0]
                    value = mp.sqrt(max(1 - kappa * kappa / bound, mpf(0)))
                    out.append([p, q, c, sine, 0.0 if value < mpf("1e-250") else to_double(value)])
    return out


# --------------------------------------------------------------------------- tables of duals

PAIRS = [(1e-6, 1e-6), (1e-6, 1.0), (1e-6, 100.0), (1e-2, 1e-2), (1e-2, 4.0), (0.3, 0.3), (1.0, 0.3), (0.3, 25.0),
         (1.0, 1.0), (1.0, 4.0), (4.0, 1.0), (25.0, 25.0), (100.0, 4.0), (100.0, 100.0)]
CORRELATIONS = (-1.0, -0.9, -0.3, 0.0, 0.5, 0.99, 0.999999, 1.0)


def dual_points(growth):
    for p, q in PAIRS:
        if growth == STEEP and max(p, q) > 4:
            continue
        for rho in CORRELATIONS:
            c = rho * math.sqrt(p * q)
            excess = Fraction(c) ** 2 - Fraction(p) * Fraction(q)
            if abs(rho) == 1 and excess != 0:                # only where |c| = sqrt(pq) holds in doubles
                continue
            yield c, p, q


def dual_table(spec, growth):
    out = []
    for point in dual_points(growth):
        values = []
        for dps in ((60,) if spec["type"] in QUADRATURE else PRECISIONS):
            with mp.workdps(dps):
                values.append(dual_of(spec)(*map(mpf, point)))
        first, last = values[0], values[-1]
        for a, b in zip(first, last):
            assert abs(a - b) <= mpf(AGREE_CLOSED) * max(abs(b), mpf("1e-12")), (spec, point, a, b)
        floor = mpf(FLUSH) * mp.sqrt(mpf(point[1]) * mpf(point[2]))
        out.append([*point, *(0.0 if abs(v) < floor else to_double(v) for v in last)])
    return out


def dual_cases():
    return [{"activation": spec, "values": dual_table(spec, growth)} for spec, growth in ACTIVATIONS]


# --------------------------------------------------------------------------- special functions

def signed(values):
    return [-v for v in reversed(values)] + [0.0] + list(values)


def special_points():
    tiny = [1e-300, 1e-100, 1e-20, 1e-9, 1e-4]
    erf_at = signed(tiny + [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.476936, 0.5, 0.6, 0.75, 0.84375, 0.9, 1.0, 1.1, 1.25, 1.5,
                            1.75, 2.0, 2.25, 2.5, 2.857, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 5.9])
    erfc_at = signed(tiny + [0.1, 0.25, 0.5, 0.84375, 1.0, 1.25, 2.0, 2.857, 4.0, 5.9])
    erfc_at += [0.3, 0.75, 1.5, 1.75, 2.5, 3.0, 3.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.5, 14.0, 15.0, 16.0, 17.5,
                18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 26.5]
    cdf_at = signed(tiny + [0.1, 0.25, 0.5, 0.67449, 1.0, 1.5, 1.96, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    cdf_at += [-0.8, -1.2, -3.5, -5.5, -9.0, -10.0, -11.0, -12.0, -13.5, -15.0, -17.0, -19.0, -20.0, -22.0, -24.0, -26.0,
               -28.0, -30.0, -32.0, -34.0, -35.0, -36.0, -37.0, -37.5]
    low = [1e-300, 1e-200, 1e-100, 1e-50, 1e-30, 1e-20, 1e-17, 1e-16, 1e-14, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5,
           1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.02, 0.02425, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45,
           0.48, 0.49, 0.499, 0.4999999, 0.5]
    high = [1 - v for v in low if 1 - v not in (1.0, 0.5)]
    return erf_at, sorted(erfc_at), sorted(cdf_at), sorted(low + high)


def inverse_cdf(p):
    """Newton on log Phi from the tail estimate, on the lower half; the upper half by symmetry (1 - p exact)."""
    p = mpf(p)
    if p > mpf("0.5"):
        return -inverse_cdf(1 - p)
    x = -mp.sqrt(-2 * mp.log(2 * p)) if p < mpf("0.4") else (p - mpf("0.5")) * mp.sqrt(2 * mp.pi)
    for _ in range(200):
        phi = mp.ncdf(x)
        move = phi * mp.log(phi / p) / mp.npdf(x)
        x -= move
        if abs(move) < mpf("1e-80"):
            return x
    raise ArithmeticError(p)


def special_cases():
    points = special_points()
    functions = (("erf", mp.erf), ("erfc", mp.erfc), ("normalCdf", mp.ncdf), ("normalCdfInverse", inverse_cdf))
    with mp.workdps(100):
        return [{"function": name, "values": [[x, to_double(f(mpf(x)))] for x in xs]}
                for (name, f), xs in zip(functions, points)]


# --------------------------------------------------------------------------- Taylor coefficients of activations

TAYLOR_AT = (-12.5, -3.1, -0.7, 0.05, 1.3, 6.4)
TAYLOR_ORDER = 8


def taylor_row(spec, x):
    """phi^(k)(x)/k!, k = 0 ... 8, from values of phi alone: mp.taylor takes differences at raised precision. So many
    digits because erf'(12.5) is 1e-68 beside erf = 1; what is below 1e-150 is an exact zero."""
    found = []
    for dps in (200, 240):
        with mp.workdps(dps):
            found.append(mp.taylor(definition_of(spec)[0], mpf(x), TAYLOR_ORDER, chop=False))
    floor = mpf("1e-150") * max(abs(v) for v in found[1])
    for a, b in zip(*found):
        assert abs(a - b) <= mpf(AGREE_CLOSED) * abs(b) + floor, (spec, x, a, b)
    return [x, *(0.0 if abs(v) < floor else to_double(v) for v in found[1])]


def taylor_cases():
    return [{"activation": spec, "values": [taylor_row(spec, x) for x in TAYLOR_AT]}
            for spec, _ in ACTIVATIONS if spec["type"] != "expNormalized"]


# --------------------------------------------------------------------------- closed forms against 2-D quadrature

def definition_of(spec):
    """(phi, phi') straight from the definition of the layer."""
    k = spec["type"]
    if k in QUADRATURE:
        both = phi_elu if k == "elu" else ANALYTIC[k][0]
        return lambda x: both(x)[0], lambda x: both(x)[1]
    g = {f: mpf(v) for f, v in spec.items() if f not in ("type", "degree", "coef")}
    a, b, c = g.get("a", mpf(1)), g.get("b", mpf(1)), g.get("c", mpf(0))
    n = spec.get("degree")
    bell = 2 / mp.sqrt(mp.pi)
    if k in ("relu", "leakyRelu", "abRelu", "abs"):
        a, b = {"relu": (0, 1), "abs": (-1, 1), "leakyRelu": (g.get("alpha"), 1), "abRelu": (a, b)}[k]
        return lambda x: (b if x > 0 else a) * x, lambda x: b if x > 0 else a
    if k in ("monomial", "polynomial", "hermite"):
        coef = {"monomial": lambda: [0] * n + [1], "hermite": lambda: hermite_coef(n), "polynomial": lambda: spec["coef"]}[k]()
        return (lambda x: mp.fsum(mpf(s) * x ** j for j, s in enumerate(coef)),
                lambda x: mp.fsum(mpf(s) * j * x ** (j - 1) for j, s in enumerate(coef) if j))
    if k == "sigmoidLike":
        a, b, c, k = mpf(1) / 2, 1 / mpf("2.4020563531719796"), mpf(1) / 2, "erf"
    r = mp.sqrt(2 * g.get("gamma", mpf(1)))
    return {
        "erf": (lambda x: a * mp.erf(b * x) + c, lambda x: a * b * bell * mp.exp(-b * b * x * x)),
        "sin": (lambda x: a * mp.sin(b * x + c), lambda x: a * b * mp.cos(b * x + c)),
        "cos": (lambda x: a * mp.cos(b * x + c), lambda x: -a * b * mp.sin(b * x + c)),
        "gelu": (lambda x: x * mp.ncdf(x), lambda x: mp.ncdf(x) + x * mp.npdf(x)),
        "sign": (lambda x: mp.sign(x), lambda x: mpf(0)),
        "gabor": (lambda x: mp.exp(-x * x) * mp.sin(x), lambda x: mp.exp(-x * x) * (mp.cos(x) - 2 * x * mp.sin(x))),
        "rbf": (lambda x: mp.sqrt(2) * mp.sin(r * x + mp.pi / 4), lambda x: mp.sqrt(2) * r * mp.cos(r * x + mp.pi / 4)),
        "gaussian": (lambda x: a * mp.exp(b * x * x), lambda x: 2 * a * b * x * mp.exp(b * x * x)),
        "exp": (lambda x: a * mp.exp(b * x), lambda x: a * b * mp.exp(b * x)),
        "rectifiedMonomial": (lambda x: x ** n if x > 0 else mpf(0), lambda x: n * x ** (n - 1) if x > 0 and n else mpf(0)),
    }[k]


def polar_expectation(f, c, p, q):
    """E[f(u) f(v)] in polar coordinates of (x, y): u = sqrt(p) x, v = sqrt(q)(rho x + s y); kinks at 0 are rays."""
    sp, sq = mp.sqrt(p), mp.sqrt(q)
    alpha = mp.acos(c / (sp * sq))                           # v = sqrt(q) r cos(t - alpha)
    rays = sorted(t % (2 * mp.pi) for t in (mp.pi / 2, 3 * mp.pi / 2, alpha + mp.pi / 2, alpha - mp.pi / 2))
    rays.append(rays[0] + 2 * mp.pi)

    def radial(t):
        a, b = sp * mp.cos(t), sq * mp.cos(t - alpha)
        return mp.fsum(w * r * mp.exp(-r * r / 2) * f(a * r) * f(b * r) for r, w in gauss_legendre(mpf(0), mpf(14), 48, 4))
    return mp.fsum(w * radial(t) for lo, hi in zip(rays, rays[1:]) if hi - lo > mpf("1e-20")
                   for t, w in gauss_legendre(lo, hi, 48, 1)) / (2 * mp.pi)


CHECKED_AT = [tuple(map(mpf, t.split())) for t in ("0.35 0.8 0.6", "-0.3 0.5 1.1", "0 0.7 1.2", "0.9 0.9 0.9", "-0.6 0.4 0.9")]


def check_closed_forms():
    """Every dual against the definition; prints the worst relative error of each."""
    mp.dps = 40
    worst_of_all = 0
    for spec, growth in ACTIVATIONS:
        if spec["type"] == "expNormalized":
            continue
        phi, prime = definition_of(spec)
        worst = mpf(0)
        for c, p, q in CHECKED_AT:
            kappa, slope = dual_of(spec)(c, p, q)
            pairs = [(phi, kappa)] + ([] if spec["type"] == "sign" else [(prime, slope)])
            for f, value in pairs:
                truth = polar_expectation(f, c, p, q)
                worst = max(worst, abs(value - truth) / max(abs(truth), mpf("0.01")))
        print(f"{label(spec):48s} {mp.nstr(worst, 3)}", flush=True)
        worst_of_all = max(worst_of_all, worst)
    assert worst_of_all < mpf("1e-20"), worst_of_all


# --------------------------------------------------------------------------- writing

WHAT = {
    "kernels": "nngp and ntk of infinite networks; `network` is the `network` field of a network file; x2 null means x2 = x1",
    "gelu-angle": "rows [p, q, c, sine, sqrt(1 - kappa^2/(kappa_p kappa_q))] of gelu; the sine counts where c is rounded",
    "special-rows": "nngp and ntk of x, x, -x, 0 (not for expNormalized), 2x and another row, through one activation and then relu",
    "near-duplicates": "nngp and ntk of x with x' = x + eps t (t perpendicular, radial, random) and x' = -x + eps t (t perpendicular), eps = 1e-1..1e-8, 8 rows each in that order",
    "duals": "per activation, rows [c, p, q, kappa, kappaDot]: kappa = E phi(u)phi(v), kappaDot = E phi'(u)phi'(v), Var u = p, Var v = q, Cov = c, all exact doubles",
    "special": "rows [x, f(x)]",
    "taylor": "per activation, rows [x, c0, ..., c8]: ck = phi^(k)(x)/k!",
}
MAKERS = {"kernels": kernel_cases, "special-rows": special_row_cases, "near-duplicates": near_duplicate_cases, "duals": dual_cases, "special": special_cases,
          "taylor": taylor_cases, "gelu-angle": gelu_angle_cases}


def header(what, command, versions, digits):
    return {"made by": "bench/peers/" + command.split()[1], "command": command, "versions": versions,
            "date": datetime.date.today().isoformat(), "what": what, "digits": digits}


def write_json(path, head, cases):
    """One case per line."""
    body = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
    with open(path, "w") as f:
        f.write('{"header":' + json.dumps(head) + ',\n"cases":[\n' + body + "\n]}\n")
    print(f"{os.path.basename(path)}: {len(cases)} cases, {os.path.getsize(path)} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", help="folder of the golden files")
    parser.add_argument("--only", choices=MAKERS, action="append")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        check_closed_forms()
    if args.out:
        versions = {"python": platform.python_version(), "mpmath": mpmath.__version__}
        digits = {"taylor": "correctly rounded doubles, checked to 30 digits; values below 1e-150 of the row's largest are written as 0"}
        usual = ("correctly rounded doubles: closed forms checked to 30 digits, quadrature to 20; "
                 "values below 1e-60 of their scale are written as 0")
        for name in args.only or MAKERS:
            head = header(WHAT[name], "python golden_mpmath.py --out ../../packages/core/test/golden", versions,
                          digits.get(name, usual))
            write_json(os.path.join(args.out, f"mpmath-{name}.json"), head, MAKERS[name]())


if __name__ == "__main__":
    main()
