// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <robocache/detail/clean/check.hpp>
#include <robocache/device/clean.cuh>
#include <robocache/device/packed.cuh>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

namespace {

/// One call: first which rows are left of each trajectory, then where they go.
template <class Value, class Stamp>
class cleaning {
 public:
  cleaning(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out, clean_options const& options)
      : source_(source),
        when_(source.when),
        out_(out),
        options_(options),
        step_(robocache::detail::strides_of(source, source.when, source.channels)),
        kept_(static_cast<std::size_t>(when_.batch)) {}

  void run() {
    std::int64_t const row_bytes = source_.channels * std::int64_t(sizeof(Value)) + std::int64_t(sizeof(Stamp));
    std::int64_t const bytes = when_.total() / when_.batch * row_bytes;
    for_each_trajectory(bytes, [&](std::int64_t b) { choose(b); });
    out_.offsets[0] = 0;
    for (std::int64_t b = 0; b < when_.batch; ++b) {
      out_.offsets[b + 1] = out_.offsets[b] + static_cast<std::int64_t>(kept_of(b).size());
    }
    for_each_trajectory(bytes, [&](std::int64_t b) { move(b); });
  }

 private:
  template <class Body>
  void for_each_trajectory(std::int64_t bytes, Body const& body) {
    detail::for_each_piece(when_.batch, bytes, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) { body(b); }
    });
  }

  std::vector<std::int64_t>& kept_of(std::int64_t b) { return kept_[static_cast<std::size_t>(b)]; }

  /// The rows of a trajectory, counted over all trajectories.
  device::packed_rows rows_of(std::int64_t b) const {
    if (when_.offsets != nullptr) { return device::rows_of_owner(when_.offsets, when_.batch, when_.rows, b); }
    if (when_.packed()) { return {b, 0, 0}; }
    std::int64_t const begin = b * when_.length;
    return {b, begin, begin + device::detail::length_of(when_, b)};
  }

  Stamp stamp_of(device::packed_rows const& rows, std::int64_t row) const {
    return device::stamp_of_row(when_, {rows.b, row - rows.begin}, row);
  }
  Value const* values_of(device::packed_rows const& rows, std::int64_t row) const {
    std::int64_t const element =
        when_.packed() ? row * step_.row : rows.b * step_.batch + (row - rows.begin) * step_.row;
    return source_.values + element;
  }

  bool is_invalid(device::packed_rows const& rows, std::int64_t row) const {
    if (options_.mask != nullptr && options_.mask[row] == 0) { return true; }
    if (std::is_integral_v<Value> || options_.nan == nan_rule::keep) { return false; }
    Value const* const values = values_of(rows, row);
    bool some = false;
    bool others = false;
    for (std::int64_t c = 0; c < source_.channels; ++c) {
      if (options_.nan_channels != nullptr && options_.nan_channels[c] == 0) { continue; }
      bool const is_nan = device::is_nan_value(values[c]);
      some = some || is_nan;
      others = others || !is_nan;
    }
    return device::drops_values(options_.nan, some, others);
  }

  /// Finds the rows that are left of a trajectory.
  void choose(std::int64_t b) {
    struct ordered_row {
      std::uint64_t order;
      std::int64_t row;
    };
    device::packed_rows const rows = rows_of(b);
    clean_report report{};
    std::vector<ordered_row> left;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      Stamp const stamp = stamp_of(rows, row);
      if (!device::is_finite(stamp)) {
        ++report.non_finite;
      } else if (is_invalid(rows, row)) {
        ++report.invalid;
      } else {
        left.push_back({device::stamp_order(stamp), row});
      }
    }
    if (options_.backward == backward_rule::sort) {
      std::stable_sort(left.begin(), left.end(),
                       [](ordered_row const& x, ordered_row const& y) { return x.order < y.order; });
    }
    auto& kept = kept_of(b);
    std::uint64_t latest = 0;
    for (ordered_row const& one : left) {
      auto const step = kept.empty() ? device::row_step::forward : device::step_from(latest, one.order);
      switch (step) {
        case device::row_step::backward: ++report.backward; break;
        case device::row_step::duplicate:
          ++report.duplicated;
          if (options_.duplicates == duplicate_rule::last) { kept.back() = one.row; }
          break;
        case device::row_step::forward:
          latest = one.order;
          kept.push_back(one.row);
          break;
      }
    }
    if (out_.reports != nullptr) { out_.reports[b] = report; }
  }

  /// Writes these rows.
  void move(std::int64_t b) {
    device::packed_rows const rows = rows_of(b);
    std::int64_t to = out_.offsets[b];
    device::sign_steps signs{0, 0};
    Value const* before = nullptr;
    for (std::int64_t row : kept_of(b)) {
      Value const* const from = values_of(rows, row);
      Value* const values = out_.values + to * source_.channels;
      std::copy_n(from, source_.channels, values);
      if constexpr (!std::is_integral_v<Value>) {
        signs = before == nullptr ? device::sign_steps{0, 0} : device::combine(signs, step_between(before, from));
        turn(values, signs.turned);
        before = from;
      }
      out_.stamps[to] = stamp_of(rows, row);
      if (out_.source_rows != nullptr) { out_.source_rows[to] = row; }
      ++to;
    }
  }

  device::sign_steps step_between(Value const* a, Value const* b) const {
    device::sign_steps steps{0, 0};
    for (int k = 0; k < static_cast<int>(options_.quaternions); ++k) {
      std::int64_t const c = options_.quaternion_channels[k];
      float const dot = device::detail::dot(device::quaternion_at(a + c), device::quaternion_at(b + c));
      device::sign_steps const one = device::sign_step(k, dot);
      steps = {steps.anew | one.anew, steps.turned | one.turned};
    }
    return steps;
  }

  /// Flips the sign bits of quaternions, of NaN too.
  void turn(Value* values, std::uint32_t turned) const {
    using word = std::conditional_t<sizeof(Value) == 2, std::uint16_t, std::uint32_t>;
    for (int k = 0; k < static_cast<int>(options_.quaternions); ++k) {
      if ((turned >> k & 1) == 0) { continue; }
      for (int i = 0; i < 4; ++i) {
        Value& value = values[options_.quaternion_channels[k] + i];
        word bits;
        std::memcpy(&bits, &value, sizeof bits);
        bits = static_cast<word>(bits ^ word{1} << (8 * sizeof(word) - 1));
        std::memcpy(static_cast<void*>(&value), &bits, sizeof bits);
      }
    }
  }

  series<Value, Stamp> const& source_;
  timeline<Stamp> const& when_;
  clean_output<Value, Stamp> const& out_;
  clean_options const& options_;
  robocache::detail::strides step_;
  std::vector<std::vector<std::int64_t>> kept_;
};

}  // namespace

template <class Value, class Stamp>
status exact::clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out,
                    clean_options const& options) {
  status const checked = robocache::detail::check_clean(source, out, options);
  if (!checked.ok()) { return checked; }
  if (source.when.batch == 0) {
    out.offsets[0] = 0;
  } else {
    cleaning<Value, Stamp>(source, out, options).run();
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp, Value) \
  template status exact::clean(series<Value, Stamp> const&, clean_output<Value, Stamp> const&, clean_options const&)
ROBOCACHE_FOR_STAMPS_AND_VALUES(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
