// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/voxelize_sparse.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {
namespace {

/// Calls `visitor(typed features, typed output)`.
template <class Visitor>
void visit_sparse(any_point_features const& features, any_sparse_output const& out, Visitor&& visitor) {
  visit_floats("features", features.type, [&](auto value) {
    visit_floats("out", out.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      visitor(typed<typename decltype(value)::type>(features),
              sparse_output<Result>{out.capacity, out.coordinates, out.count, static_cast<Result*>(out.sum),
                                    static_cast<Result*>(out.mean), static_cast<Result*>(out.max),
                                    static_cast<Result*>(out.min), out.voxel_offsets, out.point_voxels, out.dropped,
                                    out.overflow});
    });
  });
}

}  // namespace

std::int64_t voxelize_sparse_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                     grid const& lattice, any_sparse_output const& out, sparse_options const& options) {
  std::int64_t bytes = 0;
  if (where == place::host) { return bytes; }
  visit_sparse(features, out, [&](auto const& from, auto const& to) {
    bytes = robocache::voxelize_sparse_scratch(clouds, from, lattice, to, options);
  });
  return bytes;
}

void voxelize_sparse(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                     any_sparse_output const& out, sparse_options const& options, scratch const& memory,
                     stream_handle cuda_stream) {
  visit_sparse(features, out, [&](auto const& from, auto const& to) {
    require(where == place::host ? host::voxelize_sparse(clouds, from, lattice, to, options)
                                 : robocache::voxelize_sparse(clouds, from, lattice, to, options, memory, cuda_stream));
  });
}

}  // namespace robocache::compiled
