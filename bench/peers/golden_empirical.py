"""Golden values of finite networks: empirical kernels, expansions, gradients, Hessian products (float64).

    python golden_empirical.py --out ../../packages/core/test/golden

Kernels are those of `nt.empirical_nngp_fn` and `nt.empirical_ntk_fn`, expansions those of `nt.linearize` and
`nt.taylor_expand`, the rest is jax. The network itself is the function `forward` below, written from the formulas of the
ntkit layers, so that the names of the weights are those of ntkit's parameter files.

How each number is made sure of
  * `forward` gives what `nt.stax` gives for the same network and weights;
  * the kernels equal the contraction of explicit Jacobians;
  * everything equals differences of `forward` in 80-digit arithmetic, whose steps are 1e-20: no automatic differentiation.
All to AGREE, relative to the largest entry.
"""

import argparse
import json
import os
import platform
import random

import golden_neural_tangents as peer  # first: it stands in for the TensorFlow bridge and switches float64 on
import golden_mpmath as own
import jax
import mpmath
import neural_tangents as nt
import numpy as np
from golden_mpmath import act, serial
from golden_neural_tangents import to_stax
from jax import numpy as jnp
from mpmath import mp, mpf
from neural_tangents import stax

AGREE = 1e-14
DIGITS = 80
STEP = mpf("1e-20")
peer.TO_STAX["tanh"] = lambda _: stax.Elementwise(jnp.tanh)  # no kernel is asked of it here
LARGEST_FILE = 600_000


# --------------------------------------------------------------------------- the finite network

class Jax:
    array, concatenate, sqrt = jnp.asarray, jnp.concatenate, jnp.sqrt
    erf, erfc, sin, tanh, exp, log = jax.scipy.special.erf, jax.scipy.special.erfc, jnp.sin, jnp.tanh, jnp.exp, jnp.log

    @staticmethod
    def positive(x):
        return jnp.where(x > 0, x, 0)


class Precise:
    """The same in mpmath, on numpy arrays of objects."""
    concatenate = np.concatenate
    sqrt, erf, erfc, sin, tanh, exp, log, array, positive = (np.frompyfunc(f, 1, 1) for f in (
        mp.sqrt, mp.erf, mp.erfc, mp.sin, mp.tanh, mp.exp, mp.log, mpf, lambda x: x if x > 0 else mpf(0)))


ACTIVATIONS = {
    "relu": lambda m, s, x: m.positive(x),
    "leakyRelu": lambda m, s, x: m.positive(x) - s["alpha"] * m.positive(-x),
    "erf": lambda m, s, x: s.get("a", 1) * m.erf(s.get("b", 1) * x) + s.get("c", 0),
    "gelu": lambda m, s, x: x * m.erfc(-x / m.sqrt(m.array(2.0))) / 2,
    "sin": lambda m, s, x: s.get("a", 1) * m.sin(s.get("b", 1) * x + s.get("c", 0)),
    "tanh": lambda m, s, x: m.tanh(x),
}


def child(path, segment):
    return f"{path}.{segment}" if path else str(segment)


def dense(m, spec, params, path, x):
    w, b = params[child(path, "w")], params.get(child(path, "b"))
    standard = spec.get("parameterization") == "standard"
    out = x @ w if standard else x @ w * (spec.get("wStd", 1) / m.sqrt(m.array(float(len(w)))))
    return out if b is None else out + (b if standard else spec["bStd"] * b)


def layer_norm(m, spec, x):
    centred = x - x.mean(-1, keepdims=True)
    return centred / m.sqrt((centred * centred).mean(-1, keepdims=True) + spec.get("eps", 1e-12))


def in_row(m, layers, params, path, x):
    for i, layer in enumerate(layers):
        x = forward(m, layer, params, child(path, i), x)
    return x


