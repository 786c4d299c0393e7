// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/blend_tile.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse_locate.cuh>
#include <robocache/detail/fuse_plan.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/method_rows.cuh>
#include <robocache/detail/typed_rows.cuh>

namespace robocache::detail {

/// `N` values from memory that is aligned to `N` of them, or one.
template <int N>
__device__ void load_floats(float const* from, float (&out)[N]) {
  constexpr int part = N < 4 ? N : 4;
#pragma unroll
  for (int begin = 0; begin < N; begin += part) {
    vector<float, part> const few = load<float, part>(from + begin);
#pragma unroll
    for (int i = 0; i < part; ++i) { out[begin + i] = few.element[i]; }
  }
}

inline __device__ int store_alignment(stream_blend const& p) { return p.aligned; }

/// The normalisation of `N` channels from `channel` on: product and sum rounded each.
template <int N>
__device__ void scale_and_shift(stream_blend const& p, std::int64_t channel, float (&values)[N]) {
  float factor[N];
  if (p.scale != nullptr) {
    load_floats(p.scale + channel, factor);
#pragma unroll
    for (int i = 0; i < N; ++i) { values[i] = device::mul_rn(values[i], factor[i]); }
  }
  if (p.shift != nullptr) {
    load_floats(p.shift + channel, factor);
#pragma unroll
    for (int i = 0; i < N; ++i) { values[i] = device::add_rn(values[i], factor[i]); }
  }
}

/// Rows of previous, next, nearest and linear in whole vectors, `Loads` of each sample under way before the first is
/// used. A row that moves is read twice, once from the cache, rather than chosen between.
template <class Value, int N, int Loads>
__device__ void blend_straight_vectors(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  vector_run const run(p, count);
  std::int64_t const first_value = run.begin * N * std::int64_t(sizeof(Value));
  std::int64_t const first_result = run.begin * N * (p.result_type == dtype::float32 ? 4 : 2);
  for (int base = share.first; base < run.total; base += share.step * Loads) {
    packed_floats<Value, N> left[Loads];
    packed_floats<Value, N> right[Loads];
    int slot[Loads];
    int column[Loads];
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      int const i = base + u * share.step;
      left[u] = {};
      right[u] = {};
      if (!run.find(p.chunk, i, slot[u], column[u]) || i >= run.total) { slot[u] = -1; }
      method_row const& row = rows[max(slot[u], 0)];
      if (slot[u] >= 0 && row.kind != method_row::fill) {
        Value const* const from =
            reinterpret_cast<Value const*>(row.from + first_value) + static_cast<unsigned>(column[u] * N);
        left[u] = load_packed<N>(from);
        right[u] = load_packed<N>(from + (row.kind >= method_row::blend ? p.values_row_stride : 0));
      }
    }
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      if (slot[u] < 0) { continue; }
      method_row const& row = rows[slot[u]];
      float out[N];
      if (row.kind == method_row::fill) {
#pragma unroll
        for (int e = 0; e < N; ++e) { out[e] = p.fill; }
      } else {
        bool const blends = row.kind >= method_row::blend;
        float b[N];
        unpack(left[u], out);
        unpack(right[u], b);
#pragma unroll
        for (int e = 0; e < N; ++e) {
          float const mixed = device::linear(out[e], b[e], row.weight);
          out[e] = blends ? mixed : out[e];
        }
        scale_and_shift(p, (run.begin + column[u]) * N, out);
      }
      store_floats<N>(p.result_type, row.to + first_result, static_cast<unsigned>(column[u] * N), out, p.aligned);
    }
  }
}

/// The same for rows that are not whole vectors.
template <class Value, int Loads>
__device__ void blend_straight_scalars(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  vector_run const run(p, count);
  int const result_bytes = p.result_type == dtype::float32 ? 4 : 2;
  for (int base = share.first; base < run.total; base += share.step * Loads) {
    packed_floats<Value, 1> left[Loads];
    packed_floats<Value, 1> right[Loads];
    int slot[Loads];
    int column[Loads];
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      int const i = base + u * share.step;
      left[u] = {};
      right[u] = {};
      if (!run.find(p.chunk, i, slot[u], column[u]) || i >= run.total) { slot[u] = -1; }
      method_row const& row = rows[max(slot[u], 0)];
      if (slot[u] >= 0 && row.kind != method_row::fill) {
        Value const* const from =
            reinterpret_cast<Value const*>(row.from) + run.begin + static_cast<unsigned>(column[u]);
        left[u] = load_packed<1>(from);
        right[u] = load_packed<1>(from + (row.kind >= method_row::blend ? p.values_row_stride : 0));
      }
    }
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      if (slot[u] < 0) { continue; }
      method_row const& row = rows[slot[u]];
      float out[1] = {p.fill};
      if (row.kind != method_row::fill) {
        float b[1];
        unpack(left[u], out);
        unpack(right[u], b);
        if (row.kind >= method_row::blend) { out[0] = device::linear(out[0], b[0], row.weight); }
        scale_and_shift(p, run.begin + column[u], out);
      }
      store_floats<1>(p.result_type, row.to + run.begin * result_bytes, static_cast<unsigned>(column[u]), out);
    }
  }
}

