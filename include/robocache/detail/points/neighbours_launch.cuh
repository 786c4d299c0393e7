// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/points/neighbours_check.hpp>
#include <robocache/detail/points/neighbours_kernel.cuh>
#include <robocache/detail/points/neighbours_params.hpp>
#include <robocache/detail/points/neighbours_policy.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/neighbours.cuh>

namespace robocache {
namespace detail {

inline neighbours_params neighbours_params_of(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                                              neighbour_output const& out, device_properties const& device) {
  neighbours_params p{queries, clouds, k, 0.0f, out, neighbour_lanes_for(device, queries.total())};
  for (point_clouds* one : {&p.queries, &p.clouds}) {
    strides const step = strides_of(*one);
    one->point_stride = step.row;
    one->batch_stride = step.batch;
  }
  return p;
}

inline dim3 neighbour_grid(neighbours_params const& p) {
  std::int64_t const threads = p.queries.total() * p.lanes;
  return dim3(static_cast<unsigned>((threads + neighbour_threads - 1) / neighbour_threads));
}

/// With the smallest room for k.
template <int Least = 0, class Chain>
ROBOCACHE_HIDDEN status launch_nearest(neighbours_params const& p, Chain& chain) {
  constexpr int room = nearest_rooms[Least];
  if constexpr (room < most_nearest) {
    if (p.k > room) { return launch_nearest<Least + 1>(p, chain); }
  }
  return chain.launch(nearest_neighbours_kernel<room>, p, neighbour_grid(p), neighbour_threads);
}

}  // namespace detail

template <class>
status nearest_neighbours(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                          neighbour_output const& out, cudaStream_t cuda_stream) {
  status const s = detail::check_nearest(queries, clouds, k, out);
  if (!s.ok() || queries.total() == 0) { return s; }
  device_properties properties;
  if (status const read = detail::read_device(properties); !read.ok()) { return read; }
  detail::launch_chain chain(properties, cuda_stream);
  return detail::launch_nearest(detail::neighbours_params_of(queries, clouds, k, out, properties), chain);
}

template <class>
status within_radius(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                     neighbour_output const& out, cudaStream_t cuda_stream) {
  status const s = detail::check_radius(queries, clouds, radius, k, out);
  if (!s.ok() || queries.total() == 0) { return s; }
  device_properties properties;
  if (status const read = detail::read_device(properties); !read.ok()) { return read; }
  detail::launch_chain chain(properties, cuda_stream);
  detail::neighbours_params p = detail::neighbours_params_of(queries, clouds, k, out, properties);
  p.squared_radius = device::mul_rn(radius, radius);
  return chain.launch(detail::within_radius_kernel<detail::neighbour_threads>, p, detail::neighbour_grid(p),
                      detail::neighbour_threads);
}

}  // namespace robocache
