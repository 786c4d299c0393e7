// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/crop_points.cuh>
#include <robocache/unproject.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// What calls of `unproject` and `crop_points` do besides their results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

constexpr std::int64_t batch = 3;
constexpr std::int64_t views = 2;
constexpr std::int64_t height = 60;
constexpr std::int64_t width = 80;
constexpr std::int64_t pixels = batch * views * height * width;

/// Where points go.
struct results {
  device_floats points{pixels * 3};
  device_floats features{pixels};
  device_floats offsets{2 * (batch + 1)};
  device_floats reports{4 * batch};
  device_floats memory{1 << 16};

  bool untouched(cudaStream_t stream) const {
    auto const now = read_as<unsigned char>(points, stream, pixels * 12);
    return std::all_of(now.begin(), now.end(), [](unsigned char b) { return b == poison; });
  }
};

/// Images of one depth, which is z of all points; they carry it, too.
struct unproject_job : results {
  device_floats depth{pixels};
  device_floats intrinsics{batch * views * 4};

  unproject_job() {
    depth.fill(1, nullptr);
    intrinsics.fill(50, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, float scale = 2, std::int64_t missing = 0) const {
    robocache::depth_images<float> const images{depth.data(), batch, views, height, width, intrinsics.data()};
    robocache::unproject_options options;
    options.scale = scale;
    std::int64_t const bytes = robocache::unproject_scratch(images);
    return robocache::unproject(
        images, robocache::image_features<float>{depth.data(), 1}, options,
        {points.data(), features.data(), as<std::int64_t>(offsets), as<robocache::unprojection_report>(reports)},
        robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    std::int64_t const each = factor > 0 ? pixels / batch : 0;
    CHECK(read_as<std::int64_t>(offsets, stream, batch + 1) == std::vector<std::int64_t>{0, each, 2 * each, 3 * each});
    CHECK(read_as<robocache::unprojection_report>(reports, stream, batch)[1].no_depth == pixels / batch - each);
    if (factor < 0) { return; }
    auto const all = points.read(stream);
    for (std::size_t i = 2; i < all.size(); i += 3) {
      if (all[i] != 2 * factor) { FAIL("z of point " << i / 3 << " is " << all[i]); }
    }
    CHECK(features.read(stream) == std::vector<float>(pixels, factor));
  }
};

/// Points of which all coordinates are the same number, as are their features; the box takes those from 0 on.
struct crop_job : results {
  device_floats xyz{pixels * 3};
  device_floats boxes{batch * 6};

  crop_job() {
    xyz.fill(1, nullptr);
    std::vector<float> sides;
    for (std::int64_t i = 0; i < batch * 6; ++i) { sides.push_back(i % 6 < 3 ? 0.0f : 100.0f); }
    check_cuda(cudaMemcpy(boxes.data(), sides.data(), sides.size() * 4, cudaMemcpyHostToDevice), "upload");
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::status call(cudaStream_t stream, std::int64_t channels = 1, std::int64_t missing = 0) const {
    auto const clouds = robocache::point_clouds::dense(xyz.data(), batch, pixels / batch);
    robocache::crop_options options;
    options.boxes = as<robocache::crop_box>(boxes);
    std::int64_t const bytes = robocache::crop_points_scratch(clouds);
    return robocache::crop_points(
        clouds, robocache::point_features<float>{xyz.data(), channels, robocache::contiguous, 3}, options,
        {points.data(), nullptr, features.data(), as<std::int64_t>(offsets), as<std::int64_t>(reports)},
        robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    std::int64_t const each = factor >= 0 ? pixels / batch : 0;
    CHECK(read_as<std::int64_t>(offsets, stream, batch + 1) == std::vector<std::int64_t>{0, each, 2 * each, 3 * each});
    CHECK(read_as<std::int64_t>(reports, stream, batch)[2] == pixels / batch - each);
    if (factor < 0) { return; }
    CHECK(points.read(stream) == std::vector<float>(pixels * 3, factor));
    CHECK(features.read(stream) == std::vector<float>(pixels, factor));
  }
};

}  // namespace

TEST_CASE("A call for unprojection: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  unproject_job const job;
  keeps_its_contract(job, job.depth);
}

TEST_CASE("A call for a crop: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  crop_job const job;
  keeps_its_contract(job, job.xyz);
}

TEST_CASE("Calls for unprojection and crop: when a check fails nothing is enqueued or written", "[contract]") {
  own_stream const stream;
  unproject_job const job;
  CHECK(std::string(job.call(stream, -1).argument()) == "options.scale");
  CHECK(std::string(job.call(stream, 1, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(job.untouched(stream));
  crop_job const crop;
  CHECK(std::string(crop.call(stream, 0).argument()) == "features.channels");
  CHECK(std::string(crop.call(stream, 1, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(crop.untouched(stream));
}
