// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/problem.hpp"

/// The side under test. Test bodies call these and are compiled once; `test_host` links the host's definitions,
/// `test_gpu` the device's, `test_simt` those of kernels that run on the CPU; both also compare every bit with the
/// host's.
namespace test {

/// "host", "gpu" or "simt": what the program is called after `test_`.
char const* backend_name();
bool backend_available();

template <class Stamp>
outcome resample(problem<Stamp> const& p);

template <class Stamp>
located_outcome locate(problem<Stamp> const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
template <class Stamp>
status resample_views(robocache::series<float, Stamp> const& source, timeline<Stamp> const& target,
                      robocache::output<float> const& out, resample_options<Stamp> const& options);

}  // namespace test
