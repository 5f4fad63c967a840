"""The functions of a LLaMA model library, as a Relax module over the kernels beside it."""

from dataclasses import dataclass

from tvm import relax as rx
from tvm import tirx

import kernels
import sampling

QUANTIZATION = "q4f32_1"
STEP_TOKENS = 4  # tokens that one thread of a several-token kernel handles at once


@dataclass
class Shape:
    """What a Hugging Face LLaMA config.json says, as far as a library depends on it."""

    hidden: int
    layers: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    rope_theta: float
    eps: float
    tied: bool

    @classmethod
    def from_config(cls, config):
        """Raises ValueError with the field that a library cannot be built for."""
        heads = config["num_attention_heads"]
        shape = cls(
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            intermediate=config["intermediate_size"],
            heads=heads,
            kv_heads=config.get("num_key_value_heads") or heads,
            head_dim=config.get("head_dim") or config["hidden_size"] // heads,
            vocab=config["vocab_size"],
            rope_theta=float(config.get("rope_theta") or 10000.0),
            eps=float(config["rms_norm_eps"]),
            tied=bool(config.get("tie_word_embeddings", False)),
        )
        if config.get("model_type", "llama") != "llama":
            raise ValueError(f"model_type: {config['model_type']!r} is not llama")
        if config.get("rope_scaling"):
            raise ValueError("rope_scaling: only plain rotary embeddings are supported")
        if config.get("hidden_act", "silu") != "silu":
            raise ValueError(f"hidden_act: {config['hidden_act']!r} is not silu")
        for name in ("hidden", "intermediate"):
            if getattr(shape, name) % kernels.GROUP:
                raise ValueError(f"{name}_size: {getattr(shape, name)} is no multiple of 32")
        if heads * shape.head_dim % kernels.GROUP or shape.head_dim % 4:
            raise ValueError(f"head_dim: {shape.head_dim} x {heads} heads is no multiple of 32")
        if heads % shape.kv_heads:
            raise ValueError(f"num_key_value_heads: {shape.kv_heads} does not divide {heads}")
        return shape

    def parameters(self):
        """(name, shape, dtype) of every parameter, in the order the functions take them."""

        def quantized(name, n, k):
            yield f"{name}.q_weight", (n, k // kernels.WORD), "uint32"
            yield f"{name}.q_scale", (n, k // kernels.GROUP), "float32"

        yield from quantized("model.embed_tokens", self.vocab, self.hidden)
        for i in range(self.layers):
            layer = f"model.layers.{i}"
            rows = (self.heads + 2 * self.kv_heads) * self.head_dim
            yield from quantized(f"{layer}.self_attn.qkv_proj", rows, self.hidden)
            yield from quantized(
                f"{layer}.self_attn.o_proj", self.hidden, self.heads * self.head_dim
            )
            yield from quantized(f"{layer}.mlp.gate_up_proj", 2 * self.intermediate, self.hidden)
            yield from quantized(f"{layer}.mlp.down_proj", self.hidden, self.intermediate)
            yield f"{layer}.input_layernorm.weight", (self.hidden,), "float32"
            yield f"{layer}.post_attention_layernorm.weight", (self.hidden,), "float32"
        yield "model.norm.weight", (self.hidden,), "float32"
        if not self.tied:
            yield from quantized("lm_head", self.vocab, self.hidden)


def _scalar(value):
    """An int32 kernel argument; Relax counts in int64, which WGSL lacks."""
    return rx.prim_value(value.astype("int32"))


def _tile(size, rows):
    """The largest tile up to `rows` that divides `size`."""
    return next(r for r in (rows, 2, 1) if r <= rows and size % r == 0)


class Builder:
    """Emits the functions that WebLLM calls into a BlockBuilder."""

    def __init__(self, shape, prefill_chunk_size):
        self.shape = shape
        self.chunk = prefill_chunk_size
        self.bb = rx.BlockBuilder()
        self.kernels = {}

    def call(self, name, function, args, outs, inplace=None):
        """One kernel launch; `outs` are (shape, dtype). The kernel is added once per name."""
        if name not in self.kernels:
            self.kernels[name] = self.bb.add_func(
                function().with_attr("global_symbol", name), name
            )
        types = [rx.TensorType(shape, dtype) for shape, dtype in outs]
        if inplace is None:
            call = rx.call_tir(self.kernels[name], args, types if len(types) > 1 else types[0])
        else:
            call = rx.op.call_tir_inplace(self.kernels[name], rx.Tuple(args), inplace, types)
        return self.bb.emit(call)

    def packed(self, name, *args, out):
        return self.bb.emit(rx.call_pure_packed(name, *args, ty_args=out))

    def inputs(self, *extra):
        """The given variables, then one tuple of all parameters (as WebLLM passes them)."""
        types = [rx.TensorType(shape, dtype) for _, shape, dtype in self.shape.parameters()]
        packed = rx.Var("params", rx.TupleType(types))
        return [*extra, packed]

    def unpack(self, packed):
        names = [name for name, _, _ in self.shape.parameters()]
        return {name: self.bb.emit(rx.TupleGetItem(packed, i)) for i, name in enumerate(names)}

    def forward(self, x, n, cache, weights, tokens):
        """All layers: x f32[n, hidden] -> f32[n, hidden]; new keys and values enter the cache."""
        s = self.shape
        start, capacity = tirx.Var("start", "int64"), tirx.Var("capacity", "int64")
        position = self.packed("aligner.kv_cache_start", cache, out=rx.ShapeType(ndim=1))
        self.bb.match_cast(position, rx.ShapeType([start]))
        rope = self.packed(
            "aligner.kv_cache_rope", cache, out=rx.TensorType(ndim=3, dtype="float32")
        )
        rope_type = rx.TensorType((capacity, s.head_dim // 2, 2), "float32")
        rope = self.bb.match_cast(rope, rope_type)
        suffix = f"_{tokens}"
        for i in range(s.layers):
            prefix = f"model.layers.{i}."

            def quantized(name):
                return weights[f"{prefix}{name}.q_weight"], weights[f"{prefix}{name}.q_scale"]

            layer = self.packed(
                "aligner.kv_cache_layer",
                cache,
                rx.prim_value(i),
                out=rx.TensorType(ndim=4, dtype="float32"),
            )
            layer_shape = (2, s.kv_heads, capacity, s.head_dim)
            layer = self.bb.match_cast(layer, rx.TensorType(layer_shape, "float32"))
            both = self.call(
                "qkv" + suffix,
                lambda: kernels.qkv(s.hidden, s.heads, s.kv_heads, s.head_dim, s.eps, tokens),
                [
                    x,
                    weights[prefix + "input_layernorm.weight"],
                    *quantized("self_attn.qkv_proj"),
                    layer,
                    rope,
                    _scalar(start),
                ],
                [(layer_shape, "float32"), ((n, s.heads, s.head_dim), "float32")],
                inplace=[4, -1],
            )
            layer = self.bb.emit(rx.TupleGetItem(both, 0))
            query = self.bb.emit(rx.TupleGetItem(both, 1))
            attended = self.call(
                "attention",
                lambda: kernels.attention(s.heads, s.kv_heads, s.head_dim),
                [query, layer, _scalar(start)],
                [((n, s.heads * s.head_dim), "float32")],
            )
            x = self.linear(attended, *quantized("self_attn.o_proj"), x, n, tokens)
            hidden = self.call(
                "gate_up" + suffix,
                lambda: kernels.gate_up(s.hidden, s.intermediate, s.eps, tokens),
                [
                    x,
                    weights[prefix + "post_attention_layernorm.weight"],
                    *quantized("mlp.gate_up_proj"),
                ],
                [((n, s.intermediate), "float32")],
            )
            x = self.linear(hidden, *quantized("mlp.down_proj"), x, n, tokens)
        return x

    def linear(self, x, q, scale, residual, n, tokens):
        n_size, k_size = int(q.ty.shape[0]), int(q.ty.shape[1]) * kernels.WORD
        rows = _tile(n_size, 1 if tokens == 1 else 2)
        return self.call(
            f"linear_{n_size}_{k_size}_{tokens}",
            lambda: kernels.linear_add(k_size, n_size, rows, tokens),
            [x, q, scale, residual],
            [((n, n_size), "float32")],
        )

    def head(self, x, first, count, weights, tokens):
        s = self.shape
        name = "model.embed_tokens" if s.tied else "lm_head"
        return self.call(
            f"head_{tokens}",
            lambda: kernels.head(s.hidden, s.vocab, s.eps, _tile(s.vocab, 2), tokens),
            [
                x,
                weights["model.norm.weight"],
                weights[f"{name}.q_weight"],
                weights[f"{name}.q_scale"],
                _scalar(first),
            ],
            [((1, count, s.vocab), "float32")],
        )

    def step(self, name, n, tokens, every):
        """A forward function: f32[1, n, hidden], cache, params -> (logits, cache).

        `every`: logits f32[1, n, vocab] of all positions, else f32[1, 1, vocab] of the last.
        """
        s = self.shape
        x = rx.Var("x", rx.TensorType((1, n, s.hidden), "float32"))
        cache = rx.Var("cache", rx.AnyType())
        args = self.inputs(x, cache)
        with self.bb.function(name, args):
            weights = self.unpack(args[-1])
            flat = self.bb.emit(rx.op.reshape(x, (n, s.hidden)))
            flat = self.forward(flat, n, cache, weights, tokens)
            if every:
                logits = self.head(flat, tirx.IntImm("int64", 0), n, weights, tokens)
            else:
                logits = self.head(flat, n - 1, 1, weights, 1)
            self.bb.emit_func_output(rx.Tuple([logits, cache]))
        self.limit(name, n)

    def limit(self, name, n):
        """Tells the memory planner the largest number of tokens of one call."""
        if isinstance(n, tirx.Var):
            var = self.bb.get().get_global_var(name)
            bound = {"tir_var_upper_bound": {n.name: self.chunk}}
            self.bb.update_func(var, self.bb.get()[var].with_attrs(bound))

    def embed(self):
        s = self.shape
        n = tirx.Var("n", "int64")
        ids = rx.Var("ids", rx.TensorType((n,), "int32"))
        args = self.inputs(ids)
        with self.bb.function("embed", args):
            weights = self.unpack(args[-1])
            out = self.call(
                "embed_tokens",
                lambda: kernels.embed(s.hidden),
                [
                    ids,
                    weights["model.embed_tokens.q_weight"],
                    weights["model.embed_tokens.q_scale"],
                ],
                [((n, s.hidden), "float32")],
            )
            self.bb.emit_func_output(out)
        self.limit("embed", n)

    def create_cache(self):
        """create_tir_paged_kv_cache, by the name that WebLLM asks for; see kv_cache.cc."""
        s = self.shape
        names = ("sequences", "capacity", "chunk", "page_size", "sliding_window")
        args = [rx.Var(name, rx.ShapeType([tirx.Var(name, "int64")])) for name in names]
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

    def sampler(self):
        v = self.shape.vocab
        b, n, t = (tirx.Var(name, "int64") for name in "bnt")

        def tensor(name, shape, dtype="float32"):
            return rx.Var(name, rx.TensorType(shape, dtype))

        args = [tensor("logits", (b, 1, v)), tensor("temperature", (b,))]
        with self.bb.function("softmax_with_temperature", args):
            out = self.call("softmax", lambda: sampling.softmax(v), args, [((b, 1, v), "float32")])
            self.bb.emit_func_output(out)

        args = [tensor("probs", (b, v))]
        pair = [((b, v), "float32"), ((b, v), "int32")]
        with self.bb.function("argsort_probs", args):
            runs = self.call("sort_chunks", lambda: sampling.sort_chunks(v), args, pair)
            runs = [self.bb.emit(rx.TupleGetItem(runs, i)) for i in range(2)]
            out = self.call("merge_chunks", lambda: sampling.merge_chunks(v), runs, pair)
            self.bb.emit_func_output(out)

        args = [
            tensor("probs", (b, v)),
            tensor("indices", (b, v), "int32"),
            tensor("uniform", (n,)),
            tensor("rows", (n,), "int32"),
            tensor("top_p", (b,)),
        ]
        with self.bb.function("sample_with_top_p", args):
            out = self.call("sample", lambda: sampling.sample(v), args, [((n,), "int32")])
            self.bb.emit_func_output(out)

        logits, rows = tensor("logits", (b, v)), tensor("rows", (n,), "int32")
        pos2seq, tokens = tensor("pos2seq", (t,), "int32"), tensor("tokens", (t,), "int32")
        mask = tensor("mask", (b, (v + 31) // 32), "int32")
        counts, penalties = tensor("counts", (t,), "int32"), tensor("penalties", (n, 3))
        for name, function, args in (
            ("apply_bitmask", sampling.apply_bitmask, [logits, rows, mask]),
            (
                "apply_penalty",
                sampling.apply_penalty,
                [logits, rows, pos2seq, tokens, counts, penalties],
            ),
            (
                "apply_logit_bias",
                sampling.apply_logit_bias,
                [logits, pos2seq, tokens, tensor("bias", (t,))],
            ),
        ):
            with self.bb.function(name + "_inplace", args):
                out = self.call(
                    name, lambda: function(v), args, [((b, v), "float32")], inplace=[0]
                )
                self.bb.emit_func_output(out)

    def build(self):
        """The whole IRModule, but for `_metadata`, which compile.py adds."""
        self.embed()
        self.step("prefill", tirx.Var("n", "int64"), STEP_TOKENS, every=False)
        self.step("decode", tirx.IntImm("int64", 1), 1, every=False)
        self.step("batch_verify", tirx.Var("n", "int64"), STEP_TOKENS, every=True)
        self.create_cache()
        self.sampler()
        return self.bb.finalize()
