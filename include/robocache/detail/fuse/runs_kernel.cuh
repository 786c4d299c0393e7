// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/kernel.cuh>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/fuse/runs_locate.cuh>

// Fusing where rows of results are not whole vectors: a tile's results are put together in shared memory and stored as
// one run of bytes. A warp has a tile by itself, and waits for no other.
namespace robocache::detail {

/// Where the results of a run are put together.
struct run_place {
  char* first;  ///< shared memory, as far into its 16 bytes as the results are
  int row_bytes;
  int rows;      ///< at most, the same for the whole block
  int last_row;  ///< of the rows that there are
};

/// What `blend_words` does, once more and a channel after the other: where a difference was not finite. Called by a
/// warp.
template <class Value>
__device__ __noinline__ void blend_words_again(stream_blend const& p, run_row const* rows, run_place place) {
  auto const channels = static_cast<int>(p.channels);
  int const bytes = p.result_type == dtype::float32 ? 4 : 2;
  for (int i = lane_of_warp(); i <= place.last_row * channels + channels - 1; i += 32) {
    int const row = i / channels;
    int const c = i - row * channels;
    run_row const from = rows[row];
    float out[1] = {p.fill};
    if (from.far != run_row::no_sample) {
      float const near = device::to_float(reinterpret_cast<Value const*>(from.near)[c]);
      float const far = device::to_float(reinterpret_cast<Value const*>(from.near + from.far)[c]);
      out[0] = from.weight == 0.0f ? near : device::detail::part_way(near, far, from.weight);
      scale_and_shift(p, c, out);
    }
    store_floats<1, false>(p.result_type, place.first + row * place.row_bytes + c * bytes, 0, out);
  }
}

/// Stores words of `N` results, each rounded, to shared memory.
/// @tparam Bytes  to which words are aligned
template <class Result, int Bytes, int N>
__device__ void store_word(char* to, float const (&values)[N]) {
  store_floats<N, false>(dtype_of<Result>::value, to, 0, values, Bytes);
}

/// Rows of one stream of a run, in words of `N` channels, `Rows` rows and `Words` words of each under way before the
/// first is used. Neighbouring lanes have neighbouring words, so that a load moves whole sectors. No lane goes its own
/// way, for what lanes do together costs a third fewer instructions: what has no row or word of its own repeats the last.
/// @tparam Words  1: rows have at most 32 words, and several lie side by side
/// @param rows    of the run, as located
/// @param place   the stream's channels of the run
template <class Value, class Result, int N, int Rows, int Words>
__device__ void blend_words(stream_blend const& p, run_row const* rows, run_place const& place) {
  constexpr int word = N * static_cast<int>(sizeof(Value));
  constexpr int result = N * static_cast<int>(sizeof(Result));
  // What stores might change, for all the compiler knows, is read before them.
  auto const words = static_cast<int>(p.vectors_each);
  int const lanes_log2 = Words > 1 ? 5 : p.lanes_log2;  // of a row
  int const aligned = p.aligned;
  float const filler = p.fill;
  bool const normalised = p.scale != nullptr || p.shift != nullptr;
  int const step = 32 >> lanes_log2;
  int const first_row = lane_of_warp() >> lanes_log2;
  int const first_word = lane_of_warp() & ((1 << lanes_log2) - 1);
  float none = 0.0f;  // stays 0 as long as differences are finite
  for (int above = 0; above < place.rows; above += Rows * step) {
    for (int before = 0; before < words; before += 32 * Words) {
      int const column = Words > 1 ? before + first_word : min(first_word, words - 1);
      packed_floats<Value, N, word> near[Rows][Words];
      packed_floats<Value, N, word> far[Rows][Words];
      float weight[Rows];
      bool filled[Rows];
#pragma unroll
      for (int r = 0; r < Rows; ++r) {
        run_row const from = rows[min(above + r * step + first_row, place.last_row)];
        weight[r] = from.weight;
        filled[r] = from.far == run_row::no_sample;
        char const* const at = from.near + column * word;
        char const* const other = at + from.far;
#pragma unroll
        for (int w = 0; w < Words; ++w) {
          near[r][w] = {};
          far[r][w] = {};
          if (!filled[r] && (Words == 1 || column + 32 * w < words)) {
            near[r][w] = load_words<N, word>(reinterpret_cast<Value const*>(at) + 32 * w * N);
            far[r][w] = load_words<N, word>(reinterpret_cast<Value const*>(other) + 32 * w * N);
          }
        }
      }
      float out[Rows][Words][N];
#pragma unroll
      for (int r = 0; r < Rows; ++r) {
#pragma unroll
        for (int w = 0; w < Words; ++w) {
          float other[N];
          unpack(near[r][w], out[r][w]);
          unpack(far[r][w], other);
#pragma unroll
          for (int e = 0; e < N; ++e) {
            float const d = device::sub_rn(other[e], out[r][w][e]);
            none = device::fma_rn(d, 0.0f, none);
            out[r][w][e] = device::add_rn(out[r][w][e], device::mul_rn(weight[r], d));
          }
        }
      }
      if (normalised) {
#pragma unroll
        for (int w = 0; w < Words; ++w) {
          if (Words > 1 && column + 32 * w >= words) { continue; }
#pragma unroll
          for (int r = 0; r < Rows; ++r) { scale_and_shift<N, 1>(p, (column + 32 * w) * N, out[r][w]); }
        }
      }
      auto const store = [&](auto bytes) {
#pragma unroll
        for (int r = 0; r < Rows; ++r) {
          int const row = min(above + r * step + first_row, place.last_row);
          char* const to = place.first + row * place.row_bytes + column * result;
#pragma unroll
          for (int w = 0; w < Words; ++w) {
#pragma unroll
            for (int e = 0; e < N; ++e) { out[r][w][e] = filled[r] ? filler : out[r][w][e]; }
            if (Words == 1 || column + 32 * w < words) { store_word<Result, bytes>(to + 32 * w * result, out[r][w]); }
          }
        }
      };
      if (result == 4 && sizeof(Result) == 2 && aligned < 4) {
        store(std::integral_constant<int, 2>{});
      } else {
        store(std::integral_constant<int, 4>{});
      }
    }
  }
  if (__builtin_expect(__any_sync(all_lanes, none != 0.0f), false)) {
    __syncwarp();
    blend_words_again<Value>(p, rows, place);
  }
}

/// All rows of one stream of a run, in words as the launcher chose them.
template <class Value, class Result, int N>
__device__ void blend_in_words(stream_blend const& p, run_row const* rows, run_place const& place) {
  if (p.vectors_each <= 32) {
    blend_words<Value, Result, N, 4, 1>(p, rows, place);
  } else {
    blend_words<Value, Result, N, 2, 4>(p, rows, place);
  }
}

inline __device__ void blend_stream_of_run(stream_blend const& p, run_row const* rows, run_place const& place) {
  with_float_type(p.value_type, [&](auto value) {
    with_float_type(p.result_type, [&](auto result) {
      using Value = decltype(value);
      using Result = decltype(result);
      if constexpr (sizeof(Value) == 2) {
        if (p.vector == 2) { return blend_in_words<Value, Result, 2>(p, rows, place); }
      }
      blend_in_words<Value, Result, 1>(p, rows, place);
    });
  });
}

/// Stores the results of neighbouring rows, from `begin` to `end`, from shared memory that is as far into its 16 bytes.
/// Called by a warp.
inline __device__ void store_run(char* begin, char* end, char const* shared) {
  // Pieces of 16 bytes, counted from the one that the first result lies in.
  char* const first = begin - (reinterpret_cast<std::intptr_t>(begin) & 15);
  char const* const piece = shared - (begin - first);
  for (int i = lane_of_warp() * 16; i < end - first; i += 32 * 16) {
    char* const to = first + i;
    if (to >= begin && to + 16 <= end) {
      __stcs(reinterpret_cast<uint4*>(to), *reinterpret_cast<uint4 const*>(piece + i));
    } else {
      for (int j = 0; j < 16; j += 2) {
        if (to + j < begin || to + j >= end) { continue; }
        *reinterpret_cast<unsigned short*>(to + j) = *reinterpret_cast<unsigned short const*>(piece + i + j);
      }
    }
  }
}

/// As `fuse_kernel`, for streams by previous, next, nearest and linear that write each byte of their rows: a warp has a
/// tile of all streams.
template <class Stamp>
__global__ void __launch_bounds__(fuse_threads, 8)
    fuse_runs_kernel(__grid_constant__ fuse_params<Stamp> const p) {
  extern __shared__ sector dynamic_shared[];
  auto const warp = static_cast<int>(threadIdx.x / 32);
  // A warp too many repeats the last tile.
  unsigned const block = min(blockIdx.x * (fuse_threads / 32) + warp, static_cast<unsigned>(p.tiles.tiles - 1));
  run_memory<Stamp> const memory(p, reinterpret_cast<char*>(dynamic_shared) + warp * p.run.warp_bytes);
  fused_tile const tile = fused_tile_of(p, block);
  bool const has_masks = p.valid != nullptr || p.all_valid != nullptr;

  for (int s = 0; s < p.count; ++s) {
    stream_plan<Stamp> const& stream = p.streams[s];
    if (__builtin_expect(stream.together, true)) { continue; }
    run_row* const rows = memory.rows() + s * p.tiles.rows;
    bool const valid = locate_any_stream(p, stream, tile, memory.stage(), rows);
    unsigned const votes = __ballot_sync(all_lanes, valid);
    if (lane_of_warp() == 0) { memory.valid()[s] = votes; }
  }
  if (p.run.together > 0) { locate_for_runs(p, tile, memory, has_masks); }
  __syncwarp();
  if (has_masks) {
    store_masks(p, tile, {lane_of_warp(), 32}, [valid = memory.valid()](int s, int slot) { return valid[s] >> slot & 1; });
  }

  // In each warp of a block as often, which is what the compiler wants to see.
  for (int run = 0; run < p.tiles.rows; run += p.run.rows) {
    int const first = min(run, max(tile.rows - p.run.rows, 0));
    int const count = min(tile.rows, p.run.rows);
    char* const results = p.run.results + (tile.first_row + first) * p.run.row_bytes;
    char* const shared = memory.results() + (reinterpret_cast<std::uintptr_t>(results) & 15);
    for (int s = 0; s < p.count; ++s) {
      stream_blend const& blend = p.streams[s].blend;
      auto const channels = static_cast<int>(static_cast<char*>(blend.results) - p.run.results);
      blend_stream_of_run(blend, memory.rows() + s * p.tiles.rows + first,
                          {shared + channels, p.run.row_bytes, p.run.rows, count - 1});
    }
    __syncwarp();
    store_run(results, results + count * p.run.row_bytes, shared);
    __syncwarp();
  }
}

}  // namespace robocache::detail
