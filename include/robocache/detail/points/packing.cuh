// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing.hpp>
#include <robocache/device/camera.cuh>

// Packs rows of which some are kept, in their order. A warp leaves what it keeps in shared memory, one behind the
// other, and writes whole lines of memory.
namespace robocache::detail {

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
/// @param from  `from(i)`: the element of the first word of the warp's row i
template <class Word, class From>
__device__ void move_words(moved_rows const& p, From const& from, std::int64_t place, std::uint32_t rows) {
  auto const* const all = static_cast<Word const*>(p.from);
  Word* const to = static_cast<Word*>(p.to) + place * p.words;
  unsigned const lane = threadIdx.x % 32;
  if (p.words >= 32) {
    for (std::uint32_t i = 0; i < rows; ++i) {
      std::int64_t const first = from(i);
      for (std::int64_t c = lane; c < p.words; c += 32) { to[i * p.words + c] = __ldg(all + first + c * p.word_step); }
    }
    return;
  }
  auto const words = static_cast<std::uint32_t>(p.words);
  for (std::uint32_t k = lane; k < rows * words; k += 32) {
    std::uint32_t const i = p.by_words.quotient(k);
    to[k] = __ldg(all + from(i) + (k - i * words) * p.word_step);
  }
}

/// Moves what a warp's rows carry.
template <class From>
__device__ void move_rows(moved_rows const& p, From const& from, std::int64_t place, std::uint32_t rows) {
  switch (p.word_bytes) {
    case 1: move_words<unsigned char>(p, from, place, rows); break;
    case 2: move_words<unsigned short>(p, from, place, rows); break;
    case 4: move_words<unsigned>(p, from, place, rows); break;
    case 8: move_words<uint2>(p, from, place, rows); break;
    default: move_words<uint4>(p, from, place, rows); break;
  }
}

template <class Word>
__device__ void copy_words(std::byte* to, std::byte const* from, std::int64_t bytes) {
  auto* const words = reinterpret_cast<Word*>(to);
  std::int64_t const count = bytes / std::int64_t(sizeof(Word));
#pragma unroll 4
  for (std::int64_t i = threadIdx.x % 32; i < count; i += 32) {
    __stcs(words + i, __ldcs(reinterpret_cast<Word const*>(from) + i));
  }
}

/// The same for rows that follow each other without gaps, in the source, too.
/// @param from  the element of the first word
inline __device__ void move_run(moved_rows const& p, std::int64_t from, std::int64_t place, std::uint32_t rows) {
  auto const* const source = static_cast<std::byte const*>(p.from) + from * p.word_bytes;
  auto* const to = static_cast<std::byte*>(p.to) + place * p.words * p.word_bytes;
  std::int64_t const bytes = rows * p.words * p.word_bytes;
  std::uintptr_t const aligned = reinterpret_cast<std::uintptr_t>(source) | reinterpret_cast<std::uintptr_t>(to) |
                                 static_cast<std::uintptr_t>(bytes);
  if (aligned % 16 == 0) {
    copy_words<uint4>(to, source, bytes);
  } else if (aligned % 4 == 0) {
    copy_words<unsigned>(to, source, bytes);
  } else {
    copy_words<unsigned char>(to, source, bytes);
  }
}

}  // namespace robocache::detail