/// Rows of the methods beyond linear: out of line, so that the others pay no register for them.
template <class Value>
__device__ __noinline__ void blend_beyond_linear(stream_blend const& p, method_row const* rows, int count,
                                                 thread_share share) {
  if (p.wide) {
    blend_vectors<Value, 16 / static_cast<int>(sizeof(Value))>(p, rows, count, share);
  } else {
    blend_scalars<Value>(p, rows, count, share);
  }
}

/// All rows of one stream.
template <class Value>
__device__ void blend_stream(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  if (__builtin_expect(p.method > interpolation::linear, false)) {
    blend_beyond_linear<Value>(p, rows, count, share);
  } else if (p.wide) {
    blend_straight_vectors<Value, 16 / static_cast<int>(sizeof(Value)), 2>(p, rows, count, share);
  } else {
    blend_straight_scalars<Value, 4>(p, rows, count, share);
  }
}

/// The masks of the tile's rows. Called by the whole block, after a barrier.
template <class Stamp>
__device__ __noinline__ void store_masks(fuse_params<Stamp> const& p, method_row const* records, fused_tile tile) {
  auto const lane = static_cast<int>(threadIdx.x);
  if (p.valid != nullptr) {
    // Streams of a row lie next to each other.
    for (int i = lane; i < tile.rows * p.count; i += static_cast<int>(blockDim.x)) {
      int const slot = i / p.count;
      int const s = i - slot * p.count;
      int const mask = p.streams[s].mask;
      if (mask >= 0) {
        p.valid[(tile.first_row + slot) * p.valid_stride + mask] =
            static_cast<std::uint8_t>(records[s * p.tiles.rows + slot].valid);
      }
    }
  }
  if (p.all_valid != nullptr && lane < tile.rows) {
    std::uint8_t* const to = p.all_valid + (tile.first_row + lane);
    unsigned all = p.continues ? *to : 1;
    for (int s = 0; s < p.count; ++s) {
      if (p.streams[s].mask >= 0) { all &= records[s * p.tiles.rows + lane].valid; }
    }
    *to = static_cast<std::uint8_t>(all);
  }
}

/// One block: one tile of target rows, one chunk of the channels of each stream.
///
/// Each warp locates the rows for its streams; then the streams' vectors are dealt out to the warps, so that narrow
/// streams travel side by side. Where a tile has one row for want of targets, a warp has that row of one stream from
/// beginning to end, and waits for no other.
template <class Stamp>
__global__ void __maxnreg__(64) fuse_kernel(__grid_constant__ fuse_params<Stamp> const p) {
  extern __shared__ uint4 trajectory[];
  constexpr int tile_warps = fuse_threads / 32;
  auto* const records = reinterpret_cast<method_row*>(trajectory);
  auto const warp = static_cast<int>(threadIdx.x / 32);
  auto const stage_of = [&](int w) { return reinterpret_cast<Stamp*>(records + p.tiles.rows * p.count) + w * p.slots; };
  bool const has_masks = blockIdx.y == 0 && (p.valid != nullptr || p.all_valid != nullptr);
  int rows = 1;
  if (!p.one_row) {
    fused_tile const tile = fused_tile_of(p, blockIdx.x);
    rows = tile.rows;
    for (int s = warp; s < p.count; s += tile_warps) {
      locate_stream(p, p.streams[s], tile, stage_of(warp), records + s * p.tiles.rows);
    }
    __syncthreads();
    if (has_masks) { store_masks(p, records, tile); }
  }
  int turn = warp;  // which of the next stream's first 32 vectors are this warp's
  for (int s = p.one_row ? warp : 0; s < p.count; s += p.one_row ? static_cast<int>(blockDim.x / 32) : 1) {
    stream_blend const& blend = p.streams[s].blend;
    if (std::int64_t(blockIdx.y) * blend.chunk.value >= blend.vectors_each) { continue; }
    thread_share share{turn * 32 + lane_of_warp(), fuse_threads};
    if (p.one_row) {
      // Nothing of this is kept while values travel: registers are for them.
      unsigned const block = blockIdx.x + unknown_zero();
      locate_one_row(p, p.streams[s], fused_tile_of(p, block), stage_of(s % static_cast<int>(blockDim.x / 32)),
                     records + s);
      __syncwarp();
      share = {lane_of_warp(), 32};
    } else {
      int const taken = (rows * static_cast<int>(blend.chunk.value) + 31) / 32;
      turn = static_cast<int>(static_cast<unsigned>(turn - taken) % static_cast<unsigned>(tile_warps));
    }
    with_float_type(blend.value_type,
                    [&](auto type) { blend_stream<decltype(type)>(blend, records + s * p.tiles.rows, rows, share); });
  }
  if (p.one_row && has_masks) {
    __syncthreads();
    store_masks(p, records, fused_tile_of(p, blockIdx.x + unknown_zero()));
  }
}

}  // namespace robocache::detail
