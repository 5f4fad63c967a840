/*
 * The key/value cache of a model library: one sequence, one contiguous tensor for each layer.
 *
 * TVM's paged cache serves many sequences at once; for that it splits every attention step into
 * five kernels (rotary, append, attention over new tokens, over cached ones, and a merge that
 * races on small subgroups). A browser holds one conversation, so the keys and values can lie in
 * order, one kernel writes them and one reads them, and no merge exists.
 *
 * WebLLM drives it through the virtual methods of TVM's KVState (vm.builtin.kv_state_*), the
 * compiled model through the "aligner.*" functions registered below.
 */
#include <tvm/ffi/reflection/registry.h>
#include <tvm/runtime/tensor.h>

#include <cmath>
#include <vector>

#include "src/runtime/vm/kv_state.h"

namespace aligner {

using tvm::Device;
using tvm::ffi::Optional;
using tvm::ffi::Shape;
using tvm::runtime::Tensor;

/*! Kernels read activations four at a time: WGSL then checks one index instead of four. */
constexpr DLDataType kVec4{kDLFloat, 32, 4};

class ContiguousKVCacheObj : public tvm::runtime::vm::KVStateObj {
 public:
  ContiguousKVCacheObj(int64_t layers, int64_t kv_heads, int64_t capacity, int64_t head_dim,
                       double rope_theta)
      : capacity_(capacity) {
    const Device device{static_cast<DLDeviceType>(kDLWebGPU), 0};
    for (int64_t i = 0; i < layers; ++i) {
      layers_.push_back(Tensor::Empty({2, kv_heads, capacity, head_dim / 4}, kVec4, device));
    }
    // Computed here in double precision: a shader's sin and cos promise little for large angles.
    const int64_t half = head_dim / 2;
    Tensor table = Tensor::Empty({capacity, 2, half / 4}, kVec4, Device{kDLCPU, 0});
    float* values = static_cast<float*>(table->data);
    for (int64_t position = 0; position < capacity; ++position) {
      for (int64_t i = 0; i < half; ++i) {
        const double angle = position * std::pow(rope_theta, -2.0 * i / head_dim);
        values[position * head_dim + i] = static_cast<float>(std::cos(angle));
        values[position * head_dim + half + i] = static_cast<float>(std::sin(angle));
      }
    }
    rope_ = Tensor::Empty({capacity, 2, half / 4}, kVec4, device);
    rope_.CopyFrom(table);
  }

  void Clear() final {
    length_ = pending_ = 0;
    present_ = false;
  }

  void AddSequence(int64_t seq_id) final {
    TVM_FFI_ICHECK(seq_id == 0 && !present_) << "This library's cache holds one sequence, id 0.";
    length_ = pending_ = 0;
    present_ = true;
  }

  void RemoveSequence(int64_t seq_id) final {
    Require(seq_id);
    Clear();
  }

  void ForkSequence(int64_t, int64_t, int64_t) final {
    TVM_FFI_THROW(ValueError) << "This library's cache holds one sequence and cannot fork it.";
  }

  void PopN(int64_t seq_id, int32_t n) final {
    Require(seq_id);
    TVM_FFI_ICHECK(n >= 0 && n <= length_) << "Cannot pop " << n << " of " << length_ << " tokens.";
    length_ -= n;
  }

  void BeginForward(const Shape& seq_ids, const Shape& append_lengths,
                    const Optional<Shape>& token_tree) final {
    TVM_FFI_ICHECK(seq_ids.size() == 1 && append_lengths.size() == 1 && !token_tree.has_value())
        << "This library's cache takes one sequence and no token tree.";
    Require(seq_ids[0]);
    TVM_FFI_ICHECK(length_ + append_lengths[0] <= capacity_)
        << length_ << " cached and " << append_lengths[0] << " new tokens exceed the context of "
        << capacity_ << ".";
    pending_ = append_lengths[0];
  }

  void EndForward() final {
    length_ += pending_;
    pending_ = 0;
  }

  /*! float32x4[2 (key, value), kv_heads, capacity, head_dim / 4] of one layer. */
  Tensor Layer(int64_t index) const { return layers_.at(index); }
  /*! float32x4[capacity, 2 (cosine, sine), head_dim / 8]. */
  Tensor Rope() const { return rope_; }
  /*! Position of the first token of the running forward pass. */
  int64_t Start() const { return length_; }

  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("aligner.ContiguousKVCache", ContiguousKVCacheObj,
                                    tvm::runtime::vm::KVStateObj);

 private:
  void Require(int64_t seq_id) const {
    TVM_FFI_ICHECK(seq_id == 0 && present_) << "Sequence " << seq_id << " is not in the cache.";
  }

  const int64_t capacity_;
  std::vector<Tensor> layers_;
  Tensor rope_;
  int64_t length_ = 0;   // tokens in the cache
  int64_t pending_ = 0;  // tokens that the running forward pass adds
  bool present_ = false;
};

class ContiguousKVCache : public tvm::runtime::vm::KVState {
 public:
  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NULLABLE(ContiguousKVCache, tvm::runtime::vm::KVState,
                                             ContiguousKVCacheObj);
};

TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = tvm::ffi::reflection;
  refl::GlobalDef()
      .def("aligner.kv_cache_create",
           [](Shape capacity, int64_t layers, int64_t kv_heads, int64_t head_dim, double theta) {
             return tvm::runtime::vm::KVState(tvm::ffi::make_object<ContiguousKVCacheObj>(
                 layers, kv_heads, capacity[0], head_dim, theta));
           })
      .def("aligner.kv_cache_layer",
           [](ContiguousKVCache cache, int64_t index) { return cache->Layer(index); })
      .def("aligner.kv_cache_rope", [](ContiguousKVCache cache) { return cache->Rope(); })
      .def("aligner.kv_cache_start",
           [](ContiguousKVCache cache) { return Shape({cache->Start()}); })
      // f32[..., n, k] or f32[k] seen as float32x4[n, k / 4] or float32x4[k / 4]; no copy.
      .def("aligner.vec4", [](Tensor tensor) {
        const int64_t k = tensor.Shape()[tensor->ndim - 1];
        if (tensor->ndim == 1) return tensor.CreateView({k / 4}, kVec4);
        return tensor.CreateView({tensor.Shape()[tensor->ndim - 2], k / 4}, kVec4);
      });
}

}  // namespace aligner
