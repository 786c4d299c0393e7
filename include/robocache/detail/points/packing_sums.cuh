// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing.hpp>

// Where what a tile keeps goes. A tile says early how much that is, and each looks for itself at all that were said.
namespace robocache::detail {

inline constexpr std::uint32_t tile_known = 1u << 31;
inline constexpr std::uint64_t one_known = std::uint64_t{1} << 32;

/// Says how many rows a tile keeps. Called by one thread.
inline __device__ void say_kept(packing_scratch const& own, std::uint32_t tile, std::uint32_t kept) {
  *const_cast<std::uint32_t volatile*>(own.tiles + tile) = kept | tile_known;
  auto const term = static_cast<unsigned long long>(one_known | kept);
  atomicAdd(reinterpret_cast<unsigned long long*>(own.groups + tile / tiles_a_group), term);
  atomicAdd(reinterpret_cast<unsigned long long*>(own.halls + tile / tiles_a_hall), term);
}

/// How many rows all tiles before this one keep, once each of them has said so. Called by a warp.
inline __device__ std::uint32_t kept_before_tile(packing_scratch const& own, std::uint32_t tile) {
  constexpr unsigned all = 0xffffffffu;
  unsigned const lane = threadIdx.x % 32;
  std::uint32_t const group = tile / tiles_a_group;
  std::uint32_t const hall = tile / tiles_a_hall;
  std::uint32_t const first_tile = group * tiles_a_group;
  std::uint32_t const first_group = hall * (tiles_a_hall / tiles_a_group);
  auto const* const tiles = const_cast<std::uint32_t const volatile*>(own.tiles);
  auto const* const groups = const_cast<std::uint64_t const volatile*>(own.groups);
  auto const* const halls = const_cast<std::uint64_t const volatile*>(own.halls);
  std::uint32_t of_tile = tile_known;
  std::uint64_t of_group = one_known * tiles_a_group;
  do {
    if (first_tile + lane < tile) { of_tile = tiles[first_tile + lane]; }
    if (first_group + lane < group) { of_group = groups[first_group + lane]; }
  } while (!__all_sync(all, of_tile >= tile_known && of_group >= one_known * tiles_a_group));
  std::uint32_t sum = (of_tile - tile_known) + static_cast<std::uint32_t>(of_group);
  for (std::uint32_t base = 0; base < hall; base += 32) {
    std::uint64_t of_hall = one_known * tiles_a_hall;
    do {
      if (base + lane < hall) { of_hall = halls[base + lane]; }
    } while (!__all_sync(all, of_hall >= one_known * tiles_a_hall));
    sum += static_cast<std::uint32_t>(of_hall);
  }
  return static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(sum)));
}

}  // namespace robocache::detail
