// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/cropping.hpp>
#include <robocache/scratch.hpp>

#include "support/cells/memory.hpp"
#include "support/guarded.hpp"
#include "support/typed.hpp"

/// `crop_points` under test.
namespace test {

using robocache::crop_box;
using robocache::crop_options;
using robocache::cropped_output;
using robocache::point_features;
using robocache::scratch;

/// Clouds, and what is to be done with them.
struct crop_problem {
  voxel_problem points{};         ///< its clouds and features; the rest is not used
  std::vector<float> poses{};     ///< empty: none
  std::vector<crop_box> boxes{};  ///< empty: none
  std::vector<float> normals{};   ///< `[rows, 3]`; empty: none
  std::int64_t normal_stride = 3;
  bool cropped = true;

  std::int64_t rows() const { return points.clouds.batch == 0 ? 0 : points.clouds.total(); }
  bool has_features() const { return !points.features.empty(); }
};

/// The results of a call, up to `offsets[B]`.
struct cropped_points {
  status state{};
  std::vector<std::int64_t> offsets{};
  std::vector<float> points{};
  std::vector<float> normals{};
  std::vector<std::uint64_t> features{};  ///< bits
  std::vector<std::int64_t> cropped{};
  std::string trouble{};  ///< what was written that should not have been
};

/// On the side under test.
cropped_points crop_points(crop_problem const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status crop_points_views(robocache::point_clouds const& clouds, point_features<float> const& features,
                         crop_options const& options, cropped_output<float> const& out, scratch const& memory);

/// The first `kept` rows of `each` bytes; whether the rest was left alone.
template <class Space>
std::vector<std::byte> read_rows(guarded<Space> const& memory, std::size_t bytes, char const* name,
                                 std::string& trouble) {
  auto all = memory.read(name, trouble);
  bytes = std::min(bytes, all.size());
  for (std::size_t i = bytes; i < all.size(); ++i) {
    if (all[i] == std::byte(poison)) { continue; }
    trouble += std::string(name) + " behind the last row were written; ";
    break;
  }
  all.resize(bytes);
  return all;
}

inline std::vector<float> floats_of(std::vector<std::byte> const& bytes) {
  std::vector<float> all(bytes.size() / 4);
  if (!bytes.empty()) { std::memcpy(all.data(), bytes.data(), bytes.size()); }
  return all;
}

/// Makes the call in guarded memory of `Space`.
/// @param side  has the calls of the library, without a stream
template <class Space, class Side>
cropped_points run_crop_points(crop_problem const& p, Side const& side) {
  auto const rows = std::size_t(p.rows());
  auto const batch = std::size_t(p.points.clouds.batch);
  dtype const type = p.points.value_type;
  std::size_t const feature_bytes = p.has_features() ? std::size_t(p.points.channels) * robocache::size_of(type) : 0;
  cloud_memory<Space> const memory(p.points);
  std::vector<float> apart(rows == 0 || p.normals.empty() ? 0 : (rows - 1) * std::size_t(p.normal_stride) + 3, 7.0f);
  for (std::size_t i = 0; i < p.normals.size(); ++i) {
    apart[i / 3 * std::size_t(p.normal_stride) + i % 3] = p.normals[i];
  }
  auto const poses = put<Space>(p.poses);
  auto const boxes = put<Space>(p.boxes);
  auto const normals = put<Space>(apart);
  guarded<Space> const points(nullptr, rows * 12);
  guarded<Space> const out_normals(nullptr, p.normals.empty() ? 0 : rows * 12);
  guarded<Space> const features(nullptr, rows * feature_bytes);
  guarded<Space> const offsets(nullptr, (batch + 1) * 8);
  guarded<Space> const cropped(nullptr, p.cropped ? batch * 8 : 0);
  crop_options options;
  options.poses = static_cast<float const*>(poses->data());
  options.boxes = static_cast<crop_box const*>(boxes->data());
  if (!p.normals.empty()) {
    options.normals = {static_cast<float const*>(normals->data()), 3, robocache::contiguous, p.normal_stride};
  }
  cropped_points o;
  o.state = with_types(type, type, [&](auto value, auto) {
    using Value = typename decltype(value)::type;
    row_layout const layout = p.points.feature_layout();
    point_features<Value> const from{static_cast<Value const*>(memory.features()),
                                     p.has_features() ? p.points.channels : 0, layout.batch_stride, layout.row_stride};
    cropped_output<Value> const out{static_cast<float*>(points.data()), static_cast<float*>(out_normals.data()),
                                    static_cast<Value*>(features.data()), static_cast<std::int64_t*>(offsets.data()),
                                    static_cast<std::int64_t*>(cropped.data())};
    std::int64_t const bytes = side.scratch_bytes(memory.clouds());
    guarded<Space> const extra(nullptr, std::size_t(bytes));
    status const s = side.crop_points(memory.clouds(), from, options, out, scratch{extra.data(), bytes});
    extra.read("scratch", o.trouble);
    return s;
  });
  memory.check(o.trouble);
  poses->read("poses", o.trouble);
  boxes->read("boxes", o.trouble);
  normals->read("normals", o.trouble);
  auto const offset_bytes = offsets.read("offsets", o.trouble);
  o.offsets.resize(batch + 1);
  std::memcpy(o.offsets.data(), offset_bytes.data(), offset_bytes.size());
  auto const cropped_bytes = cropped.read("cropped", o.trouble);
  o.cropped.resize(cropped_bytes.size() / 8);
  if (!cropped_bytes.empty()) { std::memcpy(o.cropped.data(), cropped_bytes.data(), cropped_bytes.size()); }
  auto const kept = o.state.ok() ? std::min(rows, std::size_t(o.offsets.back())) : 0;
  o.points = floats_of(read_rows(points, kept * 12, "points", o.trouble));
  o.normals = floats_of(read_rows(out_normals, kept * 12, "normals", o.trouble));
  auto const moved = read_rows(features, kept * feature_bytes, "features", o.trouble);
  for (std::size_t i = 0; i < moved.size() / robocache::size_of(type); ++i) {
    o.features.push_back(load_bits(type, moved.data(), std::int64_t(i)));
  }
  return o;
}

}  // namespace test
