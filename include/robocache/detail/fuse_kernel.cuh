// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse_locate.cuh>
#include <robocache/detail/fuse_plan.cuh>
#include <robocache/detail/method_rows.cuh>

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

/// Rows of previous, next, nearest and linear in whole vectors. A row that moves is read twice, once from the cache,
/// rather than chosen between.
template <class Value, int N>
__device__ void blend_straight_vectors(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  std::int64_t const stride = p.values_row_stride;
  for_each_vector<N, Value>(p, rows, count, share, [&](method_row const& row, Value const* from, float(&out)[N]) {
    bool const blends = row.kind >= method_row::blend;
    vector<Value, N> const a = load<Value, N>(from);
    vector<Value, N> const b = load<Value, N>(from + (blends ? stride : 0));
    float const weight = row.weight;
#pragma unroll
    for (int e = 0; e < N; ++e) {
      float const left = channel_of(a, e);
      float const mixed = device::linear(left, channel_of(b, e), weight);
      out[e] = blends ? mixed : left;
    }
  });
}

/// The same for rows that are not whole vectors: `Loads` values are under way before the first is used.
template <class Value, int Loads>
__device__ void blend_straight_scalars(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  vector_run const run(p, count);
  int const result_bytes = p.result_type == dtype::float32 ? 4 : 2;
  for (int base = share.first; base < run.total; base += share.step * Loads) {
    Value left[Loads];
    Value right[Loads];
    int slot[Loads];
    int column[Loads];
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      int const i = base + u * share.step;
      if (!run.find(p.chunk, i, slot[u], column[u]) || i >= run.total) {
        slot[u] = -1;
        continue;
      }
      method_row const& row = rows[slot[u]];
      if (row.kind == method_row::fill) { continue; }
      Value const* const from = reinterpret_cast<Value const*>(row.from) + run.begin + static_cast<unsigned>(column[u]);
      left[u] = __ldg(from);
      right[u] = __ldg(from + (row.kind >= method_row::blend ? p.values_row_stride : 0));
    }
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      if (slot[u] < 0) { continue; }
      method_row const& row = rows[slot[u]];
      float out[1] = {p.fill};
      if (row.kind != method_row::fill) {
        float const a = device::to_float(left[u]);
        out[0] = row.kind >= method_row::blend ? device::linear(a, device::to_float(right[u]), row.weight) : a;
        scale_and_shift(p, run.begin + column[u], out);
      }
      store_floats<1>(p.result_type, row.to + run.begin * result_bytes, static_cast<unsigned>(column[u]), out);
    }
  }
}

/// All rows of one stream.
template <class Value>
__device__ void blend_stream(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  constexpr int wide = 16 / static_cast<int>(sizeof(Value));
  if (p.method <= interpolation::linear) {
    if (p.wide) {
      blend_straight_vectors<Value, wide>(p, rows, count, share);
    } else {
      blend_straight_scalars<Value, 4>(p, rows, count, share);
    }
  } else if (p.wide) {
    blend_vectors<Value, wide>(p, rows, count, share);
  } else {
    blend_scalars<Value>(p, rows, count, share);
  }
}

/// The masks of the tile's rows.
template <class Stamp>
__device__ void store_masks(fuse_params<Stamp> const& p, method_row const* records, fused_tile const& tile) {
  if (p.valid != nullptr) {
    // Streams of a row lie next to each other.
    for (int i = threadIdx.x; i < tile.rows * p.count; i += fuse_threads) {
      int const slot = i / p.count;
      int const s = i - slot * p.count;
      int const mask = p.streams[s].mask;
      if (mask >= 0) {
        p.valid[(tile.first_row + slot) * p.valid_stride + mask] =
            static_cast<std::uint8_t>(records[s * p.tiles.rows + slot].valid);
      }
    }
  }
  if (p.all_valid != nullptr && static_cast<int>(threadIdx.x) < tile.rows) {
    std::uint8_t* const to = p.all_valid + (tile.first_row + threadIdx.x);
    unsigned all = p.continues ? *to : 1;
    for (int s = 0; s < p.count; ++s) {
      if (p.streams[s].mask >= 0) { all &= records[s * p.tiles.rows + threadIdx.x].valid; }
    }
    *to = static_cast<std::uint8_t>(all);
  }
}

/// One block: one tile of target rows, one chunk of the channels of each stream. Each warp locates the rows for its
/// streams; then the streams' vectors are dealt out to the warps, so that narrow streams travel side by side.
template <class Stamp>
__global__ void __maxnreg__(56) fuse_kernel(__grid_constant__ fuse_params<Stamp> const p) {
  extern __shared__ uint4 trajectory[];
  constexpr int warps = fuse_threads / 32;
  auto* const records = reinterpret_cast<method_row*>(trajectory);
  int const warp = static_cast<int>(threadIdx.x / 32);
  auto* const stage = reinterpret_cast<Stamp*>(records + p.tiles.rows * p.count) + warp * p.slots;
  fused_tile const tile = fused_tile_of(p);
  for (int s = warp; s < p.count; s += warps) {
    locate_stream(p, p.streams[s], tile, stage, records + s * p.tiles.rows);
  }
  __syncthreads();
  if (blockIdx.y == 0) { store_masks(p, records, tile); }
  int turn = warp;  // which of the next stream's first 32 vectors are this warp's
  for (int s = 0; s < p.count; ++s) {
    stream_blend const& blend = p.streams[s].blend;
    if (std::int64_t(blockIdx.y) * blend.chunk.value >= blend.vectors_each) { continue; }
    thread_share const share{turn * 32 + lane_of_warp(), fuse_threads};
    with_float_type(blend.value_type, [&](auto type) {
      blend_stream<decltype(type)>(blend, records + s * p.tiles.rows, tile.rows, share);
    });
    int const taken = (tile.rows * static_cast<int>(blend.chunk.value) + 31) / 32;
    turn = static_cast<int>(static_cast<unsigned>(turn - taken) % warps);
  }
}

}  // namespace robocache::detail
