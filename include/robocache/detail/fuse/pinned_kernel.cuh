// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/kernel.cuh>
#include <robocache/detail/fuse/locate.cuh>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/intrinsics.cuh>

// Fusing values that are in pinned host memory. No cache keeps lines of host memory: a row that several targets blend
// would cross the link for each of them. So a block copies each row that its tile reads to shared memory once, and
// blends it from there.
namespace robocache::detail {

/// Rows are in shared memory, or in host memory.
struct staged_or_pinned {
  template <int N, int Word, class Value>
  __device__ static packed_floats<Value, N, Word> load(Value const* from) {
    return *reinterpret_cast<packed_floats<Value, N, Word> const*>(from);
  }
};

/// The source rows that some rows of a tile read: every `stride` bytes from `low` to `high`, both included.
struct row_span {
  std::uint64_t low;
  std::uint64_t high;
  bool whole;  ///< all rows between them may be read, and lie at multiples of the stride
};

inline __device__ int bytes_of_value(stream_blend const& blend) { return blend.value_type == dtype::float32 ? 4 : 2; }

/// Bytes from one row of values to the next.
inline __device__ std::int64_t bytes_of_stride(stream_blend const& blend) {
  return blend.values_row_stride * bytes_of_value(blend);
}

/// The part of a stream's rows that a block handles: all of its channels, or a chunk of them.
struct row_part {
  std::int64_t first;  ///< bytes from the beginning of a row
  int bytes;
};

template <class Stamp>
__device__ row_part part_of_rows(stream_plan<Stamp> const& stream) {
  stream_blend const& blend = stream.blend;
  int const value = bytes_of_value(blend);
  std::int64_t const vector = blend.wide ? 16 : value;
  std::int64_t const begin = std::int64_t(blockIdx.y) * blend.chunk.value;
  std::int64_t const width = min(std::int64_t(blend.chunk.value), blend.vectors_each - begin);
  return {begin * vector, static_cast<int>(width * vector)};
}

/// What `count` records of one stream read, a lane each. Called by whole warps.
template <class Stamp>
__device__ row_span span_of_rows(stream_plan<Stamp> const& stream, method_row const* records, int count) {
  stream_blend const& blend = stream.blend;
  int const lane = lane_of_warp();
  bool const reads = lane < count && records[lane].kind != method_row::fill;
  std::uint64_t low = UINT64_MAX;
  std::uint64_t high = 0;
  if (reads) {
    auto const near = reinterpret_cast<std::uintptr_t>(records[lane].from);
    auto const far = near + records[lane].far;
    low = min(near, far);
    high = max(near, far);
  }
  row_span span{low, high, true};
  for (int half = 16; half > 0; half /= 2) {
    span.low = min(span.low, __shfl_xor_sync(all_lanes, span.low, half));
    span.high = max(span.high, __shfl_xor_sync(all_lanes, span.high, half));
  }
  if (span.low > span.high) { return span; }
  int const value = bytes_of_value(blend);
  std::int64_t const stride = bytes_of_stride(blend);
  std::int64_t const trajectory = blend.values_batch_stride * value;
  // Memory in a hole between two trajectories may belong to nobody.
  bool const holes = !stream.source.packed() && trajectory > stream.source.length * stride;
  auto const begin = reinterpret_cast<std::uintptr_t>(blend.values);
  bool const one = !holes || (span.low - begin) / trajectory == (span.high - begin) / trajectory;
  bool const even = stride > 0 && (!reads || (low - span.low) % stride == 0);
  span.whole = __all_sync(all_lanes, even) != 0 && one;
  return span;
}

/// How the rows of a span lie in shared memory.
struct staged_rows {
  char* shared;        ///< where the first one begins
  std::int64_t each;   ///< bytes from row to row
  std::int64_t bytes;  ///< of shared memory that they take; more than there is: the rows do not fit
  bool run;            ///< all bytes from the first row to the last are copied, as they lie
};

template <class Stamp>
__device__ staged_rows place_rows(stream_plan<Stamp> const& stream, row_span const& span, row_part const& part,
                                  char* memory) {
  std::int64_t const stride = bytes_of_stride(stream.blend);
  auto const skew = static_cast<int>(span.low % sizeof(sector));
  if (!span.whole || stride < part.bytes) { return {memory, 0, INT64_MAX, false}; }
  auto const between = static_cast<std::int64_t>(span.high - span.low);
  if (stride == part.bytes) { return {memory + skew, stride, skew + between + stride, true}; }
  std::int64_t const each = (part.bytes + 15) / 16 * 16;
  return {memory, each, (between / stride + 1) * each, false};
}

/// Begins to copy `bytes` bytes between addresses with the same offset within 16 bytes. Called by a block.
inline __device__ void stage_run(std::uint64_t from, std::int64_t bytes, char* shared) {
  std::uint64_t const end = from + bytes;
  std::uint64_t const first = from - from % 16;
  for (std::uint64_t piece = first + threadIdx.x * 16; piece < end; piece += blockDim.x * 16) {
    char* const to = shared + static_cast<std::int64_t>(piece - from);
    if (piece >= from && piece + 16 <= end) {
      copy_async(reinterpret_cast<uint4*>(to), reinterpret_cast<uint4 const*>(piece));
    } else {
      for (int i = 0; i < 16; i += 2) {
        if (piece + i < from || piece + i >= end) { continue; }
        *reinterpret_cast<unsigned short*>(to + i) = *reinterpret_cast<unsigned short const*>(piece + i);
      }
    }
  }
}

/// Begins to copy `count` rows in words. Called by a block.
template <class Word>
__device__ void stage_words(std::uint64_t from, std::int64_t stride, int count, int row_bytes, char* shared,
                            std::int64_t each) {
  int const words = row_bytes / static_cast<int>(sizeof(Word));
  for (int i = threadIdx.x; i < count * words; i += blockDim.x) {
    int const row = i / words;
    int const word = i - row * words;
    auto* const to = reinterpret_cast<Word*>(shared + row * each) + word;
    auto const* const source = reinterpret_cast<Word const*>(from + row * stride) + word;
    if constexpr (sizeof(Word) >= 4) {
      copy_async(to, source);
    } else {
      *to = *source;
    }
  }
}

/// Copies a span's rows to shared memory, and waits for what the calling thread has copied. Called by a block.
template <class Stamp>
__device__ void stage_rows(stream_plan<Stamp> const& stream, row_span const& span, row_part const& part,
                           staged_rows const& staged) {
  auto const between = static_cast<std::int64_t>(span.high - span.low);
  if (staged.run) {
    stage_run(span.low, between + part.bytes, staged.shared);
  } else {
    std::int64_t const stride = bytes_of_stride(stream.blend);
    auto const count = static_cast<int>(between / stride + 1);
    std::uint64_t const from = span.low + part.first;
    auto const odd = static_cast<unsigned>(from | stride | part.bytes);
    if (odd % 16 == 0) {
      stage_words<uint4>(from, stride, count, part.bytes, staged.shared, staged.each);
    } else if (odd % 4 == 0) {
      stage_words<unsigned>(from, stride, count, part.bytes, staged.shared, staged.each);
    } else {
      stage_words<unsigned short>(from, stride, count, part.bytes, staged.shared, staged.each);
    }
  }
  wait_for_copies();
}

/// The rows of a tile of one pinned stream, as many at a time as fit. Called by the whole block.
/// @param records  of the stream, one for each row of the tile
template <class Stamp>
__device__ void blend_pinned(fuse_params<Stamp> const& p, stream_plan<Stamp> const& stream, method_row* records,
                             int rows, char* memory) {
  stream_blend const& blend = stream.blend;
  row_part const part = part_of_rows(stream);
  int count = rows;
  for (int first = 0; first < rows; first += count) {
    row_span span{};
    staged_rows staged{};
    for (count = rows - first;; count = (count + 1) / 2) {
      span = span_of_rows(stream, records + first, count);
      staged = place_rows(stream, span, part, memory);
      if (staged.bytes <= p.staged_bytes || count == 1) { break; }
    }
    bool const fits = staged.bytes <= p.staged_bytes && span.low <= span.high;
    __syncthreads();  // all warps have seen the records, and have blended what the memory held before
    if (fits) {
      stage_rows(stream, span, part, staged);
      auto const lane = static_cast<int>(threadIdx.x);
      if (lane < count && records[first + lane].kind != method_row::fill) {
        method_row& row = records[first + lane];
        std::int64_t const stride = bytes_of_stride(stream.blend);
        std::int64_t const place = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(row.from) - span.low);
        row.from = staged.shared + place / stride * staged.each - (staged.run ? 0 : part.first);
        row.far = row.far == 0 ? 0 : row.far > 0 ? staged.each : -staged.each;
      }
    }
    __syncthreads();
    thread_share const share{static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x)};
    blend_straight_stream<staged_or_pinned>(blend, records + first, count, share);
  }
}

