// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "support/harness.cuh"
#include "support/inputs.hpp"
#include "support/require.hpp"

/// What cases in device memory have in common.
namespace robocache::bench {

inline constexpr int poison = 0xA5;

/// A timeline in device memory, `sets` times over.
template <class Stamp>
class rotated_timeline {
 public:
  rotated_timeline() = default;
  rotated_timeline(stored_timeline<Stamp> const& from, int sets, cudaStream_t cuda_stream)
      : view_(from.view),
        stamps_(from.stamps, sets, cuda_stream),
        starts_(from.starts, sets, cuda_stream),
        deltas_(from.deltas, sets, cuda_stream),
        offsets_(from.offsets, sets, cuda_stream),
        trajectory_(from.trajectory, sets, cuda_stream) {}

  /// Gives one set its own timeline, of the same kind and sizes. `from` lives until `cuda_stream` has got that far.
  void write(int set, stored_timeline<Stamp> const& from, cudaStream_t cuda_stream) const {
    stamps_.write(set, from.stamps, cuda_stream);
    starts_.write(set, from.starts, cuda_stream);
    deltas_.write(set, from.deltas, cuda_stream);
    offsets_.write(set, from.offsets, cuda_stream);
    trajectory_.write(set, from.trajectory, cuda_stream);
  }

  timeline<Stamp> at(int set) const {
    timeline<Stamp> view = view_;
    view.stamps = stamps_.at(set);
    view.starts = starts_.at(set);
    view.deltas = deltas_.at(set);
    view.offsets = offsets_.at(set);
    view.trajectory = trajectory_.at(set);
    return view;
  }

 private:
  timeline<Stamp> view_{};
  rotated_array<Stamp> stamps_, starts_, deltas_;
  rotated_array<std::int64_t> offsets_, trajectory_;
};

template <class T>
std::vector<T> to_host(T const* from, std::int64_t size, cudaStream_t cuda_stream) {
  std::vector<T> values(size);
  check(cudaMemcpyAsync(values.data(), from, size * sizeof(T), cudaMemcpyDefault, cuda_stream), "cudaMemcpyAsync");
  check(cudaStreamSynchronize(cuda_stream), "copying to the host");
  return values;
}

/// Overwrites set 0, so that what is not written is seen.
template <class T>
void enqueue_poison(rotated_array<T> const& to, cudaStream_t cuda_stream) {
  if (to.size() > 0) { check(cudaMemsetAsync(to.at(0), poison, to.bytes(), cuda_stream), "cudaMemsetAsync"); }
}

/// Empty, or where set 0 of `from` differs from `expected`, bit by bit.
template <class T>
std::string find_unlike(std::vector<T> const& expected, rotated_array<T> const& from, char const* what,
                        cudaStream_t cuda_stream) {
  std::vector<T> const found = to_host(from.at(0), from.size(), cuda_stream);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::memcmp(&found[i], &expected[i], sizeof(T)) != 0) {
      return std::string(what) + " differs from that of the host side at element " + std::to_string(i);
    }
  }
  return {};
}

}  // namespace robocache::bench
