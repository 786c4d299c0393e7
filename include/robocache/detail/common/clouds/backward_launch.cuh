// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/check.hpp>
#include <robocache/detail/common/clouds/launch.cuh>
#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/divisor.hpp>
#include <robocache/grid.hpp>

// The launch shapes of the backward passes.
namespace robocache::detail {

/// Cuts rows into chunks, more than one where there are not enough points for all multiprocessors.
/// @param blocks  for the points
/// @return the number of chunks to launch; where there are more, blocks take several
inline unsigned cut_rows(cell_backward_params& p, unsigned blocks, device_properties const& device) noexcept {
  constexpr std::int64_t most_vectors = 1 << 20;  // of a chunk, so that a step has less than 2^31 items
  std::int64_t const wanted =
      std::clamp<std::int64_t>(device.multiprocessors * chunk_blocks_each(device) / blocks, 1, p.vectors);
  std::int64_t const chunk = std::min((p.vectors + wanted - 1) / wanted, most_vectors);
  p.chunk = divisor(static_cast<std::uint32_t>(chunk));
  return static_cast<unsigned>(std::min((p.vectors + chunk - 1) / chunk, most_chunks));
}

/// The gradients of results as kernels read them, of voxels or with the channels of a cell together.
template <class Result>
cell_gradients gradients_of(voxel_gradients<Result> const& gradients, std::int64_t channels) {
  cell_gradients of{};
  static_cast<feature_reductions<void const>&>(of) = moved<void const>(gradients, 0);
  of.type = dtype_of<Result>::value;
  of.channels = channels;
  of.channel_stride = 1;
  return of;
}

/// Where gradients of features go, as kernels write them: they are laid out as features are.
/// @return channels that are written at a time, as of `plan_features`
template <class Value>
int plan_written(feature_rows& rows, point_clouds const& clouds, std::int64_t channels,
                 feature_gradients<Value> const& out) {
  point_features<Value> const written{out.values, channels, out.batch_stride, out.point_stride};
  cloud_features to{};
  int const width = plan_features(to, clouds, written, clouds.length);
  rows = {out.values, to.point_stride, to.between_clouds, clouds.length};
  return width;
}

/// True if `N` channels of gradients can be loaded at a time.
template <class Result>
bool suits_vectors(voxel_gradients<Result> const& gradients, std::int64_t channel_stride, int N) noexcept {
  if (channel_stride != 1) { return true; }
  auto const bytes = std::min<std::int64_t>(16, N * std::int64_t(sizeof(Result)));
  return alignment_of(gradients) >= bytes;
}

}  // namespace robocache::detail
