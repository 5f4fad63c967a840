"""The LLaMA forward pass in JAX: names and conventions of the Hugging Face checkpoint.

Parameters are a dict of arrays stacked over layers: weights [layers, out, in], norms
[layers, hidden]; embed and head [vocabulary, hidden]; norm [hidden]. All float32.
"""

import jax
import jax.numpy as jnp
import numpy as np

GROUP = 32  # q4f32_1: one scale for 32 weights along the input axis
MATRICES = ("embed", "q", "k", "v", "o", "gate", "up", "down", "head")


def shapes(c: dict) -> dict[str, tuple[int, ...]]:
    """Parameter shapes for a config.json `c`."""
    layers, hidden, inner = c["num_hidden_layers"], c["hidden_size"], c["intermediate_size"]
    dim = hidden // c["num_attention_heads"]
    kv = dim * c["num_key_value_heads"]
    return {
        "embed": (c["vocab_size"], hidden),
        "q": (layers, hidden, hidden), "k": (layers, kv, hidden), "v": (layers, kv, hidden),
        "o": (layers, hidden, hidden),
        "gate": (layers, inner, hidden), "up": (layers, inner, hidden), "down": (layers, hidden, inner),
        "norm1": (layers, hidden), "norm2": (layers, hidden), "norm": (hidden,),
        "head": (c["vocab_size"], hidden),
    }


def initial(c: dict, seed: int) -> dict[str, jax.Array]:
    rng = np.random.default_rng(seed)
    params = {}
    for name, shape in shapes(c).items():
        if name.startswith("norm"):
            value = np.ones(shape)
        else:
            scale = {"embed": 0.5, "head": 0.02}.get(name, shape[-1] ** -0.5)
            if name in ("o", "down"):
                scale *= 0.5
            value = rng.normal(0, scale, shape)
        params[name] = jnp.asarray(value, jnp.float32)
    return params


def quantised(w: jax.Array) -> jax.Array:
    """`w` as q4f32_1 gives it back: codes from the float32 scale, the scale then stored as bfloat16."""
    grouped = w.reshape(*w.shape[:-1], -1, GROUP)
    scale = jnp.max(jnp.abs(grouped), -1, keepdims=True) / 7
    code = jnp.clip(jnp.round(grouped / jnp.maximum(scale, 1e-30) + 7), 0, 14)
    stored = scale.astype(jnp.bfloat16).astype(jnp.float32)
    return ((code - 7) * stored).reshape(w.shape)


def as_shipped(params: dict) -> dict:
    """All parameters after a round trip through the q4f32_1 build (norms become bfloat16)."""
    return {
        name: quantised(w) if name in MATRICES else w.astype(jnp.bfloat16).astype(jnp.float32)
        for name, w in params.items()
    }


def straight_through(params: dict) -> dict:
    """as_shipped in the forward pass, the identity in the backward pass."""
    return jax.tree.map(lambda w, q: w + jax.lax.stop_gradient(q - w), params, as_shipped(params))


def rms_norm(x, weight, eps):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + eps) * weight


def rope_table(length: int, dim: int, theta: float):
    """(cos, sin), each [length, dim / 2]."""
    angles = np.arange(length)[:, None] * theta ** (-np.arange(0, dim, 2) / dim)
    return jnp.asarray(np.cos(angles), jnp.float32), jnp.asarray(np.sin(angles), jnp.float32)


def rotate(x, cos, sin):
    """Rotate-half RoPE. x: [batch, length, heads, dim]; cos, sin broadcast to [batch, length, 1, dim / 2]."""
    a, b = jnp.split(x, 2, -1)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


@jax.custom_vjp
def linear(x, w):
    """x [..., in] through w [out, in]."""
    return (x.reshape(-1, x.shape[-1]) @ w.T).reshape(*x.shape[:-1], w.shape[0])


def _linear_backward(residuals, g):
    # XLA's CPU matrix product over a transposed left side is slow: transpose first, over flat rows.
    x, w = residuals
    flat = g.reshape(-1, g.shape[-1])
    transposed = jax.lax.optimization_barrier(flat.T)
    return (flat @ w).reshape(x.shape), transposed @ x.reshape(-1, x.shape[-1])


linear.defvjp(lambda x, w: (linear(x, w), (x, w)), _linear_backward)


