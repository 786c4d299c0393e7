// SPDX-License-Identifier: Apache-2.0
// How the demo calls voxelizing and the voxel filter from Python, as bridge.cpp does for fusing.
// voxel_bridge.py repeats the layouts.

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <robocache/robocache.hpp>

#include "../device_memory.hpp"
#include "bridge_call.hpp"

namespace rc = robocache;
using rc::compiled::place;

/// One cloud: FP32, x y z first in each point.
struct demo_cloud {
  float const* points;  // [count, floats]
  std::int64_t count;
  std::int64_t floats;
  std::int64_t on_gpu;
};

/// Its results. Features are z and whatever follows it, so that `max` begins with the cell's highest point.
struct demo_voxels {
  std::int32_t* count;           // [nz, ny, nx]
  std::uint32_t* occupied_bits;  // [nz, ny, ceil(nx / 32)]
  float* mean;                   // [nz, ny, nx, floats - 2], 0 where there is no point
  float* max;                    // [nz, ny, nx, floats - 2], NaN where there is no point
  std::int32_t* dropped;         // [1]
};

/// The voxel filter's results for it: at most as many points. Features are what follows x y z.
struct demo_filtered {
  float* points;                // [count, 3]
  float* features;              // [count, floats - 3]
  std::int32_t* merged;         // [count]: how many points became one
  std::int64_t* voxel_offsets;  // [2]: 0, and how many points are left
  std::int32_t* dropped;        // [1]
};

namespace {

rc::point_clouds points_of(demo_cloud const& from, float const* points) {
  return rc::point_clouds::dense(points, 1, from.count, from.floats);
}

rc::compiled::any_point_features features_of(demo_cloud const& from, float const* points) {
  return {points + 2, rc::dtype::float32, from.floats - 2, rc::contiguous, from.floats};
}

rc::compiled::any_voxel_output view(demo_voxels const& voxels) {
  rc::compiled::any_voxel_output out;
  out.count = voxels.count;
  out.occupied_bits = voxels.occupied_bits;
  out.mean = voxels.mean;
  out.max = voxels.max;
  out.dropped = voxels.dropped;
  return out;
}

rc::voxel_options rules() {
  rc::voxel_options options;
  options.max_fill = std::numeric_limits<double>::quiet_NaN();
  return options;
}

void find_bounds(demo_cloud const& cloud, rc::cloud_bounds* bounds) {
  if (cloud.on_gpu == 0) {
    rc::compiled::find_bounds(place::host, points_of(cloud, cloud.points), bounds);
    return;
  }
  auto const points = example::to_device(cloud.points, cloud.count * cloud.floats);
  auto const found = example::device_allocate<rc::cloud_bounds>(1);
  example::stream const cuda_stream = example::make_stream();
  rc::compiled::find_bounds(place::device, points_of(cloud, points.get()), found.get(), cuda_stream.get());
  example::to_host(found, 1, bounds);
}

double voxelize_on_host(demo_cloud const& cloud, rc::grid const& lattice, demo_voxels const& voxels) {
  auto const voxelize = [&] {
    rc::compiled::voxelize(place::host, points_of(cloud, cloud.points), features_of(cloud, cloud.points), lattice,
                           view(voxels), rules());
  };
  return demo::time_calls(voxelize, [] {});
}

double voxelize_on_gpu(demo_cloud const& cloud, rc::grid const& lattice, demo_voxels const& voxels) {
  std::int64_t const cells = lattice.total(), values = cells * (cloud.floats - 2);
  auto const points = example::to_device(cloud.points, cloud.count * cloud.floats);
  auto const count = example::device_allocate<std::int32_t>(cells);
  auto const bits = example::device_allocate<std::uint32_t>(lattice.words());
  auto const mean = example::device_allocate<float>(values), max = example::device_allocate<float>(values);
  auto const dropped = example::device_allocate<std::int32_t>(1);

  auto const clouds = points_of(cloud, points.get());
  auto const features = features_of(cloud, points.get());
  auto const out = view({count.get(), bits.get(), mean.get(), max.get(), dropped.get()});
  auto const bytes = rc::compiled::voxelize_scratch(place::device, clouds, features, lattice, out, rules());
  auto const memory = example::device_allocate<std::byte>(bytes);
  example::stream const cuda_stream = example::make_stream();
  auto const voxelize = [&] {
    rc::compiled::voxelize(place::device, clouds, features, lattice, out, rules(), {memory.get(), bytes},
                           cuda_stream.get());
  };
  double const microseconds = demo::time_calls(voxelize, [] { example::check(cudaDeviceSynchronize()); });
  example::to_host(count, cells, voxels.count);
  example::to_host(bits, lattice.words(), voxels.occupied_bits);
  example::to_host(mean, values, voxels.mean);
  example::to_host(max, values, voxels.max);
  example::to_host(dropped, 1, voxels.dropped);
  return microseconds;
}

rc::compiled::any_point_features others_of(demo_cloud const& from, float const* points) {
  return {points + 3, rc::dtype::float32, from.floats - 3, rc::contiguous, from.floats};
}

rc::compiled::any_filtered_output view(demo_cloud const& cloud, demo_filtered const& filtered) {
  rc::compiled::any_filtered_output out;
  out.capacity = cloud.count;
  out.points = filtered.points;
  out.features = cloud.floats > 3 ? filtered.features : nullptr;
  out.count = filtered.merged;
  out.voxel_offsets = filtered.voxel_offsets;
  out.dropped = filtered.dropped;
  return out;
}

double filter_on_host(demo_cloud const& cloud, rc::filter_options const& leaf, demo_filtered const& filtered) {
  auto const filter = [&] {
    rc::compiled::filter_voxels(place::host, points_of(cloud, cloud.points), others_of(cloud, cloud.points), leaf,
                                view(cloud, filtered));
  };
  return demo::time_calls(filter, [] {});
}

double filter_on_gpu(demo_cloud const& cloud, rc::filter_options const& leaf, demo_filtered const& filtered) {
  std::int64_t const channels = cloud.floats - 3;
  auto const given = example::to_device(cloud.points, cloud.count * cloud.floats);
  auto const points = example::device_allocate<float>(cloud.count * 3);
  auto const features = example::device_allocate<float>(cloud.count * channels);
  auto const merged = example::device_allocate<std::int32_t>(cloud.count);
  auto const offsets = example::device_allocate<std::int64_t>(2);
  auto const dropped = example::device_allocate<std::int32_t>(1);

  auto const clouds = points_of(cloud, given.get());
  auto const others = others_of(cloud, given.get());
  auto const out = view(cloud, {points.get(), features.get(), merged.get(), offsets.get(), dropped.get()});
  auto const bytes = rc::compiled::filter_voxels_scratch(place::device, clouds, others, leaf, out);
  auto const memory = example::device_allocate<std::byte>(bytes);
  example::stream const cuda_stream = example::make_stream();
  auto const filter = [&] {
    rc::compiled::filter_voxels(place::device, clouds, others, leaf, out, {memory.get(), bytes}, cuda_stream.get());
  };
  double const microseconds = demo::time_calls(filter, [] { example::check(cudaDeviceSynchronize()); });
  example::to_host(offsets, 2, filtered.voxel_offsets);
  std::int64_t const left = filtered.voxel_offsets[1];
  example::to_host(points, left * 3, filtered.points);
  example::to_host(features, left * channels, filtered.features);
  example::to_host(merged, left, filtered.merged);
  example::to_host(dropped, 1, filtered.dropped);
  return microseconds;
}

}  // namespace

