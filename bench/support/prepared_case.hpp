// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/harness.cuh"
#include "support/requirement.hpp"

namespace robocache::bench {

/// Calls that are of one of these kinds, on the buffers of the case.
struct rival {
  rival_kind kind;
  std::function<void(int set, cudaStream_t cuda_stream)> enqueue;
};

/// A case with its inputs in device memory, `turns().sets` times over.
class prepared_case {
 public:
  prepared_case() = default;
  prepared_case(prepared_case const&) = delete;
  prepared_case& operator=(prepared_case const&) = delete;
  virtual ~prepared_case() = default;

  /// One call on the buffers of one set.
  virtual void enqueue(int set, cudaStream_t cuda_stream) const = 0;

  /// What is to be timed beside it; times of the same kind are added up. They refer to this object.
  virtual std::vector<rival> rivals() const { return {}; }

  /// Calls once and compares everything that was written with the host side, bit by bit; the rivals as well. Sums whose
  /// order is free are compared within a bound.
  /// @return empty, or what differs
  virtual std::string find_difference(cudaStream_t cuda_stream) const = 0;

  /// The fewest bytes that a call must move, counted from the inputs themselves: what is read and what is written, once
  /// each. Of series the source rows that a target reads, result rows, stamps, targets and the mask; of clouds the
  /// coordinates, features and results.
  std::int64_t bytes() const { return bytes_; }
  rotation const& turns() const { return turns_; }

  /// The sum of all stamps, or coordinates, as 32-bit words, below 2^52: it shows that a peer was given the same input.
  /// 0 for inputs that no peer knows.
  std::uint64_t checksum() const { return checksum_; }

  /// How many voxels the call makes, where that depends on the points; else 0.
  std::int64_t voxels() const { return voxels_; }

 protected:
  std::int64_t bytes_ = 0;
  rotation turns_;
  std::uint64_t checksum_ = 0;
  std::int64_t voxels_ = 0;
};

}  // namespace robocache::bench
