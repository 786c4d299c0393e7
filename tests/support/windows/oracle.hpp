// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/windows/windows.hpp"

namespace test {

/// What `sample_windows` is to give, from lists of all windows.
found_windows oracle_windows(window_problem const& p);

}  // namespace test
