// SPDX-License-Identifier: Apache-2.0
#include "stamps.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>

namespace robocache_torch {
namespace {

namespace rc = robocache;

/// From here on float32 cannot tell whole numbers apart.
constexpr float coarse = 0x1p24f;

float step_at(float stamp) {
  float const magnitude = std::abs(stamp);
  return std::nextafter(magnitude, std::numeric_limits<float>::infinity()) - magnitude;
}

/// The extremes of the finite ones, and how many there are.
struct range_of {
  range_of(float const* numbers, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      if (!std::isfinite(numbers[i])) { continue; }
      low = std::min(low, numbers[i]);
      high = std::max(high, numbers[i]);
      ++count;
    }
  }

  float farthest() const { return std::max(std::abs(low), std::abs(high)); }
  double mean_gap() const { return (double(high) - double(low)) / double(count - 1); }

  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
  std::int64_t count = 0;
};

/// A stamp at which neighbours are lost, or 0. A duplicate alone is no sign of that: float32 must have fewer numbers in
/// the range than there are stamps, or the stamps must be so large that whole numbers are lost.
float lost_among(float const* stamps, std::int64_t n) {
  if (std::adjacent_find(stamps, stamps + n) == stamps + n) { return 0; }
  range_of const range(stamps, n);
  if (range.count < 2) { return 0; }
  float const farthest = range.farthest();
  bool const crowded = range.high > range.low && range.mean_gap() < step_at(farthest);
  return crowded || farthest >= coarse ? farthest : 0;
}

/// The same of `start + i * period`.
float lost_in_steps(float start, double period, std::int64_t n) {
  auto const farthest = float(std::max(std::abs(double(start)), std::abs(double(start) + double(n - 1) * period)));
  return n > 1 && std::isfinite(farthest) && step_at(farthest) > period ? farthest : 0;
}

float lost_in(rc::timeline<float> const& when, std::int64_t b) {
  auto const clamped = [](std::int64_t x, std::int64_t most) { return std::clamp<std::int64_t>(x, 0, most); };
  std::int64_t begin = 0;
  std::int64_t end = when.length;
  if (when.offsets != nullptr) {
    begin = clamped(when.offsets[b], when.rows);
    end = std::max(begin, clamped(when.offsets[b + 1], when.rows));
  } else if (when.lengths != nullptr) {
    end = clamped(when.lengths[b], when.length);
  }
  switch (when.kind) {
    case rc::timeline_kind::dense: return lost_among(when.stamps + b * when.stride, end);
    case rc::timeline_kind::shared:
    case rc::timeline_kind::ragged: return lost_among(when.stamps + begin, end - begin);
    case rc::timeline_kind::uniform:
      return lost_in_steps(when.starts != nullptr ? when.starts[b] : when.start, when.num, end - begin);
    case rc::timeline_kind::windows:
    case rc::timeline_kind::ring: break;  // not in one piece
  }
  return 0;
}

float lost_in(rc::timeline<float> const& when) {
  if (when.kind == rc::timeline_kind::windows) {
    range_of const deltas(when.deltas, when.length);
    range_of const anchors(when.starts, when.batch);
    bool const spread = deltas.count > 1 && deltas.high > deltas.low && anchors.count > 0;
    return spread && deltas.mean_gap() < step_at(anchors.farthest()) ? anchors.farthest() : 0;
  }
  bool const same_for_all =
      when.kind == rc::timeline_kind::shared || (when.kind == rc::timeline_kind::uniform && when.starts == nullptr);
  std::int64_t const batch =
      same_for_all && when.offsets == nullptr ? std::min<std::int64_t>(when.batch, 1) : when.batch;
  for (std::int64_t b = 0; b < batch; ++b) {
    if (float const lost = lost_in(when, b); lost != 0) { return lost; }
  }
  return 0;
}

}  // namespace

void warn_where_neighbours_are_equal(rc::timeline<float> const& when, std::string const& argument) {
  static std::atomic<bool> warned{false};
  // Like PyTorch's own warnings: torch.set_warn_always repeats them.
  if (warned && !c10::WarningUtils::get_warnAlways()) { return; }
  float const lost = lost_in(when);
  if (lost == 0) { return; }
  warned = true;
  auto const text = c10::str(argument, ": found float32 stamps that cannot tell neighbours apart (near ", lost,
                             " float32 has a number every ", step_at(lost),
                             "), want float64 or int64 stamps: torch.tensor(stamps, dtype=torch.float64)");
  // PyTorch turns C++ warnings into Python's only in calls of its own. A program without Python has none of these.
  auto const warn = c10::Dispatcher::singleton().findSchemaOrThrow("robocache::warn", "");
  if (warn.hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutograd)) {
    warn.typed<void(c10::string_view)>().call(text);
  } else {
    TORCH_WARN(text);
  }
}

}  // namespace robocache_torch
