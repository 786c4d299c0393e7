// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/common/parallel.hpp"

namespace robocache::host::detail {

/// A hash table of the cells that have points. Which slot a cell gets depends on which thread comes first; what is kept
/// in it does not.
class voxel_table {
 public:
  struct slot {
    std::atomic<std::int64_t> cell;    ///< `free_slot`: none yet
    std::atomic<std::int32_t> number;  ///< of its first point; later of its voxel
  };

  /// @param points  less than 2^31; there is always a free slot then
  explicit voxel_table(std::int64_t points)
      : bits_(bits_for(points)), slots_(new slot[std::size_t{1} << bits_]) {  // filled by all threads
    for_each_piece(std::int64_t{1} << bits_, sizeof(slot), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        slots_[i].cell.store(free_slot, std::memory_order_relaxed);
        slots_[i].number.store(INT32_MAX, std::memory_order_relaxed);
      }
    });
  }

  /// Prefetches the memory of a cell: neighbouring points are far apart in the table.
  void ask_for(std::int64_t cell) const { __builtin_prefetch(&slots_[home_of(cell)], 1); }

  /// Adds a point to a cell. May be called by many threads at the same time.
  /// @return the cell's slot
  std::int32_t add(std::int64_t cell, std::int32_t point) {
    std::uint64_t const mask = (std::uint64_t{1} << bits_) - 1;
    std::uint64_t at = home_of(cell);
    while (!takes(slots_[at].cell, cell)) { at = (at + 1) & mask; }
    auto& first = slots_[at].number;
    std::int32_t held = first.load(std::memory_order_relaxed);
    while (point < held && !first.compare_exchange_weak(held, point, std::memory_order_relaxed)) {}
    return static_cast<std::int32_t>(at);
  }

  std::int64_t cell_of(std::int32_t at) const { return slots_[at].cell.load(std::memory_order_relaxed); }
  std::int32_t number_of(std::int32_t at) const { return slots_[at].number.load(std::memory_order_relaxed); }
  void set_number(std::int32_t at, std::int32_t number) { slots_[at].number.store(number, std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t free_slot = -1;

  /// A third of the slots stay free, unless their numbers would need more than 31 bits.
  static int bits_for(std::int64_t points) {
    int bits = 4;
    while (bits < 31 && std::int64_t{1} << bits < points + points / 2) { ++bits; }
    return bits;
  }

  /// Where the search for a cell begins. Neighbouring cells are far apart.
  std::uint64_t home_of(std::int64_t cell) const {
    auto bits = static_cast<std::uint64_t>(cell);
    bits = (bits ^ bits >> 32) * 0x9E3779B97F4A7C15u;
    return (bits ^ bits >> 29) * 0xBF58476D1CE4E5B9u >> (64 - bits_);
  }

  /// True where the slot belongs to the cell, from before or because it was free.
  static bool takes(std::atomic<std::int64_t>& held, std::int64_t cell) {
    std::int64_t found = held.load(std::memory_order_relaxed);
    if (found == free_slot && held.compare_exchange_strong(found, cell, std::memory_order_relaxed)) { return true; }
    return found == cell;
  }

  int bits_;
  std::unique_ptr<slot[]> slots_;
};

}  // namespace robocache::host::detail
