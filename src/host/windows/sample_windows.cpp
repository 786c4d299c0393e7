// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <robocache/detail/windows/check.hpp>
#include <robocache/device/windows.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"

namespace robocache::host {

status sample_windows(window_plan const& plan, window_draw const& draw, window_output const& out) {
  status const checked = robocache::detail::check_sample_windows(plan, draw, out);
  if (!checked.ok() || draw.rows() == 0) { return checked; }
  // About what a row costs beside the bytes of other operations: two bijections of 24 rounds and two searches.
  constexpr std::int64_t bytes_of_a_row = 4096;
  std::int64_t const step = *draw.step;
  detail::for_each_piece(draw.rows(), bytes_of_a_row, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) { device::write_window(out, i, device::draw_row(plan, draw, step, i)); }
  });
  return checked;
}

}  // namespace robocache::host
