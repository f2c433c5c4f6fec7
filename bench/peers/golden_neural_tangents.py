"""Golden values from neural-tangents 0.6.5 (float64), the reference library of the field.

    python golden_neural_tangents.py --out ../../packages/core/test/golden

The environment is pinned in requirements.txt. neural-tangents imports its TensorFlow bridge
(`neural_tangents.experimental`) unconditionally; the bridge is not used here, so an empty module
stands in for it below and TensorFlow and tf2jax need not be installed.

Every network is written in the ntkit format and translated to `nt.stax` by `to_stax`. Networks on
plain rows are also evaluated by golden_mpmath.py and the two must agree to 1e-12 relative to
sqrt(Kii Kjj), or 1e-7 on the diagonal of kinked activations; the posteriors of the predict file are recomputed from the mpmath kernels.
"""

import argparse
import json
import os
import platform
import random
import sys
import types
import warnings

stand_in = types.ModuleType("neural_tangents.experimental")
sys.modules["neural_tangents.experimental"] = stand_in

import jax  # noqa: E402
import numpy as np  # noqa: E402

jax.config.update("jax_enable_x64", True)
warnings.filterwarnings("ignore")

import neural_tangents as nt  # noqa: E402
from neural_tangents import stax  # noqa: E402
from mpmath import mp, mpf  # noqa: E402

import golden_mpmath as own  # noqa: E402
from golden_mpmath import act, layer_dense, mlp, serial  # noqa: E402

TOLERANCE = 1e-12
# sqrt(pq - c^2) loses half the digits in neural-tangents where two inputs coincide, that is on the diagonal
TOLERANCE_COINCIDING = 1e-7
BENT = ("relu", "leakyRelu", "abRelu", "abs", "sign", "rectifiedMonomial", "RELU", "ABS")


def accuracy(network, x2):
    """What the values of a case are good for, relative to sqrt(Kii Kjj)."""
    bent = any(f'"{name}"' in json.dumps(network) for name in BENT)
    return TOLERANCE_COINCIDING if bent and x2 is None else TOLERANCE


# --------------------------------------------------------------------------- ntkit format -> nt.stax

def weights(spec):
    """W_std, b_std and parameterization; a missing or zero bStd is no bias at all."""
    return {"W_std": spec.get("wStd", 1.0), "b_std": spec.get("bStd") or None,
            "parameterization": spec.get("parameterization", "ntk")}


def window(spec):
    fields = {"padding": spec.get("padding", "VALID")}
    if "strides" in spec:
        fields["strides"] = tuple(spec["strides"])
    return fields


def convolution(layer):
    return lambda s: layer(s["channels"], tuple(s["filter"]), **window(s), **weights(s))


def pooling(layer):
    return lambda s: layer(tuple(s["window"]), **window(s))


def attention(s):
    return stax.GlobalSelfAttention(
        n_chan_out=s["channels"], n_chan_key=s["keyChannels"], n_chan_val=s["valueChannels"], n_heads=s["heads"],
        linear_scaling=s["linearScaling"], attention_mechanism=s["mechanism"],
        W_key_std=s["wKeyStd"], W_value_std=s["wValueStd"], W_query_std=s["wQueryStd"], W_out_std=s["wOutStd"],
        b_std=s.get("bStd") or None)


def spatial_index(s):
    """index: per spatial axis an integer or [start, stop, step]."""
    return stax.Index((slice(None), *(slice(*i) if isinstance(i, list) else i for i in s["index"])))


def abc(layer):
    return lambda s: layer(s.get("a", 1), s.get("b", 1), s.get("c", 0))


