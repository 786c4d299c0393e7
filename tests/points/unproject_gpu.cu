// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <vector>

#include <robocache/device/camera.cuh>
#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/random.hpp"

// A user's own kernel over the blocks of device/camera.cuh: the bits of `host::unproject_dense`, and the way back.
using namespace test;

namespace {

namespace device = robocache::device;

/// What a pixel becomes in the world, and what it projects to.
__global__ void unproject_and_back(float const* depth, float const* intrinsics, float const* poses, int width,
                                   int height, robocache::depth_kind kind, float* points, float* back) {
  int const u = static_cast<int>(threadIdx.x);
  int const v = static_cast<int>(blockIdx.x);
  int const i = v * width + u;
  device::pinhole const camera = device::pinhole_at(intrinsics, 0);
  device::point3 const at = device::unproject_pixel(camera, float(u), float(v), depth[i], kind);
  device::point3 const world = device::transform(device::pose_at(poses, 0), at);
  device::point3 const pixel = device::project(camera, at);
  points[3 * i] = world.x;
  points[3 * i + 1] = world.y;
  points[3 * i + 2] = world.z;
  back[2 * i] = pixel.x;
  back[2 * i + 1] = pixel.y;
}

}  // namespace

TEST_CASE("Unprojection: a kernel of one's own has the same bits, and finds the pixel again", "[unproject]") {
  constexpr int width = 64;
  constexpr int height = 48;
  constexpr int pixels = width * height;
  generator random(6500);
  std::vector<float> depth;
  for (int i = 0; i < pixels; ++i) { depth.push_back(float(0.1 + 5 * random.unit())); }
  std::vector<float> const intrinsics = {52.5f, 51.3f, 31.7f, 23.9f};
  std::vector<float> poses;
  for (int i = 0; i < 12; ++i) { poses.push_back(float(2 * random.unit() - 1)); }
  device_floats const on_device[] = {device_floats(pixels), device_floats(4), device_floats(12)};
  device_floats const points(3 * pixels);
  device_floats const back(2 * pixels);
  std::vector<float> const* const from[] = {&depth, &intrinsics, &poses};
  for (int i = 0; i < 3; ++i) {
    check_cuda(cudaMemcpy(on_device[i].data(), from[i]->data(), from[i]->size() * 4, cudaMemcpyHostToDevice), "upload");
  }
  own_stream const stream;
  for (auto kind : {robocache::depth_kind::axis, robocache::depth_kind::ray}) {
    unproject_and_back<<<height, width, 0, stream>>>(on_device[0].data(), on_device[1].data(), on_device[2].data(),
                                                     width, height, kind, points.data(), back.data());
    std::vector<float> wanted(3 * pixels);
    robocache::unproject_options options;
    options.kind = kind;
    robocache::depth_images<float> const images{depth.data(), 1, 1, height, width, intrinsics.data(), poses.data()};
    REQUIRE(robocache::host::unproject_dense(images, options, {wanted.data()}).ok());
    auto const found = points.read(stream);
    auto const pixel = back.read(stream);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!same_float(found[i], wanted[i])) { FAIL("float " << i << ": " << found[i] << ", wanted " << wanted[i]); }
    }
    for (std::size_t i = 0; i < std::size_t(pixels); ++i) {
      if (std::abs(pixel[2 * i] - float(i % width)) > 1e-4f || std::abs(pixel[2 * i + 1] - float(i / width)) > 1e-4f) {
        FAIL("pixel " << i << " is found at " << pixel[2 * i] << ", " << pixel[2 * i + 1]);
      }
    }
  }
}
