// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/clouds/backward_plan.cuh>
#include <robocache/detail/common/clouds/plan.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/grid.hpp>

// The shapes of the jobs of the ways back.
namespace robocache::detail {

/// Cuts rows into chunks, more than one where there are not enough points for all multiprocessors.
/// @param blocks  that the points make
/// @return chunks that are launched; beyond, blocks take several
inline unsigned cut_rows(voxel_backward_params& p, unsigned blocks, device_properties const& device) noexcept {
  constexpr std::int64_t blocks_each = 4;         // of a multiprocessor
  constexpr std::int64_t most_vectors = 1 << 20;  // of a chunk, so that items of a step are below 2^31
  std::int64_t const wanted = std::clamp<std::int64_t>(device.multiprocessors * blocks_each / blocks, 1, p.vectors);
  std::int64_t const chunk = std::min((p.vectors + wanted - 1) / wanted, most_vectors);
  p.chunk = divisor(static_cast<std::uint32_t>(chunk));
  return static_cast<unsigned>(std::min((p.vectors + chunk - 1) / chunk, most_chunks));
}

/// True if `N` channels of gradients can be loaded at a time.
template <class Result>
bool suits_vectors(voxel_gradients<Result> const& gradients, std::int64_t channel_stride, int N) noexcept {
  if (channel_stride != 1) { return true; }
  auto const bytes = std::min<std::int64_t>(16, N * std::int64_t(sizeof(Result)));
  return common_alignment(address_of(gradients.sum), address_of(gradients.mean), address_of(gradients.max),
                          address_of(gradients.min)) >= bytes;
}

}  // namespace robocache::detail