TO_STAX = {
    "serial": lambda s: stax.serial(*map(to_stax, s["layers"])),
    "parallel": lambda s: stax.parallel(*map(to_stax, s["branches"])),
    "repeat": lambda s: stax.repeat(to_stax(s["layer"]), s["times"]),
    "identity": lambda s: stax.Identity(),
    "fanOut": lambda s: stax.FanOut(s["copies"]),
    "fanInSum": lambda s: stax.FanInSum(),
    "fanInProd": lambda s: stax.FanInProd(),
    "fanInConcat": lambda s: stax.FanInConcat(s.get("axis", -1)),
    "dense": lambda s: stax.Dense(s["width"], **weights(s)),
    "conv": convolution(stax.Conv),
    "convTranspose": convolution(stax.ConvTranspose),
    "convLocal": convolution(stax.ConvLocal),
    "avgPool": pooling(stax.AvgPool),
    "sumPool": pooling(stax.SumPool),
    "globalAvgPool": lambda s: stax.GlobalAvgPool(),
    "globalSumPool": lambda s: stax.GlobalSumPool(),
    "flatten": lambda s: stax.Flatten(),
    "layerNorm": lambda s: stax.LayerNorm(s.get("axis", -1), s.get("eps", 1e-12)),
    "dropout": lambda s: stax.Dropout(float(s["keep"]), mode="train"),
    "attention": attention,
    "aggregate": lambda s: stax.Aggregate(),
    "imageResize": lambda s: stax.ImageResize((-1, *s["shape"], -1), s["method"]),
    "index": spatial_index,
    "relu": lambda s: stax.Relu(),
    "leakyRelu": lambda s: stax.LeakyRelu(s["alpha"]),
    "abRelu": lambda s: stax.ABRelu(s["a"], s["b"]),
    "abs": lambda s: stax.Abs(),
    "erf": abc(stax.Erf), "sin": abc(stax.Sin), "cos": abc(stax.Cos),
    "sigmoidLike": lambda s: stax.Sigmoid_like(),
    "gelu": lambda s: stax.Gelu(),
    "sign": lambda s: stax.Sign(),
    "gabor": lambda s: stax.Gabor(),
    "rbf": lambda s: stax.Rbf(s["gamma"]),
    "gaussian": lambda s: stax.Gaussian(s["a"], s["b"]),
    "exp": lambda s: stax.Exp(s["a"], s["b"]),
    "expNormalized": lambda s: stax.ExpNormalized(s["gamma"], s["shift"]),
    "monomial": lambda s: stax.Monomial(s["degree"]),
    "rectifiedMonomial": lambda s: stax.RectifiedMonomial(s["degree"]),
    "hermite": lambda s: stax.Hermite(s["degree"]),
    "polynomial": lambda s: stax.Polynomial(s["coef"]),
}


def to_stax(spec):
    return TO_STAX[spec["type"]](spec)


# --------------------------------------------------------------------------- cases

def evaluate(network, x1, x2, **keywords):
    k = to_stax(network)[2](np.array(x1), None if x2 is None else np.array(x2), ("nngp", "ntk"), **keywords)
    nngp, ntk = np.asarray(k.nngp), np.asarray(k.ntk)
    assert nngp.ndim == 2 and nngp.dtype == np.float64, nngp.shape
    return nngp, ntk


def errors_against_mpmath(network, x1, x2, kernels):
    """Largest difference of (nngp, ntk) from golden_mpmath.py relative to sqrt(Kii Kjj), with the entry."""
    out = []
    for which, theirs in enumerate(kernels):
        ours = np.array(own.kernel(network, x1, x2)[which])
        a, b = (np.array([own.kernel(network, [r])[which][0][0] for r in x]) for x in (x1, x2 or x1))
        scale = np.sqrt(np.outer(a, b))
        error = np.abs(ours - theirs) / np.where(scale > 0, scale, 1)
        out.append((np.max(error), tuple(map(int, np.unravel_index(np.argmax(error), error.shape)))))
    return out