def forward(m, spec, params, path, x):
    """Outputs of the network at `path`; branches are a list."""
    rules = {
        "serial": lambda: in_row(m, spec["layers"], params, path, x),
        "repeat": lambda: in_row(m, [spec["layer"]] * spec["times"], params, path, x),
        "parallel": lambda: [forward(m, layer, params, child(path, i), x[i]) for i, layer in enumerate(spec["branches"])],
        "identity": lambda: x,
        "fanOut": lambda: [x] * spec["copies"],
        "fanInSum": lambda: sum(x[1:], x[0]),
        "fanInProd": lambda: x[0] * x[1],
        "fanInConcat": lambda: m.concatenate(x, -1),
        "dense": lambda: dense(m, spec, params, path, x),
        "layerNorm": lambda: layer_norm(m, spec, x),
    }
    return rules[spec["type"]]() if spec["type"] in rules else ACTIVATIONS[spec["type"]](m, spec, x)


def half_sum(m, fx, y):
    return ((fx - y) ** 2).sum() / 2


def cross_entropy(m, fx, y):
    """-sum_i sum_j y_ij log softmax(f_i)_j: a sum over examples, not a mean."""
    return m.log(m.exp(fx).sum(-1)).sum() - (y * fx).sum()


# --------------------------------------------------------------------------- weights

def draw(rng, scale, *shape):
    values = [float(f"{scale * rng.gauss(0, 1):.6g}") for _ in range(int(np.prod(shape)))]
    return np.array(values).reshape(shape)


def draw_weights(rng, spec, path, width):
    """Weights by name, and the width of the output (a list for branches)."""
    if spec["type"] in ("serial", "repeat"):
        layers = spec["layers"] if spec["type"] == "serial" else [spec["layer"]] * spec["times"]
        params = {}
        for i, layer in enumerate(layers):
            more, width = draw_weights(rng, layer, child(path, i), width)
            params.update(more)
        return params, width
    if spec["type"] == "parallel":
        parts = [draw_weights(rng, layer, child(path, i), width[i]) for i, layer in enumerate(spec["branches"])]
        return {name: value for more, _ in parts for name, value in more.items()}, [out for _, out in parts]
    if spec["type"] == "dense":
        standard = spec.get("parameterization") == "standard"
        params = {child(path, "w"): draw(rng, spec.get("wStd", 1) / width**0.5 if standard else 1, width, spec["width"])}
        if spec.get("bStd"):
            params[child(path, "b")] = draw(rng, spec["bStd"] if standard else 1, spec["width"])
        return params, spec["width"]
    widths = {"fanOut": lambda: [width] * spec["copies"], "fanInSum": lambda: width[0], "fanInProd": lambda: width[0],
              "fanInConcat": lambda: sum(width)}
    return {}, widths.get(spec["type"], lambda: width)()


def spelled_out(spec):
    """repeat as serial, whose weights nt.stax does not stack."""
    if spec["type"] == "repeat":
        return serial(*[spelled_out(spec["layer"])] * spec["times"])
    inner = {key: [spelled_out(layer) for layer in spec[key]] for key in ("layers", "branches") if key in spec}
    return {**spec, **inner}


def stax_weights(spec, params, path):
    inner = spec.get("layers") or spec.get("branches")
    if inner:
        return [stax_weights(layer, params, child(path, i)) for i, layer in enumerate(inner)]
    return (params[child(path, "w")], params.get(child(path, "b"))) if spec["type"] == "dense" else ()


# --------------------------------------------------------------------------- values by jax and neural-tangents

AXES = {"trace": {"trace_axes": (-1,), "diagonal_axes": ()}, "diagonal": {"trace_axes": (), "diagonal_axes": (-1,)},
        "full": {"trace_axes": (), "diagonal_axes": ()}}


def empirical_kernels(f, params, x1, x2):
    return {get: {key: kernel(f, **axes)(x1, x2, params) for key, axes in AXES.items()}
            for get, kernel in (("nngp", nt.empirical_nngp_fn), ("ntk", nt.empirical_ntk_fn))}


