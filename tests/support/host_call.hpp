// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/problem.hpp"

namespace test {

/// `host::resample` and `host::locate`, in guarded memory.
template <class Stamp>
outcome resample_on_host(problem<Stamp> const& p);

template <class Stamp>
located_outcome locate_on_host(problem<Stamp> const& p);

}  // namespace test
