// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize_sparse.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

std::int64_t voxelize_sparse_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                     grid const& lattice, any_sparse_output const& out, sparse_options const& options) {
  if (where == place::host) { return 0; }
  return visit_features(features, "out", out, [&](auto const& from, auto const& to) {
    return robocache::voxelize_sparse_scratch(clouds, from, lattice, to, options);
  });
}

void voxelize_sparse(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                     any_sparse_output const& out, sparse_options const& options, scratch const& memory,
                     stream_handle cuda_stream) {
  visit_features(features, "out", out, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::voxelize_sparse(clouds, from, lattice, to, options)
                                 : robocache::voxelize_sparse(clouds, from, lattice, to, options, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