class Cases:
    def __init__(self):
        self.list, self.compared, self.remarks = [], 0, []

    def add(self, name, network, x1, x2=None, keep=True, **pattern):
        """One case; `keep=False` only compares it with mpmath."""
        keywords = {"pattern": tuple(map(np.array, pattern.values()))} if pattern else {}
        try:
            nngp, ntk = evaluate(network, x1, x2, **keywords)
        except (ValueError, TypeError, IndexError, NotImplementedError) as error:
            self.remarks.append(f"{name}: {type(error).__name__} {str(error)[:150]}; left out")
            return
        if not (np.isfinite(nngp).all() and np.isfinite(ntk).all()):
            self.remarks.append(f"{name}: neural-tangents is not finite; left out")
            return
        good_for = accuracy(network, x2)
        if np.ndim(x1) == 2:                                 # plain rows: mpmath knows every layer
            self.compare(name, good_for, errors_against_mpmath(network, x1, x2, (nngp, ntk)), keep)
        if keep:
            self.list.append({"name": name, "network": network, "x1": x1, "x2": x2, **pattern, "accuracy": good_for,
                              "nngp": nngp.tolist(), "ntk": ntk.tolist()})

    def compare(self, name, good_for, errors, must_agree):
        for what, (error, entry) in zip(("nngp", "ntk"), errors):
            self.compared += 1
            if not error <= TOLERANCE:
                self.remarks.append(f"{name}: {what} differs by {error:.2e} of sqrt(Kii Kjj) at {entry}")
            assert error <= good_for or not must_agree, (name, what, error)


def images(rng, n, *shape):
    def block(dims):
        return [block(dims[1:]) for _ in range(dims[0])] if dims else float(f"{rng.gauss(0, 1):.5g}")
    return block((n, *shape))


ACTIVATIONS = [spec for spec, _ in own.ACTIVATIONS if spec["type"] not in own.QUADRATURE]
SHAKY = ("rectifiedMonomial",)                              # NaN where inputs coincide: only x1 against other rows


def activation_cases(cases, rng):
    for spec in ACTIVATIONS:
        if spec["type"] == "hermite":
            continue
        name, high = own.label(spec), spec.get("degree", 0) > 3
        w, b = (0.8, 0.2) if "degree" in spec or spec["type"] in ("exp", "polynomial") else (1.3, 0.2)
        x1, x2 = own.rows(rng, 4, 3), own.rows(rng, 3, 3)
        cases.add(f"depth 1 {name}, x2", mlp([spec], w, b), x1, x2)
        if spec["type"] in SHAKY:
            continue
        cases.add(f"depth 1 {name}", mlp([spec], w, b), own.rows(rng, 4, 5))
        if not high:
            cases.add(f"depth 2 {name}", mlp([spec] * 2, w, b), own.rows(rng, 4, 4))


def hermite_cases(cases, rng):
    """neural-tangents wants unit variances: rows of norm sqrt(d), W = 1, no bias."""
    def sphere(n, d):
        return [[a * d ** 0.5 for a in own.unit(r)] for r in own.rows(rng, n, d)]
    for degree in range(6):
        network = mlp([act("hermite", degree=degree)], 1, 0)
        cases.add(f"hermite {degree}", network, sphere(4, 5))
        cases.add(f"hermite {degree}, x2", network, sphere(4, 3), sphere(3, 3))


def depth_cases(cases, rng):
    for spec, w in ((act("relu"), 2 ** 0.5), (act("erf"), 1.4), (act("gelu"), 1.5), (act("sin"), 1.2), (act("abs"), 1.0)):
        for depth in (3, 4):
            for b in (0, 0.1):
                cases.add(f"depth {depth} {spec['type']}, b={b}", mlp([spec] * depth, w, b, 1, b), own.rows(rng, 4, 6))
    cases.add("depth 4 mixed, x2", mlp([act("relu"), act("erf"), act("gelu"), act("sin")]), own.rows(rng, 6, 8), own.rows(rng, 4, 8))


class Elsewhere:
    """Stands in for the case list of golden_mpmath.py, so that its cases go to neural-tangents."""

    def __init__(self, cases, keep):
        self.cases, self.keep = cases, keep

    def add(self, name, network, x1, x2=None):
        if not own.uses_quadrature(network) and '"hermite"' not in json.dumps(network):
            self.cases.add(name, network, x1, x2, keep=self.keep)


def structure_cases(cases, rng):
    own.structure_cases(Elsewhere(cases, True), rng)


def degenerate_comparisons(cases, rng):
    """Coinciding, antipodal and zero rows: compared with mpmath, not kept."""
    own.degenerate_cases(Elsewhere(cases, False), rng)


