"""Writes build/state.npz as a Hugging Face checkpoint folder, build/checkpoint.

Float32 model.safetensors under the LLaMA names, config.json, tokenizer.json,
tokenizer_config.json and generation_config.json: what any LLaMA converter reads.
"""

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from train import BUILD, HERE, load

LAYER_NAMES = {
    "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
    "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
    "norm1": "input_layernorm", "norm2": "post_attention_layernorm",
}
NAMES = {"embed": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"}


def tensors(params: dict) -> dict[str, np.ndarray]:
    """Checkpoint name -> float32 array, layers unstacked."""
    out = {f"{NAMES[n]}.weight": np.asarray(params[n]) for n in NAMES}
    for short, name in LAYER_NAMES.items():
        for layer, weight in enumerate(np.asarray(params[short])):
            out[f"model.layers.{layer}.{name}.weight"] = np.ascontiguousarray(weight)
    return out


def export(state: Path, folder: Path) -> None:
    params, _, done = load(state)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors(params), folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(HERE / "config.json", folder / "config.json")
    shutil.copy(BUILD / "tokenizer.json", folder / "tokenizer.json")
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings = {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 2048,
            "clean_up_tokenization_spaces": False, **special,
        },
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "do_sample": False},
    }
    for name, value in settings.items():
        (folder / name).write_text(json.dumps(value, indent=2) + "\n")
    print(f"{folder}: the weights after {done} steps")


if __name__ == "__main__":
    export(BUILD / "state.npz", BUILD / "checkpoint")