def attend(q, k, v, mask):
    """Grouped-query attention: its output, and the first head's weights [b, t, s].

    q [b, t, heads, d], k and v [b, s, kv heads, d], mask broadcast to [b, 1, 1, t, s].
    """
    b, t, heads, dim = q.shape
    kv = k.shape[2]
    q = q.reshape(b, t, kv, heads // kv, dim) * dim**-0.5
    scores = jnp.einsum("btghd,bsgd->bghts", q, k)
    weights = jax.nn.softmax(jnp.where(mask, scores, -1e30), -1)
    return jnp.einsum("bghts,bsgd->btghd", weights, v).reshape(b, t, heads * dim), weights[:, 0, 0]


def _block(c, x, p, cos, sin, mask, cache=None):
    b, t, _ = x.shape
    heads, kv = c["num_attention_heads"], c["num_key_value_heads"]
    dim, eps = c["hidden_size"] // heads, c["rms_norm_eps"]
    y = rms_norm(x, p["norm1"], eps)
    q = rotate(linear(y, p["q"]).reshape(b, t, heads, dim), cos, sin)
    k = rotate(linear(y, p["k"]).reshape(b, t, kv, dim), cos, sin)
    v = linear(y, p["v"]).reshape(b, t, kv, dim)
    if cache is not None:
        k, v = cache(k, v)
    mixed, first_head = attend(q, k, v, mask)
    x = x + linear(mixed, p["o"])
    y = rms_norm(x, p["norm2"], eps)
    return x + linear(jax.nn.silu(linear(y, p["gate"])) * linear(y, p["up"]), p["down"]), k, v, first_head


LAYER = ("q", "k", "v", "o", "gate", "up", "down", "norm1", "norm2")


def forward(c: dict, params: dict, ids: jax.Array, wanted: jax.Array) -> tuple[jax.Array, list[jax.Array], list]:
    """For right-padded ids [batch, length]: logits [wanted, vocabulary] at flat positions `wanted` (row-major);
    what leaves each layer, [batch, length, hidden]; where each layer's first head looks, [batch, length, length]."""
    length = ids.shape[1]
    cos, sin = rope_table(length, c["hidden_size"] // c["num_attention_heads"], c["rope_theta"])
    cos, sin = cos[None, :, None], sin[None, :, None]
    mask = jnp.tril(jnp.ones((length, length), bool))
    x, inner, looks = params["embed"][ids], [], []
    for layer in range(c["num_hidden_layers"]):
        x, _, _, look = _block(c, x, {n: params[n][layer] for n in LAYER}, cos, sin, mask)
        inner.append(x)
        looks.append(look)
    x = x.reshape(-1, c["hidden_size"])[wanted]
    return linear(rms_norm(x, params["norm"], c["rms_norm_eps"]), params["head"]), inner, looks


def make_decoder(c: dict, prompt_length: int, new_tokens: int, eos: int = 2):
    """A jitted greedy decoder: (params, ids [b, prompt_length], lengths [b]) -> ids [b, new_tokens].

    Prompts are right-padded; new tokens are kept in cache slots after prompt_length, at their true positions.
    """
    heads = c["num_attention_heads"]
    total = prompt_length + new_tokens
    dim = c["hidden_size"] // heads
    table = rope_table(total, dim, c["rope_theta"])

    def run(params, ids, lengths):
        batch = ids.shape[0]
        cos, sin = table[0][None, :prompt_length, None], table[1][None, :prompt_length, None]
        mask = jnp.tril(jnp.ones((prompt_length, prompt_length), bool))
        x, caches = params["embed"][ids], []
        for layer in range(c["num_hidden_layers"]):
            x, k, v, _ = _block(c, x, {n: params[n][layer] for n in LAYER}, cos, sin, mask)
            pad = ((0, 0), (0, new_tokens), (0, 0), (0, 0))
            caches.append((jnp.pad(k, pad), jnp.pad(v, pad)))
        last = x[jnp.arange(batch), lengths - 1][:, None]

        def logits(x):
            return rms_norm(x, params["norm"], c["rms_norm_eps"])[:, 0] @ params["head"].T

        token = jnp.argmax(logits(last), -1)
        out = jnp.full((batch, new_tokens), eos).at[:, 0].set(token)
        slots = jnp.arange(total)

        def step(state):
            i, token, caches, out, done = state
            positions = lengths + i - 1
            cos, sin = table[0][positions][:, None, None], table[1][positions][:, None, None]
            written = (slots[None] < lengths[:, None]) | ((slots >= prompt_length) & (slots < prompt_length + i))[None]
            x, fresh = params["embed"][token][:, None], []
            for layer in range(c["num_hidden_layers"]):
                old_k, old_v = caches[layer]

                def cache(k, v, old_k=old_k, old_v=old_v):
                    at = (0, prompt_length + i - 1, 0, 0)
                    return jax.lax.dynamic_update_slice(old_k, k, at), jax.lax.dynamic_update_slice(old_v, v, at)

                weights = {n: params[n][layer] for n in LAYER}
                x, k, v, _ = _block(c, x, weights, cos, sin, written[:, None, None, None], cache)
                fresh.append((k, v))
            done = done | (token == eos)
            token = jnp.where(done, eos, jnp.argmax(logits(x), -1))
            return i + 1, token, fresh, out.at[:, i].set(token), done

        def running(state):
            return (state[0] < new_tokens) & ~jnp.all(state[4] | (state[1] == eos))

        state = (jnp.int32(1), token, caches, out, jnp.zeros(batch, bool))
        return jax.lax.while_loop(running, step, state)[3]

    return jax.jit(run)