extern "C" {

int robocache_demo_bounds(demo_cloud const* cloud, rc::cloud_bounds* bounds, char* message, std::size_t capacity) {
  return demo::run_and_report([&] { find_bounds(*cloud, bounds); }, message, capacity);
}

/// @param origin, size, cells  3 each, as those of `robocache::grid`
int robocache_demo_voxelize(demo_cloud const* cloud, float const* origin, float const* size, std::int64_t const* cells,
                            demo_voxels const* voxels, double* microseconds, char* message, std::size_t capacity) {
  rc::grid lattice;
  for (int axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = origin[axis];
    lattice.size[axis] = size[axis];
    lattice.cells[axis] = cells[axis];
  }
  auto const work = [&] {
    *microseconds =
        cloud->on_gpu != 0 ? voxelize_on_gpu(*cloud, lattice, *voxels) : voxelize_on_host(*cloud, lattice, *voxels);
  };
  return demo::run_and_report(work, message, capacity);
}

/// @param origin  where a voxel begins: x y z
/// @param size    of a voxel, along all axes
int robocache_demo_filter(demo_cloud const* cloud, float const* origin, float size, demo_filtered const* filtered,
                          double* microseconds, char* message, std::size_t capacity) {
  rc::filter_options leaf{{size, size, size}};
  std::copy_n(origin, 3, leaf.origin);
  auto const work = [&] {
    *microseconds =
        cloud->on_gpu != 0 ? filter_on_gpu(*cloud, leaf, *filtered) : filter_on_host(*cloud, leaf, *filtered);
  };
  return demo::run_and_report(work, message, capacity);
}

}  // extern "C"
