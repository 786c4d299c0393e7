// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <robocache/detail/points/sampling_check.hpp>
#include <robocache/device/cloud.cuh>
#include <robocache/device/distance.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/points/sample_rows.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// The finite points of a cloud, by axis, each with the smallest squared distance to what was taken.
class farthest_cloud {
 public:
  farthest_cloud(point_clouds const& clouds, device::cloud const& one) {
    auto const step = robocache::detail::strides_of(clouds);
    for (std::int64_t i = 0; i < one.length; ++i) {
      std::int64_t const e = one.element(i, step.batch, step.row);
      if (!device::is_finite_point(clouds.x[e], clouds.y[e], clouds.z[e])) { continue; }
      x_.push_back(clouds.x[e]);
      y_.push_back(clouds.y[e]);
      z_.push_back(clouds.z[e]);
      indices_.push_back(i);
    }
    distances_.assign(x_.size(), std::numeric_limits<float>::infinity());
  }

  std::int64_t size() const { return static_cast<std::int64_t>(x_.size()); }

  /// Where a point of the cloud is among the finite ones; the first of these if it is not one.
  std::size_t place_of(std::int64_t index) const {
    auto const at = std::lower_bound(indices_.begin(), indices_.end(), index);
    return at != indices_.end() && *at == index ? static_cast<std::size_t>(at - indices_.begin()) : 0;
  }

  /// Takes a point, and says which one is next.
  std::size_t take(std::size_t taken) {
    float const x = x_[taken];
    float const y = y_[taken];
    float const z = z_[taken];
    distances_[taken] = device::taken_distance;
    // Apart from the search for the farthest, so that this loop is one of vectors.
    for (std::size_t i = 0; i < distances_.size(); ++i) {
      distances_[i] = device::nearer(device::squared_distance(x_[i], y_[i], z_[i], x, y, z), distances_[i]);
    }
    // The first of the largest: indices ascend.
    return static_cast<std::size_t>(std::max_element(distances_.begin(), distances_.end()) - distances_.begin());
  }

  void write(sample_rows const& rows, std::int64_t k, std::size_t at) const {
    rows.write(k, indices_[at], x_[at], y_[at], z_[at]);
  }

 private:
  std::vector<float> x_, y_, z_, distances_;
  std::vector<std::int64_t> indices_;
};

}  // namespace
}  // namespace detail

status sample_farthest(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                       farthest_options const& options) {
  status const checked = robocache::detail::check_farthest(clouds, samples, out, options);
  if (!checked.ok() || clouds.batch == 0) { return checked; }
  std::int64_t const bytes = clouds.total() / clouds.batch * 16 * std::max<std::int64_t>(1, samples);
  detail::for_each_piece(clouds.batch, bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      device::cloud const one = device::cloud_of(clouds, b);
      detail::farthest_cloud cloud(clouds, one);
      detail::sample_rows const rows(out, b, samples);
      std::int64_t const found = std::min(cloud.size(), samples);
      std::size_t taken = cloud.place_of(options.starts == nullptr ? options.start : options.starts[b]);
      for (std::int64_t k = 0; k < found; ++k) {
        cloud.write(rows, k, taken);
        if (k + 1 < found) { taken = cloud.take(taken); }
      }
      rows.finish(b, found, options.shortage);
    }
  });
  return checked;
}

}  // namespace robocache::host
