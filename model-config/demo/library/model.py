"""The functions of a LLaMA model library, as a Relax module over the kernels."""

import tvm
from tvm import relax as rx
from tvm import tirx

from kernels import attention, layer, vocabulary
from sampler import add_sampler

# Tokens that one thread handles at once in a pass over several: more would be faster in a long
# prompt and slower to compile when the model loads.
STEP_TOKENS = 4
VEC4 = "float32x4"


def _scalar(value):
    """An int32 kernel argument; Relax counts in int64, which WGSL lacks."""
    return rx.prim_value(value.astype("int32"))


class Library:
    """Emits the functions that WebLLM calls; `build` returns them as one IRModule."""

    def __init__(self, shape, prefill_chunk_size):
        self.shape = shape
        self.chunk = prefill_chunk_size
        self.bb = rx.BlockBuilder()
        self.kernels = {}

    def build(self, metadata):
        """`metadata` is the JSON text that WebLLM reads before it loads weights."""
        self.embed()
        self.step("prefill", tirx.Var("n", "int64"), STEP_TOKENS, every=False)
        self.step("decode", tirx.IntImm("int64", 1), 1, every=False)
        self.step("batch_verify", tirx.Var("n", "int64"), STEP_TOKENS, every=True)
        self.create_cache()
        add_sampler(self)
        with self.bb.function("_metadata", []):
            self.bb.emit_func_output(tvm.ir.StringImm(metadata))
        return self.bb.finalize()

    # --- building blocks ---

    def call(self, name, kernel, args, outs, inplace=None):
        """One kernel launch; `outs` are (shape, dtype). The kernel is added once a name."""
        if name not in self.kernels:
            self.kernels[name] = self.bb.add_func(kernel().with_attr("global_symbol", name), name)
        types = [rx.TensorType(shape, dtype) for shape, dtype in outs]
        if inplace is None:
            call = rx.call_tir(self.kernels[name], args, types if len(types) > 1 else types[0])
        else:
            call = rx.op.call_tir_inplace(self.kernels[name], rx.Tuple(args), inplace, types)
        return self.bb.emit(call)

    def packed(self, name, *args, out):
        """A call of a runtime function; a tensor's shape, unknown to Relax, is then stated."""
        untyped = rx.TensorType(ndim=len(out.shape), dtype=out.dtype) if _is_tensor(out) else out
        value = self.bb.emit(rx.call_pure_packed(name, *args, ty_args=untyped))
        return self.bb.match_cast(value, out) if _is_tensor(out) else value

    def vec4(self, x, *shape):
        """A float32 tensor seen as float32x4 of `shape`."""
        return self.packed("aligner.vec4", x, out=rx.TensorType(shape, VEC4))

    def limit(self, name, n):
        """Tells the memory planner the largest number of tokens of one call."""
        if isinstance(n, tirx.Var):
            function = self.bb.get().get_global_var(name)
            bound = {"tir_var_upper_bound": {n.name: self.chunk}}
            self.bb.update_func(function, self.bb.get()[function].with_attrs(bound))

    def weights(self):
        """The parameter that holds all weights, and a function from names to their variables."""
        names, shapes, dtypes = zip(*self.shape.parameters())
        types = [rx.TensorType(dims, dtype) for dims, dtype in zip(shapes, dtypes)]
        packed = rx.Var("params", rx.TupleType(types))

        def get(name):
            return self.bb.emit(rx.TupleGetItem(packed, names.index(name)))

        return packed, get

    # --- the model ---

    def embed(self):
        s = self.shape
        n = tirx.Var("n", "int64")
        ids = rx.Var("ids", rx.TensorType((n,), "int32"))
        packed, get = self.weights()
        with self.bb.function("embed", [ids, packed]):
            args = [ids, *matrix(get, "model.embed_tokens")]
            out = [((n, s.hidden), "float32")]
            kernel = lambda: vocabulary.embed(s.hidden)  # noqa: E731
            self.bb.emit_func_output(self.call("embed_tokens", kernel, args, out))
        self.limit("embed", n)

    def step(self, name, n, tokens, every):
        """A forward function: f32[1, n, hidden], cache, params -> (logits, cache).

        `every`: logits f32[1, n, vocab] of all positions, else f32[1, 1, vocab] of the last.
        `tokens`: how many a thread handles at once; 1 means kernels for a single token.
        """
        s = self.shape
        x = rx.Var("x", rx.TensorType((1, n, s.hidden), "float32"))
        cache = rx.Var("cache", rx.AnyType())
        packed, get = self.weights()
        with self.bb.function(name, [x, cache, packed]):
            hidden = self.vec4(x, n, s.hidden // 4)
            attend = self.attention(cache, n, tokens)
            for i in range(s.layers):
                prefix = f"model.layers.{i}"
                attended = attend(i, hidden, get)
                project = matrix(get, f"{prefix}.self_attn.o_proj")
                hidden = self.linear_add(attended, *project, hidden, n, tokens)
                activated = self.call(
                    f"gate_up_{tokens}",
                    lambda: layer.gate_up(s.hidden, s.intermediate, s.eps, tokens),
                    [
                        hidden,
                        self.norm(get, f"{prefix}.post_attention_layernorm"),
                        *matrix(get, f"{prefix}.mlp.gate_up_proj"),
                    ],
                    [((n, s.intermediate // 4), VEC4)],
                )
                project = matrix(get, f"{prefix}.mlp.down_proj")
                hidden = self.linear_add(activated, *project, hidden, n, tokens)
            first, count, tile = (tirx.IntImm("int64", 0), n, tokens) if every else (n - 1, 1, 1)
            logits = self.head(hidden, get, "model.norm", self.shape.head, first, count, tile)
            self.bb.emit_func_output(rx.Tuple([logits, cache]))
        self.limit(name, n)

    def norm(self, get, name):
        return self.vec4(get(f"{name}.weight"), self.shape.hidden // 4)

    def attention(self, cache, n, tokens):
        """Opens the cache; returns the attention of layer i: f32x4[n, hidden/4] ->
        f32x4[n, heads * head_dim/4]. New keys and values enter the cache."""
        s = self.shape
        start, capacity = tirx.Var("start", "int64"), tirx.Var("capacity", "int64")
        position = self.packed("aligner.kv_cache_start", cache, out=rx.ShapeType(ndim=1))
        self.bb.match_cast(position, rx.ShapeType([start]))
        rope_type = rx.TensorType((capacity, 2, s.head_dim // 8), VEC4)
        rope = self.packed("aligner.kv_cache_rope", cache, out=rope_type)
        store_shape = (2, s.kv_heads, capacity, s.head_dim // 4)
        store_type = rx.TensorType(store_shape, VEC4)

        def attend(i, x, get):
            prefix = f"model.layers.{i}"
            store = self.packed("aligner.kv_cache_layer", cache, rx.prim_value(i), out=store_type)
            both = self.call(
                f"qkv_{tokens}",
                lambda: attention.qkv(s.hidden, s.heads, s.kv_heads, s.head_dim, s.eps, tokens),
                [
                    x,
                    self.norm(get, f"{prefix}.input_layernorm"),
                    *matrix(get, f"{prefix}.self_attn.qkv_proj"),
                    store,
                    rope,
                    _scalar(start),
                ],
                [(store_shape, VEC4), ((n, s.heads, s.head_dim // 4), VEC4)],
                inplace=[4, -1],
            )
            store, query = (self.bb.emit(rx.TupleGetItem(both, j)) for j in range(2))
            # All its queries and sums stay in registers: fewer tokens for wider heads.
            tile = max(1, min(tokens, 64 // s.head_dim))
            return self.call(
                f"attention_{tile}",
                lambda: attention.attention(s.heads, s.kv_heads, s.head_dim, tile),
                [query, store, _scalar(start)],
                [((n, s.heads * s.head_dim // 4), VEC4)],
            )

        return attend

    def linear_add(self, x, q, scale, residual, n, tokens):
        size = int(q.ty.shape[0])
        return self.call(
            f"linear_add_{size}_{tokens}",
            lambda: layer.linear_add(size, tokens),
            [x, q, scale, residual],
            [((n, size // 4), VEC4)],
        )

    def head(self, x, get, norm, name, first, count, tokens):
        """RMSNorm, then weight `name`: tokens first..first+count-1 -> f32[1, count, rows]."""
        q, scale = matrix(get, name)
        size = int(q.ty.shape[0])
        return self.call(
            f"head_{size}_{tokens}",
            lambda: vocabulary.head(self.shape.hidden, size, self.shape.eps, tokens),
            [x, self.norm(get, norm), q, scale, _scalar(first)],
            [((1, count, size), "float32")],
        )

    def create_cache(self):
        """create_tir_paged_kv_cache, by the name that WebLLM asks for; see kv_cache.cc."""
        s = self.shape
        args = cache_arguments()
        with self.bb.function("create_tir_paged_kv_cache", args):
            cache = self.packed(
                "aligner.kv_cache_create",
                args[1],
                rx.prim_value(s.layers),
                rx.prim_value(s.kv_heads),
                rx.prim_value(s.head_dim),
                rx.prim_value(tirx.FloatImm("float64", s.rope_theta)),
                out=rx.AnyType(),
            )
            self.bb.emit_func_output(cache)


def matrix(get, name):
    """The codes and the scales of one quantised weight."""
    return get(f"{name}.q_weight"), get(f"{name}.q_scale")


def cache_arguments():
    names = ("sequences", "capacity", "chunk", "page_size", "sliding_window")
    return [rx.Var(name, rx.ShapeType([tirx.Var(name, "int64")])) for name in names]


def _is_tensor(kind):
    return isinstance(kind, rx.TensorType)
