"""A library with TVM's own paged cache and attention kernels, as other libraries have them.

    python paged.py --config config.json --output model.wasm [--repair]

Not shipped. Its kernel that joins attention over new and over cached tokens races: every thread
of a row reads the row's S and later writes it, with no barrier between. Where a workgroup does
not run in lock-step (a software adapter, small subgroups) a pass over several tokens on top of a
cache then gives wrong logits. The app has to notice such a library and stop guessing ahead; the
fixture that proves it comes from here. With --repair the kernel gets its barriers: the control.
"""

import sys

import tvm
from tvm import relax as rx
from tvm.relax.frontend.nn import Tensor
from tvm.relax.frontend.nn.llm.kv_cache import PagedKVCache, RopeMode, TIRPagedKVCache
from tvm.s_tir import dlight
from tvm.script import tirx as T

import compile as compiler
from model import Library, cache_arguments

MERGE = "tir_attention_merge_state"
LOWERING = tvm.transform.Sequential(
    [
        rx.transform.LegalizeOps(),
        # The cache's small kernels come without a schedule.
        dlight.ApplyDefaultSchedule(dlight.gpu.Fallback()),
        rx.transform.RewriteDataflowReshape(),
        compiler.LOWERING,
    ]
)


class PagedLibrary(Library):
    """The same model over TVM's cache."""

    repair = False

    def build(self, metadata):
        mod = super().build(metadata)
        if self.repair:
            mod[mod.get_global_var(MERGE)] = repaired_merge().with_attr("global_symbol", MERGE)
        return mod

    def attention(self, cache, n, tokens):
        s = self.shape

        def attend(i, x, get):
            prefix = f"model.layers.{i}"
            norm, name = f"{prefix}.input_layernorm", f"{prefix}.self_attn.qkv_proj"
            zero = tvm.tirx.IntImm("int64", 0)
            qkv = self.head(x, get, norm, name, zero, n, tokens)
            qkv = self.bb.emit(rx.op.reshape(qkv, (1, n, s.heads + 2 * s.kv_heads, s.head_dim)))
            attended = PagedKVCache(_expr=cache, _name="cache").attention_with_fused_qkv(
                i, Tensor(_expr=qkv), s.heads, s.head_dim**-0.5
            )
            flat = self.bb.emit(rx.op.reshape(attended._expr, (n, s.heads * s.head_dim)))
            return self.vec4(flat, n, s.heads * s.head_dim // 4)

        return attend

    def create_cache(self):
        s = self.shape
        args = cache_arguments()
        sizes = [arg.ty.values[0] for arg in args]
        with self.bb.function("create_tir_paged_kv_cache", args):
            cache = TIRPagedKVCache(
                attn_kind="mha",
                max_batch_size=sizes[0],
                max_total_seq_len=sizes[1],
                prefill_chunk_size=sizes[2],
                page_size=sizes[3],
                support_sliding_window=sizes[4],
                layer_partition=rx.ShapeExpr([0, s.layers]),
                num_hidden_layers=s.layers,
                num_attention_heads=s.heads,
                num_key_value_heads=s.kv_heads,
                qk_head_dim=s.head_dim,
                v_head_dim=s.head_dim,
                mla_original_qk_head_dim=0,
                mla_original_v_head_dim=0,
                rope_mode=RopeMode.NORMAL,
                rope_scale=1,
                rope_theta=int(s.rope_theta),
                rope_scaling={},
                rope_ext_factors=rx.prim_value(0),
                rotary_dim=s.head_dim,
                enable_disaggregation=False,
                dtype="float32",
                target=compiler.TARGET,
            )
            self.bb.emit_func_output(cache._expr)


def repaired_merge():
    """v, s, v_other, s_other: two partial attentions joined in place, with the barriers."""

    @T.prim_func(s_tir=True)
    def merge(v_h: T.handle, s_h: T.handle, v_other_h: T.handle, s_other_h: T.handle):
        T.func_attr({"tirx.is_scheduled": True})
        n, heads, dim = T.int32(), T.int32(), T.int32()
        v = T.match_buffer(v_h, (n, heads, dim), "float32")
        s = T.match_buffer(s_h, (n, heads), "float32")
        v_other = T.match_buffer(v_other_h, (n, heads, dim), "float32")
        s_other = T.match_buffer(s_other_h, (n, heads), "float32")
        for bx in T.thread_binding(n, "blockIdx.x"):
            for by in T.thread_binding(heads, "blockIdx.y"):
                for tx in T.thread_binding(32, "threadIdx.x"):
                    with T.sblock("merge"):
                        T.reads()
                        T.writes()
                        state = T.sblock_alloc_buffer((3,), "float32", scope="local")
                        state[0] = s[bx, by]
                        state[1] = s_other[bx, by]
                        T.tvm_storage_sync("shared")
                        state[2] = T.max(state[0], state[1])
                        state[0] = T.exp2(state[0] - state[2])
                        state[1] = T.exp2(state[1] - state[2])
                        for step in T.serial(T.ceildiv(dim, 32)):
                            if step * 32 + tx < dim:
                                v[bx, by, step * 32 + tx] = (
                                    v[bx, by, step * 32 + tx] * state[0]
                                    + v_other[bx, by, step * 32 + tx] * state[1]
                                ) / (state[0] + state[1])
                        if tx == 0:
                            s[bx, by] = T.log2(state[0] + state[1]) + state[2]

    return merge


if __name__ == "__main__":
    if "--repair" in sys.argv:
        sys.argv.remove("--repair")
        PagedLibrary.repair = True
    compiler.main(PagedLibrary, LOWERING)
