// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include <robocache/detail/points/sampling_check.hpp>
#include <robocache/device/cloud.cuh>
#include <robocache/device/permutation.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/points/sample_rows.hpp"

namespace robocache::host {

status sample_uniform(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                      uniform_options const& options) {
  status const checked = robocache::detail::check_uniform(clouds, samples, out, options);
  if (!checked.ok() || clouds.batch == 0) { return checked; }
  auto const step = robocache::detail::strides_of(clouds);
  constexpr std::int64_t sample_bytes = 400;  // what a pass of the cipher takes, in bytes that are moved in its time
  detail::for_each_piece(clouds.batch, samples * sample_bytes, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      device::cloud const one = device::cloud_of(clouds, b);
      detail::sample_rows const rows(out, b, samples);
      std::int64_t const found = std::min(one.length, samples);
      std::int64_t const id = options.cloud_ids == nullptr ? b : options.cloud_ids[b];
      device::permutation const p = device::make_permutation(one.length, *options.seed, id);
      for (std::int64_t k = 0; k < found; ++k) {
        std::int64_t const index = device::sample_at(p, samples, k);
        float at[3] = {};
        if (out.points != nullptr) {
          std::int64_t const e = one.element(index, step.batch, step.row);
          at[0] = clouds.x[e];
          at[1] = clouds.y[e];
          at[2] = clouds.z[e];
        }
        rows.write(k, index, at[0], at[1], at[2]);
      }
      rows.finish(b, found, options.shortage);
    }
  });
  return checked;
}

}  // namespace robocache::host
