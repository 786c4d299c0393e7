// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/device/summary.cuh>

// Where the rows of a summary come from. Kernels know them by four words, so that rows need not be in memory:
//
//     using number = ...;                                      float, std::int32_t or std::int64_t
//     void begin(std::int64_t first, std::int64_t end) const   called by all threads of a block before it reads rows
//                                                              [first, end): what finds its rows leaves records in
//                                                              shared memory here. Followed by a barrier
//     bool has(std::int64_t row) const                         false: the row is absent
//     number at(std::int64_t row, std::int64_t channel) const  asked for rows that it has, in any order; the same
//                                                              number in each pass
namespace robocache::detail {

/// Rows in memory.
template <class Value>
struct rows_in_memory {
  using number = device::summed_number<Value>;

  Value const* values;
  std::int64_t row_stride;
  std::uint8_t const* mask;

  __device__ void begin(std::int64_t, std::int64_t) const {}
  __device__ bool has(std::int64_t row) const { return mask == nullptr || __ldg(mask + row) != 0; }
  __device__ number at(std::int64_t row, std::int64_t channel) const {
    return device::to_summed(__ldg(values + (row * row_stride + channel)));
  }
};

}  // namespace robocache::detail
