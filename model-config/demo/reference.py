"""An independent float forward over an MLC model folder in q4f32_1, in numpy only.

What WebLLM computes on WebGPU is checked against this: it shares no code with the library, the
converter or the training. Also writes random models of any LLaMA shape for tests.

    python reference.py FOLDER PROMPT_IDS.json           greedy tokens for each list of ids
    python reference.py --random config.json FOLDER      a random model with a byte tokenizer
"""

import argparse
import hashlib
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


# --- random models -----------------------------------------------------------------------------


def write_random(config, folder, seed=0, context=2048, chunk=512):
    """Writes a model of `config`'s shape (a Hugging Face LLaMA config) with random codes."""
    rng = np.random.default_rng(seed)
    hidden, inter = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads", heads)
    dim = config.get("head_dim", hidden // heads)
    vocab = config["vocab_size"]
    tensors = {}

    def quantised(name, n, k):
        tensors[name + ".q_weight"] = rng.integers(0, 2**32, (n, k // 8), dtype=np.uint32)
        # Codes 0..15 spread by about 4.6: this keeps the size of activations through a layer.
        spread = rng.uniform(0.8, 1.2, (n, k // GROUP)) / (4.6 * np.sqrt(k))
        tensors[name + ".q_scale"] = spread.astype(np.float32)

    quantised("model.embed_tokens", vocab, hidden)
    tensors["model.embed_tokens.q_scale"] *= np.float32(np.sqrt(hidden))
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        quantised(f"{layer}.self_attn.qkv_proj", (heads + 2 * kv_heads) * dim, hidden)
        quantised(f"{layer}.self_attn.o_proj", hidden, heads * dim)
        quantised(f"{layer}.mlp.gate_up_proj", 2 * inter, hidden)
        quantised(f"{layer}.mlp.down_proj", hidden, inter)
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weight = rng.uniform(0.5, 1.5, hidden)
            tensors[f"{layer}.{norm}.weight"] = weight.astype(np.float32)
    tensors["model.norm.weight"] = rng.uniform(0.5, 1.5, hidden).astype(np.float32)
    if not config.get("tie_word_embeddings", False):
        quantised("lm_head", vocab, hidden)

    folder.mkdir(parents=True, exist_ok=True)
    data, records, size = bytearray(), [], 0
    for name, value in tensors.items():
        size += value.nbytes
        raw = value.tobytes()
        if value.dtype == np.float32:
            raw = (value.view(np.uint32) >> 16).astype("<u2").tobytes()
        records.append(
            {
                "name": name,
                "shape": list(value.shape),
                "dtype": str(value.dtype),
                "format": "f32-to-bf16",
                "nbytes": len(raw),
                "byteOffset": len(data),
            }
        )
        data += raw
    (folder / "params_shard_0.bin").write_bytes(data)
    shard = {
        "dataPath": "params_shard_0.bin",
        "format": "raw-shard",
        "nbytes": len(data),
        "records": records,
        "md5sum": hashlib.md5(data).hexdigest(),
    }
    summary = {"ParamSize": len(tensors), "ParamBytes": float(size), "BitsPerParam": 5.0}
    write_json(folder / "tensor-cache.json", {"metadata": summary, "records": [shard]})
    write_json(folder / "tokenizer.json", byte_tokenizer(vocab))
    write_json(
        folder / "mlc-chat-config.json",
        {
            "version": "0.1.0",
            "model_type": "llama",
            "quantization": "q4f32_1",
            "model_config": {
                "hidden_size": hidden,
                "intermediate_size": inter,
                "num_attention_heads": heads,
                "num_hidden_layers": config["num_hidden_layers"],
                "rms_norm_eps": config["rms_norm_eps"],
                "vocab_size": vocab,
                "tie_word_embeddings": config.get("tie_word_embeddings", False),
                "position_embedding_base": config.get("rope_theta", 10000.0),
                "context_window_size": context,
                "prefill_chunk_size": chunk,
                "num_key_value_heads": kv_heads,
                "head_dim": dim,
            },
            "vocab_size": vocab,
            "context_window_size": context,
            "sliding_window_size": -1,
            "prefill_chunk_size": chunk,
            "attention_sink_size": -1,
            "tensor_parallel_shards": 1,
            "temperature": 0.0,
            "top_p": 1.0,
            "repetition_penalty": 1.0,
            "frequency_penalty": 0.0,
            "presence_penalty": 0.0,
            "tokenizer_files": ["tokenizer.json"],
            "tokenizer_info": {
                "token_postproc_method": "byte_level",
                "prepend_space_in_encode": False,
                "strip_space_in_decode": False,
            },
            "conv_template": {
                "name": "LM",
                "system_template": "{system_message}",
                "system_message": "",
                "system_prefix_token_ids": [1],
                "add_role_after_system_message": True,
                "roles": {"user": "", "assistant": ""},
                "role_templates": {"user": "{user_message}", "assistant": "{assistant_message}"},
                "messages": [],
                "seps": [""],
                "role_content_sep": "",
                "role_empty_sep": "",
                "stop_str": [],
                "stop_token_ids": [2],
            },
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    )


def byte_tokenizer(vocab):
    """A tokenizer.json whose ids 3..258 are the bytes; ids above are words it never produces."""
    if vocab < 259:
        raise ValueError(f"vocab_size: {vocab} is less than 3 special tokens and 256 bytes")
    # GPT-2's printable stand-ins for bytes.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    stand_in = {b: chr(b) for b in printable}
    for i, b in enumerate(b for b in range(256) if b not in stand_in):
        stand_in[b] = chr(256 + i)
    specials = ["<unk>", "<s>", "</s>"]
    tokens = specials + [stand_in[b] for b in range(256)]
    tokens += [f"w{i}" for i in range(259, vocab)]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": i,
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for i, token in enumerate(specials)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [],
        },
    }


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", type=Path, help="model folder, or config.json with --random")
    parser.add_argument("second", type=Path, help="JSON lists of ids, or the folder to write")
    parser.add_argument("--random", action="store_true", help="write a random model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=64, help="tokens to generate")
    args = parser.parse_args()
    if args.random:
        write_random(json.loads(args.first.read_text()), args.second, args.seed)
    else:
        model = Model(args.first)
        prompts = json.loads(args.second.read_text())
        print(json.dumps([model.greedy(ids, args.limit) for ids in prompts]))


if __name__ == "__main__":
    main()