def derivatives(f, params, displacement, x1, losses):
    moved = {name: params[name] + displacement[name] for name in params}
    out = {"taylor": {"1": nt.linearize(f, params)(moved, x1)}}
    for degree in (2, 3):
        out["taylor"][str(degree)] = nt.taylor_expand(f, params, degree)(moved, x1)
    out["jvp"] = jax.jvp(lambda p: f(p, x1), (params,), (displacement,))[1]
    for key, (loss, y) in losses.items():
        gradient = jax.grad(lambda p: loss(Jax, f(p, x1), y))
        value, product = jax.jvp(gradient, (params,), (displacement,))
        out[key] = {"loss": loss(Jax, f(params, x1), y), "gradient": value, "hessianVectorProduct": product}
    return out


# --------------------------------------------------------------------------- the same, by other ways

def as_float(value):
    return np.asarray(value, dtype=float)


def contracted(rows1, rows2):
    """A kernel in its three forms from [n, o, p] rows."""
    full = np.einsum("iap,jbp->ijab", rows1, rows2)
    diagonal = np.einsum("ijaa->ija", full)
    return {"full": full, "diagonal": diagonal, "trace": diagonal.mean(-1)}


def jacobian(f, params, x):
    parts = jax.jacobian(f)(params, x)
    return np.concatenate([np.asarray(parts[name]).reshape(*f(params, x).shape, -1) for name in params], -1)


def shifted(params, name, at, step):
    values = params[name].copy()
    values.flat[at] += step
    return {**params, name: values}


def along(params, displacement, step):
    return {name: params[name] + step * displacement[name] for name in params}


def precise_values(network, params, displacement, x1, x2, losses):
    """Everything from differences of `forward` in many digits."""
    to_mp = lambda tree: {name: Precise.array(value) for name, value in tree.items()}  # noqa: E731
    p, v, x = to_mp(params), to_mp(displacement), Precise.array(np.concatenate([x1, x2]))
    f = lambda weights: forward(Precise, network, weights, "", x)  # noqa: E731
    base, ahead, n1 = f(p), along(p, v, STEP), len(x1)
    moved = f(ahead)
    value = {key: lambda fx, loss=loss, y=Precise.array(y): loss(Precise, fx[:n1], y) for key, (loss, y) in losses.items()}
    rows, gradients, products = [], {key: {} for key in losses}, {key: {} for key in losses}
    for name in p:
        for at in range(p[name].size):
            there, both = f(shifted(p, name, at, STEP)), f(shifted(ahead, name, at, STEP))
            rows.append((there - base) / STEP)
            for key, of in value.items():
                first = of(there) - of(base)
                gradients[key].setdefault(name, []).append(first / STEP)
                products[key].setdefault(name, []).append((of(both) - of(moved) - first) / STEP**2)
    rows = as_float(np.stack(rows, -1))
    points = [f(along(p, v, k * STEP))[:n1] for k in range(4)]
    differences = [np.array(points)]
    for _ in range(3):
        differences.append(differences[-1][1:] - differences[-1][:-1])
    terms = [d[0] / STEP**k / mp.factorial(k) for k, d in enumerate(differences)]
    shape = lambda tree: {name: as_float(part).reshape(params[name].shape) for name, part in tree.items()}  # noqa: E731
    outputs = as_float(base)[..., None]
    return {
        "outputs1": as_float(base[:n1]), "outputs2": as_float(base[n1:]), "jvp": as_float(terms[1]),
        "nngp": contracted(outputs[:n1], outputs[n1:]), "ntk": contracted(rows[:n1], rows[n1:]),
        "taylor": {str(k): as_float(sum(terms[1:k + 1], terms[0])) for k in (1, 2, 3)},
        **{key: {"loss": as_float(of(base)), "gradient": shape(gradients[key]), "hessianVectorProduct": shape(products[key])}
           for key, of in value.items()},
    }


def flat(tree, path=""):
    if not isinstance(tree, dict):
        return {path: np.asarray(tree)}
    return {at: value for key, part in tree.items() for at, value in flat(part, f"{path}/{key}").items()}


def group(path):
    """Arrays that make up one vector, such as the gradients of all weights, which have a dot in their names."""
    return path.rsplit("/", 1)[0] if "." in path else path


