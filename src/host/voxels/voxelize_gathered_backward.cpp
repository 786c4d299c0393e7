// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/voxels/check.hpp>
#include <robocache/host.hpp>

#include "host/common/convert.hpp"
#include "host/common/isa.hpp"
#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

template <class Value, class Result>
status exact::voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels,
                                         std::int64_t const* point_slots, Result const* gradients,
                                         feature_gradients<Value> const& out, std::int64_t slots) {
  status const checked =
      robocache::detail::check_voxelize_gathered_backward(clouds, channels, point_slots, gradients, out, slots);
  if (!checked.ok()) { return checked; }
  auto const step = robocache::detail::strides_of(out, clouds, channels);
  auto const convert = detail::best_blend_function(dtype_of<Result>::value, dtype_of<Value>::value, channels);
  auto const row_bytes = channels * static_cast<std::int64_t>(sizeof(Value) + sizeof(Result));
  detail::for_each_piece(clouds.total(), row_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t const b = clouds.packed() ? 0 : row / clouds.length;
      std::int64_t const i = row - b * clouds.length;
      Value* const to = out.values + b * step.batch + i * step.row;
      // Rows that no cloud owns have no slot, whatever is stored for them.
      std::int64_t const slot = clouds.batch > 0 ? point_slots[row] : -1;
      if (slot >= 0 && slot < slots) {
        detail::convert_rows(convert, gradients + slot * channels, 0, 1, to, 0, channels);
      } else {
        std::fill_n(to, channels, Value(0.0f));
      }
    }
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result)                                                                \
  template status exact::voxelize_gathered_backward(point_clouds const&, std::int64_t, std::int64_t const*, \
                                                    Result const*, feature_gradients<Value> const&, std::int64_t)
ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
