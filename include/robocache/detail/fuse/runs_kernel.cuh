// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/kernel.cuh>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/fuse/runs_locate.cuh>

// Fusing where rows of results are not whole vectors: a tile's results are assembled in shared memory and stored as
// one run of bytes. Each warp has a tile of its own, and does not wait for others. No function out of line is called
// between the first value and the last: around a call the compiler keeps the descriptors of loads in the lanes'
// registers, and moves them back for each load.
namespace robocache::detail {

/// Where the results of a run are assembled.
struct run_place {
  char* first;  ///< shared memory, with the same offset within 16 bytes as the results
  int row_bytes;
  int rows;      ///< at most, the same for the whole block
  int last_row;  ///< the last row that exists
};

/// Rows of one stream of a run, in words of `N` channels. `Rows` rows, and `Words` words of each, are loaded before the
/// first is used. Neighbouring lanes have neighbouring words, so that a load moves whole sectors. Lanes without a row
/// of their own repeat the last one; rows to be filled blend some row of the stream first, and are filled afterwards.
/// @tparam Words  1: rows have at most 32 words, and a warp has several rows side by side
/// @param rows    of the run, as located
/// @param place   the stream's channels of the run
/// @param none    stays 0 as long as differences are finite
template <class Value, class Result, int N, int Rows, int Words>
__device__ void blend_words(stream_blend const& p, run_row const* rows, run_place const& place, float& none) {
  constexpr int word = N * static_cast<int>(sizeof(Value));
  constexpr int result = N * static_cast<int>(sizeof(Result));
  // Read before any store: the compiler must assume that stores change it.
  auto const words = static_cast<int>(p.vectors_each);
  int const lanes_log2 = Words > 1 ? 5 : p.lanes_log2;  // of a row
  bool const in_words = N == 1 || p.aligned >= 4;
  bool const normalised = p.scale != nullptr || p.shift != nullptr;
  int const step = 32 >> lanes_log2;
  int const first_row = lane_of_warp() >> lanes_log2;
  int const first_word = lane_of_warp() & ((1 << lanes_log2) - 1);
  for (int before = 0; before < words; before += 32 * Words) {
    int const column = Words > 1 ? before + first_word : min(first_word, words - 1);
    bool exists[Words];
#pragma unroll
    for (int w = 0; w < Words; ++w) { exists[w] = Words == 1 || column + 32 * w < words; }
    for (int above = 0; above < place.rows; above += Rows * step) {
      packed_floats<Value, N, word> near[Rows][Words];
      packed_floats<Value, N, word> far[Rows][Words];
      float weight[Rows];
#pragma unroll
      for (int r = 0; r < Rows; ++r) {
        run_row const from = rows[min(above + r * step + first_row, place.last_row)];
        weight[r] = from.weight;
        char const* const at = from.near + column * word;
        char const* const other = at + from.far;
#pragma unroll
        for (int w = 0; w < Words; ++w) {
          near[r][w] = {};
          far[r][w] = {};
          if (exists[w]) {
            near[r][w] = load_words<N, word>(reinterpret_cast<Value const*>(at) + 32 * w * N);
            far[r][w] = load_words<N, word>(reinterpret_cast<Value const*>(other) + 32 * w * N);
          }
        }
      }
#pragma unroll
      for (int r = 0; r < Rows; ++r) {
        float out[Words][N];
#pragma unroll
        for (int w = 0; w < Words; ++w) {
          float other[N];
          unpack(near[r][w], out[w]);
          unpack(far[r][w], other);
#pragma unroll
          for (int e = 0; e < N; ++e) {
            float const d = device::sub_rn(other[e], out[w][e]);
            none = device::fma_rn(d, 0.0f, none);
            out[w][e] = device::add_rn(out[w][e], device::mul_rn(weight[r], d));
          }
        }
        if (normalised) {
#pragma unroll
          for (int w = 0; w < Words; ++w) {
            if (exists[w]) { scale_and_shift<N, 1>(p, (column + 32 * w) * N, out[w]); }
          }
        }
        int const row = min(above + r * step + first_row, place.last_row);
        char* const to = place.first + row * place.row_bytes + column * result;
        if (in_words) {
#pragma unroll
          for (int w = 0; w < Words; ++w) {
            if (exists[w]) { store_floats<N, false>(dtype_of<Result>::value, to + 32 * w * result, 0, out[w], 4); }
          }
        } else {
#pragma unroll
          for (int w = 0; w < Words; ++w) {
            if (exists[w]) { store_floats<N, false>(dtype_of<Result>::value, to + 32 * w * result, 0, out[w], 2); }
          }
        }
      }
    }
  }
}

/// All rows of one stream of a run, in words as the launcher chose them.
template <class Value, class Result, int N>
__device__ void blend_in_words(stream_blend const& p, run_row const* rows, run_place const& place, float& none) {
  if (p.vectors_each <= 32) {
    blend_words<Value, Result, N, 4, 1>(p, rows, place, none);
  } else {
    blend_words<Value, Result, N, 2, 4>(p, rows, place, none);
  }
}

inline __device__ void blend_stream_of_run(stream_blend const& p, run_row const* rows, run_place const& place,
                                           float& none) {
  with_float_type(p.value_type, [&](auto value) {
    with_float_type(p.result_type, [&](auto result) {
      using Value = decltype(value);
      using Result = decltype(result);
      if constexpr (sizeof(Value) == 2) {
        if (p.vector == 2) { return blend_in_words<Value, Result, 2>(p, rows, place, none); }
      }
      blend_in_words<Value, Result, 1>(p, rows, place, none);
    });
  });
}

/// Fills those rows of a stream of a run whose bit is set. Called by a warp.
inline __device__ void fill_rows_of_run(stream_blend const& p, unsigned filled, run_place const& place) {
  float const fill[1] = {p.fill};
  auto const channels = static_cast<int>(p.channels);
  int const bytes = p.result_type == dtype::float32 ? 4 : 2;
  for (; filled != 0; filled &= filled - 1) {
    char* const to = place.first + (__ffs(static_cast<int>(filled)) - 1) * place.row_bytes;
    for (int c = lane_of_warp(); c < channels; c += 32) {
      store_floats<1, false>(p.result_type, to + c * bytes, 0, fill);
    }
  }
}

/// Stores the results of neighbouring rows, from `begin` to `end`, from shared memory with the same offset within 16
/// bytes. Called by a warp.
inline __device__ void store_run(char* begin, char* end, char const* shared) {
  int const lane = lane_of_warp();
  char const* const back = shared - reinterpret_cast<std::uintptr_t>(begin);  // what to add to an address
  auto const whole = [](char* at) { return reinterpret_cast<std::uintptr_t>(at) & ~std::uintptr_t(15); };
  std::uintptr_t const first = whole(begin + 15);
  std::uintptr_t const last = whole(end);
  for (std::uintptr_t at = first + lane * 16; at < last; at += 32 * 16) {
    __stcs(reinterpret_cast<uint4*>(at), *reinterpret_cast<uint4 const*>(back + at));
  }
  // The ends: at most seven results of two bytes at each end, one per lane.
  std::uintptr_t const behind = last > first ? last : first;
  std::uintptr_t const at = lane < 8 ? reinterpret_cast<std::uintptr_t>(begin) + lane * 2 : behind + (lane - 8) * 2;
  bool const exists = lane < 8 ? at < first : lane < 16;
  if (exists && at < reinterpret_cast<std::uintptr_t>(end)) {
    *reinterpret_cast<unsigned short*>(at) = *reinterpret_cast<unsigned short const*>(back + at);
  }
}

/// Does a tile once more, channel by channel, where a difference was not finite. Called by a warp.
template <class Stamp>
__device__ __noinline__ void fuse_tile_again(fuse_params<Stamp> const& p, fused_tile tile, run_row const* rows,
                                             unsigned const* filled) {
  for (int s = 0; s < p.count; ++s) {
    stream_blend const& blend = p.streams[s].blend;
    char* const results = static_cast<char*>(blend.results) + tile.first_row * p.run.row_bytes;
    auto const channels = static_cast<int>(blend.channels);
    int const bytes = blend.result_type == dtype::float32 ? 4 : 2;
    with_float_type(blend.value_type, [&](auto zero) {
      using Value = decltype(zero);
      for (int i = lane_of_warp(); i < tile.rows * channels; i += 32) {
        int const row = i / channels;
        int const c = i - row * channels;
        run_row const from = rows[s * p.tiles.rows + row];
        if ((filled[s] >> row & 1) != 0) { continue; }
        float const near = device::to_float(reinterpret_cast<Value const*>(from.near)[c]);
        float const far = device::to_float(reinterpret_cast<Value const*>(from.near + from.far)[c]);
        float out[1] = {from.weight == 0.0f ? near : device::detail::part_way(near, far, from.weight)};
        scale_and_shift(blend, c, out);
        store_floats<1>(blend.result_type, results + row * p.run.row_bytes + c * bytes, 0, out);
      }
    });
  }
}

/// As `fuse_kernel`, for streams by previous, next, nearest and linear that write each byte of their rows: each warp
/// has a tile of all streams.
template <class Stamp>
__global__ void __launch_bounds__(fuse_threads, 8) fuse_runs_kernel(__grid_constant__ fuse_params<Stamp> const p) {
  extern __shared__ sector dynamic_shared[];
  auto const warp = static_cast<int>(threadIdx.x / 32);
  run_memory<Stamp> const memory(p, reinterpret_cast<char*>(dynamic_shared) + warp * p.run.warp_bytes);
  // Excess warps repeat the last tile.
  unsigned const block = min(blockIdx.x * (fuse_threads / 32) + warp, static_cast<unsigned>(p.tiles.tiles - 1));
  fused_tile const tile = fused_tile_of(p, block);
  locate_all_streams(p, tile, memory);
  if (p.valid != nullptr || p.all_valid != nullptr) {
    store_masks(p, tile, {lane_of_warp(), 32},
                [valid = memory.valid()](int s, int slot) { return valid[s] >> slot & 1; });
  }

  float none = 0.0f;
  // The same number of times in each warp of a block: so the compiler sees that lanes stay together.
  for (int run = 0; run < p.tiles.rows; run += p.run.rows) {
    int const first = min(run, max(tile.rows - p.run.rows, 0));
    int const count = min(tile.rows, p.run.rows);
    char* const results = p.run.results + (tile.first_row + first) * p.run.row_bytes;
    char* const shared = memory.results() + (reinterpret_cast<std::uintptr_t>(results) & 15);
    for (int s = 0; s < p.count; ++s) {
      stream_blend const& blend = p.streams[s].blend;
      auto const channels = static_cast<int>(static_cast<char*>(blend.results) - p.run.results);
      run_place const place{shared + channels, p.run.row_bytes, p.run.rows, count - 1};
      if (p.streams[s].has_samples) {
        blend_stream_of_run(blend, memory.rows() + s * p.tiles.rows + first, place, none);
      }
      unsigned const filled = (memory.filled()[s] >> first) & ((2u << (count - 1)) - 1);
      if (filled != 0) {
        __syncwarp();
        fill_rows_of_run(blend, filled, place);
      }
    }
    __syncwarp();
    store_run(results, results + count * p.run.row_bytes, shared);
    __syncwarp();
  }
  if (__any_sync(all_lanes, none != 0.0f)) { fuse_tile_again(p, tile, memory.rows(), memory.filled()); }
}

}  // namespace robocache::detail
