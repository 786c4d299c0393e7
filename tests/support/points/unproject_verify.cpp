// SPDX-License-Identifier: Apache-2.0
#include "support/points/unproject_verify.hpp"

#include <cstdint>
#include <vector>

#include "support/bits.hpp"
#include "support/points/unproject_oracle.hpp"

namespace test {

namespace {

bool same_report(unprojection_report const& a, unprojection_report const& b) {
  return a.no_depth == b.no_depth && a.cropped == b.cropped;
}

/// The bits of a channel of a pixel.
std::uint64_t feature_bits(depth_problem const& p, std::int64_t pixel, std::int64_t c) {
  std::int64_t const each = p.height * p.width;
  std::int64_t const element =
      p.order == channel_order::last ? pixel * p.channels + c : (pixel / each * p.channels + c) * each + pixel % each;
  return load_bits(p.feature_type, p.features.data(), element);
}

std::string unlike_packed(depth_problem const& p, std::vector<oracle::pixel> const& pixels) {
  auto const found = unproject(p);
  if (!found.state.ok()) { return text_of("status: ", found.state.message()); }
  if (!found.trouble.empty()) { return found.trouble; }
  std::vector<std::int64_t> offsets{0};
  std::size_t place = 0;
  std::size_t feature = 0;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    unprojection_report report{};
    std::int64_t const each = p.views * p.height * p.width;
    for (std::int64_t i = b * each; i < (b + 1) * each; ++i) {
      auto const& one = pixels[std::size_t(i)];
      report.no_depth += one.deep ? 0 : 1;
      report.cropped += one.deep && !one.kept ? 1 : 0;
      if (!one.kept) { continue; }
      for (int axis = 0; axis < 3; ++axis) {
        if (place >= found.points.size()) { return text_of("pixel ", i, " is missing"); }
        if (!same_float(found.points[place++], one.point[axis])) {
          return text_of("pixel ", i, ", axis ", axis, ": ", found.points[place - 1], ", wanted ", one.point[axis]);
        }
      }
      for (std::int64_t c = 0; c < p.channels; ++c) {
        if (found.features.at(feature++) != feature_bits(p, i, c)) { return text_of("pixel ", i, ", channel ", c); }
      }
    }
    offsets.push_back(std::int64_t(place / 3));
    if (p.reports && !same_report(found.reports.at(std::size_t(b)), report)) {
      auto const& was = found.reports[std::size_t(b)];
      return text_of("cloud ", b, ": ", was.no_depth, " without depth, ", was.cropped, " cropped, wanted ",
                     report.no_depth, " and ", report.cropped);
    }
  }
  return offsets == found.offsets ? "" : "the offsets differ";
}

std::string unlike_dense(depth_problem const& p, std::vector<oracle::pixel> const& pixels) {
  auto const found = unproject_dense(p);
  if (!found.state.ok()) { return text_of("dense, status: ", found.state.message()); }
  if (!found.trouble.empty()) { return found.trouble; }
  std::vector<unprojection_report> reports(std::size_t(p.batch), unprojection_report{});
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    auto const& one = pixels[i];
    auto& report = reports[i / std::size_t(p.views * p.height * p.width)];
    report.no_depth += one.deep ? 0 : 1;
    report.cropped += one.deep && !one.kept ? 1 : 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      float const wanted = one.kept ? one.point[axis] : 0.0f;
      if (!same_float(found.points.at(3 * i + axis), wanted)) {
        return text_of("dense, pixel ", i, ", axis ", axis, ": ", found.points[3 * i + axis], ", wanted ", wanted);
      }
    }
    if (p.valid && found.valid.at(i) != (one.kept ? 1 : 0)) { return text_of("dense, the mask of pixel ", i); }
  }
  for (std::size_t b = 0; p.reports && b < reports.size(); ++b) {
    if (!same_report(found.reports.at(b), reports[b])) { return text_of("dense, the report of cloud ", b); }
  }
  return {};
}

}  // namespace

std::string verify(depth_problem const& p) {
  auto const pixels = oracle::unproject(p);
  auto const text = unlike_packed(p, pixels);
  return text.empty() ? unlike_dense(p, pixels) : text;
}

depth_problem images_of(std::int64_t batch, std::int64_t views, std::int64_t height, std::int64_t width,
                        depth_dtype type) {
  depth_problem p;
  p.type = type;
  p.batch = batch;
  p.views = views;
  p.height = height;
  p.width = width;
  p.fill([](std::int64_t i) { return double(1 + i % 7); });
  return p;
}

}  // namespace test
