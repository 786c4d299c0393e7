// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// How wide words may be: all addresses and strides, in bytes, must be multiples of their width.
namespace robocache::detail {

/// The largest power of two, up to 16, that divides all of these.
template <class... Numbers>
constexpr int common_alignment(Numbers... numbers) noexcept {
  std::uint64_t const all = (std::uint64_t{16} | ... | static_cast<std::uint64_t>(numbers));
  return static_cast<int>(all & (~all + 1));
}

inline std::uint64_t address_of(void const* pointer) noexcept { return reinterpret_cast<std::uintptr_t>(pointer); }

}  // namespace robocache::detail
