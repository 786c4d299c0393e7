// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Results for which it is enough to know how many points are in a cell: counts and occupancy.
namespace robocache::detail {

inline __device__ void store_one(cell_marks const& m, std::int64_t cell) {
  switch (m.one_bytes) {
    case 1: static_cast<std::uint8_t*>(m.occupied)[cell] = static_cast<std::uint8_t>(m.one); break;
    case 2: static_cast<std::uint16_t*>(m.occupied)[cell] = static_cast<std::uint16_t>(m.one); break;
    case 4: static_cast<std::uint32_t*>(m.occupied)[cell] = static_cast<std::uint32_t>(m.one); break;
    case 8: static_cast<std::uint64_t*>(m.occupied)[cell] = m.one; break;
    default: __builtin_unreachable();  // no type has another size
  }
}

/// Sets a cell's bit. Most cells of a cloud are met more than once: a load is cheaper than an atomic operation.
inline __device__ void set_bit(cell_marks const& m, std::int64_t cell) {
  std::int64_t const row =
      m.narrow ? static_cast<std::int64_t>(m.row.quotient(static_cast<std::uint32_t>(cell))) : cell / m.width;
  auto const x = static_cast<std::uint32_t>(cell - row * m.width);
  std::uint32_t* const word = m.bits + (row * m.row_words + x / 32);
  std::uint32_t const bit = 1u << (x % 32);
  if ((*static_cast<std::uint32_t volatile*>(word) & bit) == 0) { atomicOr(word, bit); }
}

/// A cell has a point.
inline __device__ void mark_cell(cell_marks const& m, std::int64_t cell) {
  if (m.occupied != nullptr) { store_one(m, cell); }
  if (m.bits != nullptr) { set_bit(m, cell); }
}

}  // namespace robocache::detail
