"""Writes what the shipped demo is into model-config/models.json: python pin.py.

The checksums guard the download, and they are how a returning visitor's page notices a newer demo.
"""

import hashlib
import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
REGISTRY = HERE.parent / "models.json"
SHIPPED = HERE.parent.parent / "public" / "models" / "demo"
LIBRARY = "demo-q4f32_1.wasm"
FILES = [LIBRARY, "mlc-chat-config.json", "params_shard_0.bin", "tensor-cache.json", "tokenizer.json"]

if __name__ == "__main__":
    registry = json.loads(REGISTRY.read_text())
    demo = next(model for model in registry["models"] if model["id"] == "demo")
    config = json.loads((HERE / "config.json").read_text())
    demo["architecture"] = {
        "layers": config["num_hidden_layers"],
        "hidden": config["hidden_size"],
        "intermediate": config["intermediate_size"],
        "heads": config["num_attention_heads"],
        "keyValueHeads": config["num_key_value_heads"],
        "vocabulary": config["vocab_size"],
    }
    build = demo["builds"][0]
    build["libraryBytes"] = (SHIPPED / LIBRARY).stat().st_size
    build["sha256"] = {name: hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() for name in FILES}
    REGISTRY.write_text(json.dumps(registry, indent=2, ensure_ascii=False) + "\n")
    subprocess.run(["npx", "prettier", "--write", REGISTRY.name], cwd=REGISTRY.parent, check=True)
