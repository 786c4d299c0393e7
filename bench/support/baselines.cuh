// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>
#include <vector_types.h>

#include <cstdint>

#include "support/harness.cuh"

/// What the library is measured against, and the kernel that fills inputs. Defined in baselines.cu.
namespace robocache::bench {

/// A kernel that does nothing: what any call costs at least.
void enqueue_empty(cudaStream_t cuda_stream);

/// Copies `count` vectors, one per thread, with streaming loads and stores.
void enqueue_copy(int4 const* from, int4* to, std::int64_t count, cudaStream_t cuda_stream);

/// Reads `count` vectors that are all zero.
void enqueue_read(int4 const* from, std::int64_t count, cudaStream_t cuda_stream);

/// Bytes to copy, whole vectors of 16 on both sides.
struct gather_run {
  char const* from;
  char* to;
  int bytes;
};

/// Copies `count` runs, one block each. They may lie in pinned host memory.
void enqueue_gather(gather_run const* runs, std::int64_t count, cudaStream_t cuda_stream);

/// What values mean.
enum class content : std::uint8_t {
  numbers,      ///< U(0, 1)
  angles,       ///< U(-pi, pi)
  quaternions,  ///< four channels: of length 1, in all directions
};

/// Fills `count` values. For `float`, `__half`, `__nv_bfloat16`; and for `std::uint8_t`, with all its numbers.
template <class Value>
void enqueue_fill(Value* to, std::int64_t count, content what, cudaStream_t cuda_stream);

/// Linear resampling of `[B, S, D]` to `[B, T, D]` as one would first write it: one thread per element, which does its
/// own search and loads scalars. Clamps at the edges. Fewer than 2^32 elements. For the floats.
template <class Value>
void enqueue_naive_linear(Value const* values, float const* stamps, float const* targets, Value* result,
                          std::int64_t batch, std::int64_t source_length, std::int64_t target_length,
                          std::int64_t channels, cudaStream_t cuda_stream);

/// A stream of a fusion, as the naive kernel takes it.
template <class Value>
struct naive_stream {
  Value const* values;
  float const* stamps;
  unsigned length, channels;
};

/// Streams of one fusion, in the order of their channels.
template <class Value>
struct naive_streams {
  static constexpr int most = 4;
  naive_stream<Value> each[most];
  int count;
};

/// The same for a fusion: `[B, T, C]` of the streams' channels. Fewer than 2^32 elements. For `__nv_bfloat16`, `float`.
template <class Value>
void enqueue_naive_fusion(naive_streams<Value> const& streams, float const* targets, Value* result, std::int64_t batch,
                          std::int64_t target_length, cudaStream_t cuda_stream);

/// Clears the L2 cache: reads four times as much of its own memory.
class cache_sweep {
 public:
  explicit cache_sweep(cudaStream_t cuda_stream)
      : memory_(4 * l2_cache_bytes() / static_cast<std::int64_t>(sizeof(int4))) {
    check(cudaMemsetAsync(memory_.data(), 0, memory_.size() * sizeof(int4), cuda_stream), "cudaMemsetAsync");
  }
  void enqueue(cudaStream_t cuda_stream) const { enqueue_read(memory_.data(), memory_.size(), cuda_stream); }

 private:
  device_array<int4> memory_;
};

/// A copy that moves about `bytes`: half of them read, half written. Each set has its own memory.
class rotated_copy {
 public:
  rotated_copy(std::int64_t bytes, int sets, cudaStream_t cuda_stream)
      : from_(vectors(bytes), sets), to_(vectors(bytes), sets) {
    for (int set = 0; set < sets; ++set) {
      check(cudaMemsetAsync(from_.at(set), set, from_.bytes(), cuda_stream), "cudaMemsetAsync");
    }
  }
  void enqueue(int set, cudaStream_t cuda_stream) const {
    enqueue_copy(from_.at(set), to_.at(set), from_.size(), cuda_stream);
  }
  /// What one call really moves.
  std::int64_t bytes() const { return 2 * from_.bytes(); }

 private:
  static std::int64_t vectors(std::int64_t bytes) {
    constexpr std::int64_t moved = 2 * sizeof(int4);
    return (bytes + moved - 1) / moved;
  }
  rotated_array<int4> from_, to_;
};

}  // namespace robocache::bench
