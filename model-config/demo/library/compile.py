"""Compiles a WebLLM model library (.wasm) in q4f32_1 for any LLaMA shape.

    python compile.py --config config.json --output model.wasm

Run build-runtime.sh once before; needs emcc. Most of the two minutes is the linker's optimiser.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tvm
from tvm import relax as rx

from model import Library
from shape import QUANTIZATION, Shape

HERE = Path(__file__).parent
RUNTIME = ("wasm_runtime", "tvmjs_support", "webgpu_runtime", "kv_cache")
TARGET = tvm.target.Target(
    {"kind": "webgpu", "max_num_threads": 256},
    host={"kind": "llvm", "mtriple": "wasm32-unknown-unknown-wasm"},
)
LINK_OPTIMISATION = "-O3"
# Every kernel is already scheduled and fused, so only the lowering to VM instructions is left.
LOWERING = tvm.transform.Sequential(
    [
        rx.transform.RewriteDataflowReshape(),
        rx.transform.ToNonDataflow(),
        rx.transform.RemovePurityChecking(),
        rx.transform.CallTIRRewrite(),
        rx.transform.StaticPlanBlockMemory(),
        rx.transform.LowerAllocTensor(),
        rx.transform.KillAfterLastUse(),
        rx.transform.LowerRuntimeBuiltin(),
        rx.transform.ComputePrimValue(),
        rx.transform.VMShapeLower(),
        rx.transform.AttachGlobalSymbol(),
    ]
)


def metadata(shape, context_window_size, prefill_chunk_size):
    """The JSON text that WebLLM reads before it loads weights."""
    parameters = [
        {"name": name, "shape": list(dims), "dtype": dtype, "preprocs": []}
        for name, dims, dtype in shape.parameters()
    ]
    return json.dumps(
        {
            "model_type": "llama",
            "quantization": QUANTIZATION,
            "context_window_size": context_window_size,
            "sliding_window_size": -1,
            "attention_sink_size": -1,
            "prefill_chunk_size": prefill_chunk_size,
            "tensor_parallel_shards": 1,
            "pipeline_parallel_stages": 1,
            "max_batch_size": 1,
            "kv_state_kind": "kv_cache",
            "params": parameters,
            "memory_usage": {},
        },
        separators=(",", ":"),
    )


def link(executable, output):
    """Links the compiled objects with the web runtime; `output` appears only when whole."""
    objects = [HERE / "build/runtime" / f"{name}.o" for name in RUNTIME]
    for path in objects:
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: run build-runtime.sh first")

    def emcc(file_name, parts, options=None):
        command = ["emcc", LINK_OPTIMISATION, "--no-entry", "-o", file_name]
        for setting in (
            "WASM_BIGINT=1",
            "ERROR_ON_UNDEFINED_SYMBOLS=0",
            "STANDALONE_WASM=1",
            "ALLOW_MEMORY_GROWTH=1",
            "TOTAL_MEMORY=160MB",
        ):
            command += ["-s", setting]
        subprocess.run([*command, *map(str, objects), *parts], check=True)

    # LLVM bitcode, the default, would tie TVM's LLVM to emscripten's.
    emcc.object_format = "o"
    part = output.with_suffix(".part")
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "library.wasm"
        executable.export_library(str(whole), fcompile=emcc)
        shutil.copyfile(whole, part)  # a copy, without emcc's executable bit
    part.replace(output)


def main(library=Library, lowering=LOWERING):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="Hugging Face config.json")
    parser.add_argument("--output", type=Path, required=True, help="the .wasm to write")
    parser.add_argument("--context-window-size", type=int, help="tokens; default: config.json")
    parser.add_argument("--prefill-chunk-size", type=int, default=512, help="tokens")
    args = parser.parse_args()

    config = json.loads(args.config.read_text())
    try:
        shape = Shape.from_config(config)
        context = args.context_window_size or config["max_position_embeddings"]
    except KeyError as error:
        sys.exit(f"{args.config}: field {error} is missing")
    except ValueError as error:
        sys.exit(f"{args.config}: {error}")
    chunk = min(args.prefill_chunk_size, context)
    mod = library(shape, chunk).build(metadata(shape, context, chunk))
    with TARGET:
        executable = rx.build(mod, TARGET, relax_pipeline=lowering, system_lib=True)
    link(executable, args.output)


if __name__ == "__main__":
    main()
