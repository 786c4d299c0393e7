// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common.hpp"

namespace robocache_torch {

/// What windows are drawn from, as tensors: those of `rc::window_plan`, int64 and on one device.
inline rc::window_plan plan_of(at::Tensor const& offsets, optional_tensor const& trajectory, at::Tensor const& starts,
                               optional_tensor const& lasts, optional_tensor const& stamps,
                               at::Tensor const& set_offsets, at::Tensor const& draws, std::int64_t num,
                               std::int64_t den) {
  rc::window_plan plan;
  plan.episodes = offsets.numel() - 1;
  plan.offsets = data_of<std::int64_t const>(offsets);
  plan.trajectory = data_of<std::int64_t>(trajectory);
  plan.starts = data_of<std::int64_t const>(starts);
  plan.lasts = data_of<std::int64_t>(lasts);
  plan.stamps = data_of<std::int64_t>(stamps);
  plan.rows = stamps.has_value() ? stamps->numel() : 0;
  plan.num = num;
  plan.den = den;
  plan.anywhere = lasts.has_value();
  plan.sets = set_offsets.numel() - 1;
  plan.set_offsets = data_of<std::int64_t const>(set_offsets);
  plan.draws = data_of<std::int64_t const>(draws);
  return plan;
}

}  // namespace robocache_torch
