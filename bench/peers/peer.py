"""The peers of `npm run bench -- --peers`: one process that answers one JSON request a line with the seconds of one run.

    {"op": "cholesky", "file": "a.bin", "n": 4000}  ->  {"seconds": 0.31, "check": [...], "detail": "lower, F order"}

Only the work itself is timed: reading, copying to the layout that a routine likes best, and compilation are not. Where a
library offers several ways, the first request tries them all and the later ones use the fastest. `check` holds a few
numbers that the same work must give elsewhere. Everything is float64.
"""

import json
import os
import platform
import subprocess
import sys
import time
import types

sys.modules["neural_tangents.experimental"] = types.ModuleType("neural_tangents.experimental")  # its TensorFlow bridge

import jax  # noqa: E402
import jax._src.source_info_util  # noqa: E402
import jax.interpreters.ad  # noqa: E402
import numpy as np  # noqa: E402
import scipy  # noqa: E402
import scipy.linalg  # noqa: E402
import sklearn  # noqa: E402

jax.config.update("jax_enable_x64", True)
# Names that its structured derivatives look for, which have moved since its last release.
jax.interpreters.ad.source_info_util = jax._src.source_info_util
jax.interpreters.ad.config = jax.config

import neural_tangents as nt  # noqa: E402
from neural_tangents import stax  # noqa: E402
from sklearn.kernel_ridge import KernelRidge  # noqa: E402
from sklearn.model_selection import GridSearchCV, KFold  # noqa: E402

prepared = {}


def load(file, *shape):
    key = ("array", file)
    if key not in prepared:
        prepared[key] = np.fromfile(file).reshape(shape)
    return prepared[key]


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def fastest(key, ways, tries=2):
    """The fastest of {name: (prepare, work)}; `work` gets what `prepare` returns, afresh each time."""
    if key not in prepared:
        seconds = {}
        for name, (prepare, work) in ways.items():
            work(prepare())
            seconds[name] = min(timed(lambda given=prepare(): work(given))[0] for _ in range(tries))
        prepared[key] = min(seconds, key=seconds.get)
    name = prepared[key]
    prepare, work = ways[name]
    given = prepare()
    spent, result = timed(lambda: work(given))
    return spent, result, name


# --------------------------------------------------------------------------- linear algebra

def matmul(request):
    n = request["n"]
    a, b = load(request["a"], n, n), load(request["b"], n, n)
    ways = {
        "a @ b": (lambda: None, lambda _: a @ b),
        "np.matmul(out=)": (lambda: np.empty((n, n)), lambda out: np.matmul(a, b, out=out)),
    }
    seconds, c, name = fastest(("matmul", n), ways)
    return seconds, [float(c.trace())], name


def cholesky(request):
    n = request["n"]
    a = load(request["file"], n, n)
    ways = {}
    for order in "FC":
        for lower in (True, False):
            copy = lambda order=order: np.array(a, order=order)  # noqa: E731
            side = "lower" if lower else "upper"
            ways[f"cholesky, {side}, {order} order"] = (
                copy, lambda k, lower=lower: scipy.linalg.cholesky(k, lower=lower, overwrite_a=True, check_finite=False))
            ways[f"cho_factor, {side}, {order} order"] = (
                copy,
                lambda k, lower=lower: scipy.linalg.cho_factor(k, lower=lower, overwrite_a=True, check_finite=False)[0])
    seconds, factor, name = fastest(("cholesky", n), ways)
    return seconds, [2 * float(np.log(factor.diagonal()).sum())], name


def eigh(request):
    n = request["n"]
    a = load(request["file"], n, n)
    ways = {
        f"eigh evd, {side}, F order": (
            lambda: np.array(a, order="F"),
            lambda k, lower=side == "lower": scipy.linalg.eigh(
                k, driver="evd", lower=lower, overwrite_a=True, check_finite=False))
        for side in ("lower", "upper")
    }
    seconds, (values, _), name = fastest(("eigh", n), ways, tries=1)
    return seconds, [float(values.sum()), float(values[-1])], name


# --------------------------------------------------------------------------- kernels

