#!/usr/bin/env bash
# Builds the web runtime that every model library is linked with, once: wasm objects in
# build/runtime/*.o. Sources come from pinned packages and are never committed.
#
#   PYTHON=../.venv/bin/python ./build-runtime.sh
#
# Needs: the Python of requirements.txt (apache-tvm), emcc (Debian: apt-get install emscripten).
# About two minutes on two cores; does nothing when the objects are there (remove build/ to redo it).
set -euo pipefail
cd "$(dirname "$0")"

PYTHON=${PYTHON:-../.venv/bin/python}
# The sources of these two packages are needed, not the wheels: the FFI's C++ files, and a few
# headers of TVM that its own wheel leaves out and the other package's sources carry.
FFI=apache-tvm-ffi==0.1.15.post2
HEADERS=tilelang==0.1.14
# Size before speed: the runtime waits for the GPU, so -Os costs nothing that can be measured.
CXXFLAGS="-Os -std=c++17 -Wno-ignored-attributes -Wno-deprecated-declarations"

build=$PWD/build
sources=$build/sources
runtime=$build/runtime
units="web/emcc/wasm_runtime.cc web/emcc/tvmjs_support.cc web/emcc/webgpu_runtime.cc"

command -v emcc >/dev/null || {
  echo "build-runtime: emcc not found; install emscripten (Debian: apt-get install emscripten)" >&2
  exit 1
}

complete=1
for unit in $units; do [ -f "$runtime/$(basename "$unit" .cc).o" ] || complete=0; done
[ $complete = 1 ] && [ "$runtime/kv_cache.o" -nt kv_cache.cc ] && exit 0

mkdir -p "$build/download" "$runtime"
for package in "$FFI" "$HEADERS"; do
  name=${package%%==*}
  file=$build/download/${name//-/_}-${package##*==}.tar.gz
  [ -f "$file" ] ||
    "$PYTHON" -m pip download -q --no-deps --no-binary "$name" "$package" -d "$build/download"
done

# One tree in the shape that the runtime's #include lines expect.
rm -rf "$sources"
mkdir -p "$sources/3rdparty/tvm-ffi" "$sources/tilelang" "$sources/include/tvm/support/cuda"
tvm=$("$PYTHON" -c 'import importlib.util as u; print(u.find_spec("tvm").submodule_search_locations[0])')
cp -r "$tvm/src" "$tvm/web" "$sources/"
cp -r "$tvm/include/." "$sources/include/"
tar -xzf "$build/download/apache_tvm_ffi-${FFI##*==}.tar.gz" --strip-components=1 -C "$sources/3rdparty/tvm-ffi"
tar -xzf "$build/download/tilelang-${HEADERS##*==}.tar.gz" --strip-components=3 -C "$sources/tilelang" \
  --wildcards '*/3rdparty/tvm/include/tvm/support/*' '*/3rdparty/tvm/src/support/*' \
  '*/3rdparty/tvm/3rdparty/compiler-rt/*'
cp -rn "$sources/tilelang/include/." "$sources/include/"
cp -rn "$sources/tilelang/src/." "$sources/src/"
cp -rn "$sources/tilelang/3rdparty/." "$sources/3rdparty/"
# Profiler annotations for CUDA: in no package, and nothing to annotate in a browser.
cat >"$sources/include/tvm/support/cuda/nvtx.h" <<'HEADER'
#pragma once
#include <string>
namespace tvm::support {
struct NVTXScopedRange {
  explicit NVTXScopedRange(const char*) {}
  explicit NVTXScopedRange(const std::string&) {}
};
}  // namespace tvm::support
#define TVM_NVTX_FUNC_SCOPE()
HEADER

cp kv_cache.cc "$sources/"
compile() { # SOURCE, relative: error messages in the library then name no path of this machine
  local object=$runtime/$(basename "$1" .cc)
  # Renamed when whole, so that an interrupted run is not taken for a finished one.
  (cd "$sources" && emcc $CXXFLAGS -I. -Iinclude -I3rdparty/tvm-ffi/include \
    -I3rdparty/tvm-ffi/3rdparty/dlpack/include -I3rdparty/compiler-rt -c "$1" -o "$object.part.o")
  mv "$object.part.o" "$object.o"
}
for unit in $units kv_cache.cc; do compile "$unit"; done
