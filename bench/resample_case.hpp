// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <string>

#include "cases.hpp"

namespace robocache::bench {

/// A case with its inputs in device memory, `sets` times over.
class prepared_case {
 public:
  prepared_case() = default;
  prepared_case(prepared_case const&) = delete;
  prepared_case& operator=(prepared_case const&) = delete;
  virtual ~prepared_case() = default;

  /// One call on the buffers of one set.
  virtual void enqueue(int set, cudaStream_t cuda_stream) const = 0;

  /// Whether the naive kernel knows this case.
  virtual bool has_naive() const = 0;
  virtual void enqueue_naive(int set, cudaStream_t cuda_stream) const = 0;

  /// Calls once and compares every result and the mask with the host side, bit by bit; the naive kernel as well.
  /// @return empty, or what differs
  virtual std::string find_difference(cudaStream_t cuda_stream) const = 0;

  /// The fewest bytes that a call must move, counted from the stamps themselves: each source row that a target
  /// reads once, each result row once, all stamps and targets once, the mask once.
  std::int64_t bytes() const { return bytes_; }
  int sets() const { return sets_; }

  /// The sum of the float stamps of source and target as 32-bit words, below 2^52: by it a peer shows that it was
  /// given the same input. 0 for other timelines.
  std::uint64_t checksum() const { return checksum_; }

 protected:
  std::int64_t bytes_ = 0;
  int sets_ = 1;
  std::uint64_t checksum_ = 0;
};

std::unique_ptr<prepared_case> prepare(resample_case const& one, cudaStream_t cuda_stream);

/// The same for cases that go backward.
std::unique_ptr<prepared_case> prepare_backward(resample_case const& one, cudaStream_t cuda_stream);

}  // namespace robocache::bench
