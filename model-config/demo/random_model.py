"""Writes a model of any LLaMA shape with random weights, in MLC's q4f32_1 layout, for tests.

    python random_model.py config.json FOLDER [--seed N]

Its tokenizer has a token for each byte, so that any text can be its prompt.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

GROUP = 32


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
        codes = rng.integers(0, 15, (n, k // 8, 8), dtype=np.uint32)  # 15 never occurs
        shifted = codes << np.arange(0, 32, 4, dtype=np.uint32)
        tensors[name + ".q_weight"] = np.bitwise_or.reduce(shifted, axis=2)
        # Codes 0..14 spread by about 4.3: this keeps the size of activations through a layer.
        spread = rng.uniform(0.8, 1.2, (n, k // GROUP)) / (4.3 * np.sqrt(k))
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
    parser.add_argument("config", type=Path, help="Hugging Face config.json")
    parser.add_argument("folder", type=Path, help="folder to write")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    config = json.loads(args.config.read_text())
    context = config["max_position_embeddings"]
    write_random(config, args.folder, args.seed, context, min(512, context))


if __name__ == "__main__":
    main()
