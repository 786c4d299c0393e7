// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/clean/jobs.cuh>
#include <robocache/detail/clean/params.hpp>
#include <robocache/detail/clean/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/clean.cuh>

// Moves the rows that are left.
namespace robocache::detail {

/// The sign bits to be flipped in a value of channel c. Values of 1 and 8 bytes are integers, and have none.
/// @param turned  one bit for each quaternion
template <class Word>
__device__ Word turned_bits(clean_params const& p, std::int64_t c, unsigned turned) {
  for (int k = 0; turned != 0 && k < static_cast<int>(p.options.quaternions); ++k) {
    std::int64_t const of_quaternion = c - p.options.quaternion_channels[k];
    if ((turned >> k & 1) != 0 && of_quaternion >= 0 && of_quaternion < 4) {
      return static_cast<Word>(Word{1} << (8 * sizeof(Word) - 1));
    }
  }
  return Word{0};
}

/// The channels of a row, dealt out to lanes.
/// @tparam Word  as large as a value
template <class Word>
__device__ void move_channels(clean_params const& p, std::int64_t place, std::int64_t row, unsigned lane) {
  Word const* const from = static_cast<Word const*>(p.values) + element_of_row(p, row);
  Word* const to = static_cast<Word*>(p.out_values) + place * p.channels;
  unsigned const turned = p.own.turned == nullptr ? 0 : p.own.turned[place];
  for (std::int64_t c = lane; c < p.channels; c += p.lanes) {
    to[c] = static_cast<Word>(__ldg(from + c) ^ turned_bits<Word>(p, c, turned));
  }
}

/// The trajectories that begin at a place: those after the trajectory of the row before, up to its own.
inline __device__ void write_offsets(clean_params const& p, std::int64_t place, std::int64_t last, std::int64_t b,
                                     unsigned lane) {
  for (std::int64_t begin = last + 1 + lane; begin <= b; begin += p.lanes) { p.offsets[begin] = place; }
}

template <class Stamp>
__global__ void __launch_bounds__(clean_threads)
    clean_move_kernel(__grid_constant__ stamped_clean_params<Stamp> const p) {
  wait_for_launch_before();
  clean_params const& rest = p.rest;
  std::int64_t const thread = std::int64_t(blockIdx.x) * clean_threads + threadIdx.x;
  std::int64_t const place = thread / rest.lanes;
  auto const lane = static_cast<unsigned>(thread % rest.lanes);
  std::int64_t const kept = rest.own.counts[1];
  if (kept == 0 && place == 0) { write_offsets(rest, 0, -1, rest.batch, lane); }
  if (place >= kept) { return; }
  std::int64_t const row = row_of(rest, rest.own.kept[place]);
  std::int64_t const b = rest.own.owners[row];
  std::int64_t const last = place == 0 ? -1 : rest.own.owners[row_of(rest, rest.own.kept[place - 1])];
  write_offsets(rest, place, last, b, lane);
  if (place + 1 == kept) { write_offsets(rest, kept, b, rest.batch, lane); }
  switch (size_of(rest.type)) {
    case 1: move_channels<unsigned char>(rest, place, row, lane); break;
    case 2: move_channels<unsigned short>(rest, place, row, lane); break;
    case 4: move_channels<unsigned>(rest, place, row, lane); break;
    default: move_channels<unsigned long long>(rest, place, row, lane); break;
  }
  if (lane != 0) { return; }
  p.stamps[place] = device::stamp_of_row(p.when, device::series_row_at(p.when, row), row);
  if (rest.source_rows != nullptr) { rest.source_rows[place] = row; }
}

}  // namespace robocache::detail
