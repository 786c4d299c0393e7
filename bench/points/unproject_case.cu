// SPDX-License-Identifier: Apache-2.0
#include "points/unproject_case.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <robocache/crop_points.cuh>
#include <robocache/host.hpp>
#include <robocache/sample_farthest.cuh>
#include <robocache/unproject.cuh>

#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

constexpr std::int64_t image_pixels = image_height * image_width;
constexpr std::int64_t floats_a_point = 4;  // of clouds that are there already

/// Millimetres: a floor that rises with the row, and noise.
std::uint16_t depth_of(std::int64_t pixel) {
  auto x = static_cast<std::uint64_t>(pixel) * 0x9e3779b97f4a7c15;
  x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9;
  return static_cast<std::uint16_t>(800 + 4 * (pixel / image_width % image_height) + (x >> 33) % 40);
}

/// Everything that a call writes.
template <template <class> class Array>
struct unprojected_arrays {
  Array<float> points;
  Array<std::uint8_t> features, valid;
  Array<std::int64_t> offsets, cropped, samples;
  Array<unprojection_report> reports;
};

template <class T>
using host_array = std::vector<T>;

class unprojecting_case final : public prepared_case {
 public:
  unprojecting_case(unproject_case const& one, cudaStream_t cuda_stream) : one_(one) {
    draw();
    std::int64_t const pixels = one.batch * one.views * image_pixels;
    resize_host(pixels);
    call_host();
    std::int64_t const kept = one.becomes == unprojection::dense ? pixels : host_.offsets.back();
    std::int64_t const written = one.becomes == unprojection::samples ? size_of(host_.samples) : kept * 12;
    bytes_ = size_of(depth_) + size_of(clouds_) + written + (pixels + kept) * one.channels + size_of(host_.valid) +
             size_of(intrinsics_) + size_of(poses_) + size_of(boxes_);
    turns_ = rotation_of(bytes_, false);
    int const sets = turns_.sets;
    in_.depth = rotated_array<std::uint16_t>(depth_, sets, cuda_stream);
    in_.clouds = rotated_array<float>(clouds_, sets, cuda_stream);
    in_.offsets = rotated_array<std::int64_t>(cloud_offsets_, sets, cuda_stream);
    in_.features = rotated_array<std::uint8_t>(features_, sets, cuda_stream);
    in_.intrinsics = rotated_array<float>(intrinsics_, sets, cuda_stream);
    in_.poses = rotated_array<float>(poses_, sets, cuda_stream);
    in_.boxes = rotated_array<crop_box>(boxes_, sets, cuda_stream);
    out_.points = rotated_array<float>(3 * pixels, sets);
    out_.features = rotated_array<std::uint8_t>(pixels * one.channels, sets);
    out_.valid = rotated_array<std::uint8_t>(std::int64_t(host_.valid.size()), sets);
    out_.offsets = rotated_array<std::int64_t>(one.batch + 1, sets);
    out_.cropped = rotated_array<std::int64_t>(one.batch, sets);
    out_.samples = rotated_array<std::int64_t>(std::int64_t(host_.samples.size()), sets);
    out_.reports = rotated_array<unprojection_report>(one.batch, sets);
    scratch_bytes_ = one.becomes == unprojection::crop
                         ? crop_points_scratch(clouds_at(in_.clouds.at(0), in_.offsets.at(0)))
                         : unproject_scratch(images_at(0));
    memory_ = rotated_array<char>(scratch_bytes_, sets);
    if (one.becomes == unprojection::samples) {
      sampling_bytes_ =
          sample_farthest_scratch(made_clouds(out_.points.at(0), out_.offsets.at(0)), observation_samples);
      sampling_memory_ = rotated_array<char>(sampling_bytes_, sets);
    }
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    unproject_options const options = options_of(in_.boxes.at(set));
    scratch const memory{memory_.at(set), scratch_bytes_};
    float* const points = out_.points.at(set);
    switch (one_.becomes) {
      case unprojection::packed:
      case unprojection::samples:
        require(unproject(
            images_at(set), features_of(in_.features.at(set)), options,
            unprojected_output<std::uint8_t>{points, out_.features.at(set), out_.offsets.at(set), out_.reports.at(set)},
            memory, cuda_stream));
        break;
      case unprojection::dense:
        require(
            unproject_dense(images_at(set), options, {points, out_.valid.at(set), out_.reports.at(set)}, cuda_stream));
        break;
      case unprojection::crop:
        require(crop_points(clouds_at(in_.clouds.at(set), in_.offsets.at(set)),
                            crop_of(in_.poses.at(set), in_.boxes.at(set)),
                            cropped_output<float>{points, nullptr, nullptr, out_.offsets.at(set), out_.cropped.at(set)},
                            memory, cuda_stream));
        break;
    }
    if (one_.becomes == unprojection::samples) {
      require(sample_farthest(made_clouds(points, out_.offsets.at(set)), observation_samples, {out_.samples.at(set)},
                              {}, {sampling_memory_.at(set), sampling_bytes_}, cuda_stream));
    }
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    // What is behind the last point is not touched, on either side.
    check(cudaMemsetAsync(out_.points.at(0), 0, out_.points.bytes(), cuda_stream), "cudaMemsetAsync");
    if (out_.features.size() > 0) {
      check(cudaMemsetAsync(out_.features.at(0), 0, out_.features.bytes(), cuda_stream), "cudaMemsetAsync");
    }
    enqueue_poison(out_.valid, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "unprojection");
    std::string unlike = find_unlike(host_.points, out_.points, "points", cuda_stream);
    if (unlike.empty()) { unlike = find_unlike(host_.features, out_.features, "features", cuda_stream); }
    if (unlike.empty()) { unlike = find_unlike(host_.valid, out_.valid, "mask", cuda_stream); }
    if (unlike.empty() && one_.becomes != unprojection::dense) {
      unlike = find_unlike(host_.offsets, out_.offsets, "offsets", cuda_stream);
    }
    if (unlike.empty() && one_.becomes == unprojection::crop) {
      return find_unlike(host_.cropped, out_.cropped, "counts", cuda_stream);
    }
    if (unlike.empty()) { unlike = find_unlike(host_.samples, out_.samples, "samples", cuda_stream); }
    return unlike.empty() ? find_unlike(host_.reports, out_.reports, "reports", cuda_stream) : unlike;
  }