def relu_recursion(cosines, depth, k, t, work, more):
    """NNGP and NTK of unit inputs through `depth` layers of ReLU (variance 1), in place in k and t."""
    np.copyto(k, cosines)
    np.copyto(t, cosines)
    for _ in range(depth):
        np.arccos(k, out=work)
        np.subtract(np.pi, work, out=work)
        np.multiply(k, k, out=more)
        np.subtract(1.0, more, out=more)
        np.sqrt(more, out=more)
        k *= work
        k += more
        k *= 1 / np.pi
        work *= 1 / np.pi
        t *= work
        t += k


def recursion(request):
    n, depth = request["n"], request["depth"]
    cosines = load(request["file"], n)
    buffers = prepared.setdefault(("recursion", n), [np.empty(n) for _ in range(4)])
    passes = request["passes"]
    best = min(timed(lambda: relu_recursion(cosines, depth, *buffers))[0] for _ in range(passes))
    return best, [float(buffers[0].sum()), float(buffers[1].sum())], "in place, in cache"


def stax_ntk(depth):
    hidden = [layer for _ in range(depth) for layer in (stax.Dense(512, W_std=2**0.5), stax.Relu())]
    return stax.serial(*hidden, stax.Dense(1))[2]


def stax_gram(request):
    n, d, depth = request["n"], request["d"], request["depth"]
    x = jax.numpy.asarray(load(request["file"], n, d))
    key = ("stax", n, d, depth)
    if key not in prepared:
        kernel_fn = stax_ntk(depth)
        kernel = jax.jit(lambda x: kernel_fn(x, None, "ntk"))
        ways = {"jit": (lambda: None, lambda _: kernel(x).block_until_ready())}
        for size in (n // 2, n // 5):
            if n % size == 0:
                batched = nt.batch(kernel_fn, batch_size=size, device_count=0)
                ways[f"nt.batch({size})"] = (
                    lambda: None, lambda _, f=batched: jax.block_until_ready(f(x, None, "ntk")))
        prepared[key] = ways
    seconds, gram, name = fastest((*key, "way"), prepared[key])
    gram = np.asarray(gram)
    return seconds, [float(gram.sum()), float(gram[0, n - 1])], name


def numpy_ntk(x, depth, block=128):
    """The same Gram matrix by numpy: half the work, in blocks that stay in cache."""
    n, d = x.shape
    norms = np.sqrt((x * x).sum(1))
    unit = x / norms[:, None]
    scale = norms / np.sqrt(d)
    gram = np.empty((n, n))
    for i in range(0, n, block):
        rows = slice(i, min(i + block, n))
        for j in range(0, i + block, block):
            cols = slice(j, min(j + block, n))
            cosines = np.clip(unit[rows] @ unit[cols].T, -1.0, 1.0)
            k, t, work, more = (np.empty_like(cosines) for _ in range(4))
            relu_recursion(cosines, depth, k, t, work, more)
            t *= scale[rows, None]
            t *= scale[cols]
            gram[rows, cols] = t
            gram[cols, rows] = t.T
    return gram


# --------------------------------------------------------------------------- finite networks

def dense_weights(request):
    """Three hidden layers and an output layer, standard normal, from one vector."""
    sizes = [request["d"], *[request["width"]] * 3, request["outputs"]]
    shapes = list(zip(sizes, sizes[1:]))
    flat = load(request["w"], sum(a * b for a, b in shapes))
    ends = np.cumsum([a * b for a, b in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes)]


def empirical_ntk(request):
    n, d = request["n"], request["d"]
    key = ("empirical", request["way"], request["width"], n, request["outputs"])
    if key not in prepared:
        params = [jax.numpy.asarray(w) for w in dense_weights(request)]
        x = jax.numpy.asarray(load(request["x"], n, d))

        def apply(weights, x):
            for i, w in enumerate(weights):
                gain = 2**0.5 if i < len(weights) - 1 else 1.0
                x = gain / w.shape[0] ** 0.5 * (x @ w)
                x = jax.nn.relu(x) if i < len(weights) - 1 else x
            return x

        ways = {"structured": nt.NtkImplementation.STRUCTURED_DERIVATIVES,
                "jacobian": nt.NtkImplementation.JACOBIAN_CONTRACTION}
        f = lambda x, params: apply(params, x)  # noqa: E731
        ntk = jax.jit(nt.empirical_ntk_fn(lambda params, x: f(x, params), trace_axes=(-1,), vmap_axes=0,
                                          implementation=ways[request["way"]]))
        run = lambda: ntk(x, None, params).block_until_ready()  # noqa: E731
        run()
        prepared[key] = run
    seconds, gram = timed(prepared[key])
    gram = np.asarray(gram)
    return seconds, [float(gram.sum()), float(gram[0, n - 1])], "jit, vmap_axes=0"


torch_process = None


def torch_ntk(request):
    """The recipe of torch.func's tutorial, in the environment that setup.sh --torch makes."""
    global torch_process
    if torch_process is None:
        folder = os.path.dirname(os.path.abspath(__file__))
        python = os.path.join(folder, ".venv-torch", "bin", "python")
        torch_process = subprocess.Popen([python, os.path.join(folder, "peer_torch.py")], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    torch_process.stdin.write(json.dumps(request) + "\n")
    torch_process.stdin.flush()
    reply = json.loads(torch_process.stdout.readline())
    if "error" in reply:
        raise RuntimeError(reply["error"])
    return reply["seconds"], reply["check"], reply["detail"]


# --------------------------------------------------------------------------- whole fits

def ridges(request, gram):
    return [relative * float(np.mean(gram.diagonal())) for relative in request["relativeRidges"]]


def fit_eigh(request):
    """Leave-one-out over the ridges from one eigendecomposition, written by hand with numpy and scipy."""
    n, d = request["n"], request["d"]
    x, y = load(request["x"], n, d), load(request["y"], n)

    def work():
        gram = numpy_ntk(x, request["depth"])
        alphas = np.array(ridges(request, gram))
        values, v = scipy.linalg.eigh(gram.T, driver="evd", overwrite_a=True, check_finite=False)
        gains = 1 / (values[:, None] + alphas[None, :])
        coefficients = v @ (gains * (v.T @ y)[:, None])
        diagonal = (v * v) @ gains
        scores = ((coefficients / diagonal) ** 2).mean(0)
        return scores, coefficients[:, scores.argmin()]

    seconds, (scores, _) = timed(work)
    return seconds, [float(scores.min()), int(scores.argmin())], "numpy Gram, scipy eigh (evd), closed-form LOO"


def fit_sklearn(request):
    """KernelRidge on a precomputed kernel, its ridge chosen by 5-fold cross-validation."""
    n, d = request["n"], request["d"]
    x, y = load(request["x"], n, d), load(request["y"], n)

    def work():
        gram = numpy_ntk(x, request["depth"])
        search = GridSearchCV(KernelRidge(kernel="precomputed"), {"alpha": ridges(request, gram)},
                              cv=KFold(5), scoring="neg_mean_squared_error")
        return search.fit(gram, y)

    seconds, search = timed(work)
    return seconds, [-float(search.best_score_), int(search.best_index_)], "GridSearchCV, 5 folds"


# --------------------------------------------------------------------------- the process

def about(_request):
    from threadpoolctl import threadpool_info
    blas = sorted({f"{i['internal_api']} {i['version']} ({i['num_threads']} threads)"
                   for i in threadpool_info() if i["user_api"] == "blas"})
    versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
                "scikit-learn": sklearn.__version__, "jax": jax.__version__, "neural-tangents": nt.__version__}
    return {"versions": versions, "blas": blas, "cores": os.cpu_count()}


WORK = {"matmul": matmul, "cholesky": cholesky, "eigh": eigh, "recursion": recursion, "staxGram": stax_gram,
        "empiricalNtk": empirical_ntk, "torchNtk": torch_ntk, "fitEigh": fit_eigh, "fitSklearn": fit_sklearn}


def answer(request):
    op = request["op"]
    if op == "about":
        return about(request)
    if op == "forget":
        prepared.clear()
        jax.clear_caches()
        return {}
    seconds, check, detail = WORK[op](request)
    return {"seconds": seconds, "check": check, "detail": detail}


def check_environment():
    x = np.random.default_rng(0).standard_normal((40, 5))
    ours, theirs = numpy_ntk(x, 3), np.asarray(stax_ntk(3)(x, None, "ntk"))
    off = ~np.eye(40, dtype=bool)  # the peer's diagonal holds half the digits
    assert abs(ours - theirs)[off].max() < 1e-12 * theirs.max(), abs(ours - theirs)[off].max()
    print(json.dumps(about({})))


def main():
    if sys.argv[1:] == ["--check"]:
        check_environment()
        return
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # the other side decides what to do without this figure
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