def assert_close(name, got, want):
    """The largest difference, relative to the largest entry of the vector or kernel."""
    a, b = flat(got), flat(want)
    scales = {}
    for at, value in b.items():
        scales[group(at)] = max(scales.get(group(at), 0.0), np.abs(value).max())
    worst = 0.0
    for at, value in b.items():
        assert a[at].shape == value.shape, f"{name}: {at} has shape {a[at].shape}, not {value.shape}"
        error = np.abs(a[at] - value).max() / (scales[group(at)] or 1)
        assert error <= AGREE, f"{name}: {at} differs by {error:.2e}"
        worst = max(worst, error)
    return worst


# --------------------------------------------------------------------------- cases

def layer(width, w=1.3, b=0.0, standard=False):
    spec = {"type": "dense", "width": width, "wStd": w}
    if b:
        spec["bStd"] = b
    return {**spec, "parameterization": "standard"} if standard else spec


def deep(activations, widths, outputs, b=0.0, standard=False):
    hidden = [part for phi, width in zip(activations, widths) for part in (layer(width, 1.4, b, standard), phi)]
    return serial(*hidden, layer(outputs, 1.1, b, standard))


def branches(*parts):
    return {"type": "fanOut", "copies": len(parts)}, {"type": "parallel", "branches": list(parts)}


def residual(phi, width, b=0.0, standard=False):
    return (*branches({"type": "identity"}, serial(phi, layer(width, 1.2, b, standard))), {"type": "fanInSum"})


def networks():
    """name, network, inputs"""
    norm = {"type": "layerNorm"}
    yield "depth 0, bias", serial(layer(3, 1.2, 0.4)), 4
    yield "depth 0, standard, bias", serial(layer(2, 1.2, 0.4, True)), 3
    yield "depth 1 relu, one output", deep([act("relu")], [9], 1, 0.2), 3
    yield "depth 2 erf, no bias", deep([act("erf")] * 2, [7, 6], 2), 4
    yield "depth 3 gelu, bias", deep([act("gelu")] * 3, [8, 6, 5], 3, 0.3), 5
    yield "depth 2 sin with a, b, c, standard", deep([act("sin", a=1.2, b=0.8, c=0.3)] * 2, [6, 5], 2, 0.0, True), 2
    yield "depth 2 tanh, standard, bias", deep([act("tanh")] * 2, [8, 7], 3, 0.3, True), 4
    yield "depth 6 erf with a, b, c, bias", deep([act("erf", a=1.1, b=0.9, c=0.1)] * 6, [4, 5, 4, 3, 5, 4], 2, 0.1), 2
    yield "depth 1 tanh, 16 wide, one output, standard", deep([act("tanh")], [16], 1, 0.0, True), 5
    yield "residual blocks, gelu", serial(layer(6, 1.3, 0.1), *residual(act("gelu"), 6, 0.2), *residual(act("tanh"), 6), act("erf"),
                                          layer(2)), 3
    yield "residual block, relu, standard", serial(layer(5, 1.3, 0.1, True), *residual(act("relu"), 5, 0.2, True), act("relu"),
                                                   layer(2, 1.1, 0.0, True)), 4
    yield "fanInProd", serial(*branches(serial(layer(5, 1.2, 0.2), act("erf")), layer(5, 1.1, 0.3)), {"type": "fanInProd"},
                              layer(2, 1.2, 0.1)), 3
    yield "fanInConcat", serial(*branches(serial(layer(4), act("relu")), {"type": "identity"},
                                          serial(layer(3, 1.2, 0.2), act("sin"))),
                                {"type": "fanInConcat", "axis": -1}, layer(6, 1.2, 0.1), act("tanh"), layer(3)), 3
    yield "layerNorm, leakyRelu", serial(layer(8, 1.3, 0.2), norm, act("leakyRelu", alpha=0.1), layer(3, 1.1, 0.1)), 4
    yield "layerNorm twice, eps 0.01, standard", serial(
        layer(6, 1.3, 0.0, True), {**norm, "eps": 0.01}, act("gelu"), layer(5, 1.3, 0.2, True), {**norm, "eps": 0.01},
        act("tanh"), layer(2, 1.1, 0.0, True)), 3
    yield "repeat, in a branch and alone", serial(
        layer(4, 1.2, 0.2), {"type": "repeat", "layer": serial(act("erf"), layer(4, 1.3, 0.1)), "times": 3},
        *branches({"type": "repeat", "layer": layer(4, 0.9), "times": 2}, serial(act("gelu"), layer(4))),
        {"type": "fanInSum"}, layer(2)), 2