 private:
  template <class T>
  static std::int64_t size_of(std::vector<T> const& all) {
    return static_cast<std::int64_t>(all.size() * sizeof(T));
  }

  void draw() {
    std::int64_t const cameras = one_.batch * one_.views;
    std::int64_t const pixels = cameras * image_pixels;
    for (std::int64_t i = 0; i < pixels * one_.channels; ++i) { features_.push_back(static_cast<std::uint8_t>(i * 7)); }
    for (std::int64_t i = 0; i < cameras; ++i) {
      for (float x : {525.0f, 524.0f, 319.5f, 239.25f}) { intrinsics_.push_back(x); }
    }
    // Turned about x, so that z of the camera is the world's y.
    std::int64_t const poses = one_.becomes == unprojection::crop ? one_.batch : cameras;
    for (std::int64_t i = 0; i < poses; ++i) {
      for (float x : {1.0f, 0.0f, 0.0f, 0.1f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, -1.0f, 0.0f, 1.5f}) { poses_.push_back(x); }
    }
    for (std::int64_t b = 0; b < one_.batch; ++b) {
      float const far = one_.kept == crop_part::all ? 9.0f : one_.kept == crop_part::half ? 1.78f : 1.012f;
      boxes_.push_back({{-9.0f, 0.0f, -9.0f}, {9.0f, far, 9.0f}});
    }
    if (one_.becomes != unprojection::crop) {
      for (std::int64_t i = 0; i < pixels; ++i) { depth_.push_back(depth_of(i)); }
      return;
    }
    for (std::int64_t i = 0; i < pixels; ++i) {
      float const z = 0.001f * static_cast<float>(depth_of(i));
      auto const u = static_cast<float>(i % image_width);
      clouds_.insert(clouds_.end(), {(u - 319.5f) / 525.0f * z, 0.3f, z, 0.0f});
    }
    for (std::int64_t b = 0; b <= one_.batch; ++b) { cloud_offsets_.push_back(b * one_.views * image_pixels); }
  }

