// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <robocache/detail/points/unproject_check.hpp>
#include <robocache/device/camera.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace {

/// What a row of pixels became.
struct line_counts {
  std::int64_t kept = 0;
  std::int64_t deep = 0;
};

/// The images of a call, line by line: line l is row `l % H` of image `l / H`.
template <class Depth>
class lines {
 public:
  lines(depth_images<Depth> const& images, unproject_options const& options) : images_(images), options_(options) {}

  std::int64_t count() const { return images_.batch * images_.views * images_.height; }
  std::int64_t each_cloud() const { return images_.views * images_.height; }

  /// Calls `use(column, point, kept)` for each pixel of a line.
  template <class Use>
  line_counts visit(std::int64_t line, Use const& use) const {
    std::int64_t const view = line / images_.height;
    std::int64_t const b = view / images_.views;
    auto const camera = device::pinhole_at(images_.intrinsics, view);
    auto const v = static_cast<float>(line - view * images_.height);
    bool const boxed = options_.boxes != nullptr;
    crop_box const box = boxed ? options_.boxes[b] : crop_box{};
    device::pose to_world{};
    if (images_.poses != nullptr) { to_world = device::pose_at(images_.poses, view); }
    Depth const* const depth = images_.values + line * images_.width;
    line_counts counts;
    for (std::int64_t u = 0; u < images_.width; ++u) {
      float const scaled = device::mul_rn(device::depth_to_float(depth[u]), options_.scale);
      device::point3 at = device::unproject_pixel(camera, static_cast<float>(u), v, scaled, options_.kind);
      bool const deep = device::is_depth(at.z, options_.near, options_.far);
      if (images_.poses != nullptr) { at = device::transform(to_world, at); }
      bool const kept = deep && device::is_kept(boxed, box, at);
      counts.deep += deep ? 1 : 0;
      counts.kept += kept ? 1 : 0;
      use(u, at, kept);
    }
    return counts;
  }

  /// Calls `body(line)` for all lines, on all threads.
  template <class Body>
  void for_each(Body const& body) const {
    constexpr std::int64_t pixel_bytes = 16;
    detail::for_each_piece(count(), images_.width * pixel_bytes, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) { body(line); }
    });
  }

  void report(std::vector<line_counts> const& counts, unprojection_report* reports) const {
    for (std::int64_t b = 0; reports != nullptr && b < images_.batch; ++b) {
      unprojection_report sum{};
      for (std::int64_t line = b * each_cloud(); line < (b + 1) * each_cloud(); ++line) {
        line_counts const& one = counts[static_cast<std::size_t>(line)];
        sum.no_depth += images_.width - one.deep;
        sum.cropped += one.deep - one.kept;
      }
      reports[b] = sum;
    }
  }

 private:
  depth_images<Depth> const& images_;
  unproject_options const& options_;
};

/// Where what a pixel carries is, in bytes.
struct carried {
  std::byte const* from;
  std::byte* to;
  std::size_t bytes;  ///< of a channel
  std::int64_t channels;
  bool first;  ///< channels stand before rows and columns
  std::int64_t pixels;

  /// @param pixel  counted over all images
  void move(std::int64_t pixel, std::int64_t place) const {
    std::byte* const to_row = to + static_cast<std::size_t>(place * channels) * bytes;
    if (!first) {
      std::memcpy(to_row, from + static_cast<std::size_t>(pixel * channels) * bytes,
                  static_cast<std::size_t>(channels) * bytes);
      return;
    }
    std::int64_t const view = pixel / pixels;
    for (std::int64_t c = 0; c < channels; ++c) {
      std::int64_t const element = (view * channels + c) * pixels + (pixel - view * pixels);
      std::memcpy(to_row + static_cast<std::size_t>(c) * bytes, from + static_cast<std::size_t>(element) * bytes,
                  bytes);
    }
  }
};