def conv(channels=6, size=(3, 3), padding="SAME", kind="conv", w=1.3, b=0.2, **more):
    return {"type": kind, "channels": channels, "filter": list(size), "padding": padding, "wStd": w, "bStd": b, **more}


def image_cases(cases, rng):
    flat, relu, erf, pool, head = act("flatten"), act("relu"), act("erf"), act("globalAvgPool"), layer_dense(1, 1.1, 0.15)

    def both(name, shape, *layers, n=(3, 2)):
        for end, tail in (("flatten", flat), ("globalAvgPool", pool)):
            net = serial(*layers, tail, head)
            cases.add(f"{name}, {end}", net, images(rng, n[0], *shape))
            cases.add(f"{name}, {end}, x2", net, images(rng, 2, *shape), images(rng, n[1], *shape))

    both("flatten only", (3, 4, 2), conv(size=(1, 1)))
    for padding in ("SAME", "VALID", "CIRCULAR"):
        for strides in (None, [2, 1]):
            more = {} if strides is None else {"strides": strides}
            tag = f"{padding} strides {strides or [1, 1]}"
            both(f"conv {tag}", (4, 5, 2), conv(padding=padding, size=(3, 2), **more), relu)
            both(f"convTranspose {tag}", (3, 4, 2), conv(padding=padding, kind="convTranspose", size=(2, 3), **more), relu)
            both(f"convLocal {tag}", (4, 5, 2), conv(padding=padding, kind="convLocal", size=(2, 3), **more), relu, conv(4))
            for kind in ("avgPool", "sumPool"):
                both(f"{kind} {tag}", (5, 4, 2), conv(), erf, act(kind, window=[2, 2], padding=padding, **more))
    both("conv twice", (4, 4, 3), conv(), relu, conv(padding="VALID", w=1.2), erf)
    both("conv 1-D", (6, 2), conv(size=(3,)), relu, conv(size=(2,), strides=[2]), act("gelu"))
    both("conv 1-D circular", (5, 3), conv(size=(3,), padding="CIRCULAR"), relu)
    both("conv no bias", (4, 4, 2), conv(b=0), act("sin"))
    both("conv standard", (4, 4, 2), conv(parameterization="standard"), relu, conv(5, parameterization="standard"), erf)
    both("dense per position", (3, 3, 2), layer_dense(7, 1.2, 0.1), relu, layer_dense(6, 1.1, 0.3))
    both("layerNorm channels", (3, 4, 2), conv(), act("layerNorm", axis=-1), relu)
    both("layerNorm all but batch", (3, 4, 2), conv(), act("layerNorm", axis=[1, 2, 3]), relu)
    both("layerNorm one spatial axis", (3, 4, 2), conv(), act("layerNorm", axis=[1, 3], eps=1e-3), relu)
    both("dropout", (3, 3, 2), conv(), relu, act("dropout", keep=0.8), conv(padding="VALID", size=(2, 2)))
    residual = [{"type": "fanOut", "copies": 2}, {"type": "parallel", "branches": [
        serial(relu, conv(), act("erf"), conv(w=1.1)), act("identity")]}, {"type": "fanInSum"}]
    both("residual conv", (4, 3, 2), conv(), *residual, relu)
    both("repeat conv", (3, 4, 2), conv(), {"type": "repeat", "times": 2, "layer": serial(relu, conv(w=1.2), erf, conv(w=1.1))})
    for axis in (-1, 1, 2):
        both(f"fanInConcat axis {axis}", (3, 3, 2), {"type": "fanOut", "copies": 2},
             {"type": "parallel", "branches": [serial(conv(5), relu, conv(6 if axis != -1 else 4)), conv(6, w=0.8)]},
             {"type": "fanInConcat", "axis": axis}, *([conv(5)] if axis == -1 else [erf, conv(5)]), relu)
    both("imageResize linear", (3, 4, 2), conv(), relu, act("imageResize", shape=[5, 3], method="linear"))
    both("imageResize nearest", (3, 4, 2), conv(), relu, act("imageResize", shape=[2, 6], method="nearest"))
    both("index", (4, 5, 2), conv(), relu, act("index", index=[[0, 4, 2], [1, 4, 1]]), conv(size=(2, 2)))
    both("index drops an axis", (4, 5, 2), conv(), relu, act("index", index=[1, [0, 5, 2]]), conv(size=(2,)))
    sum_end = serial(conv(), relu, act("globalSumPool"), head)
    cases.add("globalSumPool", sum_end, images(rng, 3, 3, 4, 2))
    cases.add("globalSumPool, x2", sum_end, images(rng, 2, 3, 4, 2), images(rng, 3, 3, 4, 2))
    cases.add("pool then flatten", serial(conv(), relu, act("avgPool", window=[2, 2], strides=[2, 2]), conv(), act("gelu"), flat, head), images(rng, 4, 4, 4, 3))