def soft_targets(rng, outputs):
    """Two classes, then two distributions."""
    rows = [[float(j == i % outputs) for j in range(outputs)] for i in range(2)]
    for _ in range(2):
        parts = [rng.randrange(1, 9) for _ in range(outputs - 1)]
        rows.append([part / (8 * outputs) for part in parts] + [1 - sum(parts) / (8 * outputs)])
    return np.array(rows)


def make_case(rng, name, network, inputs):
    params, outputs = draw_weights(rng, network, "", inputs)
    displacement = {key: draw(rng, 0.3 * np.std(value), *value.shape) for key, value in params.items()}
    x1, x2 = draw(rng, 1, 4, inputs), draw(rng, 1, 3, inputs)
    losses = {"halfSum": (half_sum, draw(rng, 1, 4, outputs))}
    if outputs > 1:
        losses["crossEntropy"] = (cross_entropy, soft_targets(rng, outputs))
    f = lambda p, x: forward(Jax, network, p, "", x)  # noqa: E731
    weights = {key: jnp.asarray(value) for key, value in params.items()}
    values = {"outputs1": f(weights, x1), "outputs2": f(weights, x2), **empirical_kernels(f, weights, x1, x2),
              **derivatives(f, weights, displacement, x1, losses)}
    plain = spelled_out(network)
    by_stax = to_stax(plain)[1](stax_weights(plain, weights, ""), x1)
    errors = [assert_close(name, values, {"outputs1": by_stax}),
              assert_close(name, values, {"ntk": contracted(jacobian(f, weights, x1), jacobian(f, weights, x2))}),
              assert_close(name, values, precise_values(network, params, displacement, x1, x2, losses))]
    print(f"{name}: nt.stax {errors[0]:.0e}, Jacobians {errors[1]:.0e}, {DIGITS} digits {errors[2]:.0e}", flush=True)
    for key, (_, y) in losses.items():
        values[key]["targets"] = y
    return {"name": name, "network": network, "params": nested(params), "displacement": nested(displacement),
            "x1": nested(x1), "x2": nested(x2), **nested(values)}


def nested(tree):
    return {key: nested(part) for key, part in tree.items()} if isinstance(tree, dict) else np.asarray(tree).tolist()


WHAT = ("finite networks with the weights `params`, named as in a parameter file: outputs1 = f(x1), outputs2 = f(x2); nngp and "
        "ntk of (x1, x2) for trace_axes (-1) as `trace` [n1, n2], the mean over outputs, for diagonal_axes (-1) as `diagonal` "
        "[n1, n2, o], for neither as `full` [n1, n2, o, o]; on x1: taylor[k] is the expansion of degree k at params, taken at "
        "params + displacement, jvp the derivative along displacement; halfSum is sum (f - y)^2 / 2, crossEntropy is "
        "-sum y log softmax(f), each with its gradient and Hessian-vector product along displacement")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="folder of the golden files")
    args = parser.parse_args()
    mp.dps = DIGITS
    rng = random.Random(2026)
    cases = [make_case(rng, *row) for row in networks()]
    versions = {"python": platform.python_version(), "neural-tangents": nt.__version__, "jax": jax.__version__,
                "numpy": peer.np.__version__, "mpmath": mpmath.__version__}
    head = own.header(WHAT, "python golden_empirical.py --out ../../packages/core/test/golden", versions,
                      f"float64 arithmetic; {AGREE} of the largest entry, by differences in {DIGITS}-digit arithmetic")
    path = os.path.join(args.out, "neural-tangents-empirical.json")
    own.write_json(path, head, cases)
    assert os.path.getsize(path) < LARGEST_FILE, os.path.getsize(path)
    json.load(open(path))


if __name__ == "__main__":
    main()
