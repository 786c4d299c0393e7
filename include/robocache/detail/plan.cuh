// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/device/locate.cuh>
#include <robocache/timeline.hpp>

// What kernels are handed: trivially copyable, passed by value in the parameter bank.
namespace robocache::detail {

/// Division of numbers below 2^31 by a divisor fixed at launch: one wide multiplication and a shift. With
/// l = ceil(log2 d) and m = floor(2^(31 + l) / d) + 1, n * m / 2^(31 + l) exceeds n / d by less than 1 / d.
struct divisor {
  std::uint32_t value = 1;
  std::uint32_t multiplier = 0x80000001u;
  std::uint32_t shift = 31;

  divisor() = default;
  explicit divisor(std::uint32_t d) : value(d) {
    std::uint32_t log = 0;
    while ((std::uint64_t(1) << log) < d) { ++log; }
    shift = 31 + log;
    multiplier = static_cast<std::uint32_t>((std::uint64_t(1) << shift) / d + 1);
  }

  ROBOCACHE_HOST_DEVICE std::uint32_t quotient(std::uint32_t n) const {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(n) * multiplier) >> shift);
  }
};

/// How the target rows are cut into tiles, one a block.
struct tiling {
  std::int64_t targets = 0;  ///< rows of all trajectories together
  std::int64_t length = 0;   ///< targets a trajectory; unused if they are packed
  std::int64_t tiles = 0;
  int rows = 1;          ///< rows of a tile; the last one of a trajectory, or of all, may have fewer
  bool aligned = false;  ///< no tile crosses from one trajectory into the next
  divisor tiles_each;    ///< aligned: tiles a trajectory
};

/// All that locating needs. Fields in the order in which a block first wants them: cold lines of the parameter bank
/// cost a few hundred cycles each.
template <class Stamp>
struct locate_plan {
  bool plain;  ///< both timelines stored, of one length for all trajectories: the case that is kept short
  tiling tiles;
  timeline<Stamp> target;
  timeline<Stamp> source;
  device::locate_rules<Stamp> rules;
};

template <class Stamp>
locate_plan<Stamp> make_locate_plan(timeline<Stamp> const& source, timeline<Stamp> const& target,
                                    resample_options<Stamp> const& options, tiling const& tiles) {
  auto const plain = [](timeline<Stamp> const& when) {
    return when.stamps != nullptr && when.offsets == nullptr && when.lengths == nullptr;
  };
  return {plain(source) && plain(target) && tiles.aligned, tiles, target, source, device::rules_of(options)};
}

}  // namespace robocache::detail