/// @param out  the same, without the type
template <class Depth>
void unproject_lines(depth_images<Depth> const& images, unproject_options const& options, float* points,
                     std::int64_t* offsets, unprojection_report* reports, carried const& features) {
  lines<Depth> const all(images, options);
  std::vector<line_counts> counts(static_cast<std::size_t>(all.count()));
  all.for_each([&](std::int64_t line) {
    counts[static_cast<std::size_t>(line)] = all.visit(line, [](std::int64_t, device::point3 const&, bool) {});
  });
  std::vector<std::int64_t> places(counts.size());
  std::int64_t place = 0;
  offsets[0] = 0;
  for (std::int64_t b = 0; b < images.batch; ++b) {
    for (std::int64_t line = b * all.each_cloud(); line < (b + 1) * all.each_cloud(); ++line) {
      places[static_cast<std::size_t>(line)] = place;
      place += counts[static_cast<std::size_t>(line)].kept;
    }
    offsets[b + 1] = place;
  }
  all.report(counts, reports);
  all.for_each([&](std::int64_t line) {
    std::int64_t to = places[static_cast<std::size_t>(line)];
    all.visit(line, [&](std::int64_t u, device::point3 const& at, bool kept) {
      if (!kept) { return; }
      points[3 * to] = at.x;
      points[3 * to + 1] = at.y;
      points[3 * to + 2] = at.z;
      if (features.to != nullptr) { features.move(line * images.width + u, to); }
      ++to;
    });
  });
}

}  // namespace

template <class Depth, class Value>
status exact::unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                        unproject_options const& options, unprojected_output<Value> const& out) {
  status const checked = robocache::detail::check_unproject(images, features, options, out);
  if (!checked.ok()) { return checked; }
  carried const moved{reinterpret_cast<std::byte const*>(features.values),
                      reinterpret_cast<std::byte*>(out.features),
                      sizeof(Value),
                      features.channels,
                      features.order == channel_order::first,
                      images.height * images.width};
  unproject_lines(images, options, out.points, out.offsets, out.reports, moved);
  return checked;
}

template <class Depth>
status exact::unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                              dense_unprojected_output const& out) {
  status const checked = robocache::detail::check_unproject_dense(images, options, out);
  if (!checked.ok()) { return checked; }
  lines<Depth> const all(images, options);
  std::vector<line_counts> counts(static_cast<std::size_t>(all.count()));
  all.for_each([&](std::int64_t line) {
    std::int64_t const first = line * images.width;
    counts[static_cast<std::size_t>(line)] = all.visit(line, [&](std::int64_t u, device::point3 const& at, bool kept) {
      float* const to = out.points + 3 * (first + u);
      to[0] = kept ? at.x : 0.0f;
      to[1] = kept ? at.y : 0.0f;
      to[2] = kept ? at.z : 0.0f;
      if (out.valid != nullptr) { out.valid[first + u] = kept ? 1 : 0; }
    });
  });
  all.report(counts, out.reports);
  return checked;
}

#define ROBOCACHE_INSTANTIATE_VALUES(Value)                                                                            \
  template status exact::unproject(depth_images<std::uint16_t> const&, image_features<Value> const&,                   \
                                   unproject_options const&, unprojected_output<Value> const&);                        \
  template status exact::unproject(depth_images<float> const&, image_features<Value> const&, unproject_options const&, \
                                   unprojected_output<Value> const&);                                                  \
  template status exact::unproject(depth_images<__half> const&, image_features<Value> const&,                          \
                                   unproject_options const&, unprojected_output<Value> const&)
ROBOCACHE_FOR_VALUES(ROBOCACHE_INSTANTIATE_VALUES);
#undef ROBOCACHE_INSTANTIATE_VALUES

template status exact::unproject_dense(depth_images<std::uint16_t> const&, unproject_options const&,
                                       dense_unprojected_output const&);
template status exact::unproject_dense(depth_images<float> const&, unproject_options const&,
                                       dense_unprojected_output const&);
template status exact::unproject_dense(depth_images<__half> const&, unproject_options const&,
                                       dense_unprojected_output const&);

}  // namespace robocache::host
