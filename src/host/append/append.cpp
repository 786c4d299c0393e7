// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>

#include <robocache/detail/append/check.hpp>
#include <robocache/device/append.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// The rows of one trajectory.
template <class Stamp>
void append_rows(append_stream<Stamp> const& one, std::uint8_t const* resets, std::int64_t b) {
  auto const row_bytes = one.channels * static_cast<std::int64_t>(size_of(one.type));
  Stamp* const stamps = one.stamps + b * one.capacity;
  char* const values = static_cast<char*>(one.values) + b * one.capacity * row_bytes;
  std::int64_t written = device::written_before(one.written[b], resets != nullptr ? resets[b] : std::uint8_t(0));
  std::int64_t next = device::slot_of(written, one.capacity);
  Stamp newest = device::newest_stamp<Stamp>(stamps, one.capacity, written, next);
  append_report report{};
  for (std::int64_t i = 0; i < one.rows; ++i) {
    std::int64_t const row = b * one.rows + i;
    bool const offered =
        (one.counts == nullptr || i < one.counts[b]) && (one.present == nullptr || one.present[row] != 0);
    if (!offered) { continue; }
    Stamp const stamp = one.new_stamps[row];
    if (!device::is_finite(stamp)) {
      ++report.not_finite;
    } else if (!device::is_in_order(stamp, newest)) {
      ++report.older;
    } else {
      stamps[next] = newest = stamp;
      std::memcpy(values + next * row_bytes, static_cast<char const*>(one.new_values) + row * row_bytes,
                  static_cast<std::size_t>(row_bytes));
      ++written;
      next = next + 1 == one.capacity ? 0 : next + 1;
    }
  }
  one.written[b] = written;
  if (one.reports != nullptr) {
    one.reports[b].older += report.older;
    one.reports[b].not_finite += report.not_finite;
  }
}

}  // namespace
}  // namespace detail

template <class Stamp>
status exact::append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch,
                     std::uint8_t const* resets) {
  status const checked = robocache::detail::check_append(streams, count, batch);
  if (!checked.ok()) { return checked; }
  for (std::int64_t i = 0; i < count; ++i) {
    append_stream<Stamp> const& one = streams[i];
    std::int64_t const bytes = one.rows * one.channels * static_cast<std::int64_t>(size_of(one.type));
    detail::for_each_piece(batch, bytes + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) { detail::append_rows(one, resets, b); }
    });
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp) \
  template status exact::append(append_stream<Stamp> const*, std::int64_t, std::int64_t, std::uint8_t const*)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
