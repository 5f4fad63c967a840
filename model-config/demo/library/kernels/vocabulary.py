"""From token ids to hidden states, and from hidden states to logits."""

from tvm.script import tirx as T

from kernels.tile import GROUP, ROWS, VEC, WORD, codes, dot_product, lane, local, workgroup


def embed(hidden):
    """ids int32[n], q, s -> out f32[n, hidden]; a thread unpacks one word."""
    words = hidden // WORD
    size = 32

    @T.prim_func(s_tir=True)
    def embed(ids_h: T.handle, q_h: T.handle, s_h: T.handle, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, vocab = T.int32(), T.int32()
        ids = T.match_buffer(ids_h, (n,), "int32")
        q = T.match_buffer(q_h, (vocab, words), "uint32")
        s = T.match_buffer(s_h, (vocab, hidden // GROUP), "float32")
        out = T.match_buffer(out_h, (n, hidden), "float32")
        for bx in T.thread_binding(T.ceildiv(n * words, size), "blockIdx.x"):
            for tx in T.thread_binding(size, "threadIdx.x"):
                with T.sblock("embed"):
                    T.reads()
                    T.writes()
                    values = local(2, "float32x4")
                    i: T.let[T.int32] = bx * size + tx
                    if i < n * words:
                        row: T.let[T.int32] = ids[i // words]
                        for half in T.unroll(2):
                            values[half] = codes(q[row, i % words], half) * T.Broadcast(
                                s[row, i % words // 4], VEC
                            )
                            for c in T.unroll(VEC):
                                out[i // words, i % words * WORD + half * VEC + c] = lane(
                                    values[half], c
                                )

    return embed


def head(hidden, vocab, eps, tokens):
    """RMSNorm and output projection of tokens first..first+m-1.

    x f32x4[n, hidden/4], g, q, s, first -> out f32[1, m, vocab].
    """
    rows = next(r for r in (ROWS, 4, 2, 1) if vocab % r == 0)
    tiles = vocab // rows
    size = workgroup(tiles)
    dot = dot_product(rows, tokens, eps)

    @T.prim_func(s_tir=True)
    def head(
        x_h: T.handle, g_h: T.handle, q_h: T.handle, s_h: T.handle, first: T.int32, out_h: T.handle
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        n, m = T.int32(), T.int32()
        x = T.match_buffer(x_h, (n, hidden // VEC), "float32x4")
        g = T.match_buffer(g_h, (hidden // VEC,), "float32x4")
        q = T.match_buffer(q_h, (vocab, hidden // WORD), "uint32")
        s = T.match_buffer(s_h, (vocab, hidden // GROUP), "float32")
        out = T.match_buffer(out_h, (1, m, vocab), "float32")
        for by in T.thread_binding(T.ceildiv(m, tokens), "blockIdx.y"):
            for bx in T.thread_binding(T.ceildiv(tiles, size), "blockIdx.x"):
                for tx in T.thread_binding(size, "threadIdx.x"):
                    with T.sblock("head"):
                        T.reads()
                        T.writes()
                        acc = local(rows * tokens)
                        norm = local(tokens)
                        tok = local(tokens, "int32")
                        row = local(rows, "int32")
                        i: T.let[T.int32] = bx * size + tx
                        if i < tiles:
                            for r in T.unroll(rows):
                                row[r] = i * rows + r
                            for t in T.unroll(tokens):
                                tok[t] = T.min(first + by * tokens + t, n - 1)
                            dot(hidden // GROUP, x, q, s, g, row, tok, acc, norm)
                            for t in T.serial(tokens):
                                if by * tokens + t < m:
                                    for r in T.unroll(rows):
                                        out[0, by * tokens + t, i * rows + r] = (
                                            acc[r * tokens + t] * norm[t]
                                        )

    return head
