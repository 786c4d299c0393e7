// SPDX-License-Identifier: Apache-2.0
// What a policy sees, from depth images to points: two cameras over a table are unprojected, cropped to the space above
// it, and thinned out to one point a voxel. Everything is one CUDA graph, replayed frame by frame: how many points
// there are stays on the device.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/filter_voxels.cuh>
#include <robocache/unproject.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t robots = 2, views = 2, height = 120, width = 160, pixels = robots * views * height * width;

/// Millimetres from two cameras 1 m above a table, on which a box of 10 cm stands; one pixel in a hundred saw nothing.
std::vector<std::uint16_t> images_of(std::int64_t frame) {
  std::vector<std::uint16_t> depth;
  for (std::int64_t i = 0; i < pixels; ++i) {
    std::int64_t const u = i % width, v = i / width % height;
    bool const on_box = u >= 40 + 8 * frame && u < 72 + 8 * frame && v >= 40 && v < 72;
    depth.push_back(static_cast<std::uint16_t>(i % 100 == 7 ? 0 : on_box ? 900 : 1000));
  }
  return depth;
}

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  std::vector<float> intrinsics, poses;
  for (std::int64_t camera = 0; camera < robots * views; ++camera) {
    intrinsics.insert(intrinsics.end(), {150.0f, 150.0f, 79.5f, 59.5f});
    // Turned over, so that it looks down: z of the world is 1 m less the depth. The second one is 5 cm to the right.
    float const right = camera % views == 0 ? 0.0f : 0.05f;
    poses.insert(poses.end(), {1, 0, 0, right, 0, -1, 0, 0, 0, 0, -1, 1});
  }
  // Between 2 cm above the table and 50 cm: what stands on it.
  std::vector<rc::crop_box> const above_table(robots, rc::crop_box{{-0.5f, -0.5f, 0.02f}, {0.5f, 0.5f, 0.5f}});
  auto const depth = example::device_allocate<std::uint16_t>(pixels);
  auto const on_intrinsics = example::to_device(intrinsics), on_poses = example::to_device(poses);
  auto const boxes = example::to_device(above_table);

  rc::depth_images<std::uint16_t> const images{depth.get(),         robots,        views, height, width,
                                               on_intrinsics.get(), on_poses.get()};
  rc::unproject_options options;
  options.scale = 0.001f;
  options.boxes = boxes.get();
  auto const points = example::device_allocate<float>(pixels * 3);
  auto const offsets = example::device_allocate<std::int64_t>(robots + 1);
  auto const reports = example::device_allocate<rc::unprojection_report>(robots);
  rc::unprojected_output<float> seen;
  seen.points = points.get();
  seen.offsets = offsets.get();
  seen.reports = reports.get();

  // The result is a packed batch: one point per voxel of 2 cm.
  auto const clouds = rc::point_clouds::ragged(points.get(), offsets.get(), robots, pixels);
  auto const thinned = example::device_allocate<float>(pixels * 3);
  auto const thinned_offsets = example::device_allocate<std::int64_t>(robots + 1);
  rc::filtered_output<float> fewer;
  fewer.capacity = pixels;
  fewer.points = thinned.get();
  fewer.voxel_offsets = thinned_offsets.get();
  rc::filter_options const leaf{{0.02f, 0.02f, 0.02f}};

  // One scratch for both: they run one after the other.
  std::int64_t const bytes = std::max(rc::unproject_scratch(images), rc::filter_voxels_scratch(clouds, leaf, fewer));
  auto const memory = example::device_allocate<char>(bytes);
  rc::scratch const scratch{memory.get(), bytes};
  auto const observe = [&] {
    example::check(rc::unproject(images, options, seen, scratch, cuda_stream.get()));
    example::check(rc::filter_voxels(clouds, leaf, fewer, scratch, cuda_stream.get()));
  };
  observe();  // loads the kernels' code, which a capture may not do
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t observation = nullptr;
  example::check(cudaStreamBeginCapture(cuda_stream.get(), cudaStreamCaptureModeThreadLocal));
  observe();
  example::check(cudaStreamEndCapture(cuda_stream.get(), &graph));
  example::check(cudaGraphInstantiate(&observation, graph, 0));

  bool right = true;
  for (std::int64_t frame = 0; frame < 3; ++frame) {
    auto const millimetres = images_of(frame);
    example::check(cudaMemcpyAsync(depth.get(), millimetres.data(), pixels * sizeof(std::uint16_t),
                                   cudaMemcpyHostToDevice, cuda_stream.get()));
    example::check(cudaGraphLaunch(observation, cuda_stream.get()));
    auto const of_robot = example::to_host(offsets, robots + 1), left = example::to_host(thinned_offsets, robots + 1);
    auto const lost = example::to_host(reports, robots);
    auto const xyz = example::to_host(thinned, left.back() * 3);
    float low = 1.0f;
    for (std::int64_t i = 0; i < left.back(); ++i) { low = std::min(low, xyz[3 * i]); }
    for (std::int64_t b = 0; b < robots; ++b) {
      std::int64_t const kept = of_robot[b + 1] - of_robot[b];
      right = right && kept > 0 && kept + lost[b].no_depth + lost[b].cropped == pixels / robots;
      std::printf("frame %ld, robot %ld: %ld pixels without depth, %ld points on the table, %ld above it, %ld voxels\n",
                  frame, b, lost[b].no_depth, lost[b].cropped, kept, left[b + 1] - left[b]);
    }
    std::printf("         the box begins at x = %.2f m\n", static_cast<double>(low));
  }
  cudaGraphExecDestroy(observation);
  cudaGraphDestroy(graph);
  return right ? 0 : 1;
}
