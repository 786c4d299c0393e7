// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

namespace robocache::detail {

/// Behind the last staged stamp is what no target is at or after, NaN or the largest integer, so that the steps of a
/// search, three instructions each, need not look at the length. A target of that very number is put right at the end.
template <class Stamp>
inline constexpr Stamp beyond_all = std::is_integral_v<Stamp> ? static_cast<Stamp>(INT64_MAX)
                                                              : static_cast<Stamp>(__builtin_nanf(""));

}  // namespace robocache::detail
