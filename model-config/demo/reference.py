"""An independent float forward over an MLC model folder in q4f32_1, in numpy only.

What WebLLM computes on WebGPU is checked against this: it shares no code with the library, the
converter or the training.

    python reference.py FOLDER PROMPTS.json    greedy tokens for each list of ids
"""

import argparse
import json
from pathlib import Path

import numpy as np

GROUP = 32


class Model:
    """A model folder: dequantised float32 weights and the shape that the forward needs."""

    def __init__(self, folder):
        folder = Path(folder)
        self.config = json.loads((folder / "mlc-chat-config.json").read_text())["model_config"]
        self.weights = {}
        tensors = read_tensors(folder)
        for name, value in tensors.items():
            if name.endswith(".q_weight"):
                base = name[: -len(".q_weight")]
                self.weights[base] = dequantise(value, tensors[base + ".q_scale"])
            elif not name.endswith(".q_scale"):
                self.weights[name.removesuffix(".weight")] = value

    def start(self):
        """An empty cache: for each layer keys and values, f32[tokens, kv_heads, head_dim]."""
        c = self.config
        empty = np.zeros((0, c["num_key_value_heads"], c["head_dim"]), np.float32)
        return [(empty, empty) for _ in range(c["num_hidden_layers"])]

    def forward(self, ids, cache):
        """Logits f32[len(ids), vocab] of new tokens after those in `cache`, which grows."""
        c, w = self.config, self.weights
        heads, kv_heads, dim = (
            c["num_attention_heads"],
            c["num_key_value_heads"],
            c["head_dim"],
        )
        n, past = len(ids), len(cache[0][0])
        positions = past + np.arange(n)
        frequency = float(c["position_embedding_base"]) ** (-2.0 * np.arange(dim // 2) / dim)
        angle = positions[:, None, None] * frequency  # [n, 1, dim / 2], broadcast over heads
        cos, sin = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
        visible = np.arange(past + n)[None, :] <= positions[:, None]

        x = w["model.embed_tokens"][np.asarray(ids)]
        for i in range(c["num_hidden_layers"]):
            layer = f"model.layers.{i}"
            h = rms_norm(x, w[f"{layer}.input_layernorm"], c["rms_norm_eps"])
            qkv = (h @ w[f"{layer}.self_attn.qkv_proj"].T).reshape(n, heads + 2 * kv_heads, dim)
            q = rotate(qkv[:, :heads], cos, sin)
            k = rotate(qkv[:, heads : heads + kv_heads], cos, sin)
            k = np.concatenate([cache[i][0], k])
            v = np.concatenate([cache[i][1], qkv[:, heads + kv_heads :]])
            cache[i] = (k, v)
            # Each key and value head serves heads / kv_heads query heads.
            k, v = (np.repeat(t, heads // kv_heads, axis=1) for t in (k, v))
            scores = np.einsum("nhd,mhd->hnm", q, k) / np.float32(np.sqrt(dim))
            scores = np.where(visible, scores, np.float32(-np.inf))
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            attended = np.einsum("hnm,mhd->nhd", scores, v).reshape(n, heads * dim)
            x = x + attended @ w[f"{layer}.self_attn.o_proj"].T
            h = rms_norm(x, w[f"{layer}.post_attention_layernorm"], c["rms_norm_eps"])
            gate, up = np.split(h @ w[f"{layer}.mlp.gate_up_proj"].T, 2, axis=1)
            x = x + (gate / (1 + np.exp(-gate)) * up) @ w[f"{layer}.mlp.down_proj"].T
        x = rms_norm(x, w["model.norm"], c["rms_norm_eps"])
        return x @ w["lm_head" if "lm_head" in w else "model.embed_tokens"].T

    def greedy(self, ids, limit, stop=(2,)):
        """Greedy continuation of prompt `ids`: at most `limit` ids, the stop id not included."""
        cache = self.start()
        logits = self.forward(ids, cache)[-1]
        out = []
        while len(out) < limit:
            token = int(logits.argmax())
            if token in stop:
                break
            out.append(token)
            logits = self.forward([token], cache)[-1]
        return out


def rms_norm(x, weight, eps):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + np.float32(eps)) * weight


def rotate(x, cos, sin):
    """Rotary embedding, the halves of a head forming the pairs."""
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def read_tensors(folder):
    """name -> array; float32 records that lie as bfloat16 are widened, which is exact."""
    index = json.loads((folder / "tensor-cache.json").read_text())
    tensors = {}
    for shard in index["records"]:
        data = (folder / shard["dataPath"]).read_bytes()
        if len(data) != shard["nbytes"]:
            raise ValueError(f"{shard['dataPath']}: {len(data)} bytes, not {shard['nbytes']}")
        for record in shard["records"]:
            raw = data[record["byteOffset"] : record["byteOffset"] + record["nbytes"]]
            count = int(np.prod(record["shape"]))
            if record["dtype"] == "float32" and len(raw) == 2 * count:
                value = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
            else:
                value = np.frombuffer(raw, np.dtype(record["dtype"]).newbyteorder("<"))
            tensors[record["name"]] = value.reshape(record["shape"])
    return tensors


def dequantise(codes, scales):
    """uint32[N, K/8], float32[N, K/32] -> float32[N, K]: (code - 7) * scale."""
    shifts = np.arange(0, 32, 4, dtype=np.uint32)
    values = ((codes[:, :, None] >> shifts) & 15).astype(np.float32) - 7
    return values.reshape(len(codes), -1) * np.repeat(scales, GROUP, axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="model folder")
    parser.add_argument("prompts", type=Path, help="JSON: a list of lists of ids")
    parser.add_argument("--limit", type=int, default=64, help="tokens to generate")
    args = parser.parse_args()
    model = Model(args.folder)
    prompts = json.loads(args.prompts.read_text())
    print(json.dumps([model.greedy(ids, args.limit) for ids in prompts]))


if __name__ == "__main__":
    main()