  void resize_host(std::int64_t pixels) {
    host_.points.resize(3 * pixels);
    host_.features.resize(pixels * one_.channels);
    host_.valid.resize(one_.becomes == unprojection::dense ? pixels : 0);
    host_.offsets.resize(one_.batch + 1);
    host_.cropped.resize(one_.batch);
    host_.samples.resize(one_.becomes == unprojection::samples ? one_.batch * observation_samples : 0);
    host_.reports.resize(one_.batch);
  }

  void call_host() {
    depth_images<std::uint16_t> const images = images_of(depth_.data(), intrinsics_.data(), poses_.data());
    unproject_options const options = options_of(boxes_.data());
    std::uint8_t* const features = one_.channels == 0 ? nullptr : host_.features.data();
    switch (one_.becomes) {
      case unprojection::packed:
      case unprojection::samples:
        require(host::unproject(images, features_of(features_.data()), options,
                                unprojected_output<std::uint8_t>{host_.points.data(), features, host_.offsets.data(),
                                                                 host_.reports.data()}));
        break;
      case unprojection::dense:
        require(
            host::unproject_dense(images, options, {host_.points.data(), host_.valid.data(), host_.reports.data()}));
        break;
      case unprojection::crop:
        require(host::crop_points(
            clouds_at(clouds_.data(), cloud_offsets_.data()), crop_of(poses_.data(), boxes_.data()),
            cropped_output<float>{host_.points.data(), nullptr, nullptr, host_.offsets.data(), host_.cropped.data()}));
        break;
    }
    if (one_.becomes == unprojection::samples) {
      require(host::sample_farthest(made_clouds(host_.points.data(), host_.offsets.data()), observation_samples,
                                    {host_.samples.data()}));
    }
  }

  depth_images<std::uint16_t> images_of(std::uint16_t const* depth, float const* intrinsics, float const* poses) const {
    return {depth, one_.batch, one_.views, image_height, image_width, intrinsics, poses};
  }
  depth_images<std::uint16_t> images_at(int set) const {
    return images_of(in_.depth.at(set), in_.intrinsics.at(set), in_.poses.at(set));
  }
  image_features<std::uint8_t> features_of(std::uint8_t const* values) const {
    return {values, one_.channels, one_.order};
  }
  unproject_options options_of(crop_box const* boxes) const {
    unproject_options options;
    options.scale = 0.001f;
    options.kind = one_.kind;
    options.near = 0.1f;
    options.far = 8.0f;
    options.boxes = boxes;
    return options;
  }
  point_clouds clouds_at(float const* xyz, std::int64_t const* offsets) const {
    return point_clouds::ragged(xyz, offsets, one_.batch, one_.batch * one_.views * image_pixels, floats_a_point);
  }
  /// What `unproject` made.
  point_clouds made_clouds(float const* xyz, std::int64_t const* offsets) const {
    return point_clouds::ragged(xyz, offsets, one_.batch, one_.batch * one_.views * image_pixels);
  }
  static crop_options crop_of(float const* poses, crop_box const* boxes) {
    crop_options options;
    options.poses = poses;
    options.boxes = boxes;
    return options;
  }

  unproject_case one_;
  std::vector<std::uint16_t> depth_;
  std::vector<float> clouds_, intrinsics_, poses_;
  std::vector<std::int64_t> cloud_offsets_;
  std::vector<std::uint8_t> features_;
  std::vector<crop_box> boxes_;
  unprojected_arrays<host_array> host_;
  struct {
    rotated_array<std::uint16_t> depth;
    rotated_array<float> clouds, intrinsics, poses;
    rotated_array<std::int64_t> offsets;
    rotated_array<std::uint8_t> features;
    rotated_array<crop_box> boxes;
  } in_;
  unprojected_arrays<rotated_array> out_;
  std::int64_t scratch_bytes_ = 0;
  std::int64_t sampling_bytes_ = 0;
  rotated_array<char> memory_, sampling_memory_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare(unproject_case const& one, cudaStream_t cuda_stream) {
  return std::make_unique<unprojecting_case>(one, cuda_stream);
}

}  // namespace robocache::bench