def attention_cases(cases, rng):
    base = {"type": "attention", "channels": 8, "keyChannels": 6, "valueChannels": 10, "heads": 4, "wKeyStd": 1.2,
            "wValueStd": 1.1, "wQueryStd": 0.9, "wOutStd": 1.3}
    for linear, mechanisms in ((True, ("SOFTMAX", "IDENTITY", "ABS", "RELU")), (False, ("IDENTITY",))):
        for mechanism in mechanisms:
            for b in (0, 0.2):
                layer = {**base, "linearScaling": linear, "mechanism": mechanism, "bStd": b}
                net = serial(conv(size=(3,)), layer, act("relu"), layer_dense(6), act("globalAvgPool"), layer_dense(1))
                name = f"attention {mechanism} linearScaling={linear} b={b}"
                cases.add(name, net, images(rng, 3, 4, 2))
                cases.add(name + ", x2", net, images(rng, 2, 4, 2), images(rng, 2, 4, 2))


def graph_cases(cases, rng):
    net = serial(layer_dense(8, 1.3, 0.2), act("aggregate"), act("relu"), layer_dense(8, 1.1), act("aggregate"),
                 act("globalAvgPool"), layer_dense(1))
    first, second = images(rng, 3, 4, 4), images(rng, 2, 4, 4)
    cases.add("aggregate", net, images(rng, 3, 4, 2), None, pattern1=first, pattern2=first)
    cases.add("aggregate, x2", net, images(rng, 3, 4, 2), images(rng, 2, 4, 2), pattern1=first, pattern2=second)


# --------------------------------------------------------------------------- spot values known from elsewhere

def spot_check():
    """Entry [0][0] computed with the same library on JAX 0.10.2, to ten digits."""
    j = np.arange(3)
    x1, x2 = np.sin(0.3 + 0.7 * j ** 2)[None], np.sin(1.9 + 1.3 * j ** 2)[None]
    three = mlp([act("relu")] * 3, 2 ** 0.5, 0.1, 1, 0)
    for network, other, get, value in ((mlp([act("relu")]), x2, "nngp", 0.2081704494), (mlp([act("relu")]), x2, "ntk", 0.2753378577),
                                       (mlp([act("erf")]), x2, "nngp", 0.1478719160), (mlp([act("gelu")]), x2, "ntk", 0.1994241266),
                                       (three, None, "ntk", 1.1078460831)):
        assert abs(to_stax(network)[2](x1, other, get)[0, 0] - value) < 6e-11, (network, get)


# --------------------------------------------------------------------------- posteriors

def posterior_truth(kernels, y, ridge, get):
    """Mean and covariance at 60 digits. nngp, ntkgp: K_td (K + r)^-1 y and K_tt - K_td (K + r)^-1 K_dt with K the
    nngp or the ntk. ntk: with A = T_td (T + r)^-1: mean A y, covariance K_tt + A K_dd A' - A K_dt - K_td A'."""
    (k_dd, k_td, k_tt), (t_dd, t_td, t_tt) = kernels
    dd, td, tt = (k_dd, k_td, k_tt) if get == "nngp" else (t_dd, t_td, t_tt)
    A = td * mp.inverse(dd + ridge * mp.eye(dd.rows))
    if get == "ntk":
        return A * y, k_tt + A * k_dd * A.T - A * k_td.T - k_td * A.T
    return A * y, tt - A * td.T


