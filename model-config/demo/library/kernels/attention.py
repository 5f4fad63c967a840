"""The attention half of a layer: queries, keys and values into the cache, then attention."""

import math

from tvm.script import tirx as T

from kernels.tile import GROUP, VEC, WORD, dot_product, lane, local, vector, workgroup

LOG2E = math.log2(math.e)


def qkv(hidden, heads, kv_heads, head_dim, eps, tokens):
    """RMSNorm, the fused projection, rotary embedding; keys and values go to the cache.

    x f32x4[n, hidden/4], g f32x4[hidden/4], q, s, cache f32x4[2, kv_heads, capacity, head_dim/4],
    rope f32x4[capacity, 2 (cosine, sine), head_dim/8], start (position of the first token)
    -> out f32x4[n, heads, head_dim/4], the queries.
    A thread computes rows 4i..4i+3 and those head_dim/2 further, the pairs that rotate together.
    """
    quarter = head_dim // 2 // VEC
    tiles = (heads + 2 * kv_heads) * quarter
    rows = 2 * VEC
    size = workgroup(tiles)
    dot = dot_product(rows, tokens, eps)

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
        x = T.match_buffer(x_h, (n, hidden // VEC), "float32x4")
        g = T.match_buffer(g_h, (hidden // VEC,), "float32x4")
        q = T.match_buffer(q_h, (tiles * rows, hidden // WORD), "uint32")
        s = T.match_buffer(s_h, (tiles * rows, hidden // GROUP), "float32")
        cache = T.match_buffer(cache_h, (2, kv_heads, capacity, 2 * quarter), "float32x4")
        rope = T.match_buffer(rope_h, (capacity, 2, quarter), "float32x4")
        out = T.match_buffer(out_h, (n, heads, 2 * quarter), "float32x4")
        for by in T.thread_binding(T.ceildiv(n, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(tiles, size), "blockIdx.x"):
                for tx in T.thread_binding(size, "threadIdx.x"):
                    with T.sblock("qkv"):
                        T.reads()
                        T.writes()
                        acc = local(rows * tokens)
                        norm = local(tokens)
                        tok = local(tokens, "int32")
                        row = local(rows, "int32")
                        pair = local(4, "float32x4")  # both halves, then both rotated
                        i: T.let[T.int32] = bx * size + tx
                        if i < tiles:
                            head: T.let[T.int32] = i // quarter
                            d: T.let[T.int32] = i % quarter
                            for r in T.unroll(rows):
                                row[r] = (
                                    head * head_dim + r // VEC * (head_dim // 2) + d * VEC + r % VEC
                                )
                            for t in T.unroll(tokens):
                                tok[t] = T.min(by * tokens + t, n - 1)
                            dot(hidden // GROUP, x, q, s, g, row, tok, acc, norm)
                            for t in T.serial(tokens):
                                if by * tokens + t < n:
                                    for h in T.unroll(2):
                                        pair[h] = vector(
                                            acc[(h * VEC) * tokens + t],
                                            acc[(h * VEC + 1) * tokens + t],
                                            acc[(h * VEC + 2) * tokens + t],
                                            acc[(h * VEC + 3) * tokens + t],
                                        ) * T.Broadcast(norm[t], VEC)
                                    if head < heads + kv_heads:
                                        pair[2] = (
                                            pair[0] * rope[start + by * tokens + t, 0, d]
                                            - pair[1] * rope[start + by * tokens + t, 1, d]
                                        )
                                        pair[3] = (
                                            pair[1] * rope[start + by * tokens + t, 0, d]
                                            + pair[0] * rope[start + by * tokens + t, 1, d]
                                        )
                                        if head < heads:
                                            for h in T.unroll(2):
                                                out[by * tokens + t, head, h * quarter + d] = pair[
                                                    2 + h
                                                ]
                                        else:
                                            for h in T.unroll(2):
                                                cache[
                                                    0,
                                                    head - heads,
                                                    start + by * tokens + t,
                                                    h * quarter + d,
                                                ] = pair[2 + h]
                                    else:
                                        for h in T.unroll(2):
                                            cache[
                                                1,
                                                head - heads - kv_heads,
                                                start + by * tokens + t,
                                                h * quarter + d,
                                            ] = pair[h]

    return qkv


def attention(heads, kv_heads, head_dim, tokens):
    """Causal attention over the cache.

    q f32x4[n, heads, head_dim/4], cache, start -> out f32x4[n, heads * head_dim/4].
    A thread walks the positions for one head and `tokens` tokens with a running softmax: right
    for any split of a prompt, since new tokens are in the cache before it starts.
    """
    width = head_dim // VEC
    scale = LOG2E / math.sqrt(head_dim)
    size = 4

    @T.prim_func(s_tir=True)
    def attention(q_h: T.handle, cache_h: T.handle, start: T.int32, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, capacity = T.int32(), T.int32()
        q = T.match_buffer(q_h, (n, heads, width), "float32x4")
        cache = T.match_buffer(cache_h, (2, kv_heads, capacity, width), "float32x4")
        out = T.match_buffer(out_h, (n, heads * width), "float32x4")
        for bx in T.thread_binding(T.ceildiv(T.ceildiv(n, tokens) * heads, size), "blockIdx.x"):
            for tx in T.thread_binding(size, "threadIdx.x"):
                with T.sblock("attention"):
                    T.reads()
                    T.writes()
                    query = local(tokens * width, "float32x4")
                    acc = local(tokens * width, "float32x4")
                    product = local(tokens, "float32x4")
                    value = local(1, "float32x4")
                    maximum, total = local(tokens), local(tokens)
                    score, factor = local(tokens), local(1)
                    i: T.let[T.int32] = bx * size + tx
                    first: T.let[T.int32] = i // heads * tokens
                    head: T.let[T.int32] = i % heads
                    kv: T.let[T.int32] = head // (heads // kv_heads)
                    if first < n:
                        for t in T.unroll(tokens):
                            for d in T.unroll(width):
                                query[t * width + d] = q[
                                    T.min(first + t, n - 1), head, d
                                ] * T.Broadcast(T.float32(scale), VEC)
                                acc[t * width + d] = T.Broadcast(T.float32(0), VEC)
                            maximum[t] = T.float32(-1e30)
                            total[t] = T.float32(0)
                        for p in T.serial(start + T.min(first + tokens, n)):
                            for t in T.unroll(tokens):
                                product[t] = T.Broadcast(T.float32(0), VEC)
                            for d in T.unroll(width):
                                value[0] = cache[0, kv, p, d]
                                for t in T.unroll(tokens):
                                    product[t] = product[t] + query[t * width + d] * value[0]
                            for t in T.unroll(tokens):
                                score[t] = T.if_then_else(
                                    p <= start + first + t,
                                    (lane(product[t], 0) + lane(product[t], 1))
                                    + (lane(product[t], 2) + lane(product[t], 3)),
                                    T.float32(-1e30),
                                )
                                if score[t] > maximum[t]:
                                    factor[0] = T.exp2(maximum[t] - score[t])
                                    maximum[t] = score[t]
                                    total[t] = total[t] * factor[0]
                                    for d in T.unroll(width):
                                        acc[t * width + d] = acc[t * width + d] * T.Broadcast(
                                            factor[0], VEC
                                        )
                                score[t] = T.exp2(score[t] - maximum[t])
                                total[t] = total[t] + score[t]
                            for d in T.unroll(width):
                                value[0] = cache[1, kv, p, d]
                                for t in T.unroll(tokens):
                                    acc[t * width + d] = (
                                        acc[t * width + d] + T.Broadcast(score[t], VEC) * value[0]
                                    )
                        for t in T.unroll(tokens):
                            if first + t < n:
                                for d in T.unroll(width):
                                    out[first + t, head * width + d] = acc[
                                        t * width + d
                                    ] / T.Broadcast(total[t], VEC)

    return attention
