// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/windows_params.hpp>
#include <robocache/device/quaternion.cuh>

// What a warp works on, and its shared memory.
namespace robocache::detail {

/// Rows of a window that a warp makes.
struct window_tile {
  int b;          ///< the window
  int first_row;  ///< of the window's rows
  int count;
};

template <class Stamp>
__device__ window_tile window_tile_of(window_params<Stamp> const& p, unsigned i) {
  window_tile tile;
  tile.b = static_cast<int>(p.tiles_each.quotient(i));
  tile.first_row = static_cast<int>(i - static_cast<unsigned>(tile.b) * p.tiles_each.value) * p.tile_rows;
  tile.count = min(p.tile_rows, p.rows - tile.first_row);
  return tile;
}

/// Which samples a row reads, counted inside their trajectory. A sample alone is blended with itself.
struct alignas(16) window_row {
  int near;
  int far;
  float share;   ///< of the farther one
  float weight;  ///< of the right one; 0: it is alone
};

/// What is known of a row beside that. A reference begins as the row of the tile for the same time, if there is one.
enum window_flags : std::uint8_t { row_is_valid = 1, row_is_filled = 2, is_row_of_tile = 128 };

/// The trajectory that a clock reads for the tile's window.
template <class Stamp>
struct alignas(16) window_source {
  Stamp const* stamps;
  std::int64_t batch_index;  ///< as of `device::trajectory`
  std::int64_t first_row;
  int length;
  int begin;  ///< stamps [begin, begin + count) are staged
  int count;
};

/// The shared memory of a warp. Rows whose channels are made together take the place of staged stamps.
template <class Stamp>
class window_memory {
 public:
  __device__ window_memory(window_params<Stamp> const& p, char* memory) : p_(p), memory_(memory) {}
  __device__ Stamp* stage() const { return at<Stamp>(0); }
  __device__ float* made() const { return at<float>(0); }
  /// Of a clock.
  __device__ window_row* rows(int clock) const { return at<window_row>(p_.room) + clock * p_.tile_rows; }
  __device__ window_row* reference_rows() const { return rows(p_.clocks); }
  __device__ device::quaternion* reference_rotations() const { return at<device::quaternion>(p_.at_rotations); }
  __device__ window_source<Stamp>* sources() const { return at<window_source<Stamp>>(p_.at_sources); }
  /// Where the results of each row of the tile begin.
  __device__ char** places() const { return at<char*>(p_.at_places); }
  /// Which target of its fusion each row of the tile is.
  __device__ int* targets() const { return at<int>(p_.at_targets); }
  /// Which rows of the tile are the first with their target.
  __device__ std::uint8_t* distinct() const { return at<std::uint8_t>(p_.at_distinct); }
  /// Of a clock's rows.
  __device__ std::uint8_t* flags(int clock) const { return at<std::uint8_t>(p_.at_flags) + clock * p_.tile_rows; }
  __device__ std::uint8_t* reference_flags() const { return flags(p_.clocks); }

  /// Lays it out behind the room for stamps.
  static void lay_out(window_params<Stamp>& p) {
    int const located = p.tile_rows * p.clocks + p.references;
    p.at_rotations = p.room + located * int{sizeof(window_row)};
    p.at_sources = p.at_rotations + p.references * int{sizeof(device::quaternion)};
    p.at_places = p.at_sources + p.clocks * int{sizeof(window_source<Stamp>)};
    p.at_targets = p.at_places + p.tile_rows * int{sizeof(char*)};
    p.at_distinct = p.at_targets + p.tile_rows * int{sizeof(int)};
    p.at_flags = p.at_distinct + p.tile_rows;
    p.warp_bytes = (p.at_flags + located + 15) / 16 * 16;
  }

 private:
  template <class T>
  __device__ T* at(int offset) const {
    return reinterpret_cast<T*>(memory_ + offset);
  }

  window_params<Stamp> const& p_;
  char* memory_;
};

/// Rows of a tile, counted from its first.
struct rows_in_tile {
  int begin;
  int end;

  /// @param first_row  of a window's rows; so is `end_row`
  __device__ rows_in_tile(window_tile const& tile, int first_row, int end_row)
      : begin(max(first_row - tile.first_row, 0)), end(min(end_row - tile.first_row, tile.count)) {}

  __device__ bool has(int row) const { return row >= begin && row < end; }
  __device__ unsigned bits() const { return begin < end ? ~0u >> (32 - (end - begin)) << begin : 0; }
};

}  // namespace robocache::detail