def mp_kernels(network, x_train, x_test):
    """(nngp, ntk) on train-train, test-train, test-test, as mpmath matrices at full precision."""
    def evaluate(a, b):
        state = own.apply_layer(network, own.input_state(a, b))
        return mp.matrix(state.K), mp.matrix(state.T)
    blocks = [evaluate(x_train, None), evaluate(x_test, x_train), evaluate(x_test, None)]
    return [[b[i] for b in blocks] for i in (0, 1)]


def predict_case(name, network, x_train, y_train, x_test, diag_reg, report):
    kernel_fn = to_stax(network)[2]
    a, y, t = map(np.array, (x_train, y_train, x_test))
    predict = nt.predict.gradient_descent_mse_ensemble(kernel_fn, a, y, diag_reg=diag_reg, diag_reg_absolute_scale=True)
    limit = predict(t=None, x_test=t, get=("nngp", "ntk"), compute_cov=True)
    gp = nt.predict.gp_inference(kernel_fn(a, None, ("nngp", "ntk")), y, diag_reg=diag_reg, diag_reg_absolute_scale=True)
    posterior = gp(("nngp", "ntk", "ntkgp"), kernel_fn(t, a, ("nngp", "ntk")), kernel_fn(t, None, ("nngp", "ntk")))
    mse = nt.predict.gradient_descent_mse(kernel_fn(a, None, "ntk"), y, diag_reg=diag_reg, diag_reg_absolute_scale=True)
    flow = mse(t=None, fx_train_0=None, fx_test_0=0.0, k_test_train=kernel_fn(t, a, "ntk"))
    case = {"name": name, "network": network, "xTrain": x_train, "yTrain": y_train, "xTest": x_test, "diagReg": diag_reg}
    with mp.workdps(60):
        kernels = mp_kernels(network, x_train, x_test)
        for get in ("nngp", "ntk", "ntkgp"):
            mean, cov = posterior_truth(kernels, mp.matrix(y_train), mpf(diag_reg), get)
            got = getattr(posterior, get)
            truth = [np.array(m.tolist(), dtype=float) for m in (mean, cov)]
            errors = [np.max(np.abs(np.asarray(g) - w)) / np.max(np.abs(w)) for g, w in zip(got, truth)]
            if get != "ntkgp":
                errors.append(np.max(np.abs(np.asarray(getattr(limit, get).mean) - truth[0])) / np.max(np.abs(truth[0])))
            if get == "ntk":
                errors.append(np.max(np.abs(np.asarray(flow) - truth[0])) / np.max(np.abs(truth[0])))
            report(name, get, max(errors))
            case[get] = {"mean": np.asarray(got.mean).tolist(), "covariance": np.asarray(got.covariance).tolist()}
    return case


def predict_cases():
    rng, out, worst = random.Random(11), [], {}

    def report(name, get, error):
        worst[(name, get)] = error
        if error > 1e-9:
            print(f"predict {name} {get}: relative difference {error:.2e} from the mpmath solution", flush=True)
    networks = [("relu depth 1", mlp([act("relu")])), ("erf depth 2", mlp([act("erf")] * 2)), ("gelu depth 3", mlp([act("gelu")] * 3)),
                ("relu depth 3 standard", serial(layer_dense(8, 1.4, 0.1, parameterization="standard"), act("relu"),
                                                 layer_dense(1, 1.1, 0.2, parameterization="standard")))]
    for name, network in networks:
        for diag_reg in (1e-4, 0.1):
            x, t = own.rows(rng, 6, 4), own.rows(rng, 4, 4)
            out.append(predict_case(f"{name}, r={diag_reg}", network, x, own.rows(rng, 6, 2), t, diag_reg, report))
    print(f"predict: worst relative difference from mpmath {max(worst.values()):.2e}", flush=True)
    return out


# --------------------------------------------------------------------------- training in time

