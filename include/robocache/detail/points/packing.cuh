// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/lookback.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing.hpp>
#include <robocache/device/camera.cuh>

// Packs rows of which some are kept, in their order and in one pass: a block takes a tile of rows, each of its warps
// 32 rows several times over. A warp leaves what it keeps in shared memory, one behind the other; the block then asks
// the tiles before it how many they keep, and writes whole lines of memory.
namespace robocache::detail {

/// A block's part of shared memory.
/// @tparam Each    rows of a thread, 32 apart
/// @tparam Arrays  how many vectors of three floats a row has
template <int Threads, int Each, int Arrays>
struct packing_tile {
  static constexpr int warps = Threads / 32;
  static constexpr int warp_rows = 32 * Each;
  static constexpr int rows = Threads * Each;
  using source = std::conditional_t<warp_rows <= 256, std::uint8_t, std::uint16_t>;
  alignas(16) float vectors[Arrays][warps][3 * warp_rows];
  source sources[warps][warp_rows];  ///< which of its warp's rows each one was
  std::uint32_t kept[warps];
  std::uint32_t before[warps];  ///< of the block
  std::uint32_t before_tile;
  std::uint32_t total;
  std::uint32_t tile;
};

/// The tile of this block. Tiles are begun in their order, whatever the order of blocks. Called by all threads, once
/// the counter is known to be cleared.
template <class Tile>
__device__ std::uint32_t begin_tile(Tile& shared, packing_scratch const& own) {
  if (threadIdx.x == 0) { shared.tile = atomicAdd(own.next_tile, 1u); }
  __syncthreads();
  return shared.tile;
}

/// Leaves a vector of a row.
/// @param place  among those that the warp keeps
inline __device__ void leave_vector(float* of_warp, std::uint32_t place, device::point3 const& x) {
  of_warp[3 * place] = x.x;
  of_warp[3 * place + 1] = x.y;
  of_warp[3 * place + 2] = x.z;
}

/// How many lanes before this one are in a mask.
inline __device__ std::uint32_t lanes_before(unsigned mask) {
  return static_cast<std::uint32_t>(__popc(mask & ((1u << threadIdx.x % 32) - 1)));
}

/// Where the first row that this thread's warp keeps goes. Called by all threads.
/// @param kept  how many this warp keeps
template <class Tile>
__device__ std::uint32_t find_place(Tile& shared, packing_scratch const& own, std::uint32_t tile, std::uint32_t kept) {
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  if (lane == 0) { shared.kept[warp] = kept; }
  __syncthreads();
  if (warp == 0) {
    std::uint32_t const mine = lane < Tile::warps ? shared.kept[lane] : 0;
    std::uint32_t sum = mine;
#pragma unroll
    for (int step = 1; step < Tile::warps; step *= 2) {
      std::uint32_t const other = __shfl_up_sync(0xffffffffu, sum, static_cast<unsigned>(step));
      if (lane >= static_cast<unsigned>(step)) { sum += other; }
    }
    std::uint32_t const total = __shfl_sync(0xffffffffu, sum, Tile::warps - 1);
    std::uint32_t const before = sum_of_tiles_before(own.tiles, tile, total);
    if (lane < Tile::warps) { shared.before[lane] = sum - mine; }
    if (lane == 0) {
      shared.before_tile = before;
      shared.total = total;
    }
  }
  __syncthreads();
  return shared.before_tile + shared.before[warp];
}

/// Writes the vectors of a warp's rows: in words of 16 bytes where that is how their place is aligned, else in lines of
/// 128 bytes where `to` is aligned to them.
/// @param of_warp  aligned to 16 bytes
/// @param place    of the first one
/// @param kept     how many
inline __device__ void write_vectors(float* to, float const* of_warp, std::int64_t place, std::uint32_t kept) {
  std::int64_t const begin = 3 * place;
  unsigned const lane = threadIdx.x % 32;
  if (reinterpret_cast<std::uintptr_t>(to + begin) % 16 == 0) {
    std::uint32_t const count = 3 * kept;
    auto* const words = reinterpret_cast<float4*>(to + begin);
#pragma unroll 6
    for (std::uint32_t i = lane; i < count / 4; i += 32) {
      __stcs(words + i, reinterpret_cast<float4 const*>(of_warp)[i]);
    }
    if (lane < count % 4) { __stcs(to + (begin + count / 4 * 4 + lane), of_warp[count / 4 * 4 + lane]); }
    return;
  }
  auto const skipped = static_cast<std::uint32_t>(begin % 32);
  std::uint32_t const end = skipped + 3 * kept;
  float* const lines = to + (begin - skipped);
  if (lane >= skipped && lane < end) { __stcs(lines + lane, of_warp[lane - skipped]); }
  std::uint32_t i = lane + 32;
#pragma unroll 8
  for (; i - lane + 32 <= end; i += 32) { __stcs(lines + i, of_warp[i - skipped]); }
  if (i < end) { __stcs(lines + i, of_warp[i - skipped]); }
}

/// Moves words of a warp's rows.
/// @param from     `from(row)`: the element of the first word of one of the warp's rows
/// @param sources  which of them each was
template <class Word, class Source, class From>
__device__ void move_words(moved_rows const& p, Source const* sources, std::int64_t place, std::uint32_t kept,
                           From const& from) {
  auto const* const all = static_cast<Word const*>(p.from);
  Word* const to = static_cast<Word*>(p.to) + place * p.words;
  unsigned const lane = threadIdx.x % 32;
  if (p.words >= 32) {
    for (std::uint32_t i = 0; i < kept; ++i) {
      std::int64_t const first = from(sources[i]);
      for (std::int64_t c = lane; c < p.words; c += 32) { to[i * p.words + c] = __ldg(all + first + c * p.word_step); }
    }
    return;
  }
  auto const words = static_cast<std::uint32_t>(p.words);
  for (std::uint32_t k = lane; k < kept * words; k += 32) {
    std::uint32_t const i = p.by_words.quotient(k);
    to[k] = __ldg(all + from(sources[i]) + (k - i * words) * p.word_step);
  }
}

/// Moves what a warp's rows carry.
template <class Source, class From>
__device__ void move_rows(moved_rows const& p, Source const* sources, std::int64_t place, std::uint32_t kept,
                          From const& from) {
  switch (p.word_bytes) {
    case 1: move_words<unsigned char>(p, sources, place, kept, from); break;
    case 2: move_words<unsigned short>(p, sources, place, kept, from); break;
    case 4: move_words<unsigned>(p, sources, place, kept, from); break;
    case 8: move_words<uint2>(p, sources, place, kept, from); break;
    default: move_words<uint4>(p, sources, place, kept, from); break;
  }
}

}  // namespace robocache::detail
