// SPDX-License-Identifier: Apache-2.0
// How the demo calls unprojection from Python, as bridge.cpp does for fusing. depth_bridge.py repeats the layouts.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <robocache/robocache.hpp>

#include "../device_memory.hpp"
#include "bridge_call.hpp"

namespace rc = robocache;
using rc::compiled::place;

/// The images of one cloud.
struct demo_images {
  std::uint16_t const* depth;  // [views, height, width]
  float const* intrinsics;     // [views, 4]
  float const* poses;          // [views, 3, 4]
  float const* box;            // [2, 3], or null
  std::int64_t views;
  std::int64_t height;
  std::int64_t width;
  std::int64_t on_gpu;
  float scale;
  float far;
};

/// Its points, with room for all pixels.
struct demo_unprojected {
  float* points;          // [pixels, 3]
  std::int64_t* offsets;  // [2]: 0, and how many points there are
  std::int64_t* lost;     // [2]: pixels without depth, and points outside of the box
};

namespace {

rc::depth_images<std::uint16_t> images_of(demo_images const& from) {
  return {from.depth, 1, from.views, from.height, from.width, from.intrinsics, from.poses};
}

rc::unproject_options rules_of(demo_images const& from) {
  rc::unproject_options options;
  options.scale = from.scale;
  options.far = from.far;
  return options;
}

double unproject_on_host(demo_images const& from, demo_unprojected const& to) {
  rc::unproject_options options = rules_of(from);
  rc::crop_box box{};
  if (from.box != nullptr) {
    for (int axis = 0; axis < 3; ++axis) {
      box.low[axis] = from.box[axis];
      box.high[axis] = from.box[3 + axis];
    }
    options.boxes = &box;
  }
  rc::unprojection_report report{};
  auto const unproject = [&] {
    rc::compiled::unproject(place::host, images_of(from), {}, options, {to.points, nullptr, to.offsets, &report});
  };
  double const microseconds = demo::time_calls(unproject, [] {});
  to.lost[0] = report.no_depth;
  to.lost[1] = report.cropped;
  return microseconds;
}

double unproject_on_gpu(demo_images const& from, demo_unprojected const& to) {
  std::int64_t const pixels = from.views * from.height * from.width;
  auto const depth = example::to_device(from.depth, pixels);
  auto const intrinsics = example::to_device(from.intrinsics, from.views * 4);
  auto const poses = example::to_device(from.poses, from.views * 12);
  auto const box = example::to_device(from.box, from.box == nullptr ? 0 : 6);
  auto const points = example::device_allocate<float>(pixels * 3);
  auto const offsets = example::device_allocate<std::int64_t>(2);
  auto const report = example::device_allocate<rc::unprojection_report>(1);
  static_assert(sizeof(rc::crop_box) == 6 * sizeof(float));

  rc::depth_images<std::uint16_t> images = images_of(from);
  images.values = depth.get();
  images.intrinsics = intrinsics.get();
  images.poses = poses.get();
  rc::unproject_options options = rules_of(from);
  if (from.box != nullptr) { options.boxes = reinterpret_cast<rc::crop_box const*>(box.get()); }
  auto const bytes = rc::compiled::unproject_scratch(place::device, images);
  auto const memory = example::device_allocate<std::byte>(bytes);
  example::stream const cuda_stream = example::make_stream();
  auto const unproject = [&] {
    rc::compiled::unproject(place::device, images, {}, options, {points.get(), nullptr, offsets.get(), report.get()},
                            {memory.get(), bytes}, cuda_stream.get());
  };
  double const microseconds = demo::time_calls(unproject, [] { example::check(cudaDeviceSynchronize()); });
  example::to_host(offsets, 2, to.offsets);
  example::to_host(points, to.offsets[1] * 3, to.points);
  rc::unprojection_report found{};
  example::to_host(report, 1, &found);
  to.lost[0] = found.no_depth;
  to.lost[1] = found.cropped;
  return microseconds;
}

/// @param found  `[samples, 3]`
/// @return how many there are
std::int64_t sample_farthest(float const* points, std::int64_t count, bool on_gpu, std::int64_t samples, float* found) {
  std::int64_t given = 0;
  if (!on_gpu) {
    std::vector<std::int64_t> indices(static_cast<std::size_t>(samples));
    rc::compiled::sample_farthest(place::host, rc::point_clouds::dense(points, 1, count), samples,
                                  {indices.data(), &given, found});
    return given;
  }
  auto const all = example::to_device(points, count * 3);
  auto const indices = example::device_allocate<std::int64_t>(samples);
  auto const counts = example::device_allocate<std::int64_t>(1);
  auto const chosen = example::device_allocate<float>(samples * 3);
  auto const clouds = rc::point_clouds::dense(all.get(), 1, count);
  auto const bytes = rc::compiled::sample_farthest_scratch(place::device, clouds, samples);
  auto const memory = example::device_allocate<std::byte>(bytes);
  example::stream const cuda_stream = example::make_stream();
  rc::compiled::sample_farthest(place::device, clouds, samples, {indices.get(), counts.get(), chosen.get()}, {},
                                {memory.get(), bytes}, cuda_stream.get());
  example::to_host(counts, 1, &given);
  example::to_host(chosen, given * 3, found);
  return given;
}

}  // namespace

/// @param found  `[samples, 3]`: of `points`, `[count, 3]`, those that are farthest from each other
/// @param given  how many there are: fewer than `samples` where there are fewer points
extern "C" int robocache_demo_sample_farthest(float const* points, std::int64_t count, std::int64_t on_gpu,
                                              std::int64_t samples, float* found, std::int64_t* given, char* message,
                                              std::size_t capacity) {
  auto const work = [&] { *given = sample_farthest(points, count, on_gpu != 0, samples, found); };
  return demo::run_and_report(work, message, capacity);
}

extern "C" int robocache_demo_unproject(demo_images const* images, demo_unprojected const* points, double* microseconds,
                                        char* message, std::size_t capacity) {
  auto const work = [&] {
    *microseconds = images->on_gpu != 0 ? unproject_on_gpu(*images, *points) : unproject_on_host(*images, *points);
  };
  return demo::run_and_report(work, message, capacity);
}
