// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <robocache/robocache.hpp>

#include "common.hpp"

namespace robocache_torch {

/// Words of 64 bits of a structure that a state has.
template <class T>
inline constexpr std::int64_t words = sizeof(T) / sizeof(std::int64_t);

/// The library's state in tensors of int64, `[G, D, ...]`.
struct summary_tensors {
  summary_tensors(at::Tensor const& summaries, at::Tensor const& ranks, at::Tensor const& counters,
                  at::Tensor const& values, at::ArrayRef<double> fractions) {
    view.summaries = data_of<rc::channel_summary>(summaries);
    view.groups = summaries.size(0);
    view.channels = summaries.size(1);
    view.quantiles = static_cast<std::int64_t>(fractions.size());
    std::copy_n(fractions.begin(), std::min<std::size_t>(fractions.size(), rc::most_quantiles), view.fractions);
    view.ranks = data_of<rc::quantile_rank>(ranks);
    view.counters = data_of<std::int64_t>(counters);
    view.values = data_of<double>(values);
  }

  rc::compiled::any_summary_state view;
};

/// The same in tensors that are made for it.
struct owned_summary {
  owned_summary(std::int64_t groups, std::int64_t channels, at::ArrayRef<double> fractions_, c10::Device device)
      : fractions(fractions_) {
    auto const quantiles = static_cast<std::int64_t>(fractions.size());
    auto const make = [&](at::ScalarType type, std::initializer_list<std::int64_t> each) {
      std::vector<std::int64_t> shape{groups, channels};
      shape.insert(shape.end(), each);
      return at::empty(shape, at::TensorOptions().device(device).dtype(type));
    };
    summaries = make(at::kLong, {words<rc::channel_summary>});
    ranks = make(at::kLong, {2 * quantiles, words<rc::quantile_rank>});
    counters = make(at::kLong, {2 * quantiles, rc::summary_digits});
    values = make(at::kDouble, {quantiles});
  }

  rc::compiled::any_summary_state state() const {
    return summary_tensors(summaries, ranks, counters, values, fractions).view;
  }

  at::ArrayRef<double> fractions;
  at::Tensor summaries, ranks, counters, values;
};

}  // namespace robocache_torch