/// As `fuse_kernel`, for streams by previous, next, nearest and linear whose values are pinned. A block has as many
/// warps as the launch says: see `pinned_warp_bytes`.
template <class Stamp>
__global__ void __launch_bounds__(fuse_threads) fuse_pinned_kernel(__grid_constant__ fuse_params<Stamp> const p) {
  extern __shared__ sector dynamic_shared[];
  auto* const records = reinterpret_cast<method_row*>(dynamic_shared);
  auto* const behind = reinterpret_cast<char*>(records + p.tiles.rows * p.count);
  auto const warp = static_cast<int>(threadIdx.x / 32);
  fused_tile const tile = fused_tile_of(p, blockIdx.x);
  for (int s = warp; s < p.count; s += static_cast<int>(blockDim.x / 32)) {
    locate_stream(p, p.streams[s], tile, reinterpret_cast<Stamp*>(behind) + warp * p.slots, records + s * p.tiles.rows);
  }
  __syncthreads();
  if (blockIdx.y == 0 && (p.valid != nullptr || p.all_valid != nullptr)) { store_masks(p, records, tile); }
  // Staged rows take the place of the stamps.
  char* const memory =
      behind + (sizeof(sector) - reinterpret_cast<std::uintptr_t>(behind) % sizeof(sector)) % sizeof(sector);
  for (int s = 0; s < p.count; ++s) {
    stream_plan<Stamp> const& stream = p.streams[s];
    if (std::int64_t(blockIdx.y) * stream.blend.chunk.value >= stream.blend.vectors_each) { continue; }
    blend_pinned(p, stream, records + s * p.tiles.rows, tile.rows, memory);
  }
}

}  // namespace robocache::detail
