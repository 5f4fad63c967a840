"""WebGPU kernels behind WebLLM's sampler: probabilities, sort, top-p and the changes to logits.

Barrier-free like the model's own kernels. All shapes but the vocabulary are dynamic.
"""

import math

from tvm.script import tirx as T

from kernels.tile import local

THREADS = 32
UNROLL = 8  # comparisons in a row: a loop's test costs as much as one


def _run(vocab):
    """Length of the runs that argsort ranks by comparing all pairs, before it merges them.

    Ranking costs a thread its run's length, merging a bisection for each other run.
    """
    return 2 ** round(math.log2(4 * math.sqrt(vocab)))


def _before(other, mine, wins_tie):
    """1 where `other` comes before `mine` in descending order, else 0; no branch."""
    return T.bitwise_or(
        T.cast(other > mine, "int32"),
        T.bitwise_and(T.cast(other == mine, "int32"), T.cast(wins_tie, "int32")),
    )


def softmax(vocab):
    """logits f32[b, 1, vocab], temperature f32[b] -> out, the same shape.

    Each thread finds the maximum and the sum again for itself and writes a slice: reading a few
    thousand numbers twice costs less than another dispatch.
    """
    slices = 8
    size = (vocab + slices - 1) // slices

    @T.prim_func(s_tir=True)
    def softmax(logits_h: T.handle, temperature_h: T.handle, out_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b = T.int32()
        logits = T.match_buffer(logits_h, (b, 1, vocab), "float32")
        temperature = T.match_buffer(temperature_h, (b,), "float32")
        out = T.match_buffer(out_h, (b, 1, vocab), "float32")
        for bx in T.thread_binding(b, "blockIdx.x"):
            for tx in T.thread_binding(slices, "threadIdx.x"):
                with T.sblock("softmax"):
                    T.reads()
                    T.writes()
                    state = local(2)
                    scale: T.let[T.float32] = T.float32(1) / T.max(temperature[bx], T.float32(1e-6))
                    state[0] = logits[bx, 0, 0]
                    for i in T.serial(vocab - 1):
                        state[0] = T.max(state[0], logits[bx, 0, i + 1])
                    state[1] = T.float32(0)
                    for i in T.serial(vocab):
                        state[1] = state[1] + T.exp((logits[bx, 0, i] - state[0]) * scale)
                    for j in T.serial(size):
                        if tx * size + j < vocab:
                            out[bx, 0, tx * size + j] = (
                                T.exp((logits[bx, 0, tx * size + j] - state[0]) * scale) / state[1]
                            )

    return softmax


def sort_runs(vocab):
    """Sorts runs of elements, descending, ties by index: probs f32[b, vocab] ->
    values f32[b, vocab], indices int32[b, vocab]. A thread ranks one element in its run."""
    padded = (vocab + THREADS - 1) // THREADS * THREADS
    run = _run(vocab)

    @T.prim_func(s_tir=True)
    def sort_runs(probs_h: T.handle, values_h: T.handle, indices_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b = T.int32()
        probs = T.match_buffer(probs_h, (b, vocab), "float32")
        values = T.match_buffer(values_h, (b, vocab), "float32")
        indices = T.match_buffer(indices_h, (b, vocab), "int32")
        for bx in T.thread_binding(b * (padded // THREADS), "blockIdx.x"):
            for tx in T.thread_binding(THREADS, "threadIdx.x"):
                with T.sblock("sort"):
                    T.reads()
                    T.writes()
                    rank = local(1, "int32")
                    other = local(1)
                    line: T.let[T.int32] = bx // (padded // THREADS)
                    i: T.let[T.int32] = bx % (padded // THREADS) * THREADS + tx
                    if i < vocab:
                        base: T.let[T.int32] = i // run * run
                        mine: T.let[T.float32] = probs[line, i]
                        rank[0] = base
                        for step in T.serial(run // UNROLL):
                            for j in T.unroll(UNROLL):
                                at: T.let[T.int32] = base + step * UNROLL + j
                                other[0] = probs[line, T.min(at, vocab - 1)]
                                rank[0] = rank[0] + T.bitwise_and(
                                    T.cast(at < vocab, "int32"),
                                    _before(other[0], mine, at < i),
                                )
                        values[line, rank[0]] = mine
                        indices[line, rank[0]] = i

    return sort_runs


def merge_runs(vocab):
    """Merges the runs of sort_runs: an element's place is its place in its own run plus the
    number of elements before it in every other run, found by bisection."""
    padded = (vocab + THREADS - 1) // THREADS * THREADS
    run = _run(vocab)
    runs = (vocab + run - 1) // run
    steps = run.bit_length()

    @T.prim_func(s_tir=True)
    def merge_runs(values_h: T.handle, indices_h: T.handle, out_h: T.handle, order_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b = T.int32()
        values = T.match_buffer(values_h, (b, vocab), "float32")
        indices = T.match_buffer(indices_h, (b, vocab), "int32")
        out = T.match_buffer(out_h, (b, vocab), "float32")
        order = T.match_buffer(order_h, (b, vocab), "int32")
        for bx in T.thread_binding(b * (padded // THREADS), "blockIdx.x"):
            for tx in T.thread_binding(THREADS, "threadIdx.x"):
                with T.sblock("merge"):
                    T.reads()
                    T.writes()
                    place = local(1, "int32")
                    count = local(1, "int32")
                    other = local(1)
                    line: T.let[T.int32] = bx // (padded // THREADS)
                    i: T.let[T.int32] = bx % (padded // THREADS) * THREADS + tx
                    if i < vocab:
                        own: T.let[T.int32] = i // run
                        mine: T.let[T.float32] = values[line, i]
                        place[0] = 0
                        for c in T.serial(runs):
                            count[0] = 0
                            for step in T.unroll(steps):
                                # Ties keep the order of the runs, hence of the indices.
                                probe: T.let[T.int32] = c * run + count[0] + (run >> step) - 1
                                other[0] = values[line, T.min(probe, vocab - 1)]
                                count[0] = count[0] + (run >> step) * T.bitwise_and(
                                    T.cast(probe < T.min(c * run + run, vocab), "int32"),
                                    _before(other[0], mine, c < own),
                                )
                            place[0] = place[0] + T.Select(c == own, i - own * run, count[0])
                        out[line, place[0]] = mine
                        order[line, place[0]] = indices[line, i]

    return merge_runs


def sample(vocab):
    """Top-p sampling from sorted probabilities: sorted f32[b, vocab], indices int32[b, vocab],
    uniform f32[n], rows int32[n], top_p f32[b] -> out int32[n].

    The kept set is the shortest prefix whose sum reaches top_p; the token is the first whose
    share of that sum exceeds the uniform number. One thread a sample: it stops as soon as it can.
    """

    @T.prim_func(s_tir=True)
    def sample(
        probs_h: T.handle,
        indices_h: T.handle,
        uniform_h: T.handle,
        rows_h: T.handle,
        top_p_h: T.handle,
        out_h: T.handle,
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b, n = T.int32(), T.int32()
        probs = T.match_buffer(probs_h, (b, vocab), "float32")
        indices = T.match_buffer(indices_h, (b, vocab), "int32")
        uniform = T.match_buffer(uniform_h, (n,), "float32")
        rows = T.match_buffer(rows_h, (n,), "int32")
        top_p = T.match_buffer(top_p_h, (b,), "float32")
        out = T.match_buffer(out_h, (n,), "int32")
        for bx in T.thread_binding(n, "blockIdx.x"):
            for tx in T.thread_binding(1, "threadIdx.x"):
                with T.sblock("sample"):
                    T.reads()
                    T.writes()
                    total = local(1)
                    at = local(1, "int32")
                    row: T.let[T.int32] = rows[bx]
                    total[0] = probs[row, 0]
                    at[0] = 1
                    while at[0] < vocab and total[0] < top_p[row]:
                        total[0] = total[0] + probs[row, at[0]]
                        at[0] = at[0] + 1
                    last: T.let[T.int32] = at[0] - 1
                    goal: T.let[T.float32] = uniform[bx] * total[0]
                    total[0] = probs[row, 0]
                    at[0] = 0
                    while at[0] < last and total[0] <= goal:
                        at[0] = at[0] + 1
                        total[0] = total[0] + probs[row, at[0]]
                    out[bx] = indices[row, at[0]]

    return sample


def apply_bitmask(vocab):
    """Forbids tokens: logits f32[b, vocab], rows int32[n], bitmask int32[b, ceil(vocab / 32)]."""
    words = (vocab + 31) // 32

    @T.prim_func(s_tir=True)
    def apply_bitmask(logits_h: T.handle, rows_h: T.handle, mask_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b, n = T.int32(), T.int32()
        logits = T.match_buffer(logits_h, (b, vocab), "float32")
        rows = T.match_buffer(rows_h, (n,), "int32")
        mask = T.match_buffer(mask_h, (b, words), "int32")
        for bx in T.thread_binding(T.ceildiv(n * vocab, THREADS), "blockIdx.x"):
            for tx in T.thread_binding(THREADS, "threadIdx.x"):
                with T.sblock("bitmask"):
                    T.reads()
                    T.writes()
                    i: T.let[T.int32] = bx * THREADS + tx
                    if i < n * vocab:
                        row: T.let[T.int32] = rows[i // vocab]
                        v: T.let[T.int32] = i % vocab
                        if T.bitwise_and(T.shift_right(mask[row, v // 32], v % 32), 1) == 0:
                            logits[row, v] = T.min_value("float32")

    return apply_bitmask


def apply_penalty(vocab):
    """Lowers the logits of tokens already seen.

    logits f32[b, vocab], rows int32[n], pos2seq int32[t], tokens int32[t], counts int32[t],
    penalties f32[n, 3] (presence, frequency, repetition). The tokens of a row are distinct.
    """

    @T.prim_func(s_tir=True)
    def apply_penalty(
        logits_h: T.handle,
        rows_h: T.handle,
        pos2seq_h: T.handle,
        tokens_h: T.handle,
        counts_h: T.handle,
        penalties_h: T.handle,
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b, n, t = T.int32(), T.int32(), T.int32()
        logits = T.match_buffer(logits_h, (b, vocab), "float32")
        rows = T.match_buffer(rows_h, (n,), "int32")
        pos2seq = T.match_buffer(pos2seq_h, (t,), "int32")
        tokens = T.match_buffer(tokens_h, (t,), "int32")
        counts = T.match_buffer(counts_h, (t,), "int32")
        penalties = T.match_buffer(penalties_h, (n, 3), "float32")
        for bx in T.thread_binding(T.ceildiv(t, THREADS), "blockIdx.x"):
            for tx in T.thread_binding(THREADS, "threadIdx.x"):
                with T.sblock("penalty"):
                    T.reads()
                    T.writes()
                    i: T.let[T.int32] = bx * THREADS + tx
                    if i < t:
                        seq: T.let[T.int32] = pos2seq[i]
                        row: T.let[T.int32] = rows[seq]
                        value: T.let[T.float32] = logits[row, tokens[i]] - (
                            penalties[seq, 0] + T.cast(counts[i], "float32") * penalties[seq, 1]
                        )
                        logits[row, tokens[i]] = T.if_then_else(
                            value < T.float32(0),
                            value * penalties[seq, 2],
                            value / penalties[seq, 2],
                        )

    return apply_penalty


def apply_logit_bias(vocab):
    """Adds bias f32[t] to logits f32[b, vocab] at (pos2seq int32[t], tokens int32[t])."""

    @T.prim_func(s_tir=True)
    def apply_logit_bias(
        logits_h: T.handle, pos2seq_h: T.handle, tokens_h: T.handle, bias_h: T.handle
    ):
        T.func_attr({"tirx.is_scheduled": True, "tirx.noalias": True})
        b, t = T.int32(), T.int32()
        logits = T.match_buffer(logits_h, (b, vocab), "float32")
        pos2seq = T.match_buffer(pos2seq_h, (t,), "int32")
        tokens = T.match_buffer(tokens_h, (t,), "int32")
        bias = T.match_buffer(bias_h, (t,), "float32")
        for bx in T.thread_binding(T.ceildiv(t, THREADS), "blockIdx.x"):
            for tx in T.thread_binding(THREADS, "threadIdx.x"):
                with T.sblock("bias"):
                    T.reads()
                    T.writes()
                    i: T.let[T.int32] = bx * THREADS + tx
                    if i < t:
                        logits[pos2seq[i], tokens[i]] = logits[pos2seq[i], tokens[i]] + bias[i]

    return apply_logit_bias
