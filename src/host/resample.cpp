// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <robocache/detail/check.hpp>
#include <robocache/device/convert.cuh>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "isa.hpp"
#include "methods.hpp"
#include "parallel.hpp"
#include "walk.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// One call without its value and result types: addresses, strides in bytes, and the function that knows the types.
struct blend_job {
  blend_function blend;
  blend_rule rule;
  char const* values;
  std::int64_t batch_bytes;
  std::int64_t row_bytes;
  char* results;
  std::int64_t out_batch_bytes;
  std::uint8_t* valid;
  std::int64_t bytes_per_target;  ///< read and written
};

/// Blending for integers, which are moved or filled and never weighted.
template <class Value>
void move_rows(blend_record const* records, std::int64_t count, void* out, blend_rule const& rule) {
  for (std::int64_t r = 0; r < count; ++r) {
    auto* const row = reinterpret_cast<Value*>(static_cast<char*>(out) + r * rule.out_row_bytes);
    if (records[r].first != nullptr) {
      std::copy_n(static_cast<Value const*>(records[r].first), rule.channels, row);
    } else {
      std::fill_n(row, rule.channels, *static_cast<Value const*>(rule.fill));
    }
  }
}

template <class Value, class Result>
blend_function blend_for(std::int64_t channels) {
  if constexpr (std::is_integral_v<Value>) {
    return move_rows<Value>;
  } else {
    return best_blend_function(dtype_of<Value>::value, dtype_of<Result>::value, channels);
  }
}

template <class Result>
Result fill_value(double fill) {
  if constexpr (std::is_integral_v<Result>) {
    return static_cast<Result>(fill);
  } else {
    return device::from_float<Result>(static_cast<float>(fill));
  }
}

template <class Stamp>
void resample_rows(timeline<Stamp> const& source, timeline<Stamp> const& target,
                   device::locate_rules<Stamp> const& rules, blend_job const& job) {
  auto const blend_located = [&](target_run const& run, device::trajectory<Stamp> const& from,
                                 device::location const* locations) {
    blend_record records[rows_at_once];
    for (std::int64_t i = 0; i < run.count; ++i) {
      device::location const& at = locations[i];
      char const* const first =
          at.row < 0 ? nullptr : job.values + from.element(at.row, job.batch_bytes, job.row_bytes);
      records[i] = {first, at.blends ? first + job.row_bytes : nullptr, at.weight};
      if (job.valid != nullptr) { job.valid[run.row + i] = at.valid ? 1 : 0; }
    }
    std::int64_t const out_bytes = target.packed() ? run.row * job.rule.out_row_bytes
                                                   : run.b * job.out_batch_bytes + run.k * job.rule.out_row_bytes;
    job.blend(records, run.count, job.results + out_bytes, job.rule);
  };
  for_each_piece(target.total(), job.bytes_per_target, [&](std::int64_t begin, std::int64_t end) {
    locate_rows(source, target, rules, begin, end, blend_located);
  });
}

/// The same for the methods beyond linear.
template <class Value, class Result, class Stamp>
void resample_rows_by_method(timeline<Stamp> const& source, timeline<Stamp> const& target,
                             device::locate_rules<Stamp> const& rules, blend_job const& job) {
  auto const blend_located = [&](target_run const& run, device::trajectory<Stamp> const& from,
                                 device::location const* locations) {
    char* out = job.results + (target.packed() ? run.row * job.rule.out_row_bytes
                                               : run.b * job.out_batch_bytes + run.k * job.rule.out_row_bytes);
    for (std::int64_t i = 0; i < run.count; ++i, out += job.rule.out_row_bytes) {
      device::location const& at = locations[i];
      method_record<Value> record{};
      if (at.row >= 0) {
        record.row = reinterpret_cast<Value const*>(job.values + from.element(at.row, job.batch_bytes, job.row_bytes));
      }
      record.row_stride = job.row_bytes / static_cast<std::int64_t>(sizeof(Value));
      record.blends = at.blends;
      if (at.blends) { record.curve = device::curve_at(from, at, rules.method); }
      blend_method_row(rules.method, record, reinterpret_cast<Result*>(out), job.rule);
      if (job.valid != nullptr) { job.valid[run.row + i] = at.valid ? 1 : 0; }
    }
  };
  for_each_piece(target.total(), job.bytes_per_target, [&](std::int64_t begin, std::int64_t end) {
    locate_rows(source, target, rules, begin, end, blend_located);
  });
}

}  // namespace
}  // namespace detail

template <class Value, class Stamp, class Result>
status resample(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                resample_options<Stamp> const& options) {
  status const checked = robocache::detail::check_resample(source, target, out, options);
  if (!checked.ok() || target.batch == 0 || target.total() == 0) { return checked; }

  constexpr auto value_bytes = static_cast<std::int64_t>(sizeof(Value));
  constexpr auto result_bytes = static_cast<std::int64_t>(sizeof(Result));
  auto const from = robocache::detail::strides_of(source, source.when, source.channels);
  auto const to = robocache::detail::strides_of(out, target, source.channels);
  Result const fill = detail::fill_value<Result>(options.fill);

  detail::blend_job job{};
  job.blend = detail::blend_for<Value, Result>(source.channels);
  job.rule = {source.channels, to.row * result_bytes, &fill};
  job.values = reinterpret_cast<char const*>(source.values);
  job.batch_bytes = from.batch * value_bytes;
  job.row_bytes = from.row * value_bytes;
  job.results = reinterpret_cast<char*>(out.values);
  job.out_batch_bytes = to.batch * result_bytes;
  job.valid = out.valid;
  job.bytes_per_target = source.channels * (2 * value_bytes + result_bytes);
  if constexpr (!std::is_integral_v<Value>) {
    if (options.method > interpolation::linear) {
      detail::resample_rows_by_method<Value, Result>(source.when, target, device::rules_of(options), job);
      return checked;
    }
  }
  detail::resample_rows(source.when, target, device::rules_of(options), job);
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result, Stamp)                                                    \
  template status resample(series<Value, Stamp> const&, timeline<Stamp> const&, output<Result> const&, \
                           resample_options<Stamp> const&)
#define ROBOCACHE_INSTANTIATE_STAMPS(Value, Result) \
  ROBOCACHE_INSTANTIATE(Value, Result, float);      \
  ROBOCACHE_INSTANTIATE(Value, Result, double);     \
  ROBOCACHE_INSTANTIATE(Value, Result, std::int64_t)

ROBOCACHE_INSTANTIATE_STAMPS(float, float);
ROBOCACHE_INSTANTIATE_STAMPS(float, __half);
ROBOCACHE_INSTANTIATE_STAMPS(float, __nv_bfloat16);
ROBOCACHE_INSTANTIATE_STAMPS(__half, float);
ROBOCACHE_INSTANTIATE_STAMPS(__half, __half);
ROBOCACHE_INSTANTIATE_STAMPS(__half, __nv_bfloat16);
ROBOCACHE_INSTANTIATE_STAMPS(__nv_bfloat16, float);
ROBOCACHE_INSTANTIATE_STAMPS(__nv_bfloat16, __half);
ROBOCACHE_INSTANTIATE_STAMPS(__nv_bfloat16, __nv_bfloat16);
ROBOCACHE_INSTANTIATE_STAMPS(std::uint8_t, std::uint8_t);
ROBOCACHE_INSTANTIATE_STAMPS(std::int32_t, std::int32_t);
ROBOCACHE_INSTANTIATE_STAMPS(std::int64_t, std::int64_t);

#undef ROBOCACHE_INSTANTIATE_STAMPS
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
