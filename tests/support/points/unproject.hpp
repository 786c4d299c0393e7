// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/camera.hpp>
#include <robocache/scratch.hpp>

#include "support/guarded.hpp"
#include "support/typed.hpp"

/// `unproject` and `unproject_dense` under test.
namespace test {

using robocache::channel_order;
using robocache::crop_box;
using robocache::depth_dtype;
using robocache::depth_images;
using robocache::depth_kind;
using robocache::image_features;
using robocache::scratch;
using robocache::unproject_options;
using robocache::unprojected_output;
using robocache::unprojection_report;

constexpr depth_dtype all_depth_types[] = {depth_dtype::uint16, depth_dtype::float32, depth_dtype::float16};

/// Images, and what is to be done with them.
struct depth_problem {
  depth_dtype type = depth_dtype::uint16;
  std::int64_t batch = 1;
  std::int64_t views = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::vector<std::byte> depth{};
  std::vector<float> intrinsics{};
  std::vector<float> poses{};     ///< empty: none
  std::vector<crop_box> boxes{};  ///< empty: none
  unproject_options options{};    ///< without pointers

  dtype feature_type = dtype::uint8;
  std::int64_t channels = 0;
  channel_order order = channel_order::last;
  std::vector<std::byte> features{};
  std::int64_t misaligned = 0;  ///< elements, of everything that is read and written
  bool reports = true;
  bool valid = true;

  std::int64_t cameras() const { return batch * views; }
  std::int64_t pixels() const { return cameras() * height * width; }
  dtype stored() const { return type == depth_dtype::float32 ? dtype::float32 : dtype::float16; }
  std::size_t depth_bytes() const { return type == depth_dtype::float32 ? 4 : 2; }

  void put(std::int64_t pixel, double x) {
    if (type == depth_dtype::uint16) {
      auto const number = static_cast<std::uint16_t>(x);
      std::memcpy(&depth[std::size_t(pixel) * 2], &number, 2);
    } else {
      store_bits(stored(), depth.data(), pixel, encode(stored(), x));
    }
  }
  double depth_at(std::int64_t pixel) const {
    if (type != depth_dtype::uint16) { return decode(stored(), load_bits(stored(), depth.data(), pixel)); }
    std::uint16_t number = 0;
    std::memcpy(&number, &depth[std::size_t(pixel) * 2], 2);
    return number;
  }

  /// Depth `number(i)` of pixel i, and cameras of focal length 2 with their centre at (1, 0.5).
  template <class Number>
  void fill(Number const& number) {
    depth.assign(std::size_t(pixels()) * depth_bytes(), std::byte{});
    for (std::int64_t i = 0; i < pixels(); ++i) { put(i, number(i)); }
    intrinsics.clear();
    for (std::int64_t i = 0; i < cameras(); ++i) {
      for (float x : {2.0f, 2.0f, 1.0f, 0.5f}) { intrinsics.push_back(x); }
    }
  }
  /// Features of any bits.
  void fill_features(generator& random) {
    features.resize(std::size_t(pixels() * channels) * robocache::size_of(feature_type));
    for (auto& one : features) { one = static_cast<std::byte>(random.next() & 0xff); }
  }
};

/// The results of `unproject`, up to `offsets[B]`.
struct unprojected {
  status state{};
  std::vector<std::int64_t> offsets{};
  std::vector<float> points{};
  std::vector<std::uint64_t> features{};  ///< bits
  std::vector<unprojection_report> reports{};
  std::string trouble{};  ///< what was written that should not have been
};

struct dense_unprojected {
  status state{};
  std::vector<float> points{};
  std::vector<std::uint8_t> valid{};
  std::vector<unprojection_report> reports{};
  std::string trouble{};
};

/// On the side under test.
unprojected unproject(depth_problem const& p);
dense_unprojected unproject_dense(depth_problem const& p);

/// The calls alone, with views that a test made by hand: for calls that are refused.
status unproject_views(depth_images<std::uint16_t> const& images, image_features<float> const& features,
                       unproject_options const& options, unprojected_output<float> const& out, scratch const& memory);
status unproject_dense_views(depth_images<std::uint16_t> const& images, unproject_options const& options,
                             robocache::dense_unprojected_output const& out);

/// The images in guarded memory of `Space`.
template <class Space>
class image_memory {
 public:
  explicit image_memory(depth_problem const& p)
      : depth_(given(p.depth), p.depth.size(), std::size_t(p.misaligned) * p.depth_bytes()),
        intrinsics_(given(p.intrinsics), p.intrinsics.size() * 4, std::size_t(p.misaligned) * 4),
        poses_(given(p.poses), p.poses.size() * 4, std::size_t(p.misaligned) * 4),
        boxes_(given(p.boxes), p.boxes.size() * sizeof(crop_box), std::size_t(p.misaligned) * 4),
        features_(given(p.features), p.features.size(),
                  std::size_t(p.misaligned) * robocache::size_of(p.feature_type)) {}

