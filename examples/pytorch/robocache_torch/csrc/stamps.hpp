// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <robocache/robocache.hpp>

namespace robocache_torch {

/// Warns, once per process, where float32 stamps cannot tell neighbours apart, as those that `torch.tensor` makes of
/// seconds since 1970: then many samples are at one time, and every result looks valid. Reads the timeline, which is in
/// the host's memory, in O(n), until it has warned.
///
/// @param argument  what Python calls the timeline
void warn_where_neighbours_are_equal(robocache::timeline<float> const& when, std::string const& argument);

/// Wider stamps need no warning.
template <class Stamp>
void warn_where_neighbours_are_equal(robocache::timeline<Stamp> const&, std::string const&) {}

}  // namespace robocache_torch
