// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <robocache/detail/common/timed/check.hpp>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/common/timed/walk.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

template <class Stamp>
status exact::locate(timeline<Stamp> const& source, timeline<Stamp> const& target, located const& out,
                     resample_options<Stamp> const& options) {
  status checked = robocache::detail::check_locate("source", source, target, options);
  if (checked.ok()) { checked = robocache::detail::check_located(out); }
  if (!checked.ok() || target.total() == 0) { return checked; }

  detail::stream_rules<Stamp> const rules{device::rules_of(options)};
  auto const store = [&](detail::target_run const& run, device::trajectory<Stamp> const& from,
                         device::location const* locations) {
    for (std::int64_t i = 0; i < run.count; ++i) {
      device::location const& at = locations[i];
      std::int64_t const row = run.row + i;
      if (out.rows != nullptr) {
        // Rows counted over the whole source: elements of values with one channel and no gaps.
        std::int64_t const first = at.row < 0 ? -1 : from.element(at.row, source.length, 1);
        out.rows[2 * row] = first;
        out.rows[2 * row + 1] = at.blends ? first + from.step_from(at.row) : first;
      }
      if (out.weights != nullptr) { out.weights[row] = at.weight; }
      if (out.valid != nullptr) { out.valid[row] = at.valid ? 1 : 0; }
    }
  };
  constexpr std::int64_t bytes_per_target = 64;
  detail::for_each_piece(target.total(), bytes_per_target, [&](std::int64_t begin, std::int64_t end) {
    detail::locate_rows(source, target, rules, begin, end, store);
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp)                                                            \
  template status exact::locate(timeline<Stamp> const&, timeline<Stamp> const&, located const&, \
                                resample_options<Stamp> const&)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
