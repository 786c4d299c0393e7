// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/summary/params.hpp>
#include <robocache/device/summary.cuh>

namespace robocache::detail {

/// Rows in memory: a source, as common/summary/kernel.cuh says, and its own reader.
template <class Value>
struct rows_in_memory {
  using number = device::summed_number<Value>;
  static constexpr int leaves = device::summary_leaf;

  Value const* values;
  std::int64_t row_stride;
  std::uint8_t const* mask;
  std::int64_t channels;
  unsigned width;  ///< channels of a slice, at most

  unsigned slices() const { return static_cast<unsigned>((channels + width - 1) / width); }
  __device__ summary_slice slice(unsigned i) const {
    std::int64_t const first = std::int64_t(i) * width;
    return {first, static_cast<unsigned>(min(std::int64_t{width}, channels - first))};
  }
  __device__ rows_in_memory const& read(std::int64_t, std::int64_t, summary_slice const&, unsigned) const {
    return *this;
  }
  __device__ bool has(std::int64_t row) const { return mask == nullptr || __ldg(mask + row) != 0; }
  __device__ number at(std::int64_t row, std::int64_t channel) const {
    return device::to_summed(__ldg(values + (row * row_stride + channel)));
  }
};

}  // namespace robocache::detail
