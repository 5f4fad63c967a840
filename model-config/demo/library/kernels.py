"""WebGPU kernels of a LLaMA model in q4f32_1, as TVM prim_funcs that need no further scheduling.

Weights lie as MLC stores them: `q` uint32[N, K/8], eight 4-bit codes a word, the first in the
lowest bits; `s` float32[N, K/32]; value = (code - 7) * scale. They are dequantised in registers,
never written out.

Two properties decide the speed on a software adapter and do no harm on a real GPU:
no barriers (a CPU emulates them by suspending every invocation), and few, fat dispatches.
Each thread therefore computes a small tile of outputs on its own.
"""

import math

from tvm.script import tirx as T

GROUP = 32  # weights that share a scale
WORD = 8  # codes in a uint32
THREADS = 32  # invocations a workgroup
LOG2E = math.log2(math.e)


def embed(hidden):
    """ids int32[n], q, s -> out f32[n, hidden]; a thread unpacks one word."""
    words = hidden // WORD

    @T.prim_func(s_tir=True)
    def embed(ids_h: T.handle, q_h: T.handle, s_h: T.handle, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, vocab = T.int32(), T.int32()
        ids = T.match_buffer(ids_h, (n,), "int32")
        q = T.match_buffer(q_h, (vocab, words), "uint32")
        s = T.match_buffer(s_h, (vocab, hidden // GROUP), "float32")
        out = T.match_buffer(out_h, (n, hidden), "float32")
        for bx in T.thread_binding(T.ceildiv(n * words, THREADS), "blockIdx.x"):
            for tx in T.thread_binding(THREADS, "threadIdx.x"):
                with T.sblock("embed"):
                    T.reads()
                    T.writes()
                    i: T.let[T.int32] = bx * THREADS + tx
                    if i < n * words:
                        row: T.let[T.int32] = ids[i // words]
                        word: T.let[T.uint32] = q[row, i % words]
                        scale: T.let[T.float32] = s[row, i % words // 4]
                        for j in T.unroll(WORD):
                            out[i // words, i % words * WORD + j] = (
                                T.cast(
                                    T.bitwise_and(
                                        T.shift_right(word, T.uint32(4 * j)), T.uint32(15)
                                    ),
                                    "float32",
                                )
                                - T.float32(7)
                            ) * scale

    return embed


def _local(size, dtype="float32"):
    return T.sblock_alloc_buffer((size,), dtype, scope="local")


def _dot(k_size, rows, tokens, eps=None):
    """Macro: acc[r * tokens + t] = sum over k of w[row[r], k] * x[tok[t], k].

    With `eps`, x is scaled by the RMSNorm weight `g` on the way and `square[t]` collects the
    sum of x squared, so that the caller can divide once at the end: a pass of its own is spared.
    """
    norm = eps is not None

    @T.macro
    def dot(x, q, s, g, row, tok, acc, square, part, word, weight, value):
        for i in T.unroll(rows * tokens):
            acc[i] = T.float32(0)
        if norm:
            for t in T.unroll(tokens):
                square[t] = T.float32(0)
        for group in T.serial(k_size // GROUP):
            for i in T.unroll(rows * tokens):
                part[i] = T.float32(0)
            for w in T.serial(GROUP // WORD):
                for r in T.unroll(rows):
                    word[r] = q[row[r], group * (GROUP // WORD) + w]
                for j in T.unroll(WORD):
                    for r in T.unroll(rows):
                        weight[r] = T.cast(
                            T.bitwise_and(T.shift_right(word[r], T.uint32(4 * j)), T.uint32(15)),
                            "float32",
                        ) - T.float32(7)
                    for t in T.unroll(tokens):
                        value[0] = x[tok[t], group * GROUP + w * WORD + j]
                        if norm:
                            square[t] = square[t] + value[0] * value[0]
                            value[0] = value[0] * g[group * GROUP + w * WORD + j]
                        for r in T.unroll(rows):
                            part[r * tokens + t] = part[r * tokens + t] + weight[r] * value[0]
            for r in T.unroll(rows):
                weight[r] = s[row[r], group]
                for t in T.unroll(tokens):
                    acc[r * tokens + t] = acc[r * tokens + t] + part[r * tokens + t] * weight[r]
        if norm:
            for t in T.unroll(tokens):
                square[t] = T.rsqrt(square[t] * T.float32(1.0 / k_size) + T.float32(eps or 0.0))

    return dot


def qkv(hidden, heads, kv_heads, head_dim, eps, tokens):
    """RMSNorm, the fused projection, rotary embedding; keys and values go to the cache.

    x f32[n, hidden], g f32[hidden], q, s, cache f32[2, kv_heads, capacity, head_dim],
    rope f32[capacity, head_dim/2, 2], start -> out f32[n, heads, head_dim] (queries).
    A thread computes rows i and i + head_dim/2 of one head, the pair that rotates together.
    """
    half = head_dim // 2
    pairs = (heads + 2 * kv_heads) * half
    dot = _dot(hidden, 2, tokens, eps)

    @T.prim_func(s_tir=True)
    def qkv(
        x_h: T.handle,
        g_h: T.handle,
        q_h: T.handle,
        s_h: T.handle,
        cache_h: T.handle,
        rope_h: T.handle,
        start: T.int32,
        out_h: T.handle,
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, capacity = T.int32(), T.int32()
        x = T.match_buffer(x_h, (n, hidden), "float32")
        g = T.match_buffer(g_h, (hidden,), "float32")
        q = T.match_buffer(q_h, (2 * pairs, hidden // WORD), "uint32")
        s = T.match_buffer(s_h, (2 * pairs, hidden // GROUP), "float32")
        cache = T.match_buffer(cache_h, (2, kv_heads, capacity, head_dim), "float32")
        rope = T.match_buffer(rope_h, (capacity, half, 2), "float32")
        out = T.match_buffer(out_h, (n, heads, head_dim), "float32")
        for by in T.thread_binding(T.ceildiv(n, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(pairs, THREADS), "blockIdx.x"):
                for tx in T.thread_binding(THREADS, "threadIdx.x"):
                    with T.sblock("qkv"):
                        T.reads()
                        T.writes()
                        acc = _local(2 * tokens)
                        part = _local(2 * tokens)
                        square = _local(tokens)
                        tok = _local(tokens, "int32")
                        row = _local(2, "int32")
                        word = _local(2, "uint32")
                        weight = _local(2)
                        value = _local(1)
                        i: T.let[T.int32] = bx * THREADS + tx
                        if i < pairs:
                            head: T.let[T.int32] = i // half
                            d: T.let[T.int32] = i % half
                            row[0] = head * head_dim + d
                            row[1] = head * head_dim + d + half
                            for t in T.unroll(tokens):
                                tok[t] = T.min(by * tokens + t, n - 1)
                            dot(x, q, s, g, row, tok, acc, square, part, word, weight, value)
                            for t in T.unroll(tokens):
                                if by * tokens + t < n:
                                    position: T.let[T.int32] = start + by * tokens + t
                                    a: T.let[T.float32] = acc[t] * square[t]
                                    b: T.let[T.float32] = acc[tokens + t] * square[t]
                                    cos: T.let[T.float32] = rope[position, d, 0]
                                    sin: T.let[T.float32] = rope[position, d, 1]
                                    if head < heads:
                                        out[by * tokens + t, head, d] = a * cos - b * sin
                                        out[by * tokens + t, head, d + half] = b * cos + a * sin
                                    else:
                                        if head < heads + kv_heads:
                                            cache[0, head - heads, position, d] = a * cos - b * sin
                                            cache[0, head - heads, position, d + half] = (
                                                b * cos + a * sin
                                            )
                                        else:
                                            cache[1, head - heads - kv_heads, position, d] = a
                                            cache[1, head - heads - kv_heads, position, d + half] = b

    return qkv


def attention(heads, kv_heads, head_dim):
    """Causal attention over the cache. q f32[n, heads, head_dim], cache, start -> out f32[n, heads * head_dim].

    A thread walks all positions for one token and head with a running softmax: correct for any
    split of a prompt, since new tokens are in the cache before it starts.
    """
    scale = LOG2E / math.sqrt(head_dim)

    @T.prim_func(s_tir=True)
    def attention(q_h: T.handle, cache_h: T.handle, start: T.int32, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, capacity = T.int32(), T.int32()
        q = T.match_buffer(q_h, (n, heads, head_dim), "float32")
        cache = T.match_buffer(cache_h, (2, kv_heads, capacity, head_dim), "float32")
        out = T.match_buffer(out_h, (n, heads * head_dim), "float32")
        for bx in T.thread_binding(T.ceildiv(n * heads, 4), "blockIdx.x"):
            for tx in T.thread_binding(4, "threadIdx.x"):
                with T.sblock("attention"):
                    T.reads()
                    T.writes()
                    query = _local(head_dim)
                    acc = _local(head_dim)
                    state = _local(4)
                    i: T.let[T.int32] = bx * 4 + tx
                    if i < n * heads:
                        token: T.let[T.int32] = i // heads
                        head: T.let[T.int32] = i % heads
                        kv: T.let[T.int32] = head // (heads // kv_heads)
                        for d in T.unroll(head_dim):
                            query[d] = q[token, head, d] * T.float32(scale)
                            acc[d] = T.float32(0)
                        # state: running maximum, sum, score, correction
                        state[0] = T.float32(-1e30)
                        state[1] = T.float32(0)
                        for p in T.serial(start + token + 1):
                            state[2] = T.float32(0)
                            for d in T.unroll(head_dim):
                                state[2] = state[2] + query[d] * cache[0, kv, p, d]
                            if state[2] > state[0]:
                                state[3] = T.exp2(state[0] - state[2])
                                state[0] = state[2]
                                state[1] = state[1] * state[3]
                                for d in T.unroll(head_dim):
                                    acc[d] = acc[d] * state[3]
                            state[3] = T.exp2(state[2] - state[0])
                            state[1] = state[1] + state[3]
                            for d in T.unroll(head_dim):
                                acc[d] = acc[d] + state[3] * cache[1, kv, p, d]
                        for d in T.unroll(head_dim):
                            out[token, head * head_dim + d] = acc[d] / state[1]

    return attention


def linear_add(k_size, n_size, rows, tokens):
    """x f32[n, K], q, s, residual f32[n, N] -> out f32[n, N] = x · wᵀ + residual."""
    dot = _dot(k_size, rows, tokens)
    tiles = n_size // rows

    @T.prim_func(s_tir=True)
    def linear_add(
        x_h: T.handle, q_h: T.handle, s_h: T.handle, residual_h: T.handle, out_h: T.handle
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n = T.int32()
        x = T.match_buffer(x_h, (n, k_size), "float32")
        q = T.match_buffer(q_h, (n_size, k_size // WORD), "uint32")
        s = T.match_buffer(s_h, (n_size, k_size // GROUP), "float32")
        residual = T.match_buffer(residual_h, (n, n_size), "float32")
        out = T.match_buffer(out_h, (n, n_size), "float32")
        for by in T.thread_binding(T.ceildiv(n, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(tiles, THREADS), "blockIdx.x"):
                for tx in T.thread_binding(THREADS, "threadIdx.x"):
                    with T.sblock("linear"):
                        T.reads()
                        T.writes()
                        acc = _local(rows * tokens)
                        part = _local(rows * tokens)
                        tok = _local(tokens, "int32")
                        row = _local(rows, "int32")
                        word = _local(rows, "uint32")
                        weight = _local(rows)
                        value = _local(1)
                        i: T.let[T.int32] = bx * THREADS + tx
                        if i < tiles:
                            for r in T.unroll(rows):
                                row[r] = i * rows + r
                            for t in T.unroll(tokens):
                                tok[t] = T.min(by * tokens + t, n - 1)
                            dot(x, q, s, x, row, tok, acc, acc, part, word, weight, value)
                            for t in T.unroll(tokens):
                                if by * tokens + t < n:
                                    for r in T.unroll(rows):
                                        out[by * tokens + t, i * rows + r] = (
                                            acc[r * tokens + t]
                                            + residual[by * tokens + t, i * rows + r]
                                        )

    return linear_add


def gate_up(hidden, intermediate, eps, tokens):
    """RMSNorm, both projections and silu(gate) * up: x, g, q, s -> out f32[n, intermediate]."""
    dot = _dot(hidden, 2, tokens, eps)

    @T.prim_func(s_tir=True)
    def gate_up(x_h: T.handle, g_h: T.handle, q_h: T.handle, s_h: T.handle, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n = T.int32()
        x = T.match_buffer(x_h, (n, hidden), "float32")
        g = T.match_buffer(g_h, (hidden,), "float32")
        q = T.match_buffer(q_h, (2 * intermediate, hidden // WORD), "uint32")
        s = T.match_buffer(s_h, (2 * intermediate, hidden // GROUP), "float32")
        out = T.match_buffer(out_h, (n, intermediate), "float32")
        for by in T.thread_binding(T.ceildiv(n, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(intermediate, THREADS), "blockIdx.x"):
                for tx in T.thread_binding(THREADS, "threadIdx.x"):
                    with T.sblock("gate_up"):
                        T.reads()
                        T.writes()
                        acc = _local(2 * tokens)
                        part = _local(2 * tokens)
                        square = _local(tokens)
                        tok = _local(tokens, "int32")
                        row = _local(2, "int32")
                        word = _local(2, "uint32")
                        weight = _local(2)
                        value = _local(1)
                        i: T.let[T.int32] = bx * THREADS + tx
                        if i < intermediate:
                            row[0] = i
                            row[1] = i + intermediate
                            for t in T.unroll(tokens):
                                tok[t] = T.min(by * tokens + t, n - 1)
                            dot(x, q, s, g, row, tok, acc, square, part, word, weight, value)
                            for t in T.unroll(tokens):
                                if by * tokens + t < n:
                                    gate: T.let[T.float32] = acc[t] * square[t]
                                    up: T.let[T.float32] = acc[tokens + t] * square[t]
                                    out[by * tokens + t, i] = (
                                        gate * up / (T.float32(1) + T.exp(-gate))
                                    )

    return gate_up


def head(hidden, vocab, eps, rows, tokens):
    """RMSNorm and output projection of tokens first..first+m-1.

    x f32[n, hidden], g, q, s, first -> out f32[1, m, vocab].
    """
    dot = _dot(hidden, rows, tokens, eps)
    tiles = vocab // rows

    @T.prim_func(s_tir=True)
    def head(
        x_h: T.handle, g_h: T.handle, q_h: T.handle, s_h: T.handle, first: T.int32, out_h: T.handle
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, m = T.int32(), T.int32()
        x = T.match_buffer(x_h, (n, hidden), "float32")
        g = T.match_buffer(g_h, (hidden,), "float32")
        q = T.match_buffer(q_h, (vocab, hidden // WORD), "uint32")
        s = T.match_buffer(s_h, (vocab, hidden // GROUP), "float32")
        out = T.match_buffer(out_h, (1, m, vocab), "float32")
        for by in T.thread_binding(T.ceildiv(m, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(tiles, THREADS), "blockIdx.x"):
                for tx in T.thread_binding(THREADS, "threadIdx.x"):
                    with T.sblock("head"):
                        T.reads()
                        T.writes()
                        acc = _local(rows * tokens)
                        part = _local(rows * tokens)
                        square = _local(tokens)
                        tok = _local(tokens, "int32")
                        row = _local(rows, "int32")
                        word = _local(rows, "uint32")
                        weight = _local(rows)
                        value = _local(1)
                        i: T.let[T.int32] = bx * THREADS + tx
                        if i < tiles:
                            for r in T.unroll(rows):
                                row[r] = i * rows + r
                            for t in T.unroll(tokens):
                                tok[t] = T.min(first + by * tokens + t, n - 1)
                            dot(x, q, s, g, row, tok, acc, square, part, word, weight, value)
                            for t in T.unroll(tokens):
                                if by * tokens + t < m:
                                    for r in T.unroll(rows):
                                        out[0, by * tokens + t, i * rows + r] = (
                                            acc[r * tokens + t] * square[t]
                                        )

    return head