# neural-tangents integrates with rtol = atol = 1.4e-8 and takes no other; its odeint is given these instead, so that what is
# compared is its equations and not its default.
ODE_RTOL, ODE_ATOL = 1e-12, 1e-14
LEARNING_RATE, TIMES = 1.7, [0.0, 0.4, 3.0, 40.0, 1000.0]
LOSSES = {
    "half-mean": lambda fx, y: 0.5 * jax.numpy.mean((fx - y) ** 2),
    "softmax": lambda fx, y: -jax.numpy.sum(jax.nn.log_softmax(fx) * y) / fx.shape[0],
    "binary": lambda fx, y: jax.numpy.mean(jax.nn.softplus(fx) - y * fx),
}


def flow_truth(kernels, y, fx0, fx0_test, ridge, t):
    """f on train and test by the eigenvectors of the kernel at 60 digits; train with the ridge, as neural-tangents has it."""
    t_dd, t_td = kernels[1][0], kernels[1][1]
    rate = mpf(LEARNING_RATE) / (y.rows * y.cols)
    E, Q = mp.eigsy(t_dd + mpf(ridge) * mp.eye(t_dd.rows))
    gain = mp.diag([-mp.expm1(-rate * e * mpf(t)) / e for e in E])
    alpha = Q * gain * Q.T * (y - fx0)
    return fx0 + t_dd * alpha + mpf(ridge) * alpha, fx0_test + t_td * alpha


def mse_in_time(kernels, case, theta_dd, theta_td, y, fx0, fx0_test, diag_reg):
    predict = nt.predict.gradient_descent_mse(theta_dd, y, learning_rate=LEARNING_RATE, diag_reg=diag_reg, diag_reg_absolute_scale=True)
    train, test = predict(np.array(TIMES), fx0, fx0_test, theta_td)
    for k, t in enumerate(TIMES):
        truth = flow_truth(kernels, *(mp.matrix(a.tolist()) for a in (y, fx0, fx0_test)), diag_reg, t)
        for got, want in zip((train[k], test[k]), truth):
            want = np.array(want.tolist(), dtype=float)
            error = np.max(np.abs(np.asarray(got) - want)) / np.max(np.abs(want))
            assert error < 1e-11, (case["name"], t, error)
    # the training outputs of neural-tangents hold the ridge's own part; without it they are f0 + Theta_dd alpha
    case["mse"] = {"test": np.asarray(test).tolist(), **({"train": np.asarray(train).tolist()} if diag_reg == 0 else {})}


def any_loss_in_time(case, name, momentum, theta_dd, theta_td, y, fx0, fx0_test):
    times = np.array([t for t in TIMES if 0 < t <= 40])
    predict = nt.predict.gradient_descent(lambda fx, y=y: LOSSES[name](fx, y), theta_dd, y, learning_rate=LEARNING_RATE, momentum=momentum)
    state = predict(times, nt.predict.ODEState(fx0, fx0_test), None, theta_td)
    run = {"loss": name, "yTrain": y.tolist(), "times": times.tolist(), "train": np.asarray(state.fx_train).tolist(),
           "test": np.asarray(state.fx_test).tolist()}
    if momentum is not None:                               # time is sqrt(learning rate) t there, so velocity = sqrt(learning rate) q
        run |= {"momentum": momentum, "qTrain": np.asarray(state.qx_train).tolist(), "qTest": np.asarray(state.qx_test).tolist()}
    case["runs"].append(run)