  /// Calls `use(images)` with images of the problem's type.
  template <class Use>
  status with_images(depth_problem const& p, Use const& use) const {
    auto const call = [&](auto zero) {
      using Depth = decltype(zero);
      return use(depth_images<Depth>{static_cast<Depth const*>(depth_.data()), p.batch, p.views, p.height, p.width,
                                     static_cast<float const*>(intrinsics_.data()),
                                     static_cast<float const*>(poses_.data())});
    };
    switch (p.type) {
      case depth_dtype::uint16: return call(std::uint16_t{});
      case depth_dtype::float32: return call(float{});
      case depth_dtype::float16: return call(__half{});
    }
    return {};
  }
  unproject_options options(depth_problem const& p) const {
    unproject_options o = p.options;
    o.boxes = static_cast<crop_box const*>(boxes_.data());
    return o;
  }
  void const* features() const { return features_.data(); }
  void check(std::string& trouble) const {
    depth_.read("depth", trouble);
    intrinsics_.read("intrinsics", trouble);
    poses_.read("poses", trouble);
    boxes_.read("boxes", trouble);
    features_.read("features", trouble);
  }

 private:
  template <class T>
  static void const* given(std::vector<T> const& data) {
    static std::byte const nothing{};
    return data.empty() ? static_cast<void const*>(&nothing) : data.data();
  }

  guarded<Space> depth_;
  guarded<Space> intrinsics_;
  guarded<Space> poses_;
  guarded<Space> boxes_;
  guarded<Space> features_;
};

/// Reads results into a vector.
template <class Space, class T>
void read_results(guarded<Space> const& memory, char const* name, std::vector<T>& to, std::string& trouble) {
  auto const bytes = memory.read(name, trouble);
  to.resize(bytes.size() / sizeof(T));
  if (!bytes.empty()) { std::memcpy(to.data(), bytes.data(), bytes.size()); }
}

/// Whether bytes from `begin` on were left alone.
inline void check_untouched(std::vector<std::byte> const& bytes, std::size_t begin, char const* name,
                            std::string& trouble) {
  if (std::any_of(bytes.begin() + std::ptrdiff_t(begin), bytes.end(),
                  [](std::byte b) { return b != std::byte(poison); })) {
    trouble += std::string(name) + " behind the last row were written; ";
  }
}

/// Makes the call in guarded memory of `Space`.
/// @param side  has the calls of the library, without a stream
template <class Space, class Side>
unprojected run_unproject(depth_problem const& p, Side const& side) {
  auto const rows = std::size_t(p.pixels());
  std::size_t const size = robocache::size_of(p.feature_type);
  image_memory<Space> const memory(p);
  guarded<Space> const points(nullptr, rows * 12, std::size_t(p.misaligned) * 4);
  guarded<Space> const features(nullptr, rows * std::size_t(p.channels) * size, std::size_t(p.misaligned) * size);
  guarded<Space> const offsets(nullptr, std::size_t(p.batch + 1) * 8);
  guarded<Space> const reports(nullptr, p.reports ? std::size_t(p.batch) * sizeof(unprojection_report) : 0);
  unprojected o;
  o.state = memory.with_images(p, [&](auto const& images) {
    return with_types(p.feature_type, p.feature_type, [&](auto value, auto) {
      using Value = typename decltype(value)::type;
      image_features<Value> const from{static_cast<Value const*>(memory.features()), p.channels, p.order};
      unprojected_output<Value> const out{static_cast<float*>(points.data()), static_cast<Value*>(features.data()),
                                          static_cast<std::int64_t*>(offsets.data()),
                                          static_cast<unprojection_report*>(reports.data())};
      std::int64_t const bytes = side.scratch_bytes(images);
      guarded<Space> const extra(nullptr, std::size_t(bytes));
      status const s = side.unproject(images, from, memory.options(p), out, scratch{extra.data(), bytes});
      extra.read("scratch", o.trouble);
      return s;
    });
  });
  memory.check(o.trouble);
  read_results(offsets, "offsets", o.offsets, o.trouble);
  read_results(reports, "reports", o.reports, o.trouble);
  auto const point_bytes = points.read("points", o.trouble);
  auto const feature_bytes = features.read("features", o.trouble);
  if (!o.state.ok()) { return o; }
  auto const kept = std::min(rows, std::size_t(o.offsets.back()));
  check_untouched(point_bytes, kept * 12, "points", o.trouble);
  check_untouched(feature_bytes, kept * std::size_t(p.channels) * size, "features", o.trouble);
  o.points.resize(3 * kept);
  if (kept > 0) { std::memcpy(o.points.data(), point_bytes.data(), kept * 12); }
  for (std::size_t i = 0; i < kept * std::size_t(p.channels); ++i) {
    o.features.push_back(load_bits(p.feature_type, feature_bytes.data(), std::int64_t(i)));
  }
  return o;
}

template <class Space, class Side>
dense_unprojected run_unproject_dense(depth_problem const& p, Side const& side) {
  auto const rows = std::size_t(p.pixels());
  image_memory<Space> const memory(p);
  guarded<Space> const points(nullptr, rows * 12, std::size_t(p.misaligned) * 4);
  guarded<Space> const valid(nullptr, p.valid ? rows : 0, std::size_t(p.misaligned));
  guarded<Space> const reports(nullptr, p.reports ? std::size_t(p.batch) * sizeof(unprojection_report) : 0);
  dense_unprojected o;
  o.state = memory.with_images(p, [&](auto const& images) {
    robocache::dense_unprojected_output const out{static_cast<float*>(points.data()),
                                                  static_cast<std::uint8_t*>(valid.data()),
                                                  static_cast<unprojection_report*>(reports.data())};
    return side.unproject_dense(images, memory.options(p), out);
  });
  memory.check(o.trouble);
  read_results(points, "points", o.points, o.trouble);
  read_results(valid, "valid", o.valid, o.trouble);
  read_results(reports, "reports", o.reports, o.trouble);
  return o;
}

}  // namespace test
