// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>

#include "cells/cases.hpp"

/// What voxelizing writes, as bytes per result: on both sides, whatever its type.
namespace robocache::bench {

/// Bytes of each result of one cloud; 0 for those that are not wanted.
using result_bytes = std::array<std::int64_t, result_kinds>;

constexpr std::size_t index_of(result kind) { return static_cast<std::size_t>(kind); }

inline constexpr result all_results[] = {result::count, result::occupied, result::occupied_bits, result::mean,
                                         result::max,   result::min,      result::dropped};

inline result_bytes bytes_of_one(voxelize_case const& one, grid const& lattice, std::int64_t channels) {
  std::int64_t const word = sizeof(std::uint32_t);
  std::int64_t const reduced = lattice.total() * channels * static_cast<std::int64_t>(size_of(one.value));
  result_bytes const bytes = {
      word * lattice.total(), lattice.total(), word * lattice.words(), reduced, reduced, reduced, word};
  result_bytes wanted{};
  for (result kind : one.wanted) { wanted[index_of(kind)] = bytes[index_of(kind)]; }
  return wanted;
}

inline std::int64_t sum_of(result_bytes const& bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), std::int64_t(0));
}

/// Where results go. `place(kind)` gives a result's memory, null where it is not wanted.
template <class Value, class Place>
voxel_output<Value> output_at(Place const& place) {
  voxel_output<Value> out;
  out.count = reinterpret_cast<std::int32_t*>(place(result::count));
  out.occupied = place(result::occupied);
  out.occupied_bits = reinterpret_cast<std::uint32_t*>(place(result::occupied_bits));
  out.mean = reinterpret_cast<Value*>(place(result::mean));
  out.max = reinterpret_cast<Value*>(place(result::max));
  out.min = reinterpret_cast<Value*>(place(result::min));
  out.dropped = reinterpret_cast<std::int32_t*>(place(result::dropped));
  return out;
}

/// Results on the host.
template <class Value>
struct host_results {
  std::array<std::vector<std::byte>, result_kinds> memory;

  host_results(result_bytes const& of_one, std::int64_t batch) {
    for (result kind : all_results) { memory[index_of(kind)].resize(of_one[index_of(kind)] * batch); }
  }
  voxel_output<Value> view() {
    return output_at<Value>([this](result kind) {
      std::vector<std::byte>& bytes = memory[index_of(kind)];
      return bytes.empty() ? nullptr : bytes.data();
    });
  }
};

}  // namespace robocache::bench
