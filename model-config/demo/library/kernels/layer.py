"""The matrix products of a layer beside attention."""

from tvm.script import tirx as T

from kernels.tile import GROUP, ROWS, VEC, WORD, dot_product, local, vector, workgroup


def linear_add(n_size, tokens):
    """x f32x4[n, K/4], q, s, residual f32x4[n, N/4] -> out f32x4[n, N/4] = x · wᵀ + residual.

    K is dynamic: one shader, hence one compilation at load, for both such products of a layer.
    """
    rows = ROWS if tokens > 1 and n_size % ROWS == 0 else VEC
    tiles = n_size // rows
    size = workgroup(tiles)
    dot = dot_product(rows, tokens)

    @T.prim_func(s_tir=True)
    def linear_add(
        x_h: T.handle, q_h: T.handle, s_h: T.handle, residual_h: T.handle, out_h: T.handle
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, groups = T.int32(), T.int32()
        x = T.match_buffer(x_h, (n, groups * (GROUP // VEC)), "float32x4")
        q = T.match_buffer(q_h, (n_size, groups * (GROUP // WORD)), "uint32")
        s = T.match_buffer(s_h, (n_size, groups), "float32")
        residual = T.match_buffer(residual_h, (n, n_size // VEC), "float32x4")
        out = T.match_buffer(out_h, (n, n_size // VEC), "float32x4")
        for by in T.thread_binding(T.ceildiv(n, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(tiles, size), "blockIdx.x"):
                for tx in T.thread_binding(size, "threadIdx.x"):
                    with T.sblock("linear"):
                        T.reads()
                        T.writes()
                        acc = local(rows * tokens)
                        tok = local(tokens, "int32")
                        row = local(rows, "int32")
                        i: T.let[T.int32] = bx * size + tx
                        if i < tiles:
                            for r in T.unroll(rows):
                                row[r] = i * rows + r
                            for t in T.unroll(tokens):
                                tok[t] = T.min(by * tokens + t, n - 1)
                            dot(groups, x, q, s, x, row, tok, acc, acc)
                            for t in T.serial(tokens):
                                if by * tokens + t < n:
                                    for v in T.unroll(rows // VEC):
                                        out[by * tokens + t, i * (rows // VEC) + v] = (
                                            vector(
                                                acc[(v * VEC) * tokens + t],
                                                acc[(v * VEC + 1) * tokens + t],
                                                acc[(v * VEC + 2) * tokens + t],
                                                acc[(v * VEC + 3) * tokens + t],
                                            )
                                            + residual[by * tokens + t, i * (rows // VEC) + v]
                                        )

    return linear_add


def gate_up(hidden, intermediate, eps, tokens):
    """RMSNorm, both projections and silu(gate) * up: x, g, q, s -> out f32x4[n, intermediate/4]."""
    rows = 2 * VEC
    tiles = intermediate // VEC
    size = workgroup(tiles)
    dot = dot_product(rows, tokens, eps)

    @T.prim_func(s_tir=True)
    def gate_up(x_h: T.handle, g_h: T.handle, q_h: T.handle, s_h: T.handle, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n = T.int32()
        x = T.match_buffer(x_h, (n, hidden // VEC), "float32x4")
        g = T.match_buffer(g_h, (hidden // VEC,), "float32x4")
        q = T.match_buffer(q_h, (2 * intermediate, hidden // WORD), "uint32")
        s = T.match_buffer(s_h, (2 * intermediate, hidden // GROUP), "float32")
        out = T.match_buffer(out_h, (n, intermediate // VEC), "float32x4")
        for by in T.thread_binding(T.ceildiv(n, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(tiles, size), "blockIdx.x"):
                for tx in T.thread_binding(size, "threadIdx.x"):
                    with T.sblock("gate_up"):
                        T.reads()
                        T.writes()
                        acc = local(rows * tokens)
                        norm = local(tokens)
                        tok = local(tokens, "int32")
                        row = local(rows, "int32")
                        both = local(2, "float32x4")
                        i: T.let[T.int32] = bx * size + tx
                        if i < tiles:
                            for r in T.unroll(rows):
                                row[r] = r // VEC * intermediate + i * VEC + r % VEC
                            for t in T.unroll(tokens):
                                tok[t] = T.min(by * tokens + t, n - 1)
                            dot(hidden // GROUP, x, q, s, g, row, tok, acc, norm)
                            for t in T.serial(tokens):
                                if by * tokens + t < n:
                                    for h in T.unroll(2):
                                        both[h] = vector(
                                            acc[(h * VEC) * tokens + t],
                                            acc[(h * VEC + 1) * tokens + t],
                                            acc[(h * VEC + 2) * tokens + t],
                                            acc[(h * VEC + 3) * tokens + t],
                                        ) * T.Broadcast(norm[t], VEC)
                                    out[by * tokens + t, i] = (
                                        both[0]
                                        * both[1]
                                        / (
                                            T.Broadcast(T.float32(1), VEC)
                                            + T.exp(T.Broadcast(T.float32(0), VEC) - both[0])
                                        )
                                    )

    return gate_up
