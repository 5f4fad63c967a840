"""The functions by which WebLLM turns logits into a token."""

from tvm import relax as rx
from tvm import tirx

from kernels import sampling


def add_sampler(library):
    """Adds softmax, sort, top-p sampling and the changes to logits to a Library."""
    v = library.shape.vocab
    b, n, t = (tirx.Var(name, "int64") for name in "bnt")

    def floats(name, *dims):
        return rx.Var(name, rx.TensorType(dims, "float32"))

    def ints(name, *dims):
        return rx.Var(name, rx.TensorType(dims, "int32"))

    def function(name, kernel, args, out, inplace=None):
        with library.bb.function(name, args):
            out = library.call(kernel.__name__, lambda: kernel(v), args, out, inplace)
            library.bb.emit_func_output(out)

    function(
        "softmax_with_temperature",
        sampling.softmax,
        [floats("logits", b, 1, v), floats("temperature", b)],
        [((b, 1, v), "float32")],
    )
    args = [floats("probs", b, v)]
    pair = [((b, v), "float32"), ((b, v), "int32")]
    with library.bb.function("argsort_probs", args):
        runs = library.call("sort_runs", lambda: sampling.sort_runs(v), args, pair)
        runs = [library.bb.emit(rx.TupleGetItem(runs, i)) for i in range(2)]
        out = library.call("merge_runs", lambda: sampling.merge_runs(v), runs, pair)
        library.bb.emit_func_output(out)
    function(
        "sample_with_top_p",
        sampling.sample,
        [
            floats("probs", b, v),
            ints("indices", b, v),
            floats("uniform", n),
            ints("rows", n),
            floats("top_p", b),
        ],
        [((n,), "int32")],
    )
    logits = floats("logits", b, v)
    position, token = ints("pos2seq", t), ints("tokens", t)
    changes = {
        sampling.apply_bitmask: [ints("rows", n), ints("mask", b, (v + 31) // 32)],
        sampling.apply_penalty: [
            ints("rows", n),
            position,
            token,
            ints("counts", t),
            floats("penalties", n, 3),
        ],
        sampling.apply_logit_bias: [position, token, floats("bias", t)],
    }
    for kernel, args in changes.items():
        name = f"{kernel.__name__}_inplace"
        function(name, kernel, [logits, *args], [((b, v), "float32")], inplace=[0])
