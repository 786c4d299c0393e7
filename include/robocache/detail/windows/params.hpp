// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/windows.hpp>

namespace robocache::detail {

struct windows_params {
  window_plan plan;
  window_draw draw;
  window_output out;
};

}  // namespace robocache::detail
