#!/usr/bin/env bash
# Rebuilds the demo model from nothing: corpus, tokenizer, training, conversion, library, scores.
#
#   model-config/demo/build.sh            everything, into public/models/demo and test/fixtures
#   model-config/demo/build.sh --resume   the same, but training goes on from build/state.npz
#
# Needs Python 3.11, Node (npm install done), emcc 3.1 (Debian: apt-get install emscripten) and the
# package registries. See README.md for the time it takes.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
shipped=$root/public/models/demo

[ -d .venv ] || python3 -m venv .venv
.venv/bin/pip install -q -r requirements.txt

mkdir -p build
.venv/bin/python tokenizer.py
.venv/bin/python train.py "$@"
.venv/bin/python export.py

(cd "$root" && npm run convert -- model-config/demo/build/checkpoint \
  --quantization q4f32_1 --output public/models/demo \
  --context-window-size 2048 --prefill-chunk-size 512 --max-batch-size 1 --force)

PYTHON=$PWD/.venv/bin/python library/build-runtime.sh
.venv/bin/python library/compile.py --config config.json --output "$shipped/demo-q4f32_1.wasm"

.venv/bin/python evaluate.py "$shipped"
.venv/bin/python fixtures.py "$shipped"

.venv/bin/python pin.py