def dynamics_case(rng, name, network, diag_reg):
    kernel_fn = to_stax(network)[2]
    x, x_test, y, fx0, fx0_test = (own.rows(rng, n, d) for n, d in ((6, 4), (4, 4), (6, 3), (6, 3), (4, 3)))
    case = {"name": name, "network": network, "xTrain": x, "xTest": x_test, "yTrain": y, "fxTrain0": fx0, "fxTest0": fx0_test,
            "learningRate": LEARNING_RATE, "diagReg": diag_reg, "times": TIMES, "runs": []}
    a, t, y, fx0, fx0_test = map(np.array, (x, x_test, y, fx0, fx0_test))
    theta_dd, theta_td = kernel_fn(a, None, "ntk"), kernel_fn(t, a, "ntk")
    with mp.workdps(60):
        mse_in_time(mp_kernels(network, x, x_test), case, theta_dd, theta_td, y, fx0, fx0_test, diag_reg)
    ensemble = nt.predict.gradient_descent_mse_ensemble(kernel_fn, a, y, learning_rate=LEARNING_RATE, diag_reg=diag_reg, diag_reg_absolute_scale=True)
    both = ensemble(t=np.array(TIMES), x_test=t, get=("nngp", "ntk"), compute_cov=True)
    for get in ("nngp", "ntk"):
        got = getattr(both, get)
        case[get] = {"mean": np.asarray(got.mean).tolist(), "covariance": np.asarray(got.covariance).tolist()}
    one_hot = np.eye(3)[[0, 1, 2, 1, 0, 2]]
    targets = {"half-mean": y, "softmax": one_hot, "binary": one_hot}
    for loss in LOSSES if diag_reg == 0 else ():
        for momentum in (None, 0.9):
            any_loss_in_time(case, loss, momentum, theta_dd, theta_td, targets[loss], fx0, fx0_test)
    return case


def dynamics_cases():
    odeint = nt._src.predict.ode.odeint
    nt._src.predict.ode = types.SimpleNamespace(odeint=lambda f, y, t: odeint(f, y, t, rtol=ODE_RTOL, atol=ODE_ATOL))
    rng = random.Random(23)
    networks = [("relu depth 1", mlp([act("relu")])), ("erf depth 2", mlp([act("erf")] * 2))]
    return [dynamics_case(rng, f"{name}, r={r}", network, r) for name, network in networks for r in (0, 0.1)]


# --------------------------------------------------------------------------- main

def attempt(cases, maker, rng):
    before = len(cases.list)
    maker(cases, rng)
    print(f"{maker.__name__}: {len(cases.list) - before}", flush=True)


def kernel_cases():
    cases, rng = Cases(), random.Random(99)
    attempt(cases, activation_cases, rng)
    attempt(cases, hermite_cases, rng)
    attempt(cases, depth_cases, rng)
    attempt(cases, structure_cases, rng)
    attempt(cases, degenerate_comparisons, rng)
    attempt(cases, image_cases, rng)
    attempt(cases, attention_cases, rng)
    attempt(cases, graph_cases, rng)
    print(f"{cases.compared} matrices compared with mpmath, {len(cases.remarks)} remarks")
    for line in cases.remarks:
        print("  " + line)
    return cases.list


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="folder of the golden files")
    parser.add_argument("--only", help="name of the one file to write")
    args = parser.parse_args()
    versions = {"python": platform.python_version(), "neural-tangents": nt.__version__, "jax": jax.__version__,
                "numpy": np.__version__}
    command = "python golden_neural_tangents.py --out ../../packages/core/test/golden"
    spot_check()
    what = {"neural-tangents": "nngp and ntk by neural-tangents; `network` is the `network` field of a network file; x2 null means x2 = x1; pattern1 and pattern2 are the adjacencies of aggregate; accuracy is relative to sqrt(Kii Kjj)",
            "neural-tangents-predict": "gp_inference at infinite time: nngp and ntkgp posteriors, ntk = trained ensemble; diagReg is added to the diagonal as it is",
            "neural-tangents-dynamics": f"gradient_descent_mse and gradient_descent_mse_ensemble at finite t (loss half-mean), gradient_descent with three losses, with and without momentum (its odeint with rtol {ODE_RTOL}, atol {ODE_ATOL}; q is velocity / sqrt(learningRate)); softmax is summed over classes and averaged over examples, binary averaged over all"}
    makers = {"neural-tangents": kernel_cases, "neural-tangents-predict": predict_cases, "neural-tangents-dynamics": dynamics_cases}
    for name, maker in makers.items():
        if args.only not in (None, name):
            continue
        head = own.header(what[name], command, versions, "float64 arithmetic; see the accuracy of each case, posteriors 1e-13")
        own.write_json(os.path.join(args.out, name + ".json"), head, maker())


if __name__ == "__main__":
    main()
