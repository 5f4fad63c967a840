"""What the WebGPU kernels of a LLaMA model in q4f32_1 share: layouts, tiles, the dot product.

The kernels are TVM prim_funcs that need no further scheduling.

Weights lie as MLC stores them: `q` uint32[N, K/8], eight 4-bit codes a word, the first in the
lowest bits; `s` float32[N, K/32]; value = (code - 7) * scale. They are dequantised in registers,
never written out. Activations are float32x4 tensors, so that WGSL declares array<vec4<f32>> and
checks the bounds of one index where it would check four.

Three properties decide the speed on a software adapter and do no harm on a real GPU: no barriers
(a CPU emulates them by suspending every invocation), few and fat dispatches, and a tile of
several outputs for each thread, which spreads the cost of a load over as many products.
"""

import math

from tvm.script import tirx as T

GROUP = 32  # weights that share a scale
WORD = 8  # codes in a uint32
VEC = 4  # lanes of an activation
ROWS = 8  # outputs of one thread in a matrix product


def workgroup(threads):
    """Invocations a workgroup: few enough that a small kernel still spreads over all cores."""
    return min(64, max(4, 2 ** int(math.log2(max(1, threads // 8)))))


def local(size, dtype="float32"):
    return T.sblock_alloc_buffer((size,), dtype, scope="local")


def codes(word, half):
    """The four codes of half a word, as float32x4 before scaling."""
    shifts = T.Ramp(T.uint32(16 * half), T.uint32(4), VEC)
    values = T.bitwise_and(
        T.shift_right(T.Broadcast(word, VEC), shifts), T.Broadcast(T.uint32(15), VEC)
    )
    # By way of int32: a CPU converts signed integers in one instruction, unsigned ones in four.
    return T.cast(T.reinterpret("int32x4", values), "float32x4") - T.Broadcast(T.float32(7), VEC)


def lane(vector, i):
    return T.Shuffle([vector], [i])


def vector(*lanes):
    return T.Shuffle(list(lanes), list(range(VEC)))


def dot_product(rows, tokens, eps=None):
    """Macro: acc[r * tokens + t] = sum over k of w[row[r], k] * x[tok[t], k], k < 32 * groups.

    With `eps`, x is scaled by the RMSNorm weight `g` on the way and `norm[t]` becomes the factor
    that the caller multiplies with at the end: a pass over x of its own is spared.
    """
    normed = eps is not None

    @T.macro
    def dot(groups, x, q, s, g, row, tok, acc, norm):
        part = local(rows * tokens)
        word = local(rows, "uint32")
        weight = local(rows, "float32x4")
        value = local(1, "float32x4")
        scale = local(1)
        for i in T.unroll(rows * tokens):
            acc[i] = T.float32(0)
        if normed:
            for t in T.unroll(tokens):
                norm[t] = T.float32(0)
        for group in T.serial(groups):
            for i in T.unroll(rows * tokens):
                part[i] = T.float32(0)
            for w in T.serial(GROUP // WORD):
                for r in T.unroll(rows):
                    word[r] = q[row[r], group * (GROUP // WORD) + w]
                for half in T.unroll(2):
                    for r in T.unroll(rows):
                        weight[r] = codes(word[r], half)
                    for t in T.unroll(tokens):
                        value[0] = x[tok[t], group * (GROUP // VEC) + w * 2 + half]
                        if normed:
                            for c in T.unroll(VEC):
                                norm[t] = norm[t] + lane(value[0], c) * lane(value[0], c)
                            value[0] = value[0] * g[group * (GROUP // VEC) + w * 2 + half]
                        for r in T.unroll(rows):
                            for c in T.unroll(VEC):
                                part[r * tokens + t] = part[r * tokens + t] + lane(
                                    weight[r], c
                                ) * lane(value[0], c)
            for r in T.unroll(rows):
                scale[0] = s[row[r], group]
                for t in T.unroll(tokens):
                    acc[r * tokens + t] = acc[r * tokens + t] + part[r * tokens + t] * scale[0]
        if normed:
            for t in T.unroll(tokens):
                norm[t] = T.rsqrt(
                    norm[t] / T.cast(groups * GROUP, "float32") + T.float32(eps or 0.0)
                )

    return dot
