// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/blend_tile.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/locate_tile.cuh>
#include <robocache/detail/plan.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/dtype.hpp>

// The methods beyond linear. They compute more than they move, so here the types of values and results and the method
// are values that a launch agrees on: nine kernels' worth of types in one.
namespace robocache::detail {

/// Where one target row's value comes from and goes to, in elements.
struct method_row {
  std::int64_t source;  ///< the left sample
  std::int64_t result;
  device::curve curve;
  enum : std::uint8_t { fill, move, blend } kind;
};

/// `blend_params`, for types known only at run time.
struct method_blend {
  void const* values;
  void* results;
  std::uint8_t* valid;
  std::int64_t values_batch_stride;
  std::int64_t results_batch_stride;
  std::int64_t values_row_stride;
  std::int64_t results_row_stride;
  interpolation method;
  dtype value_type;
  dtype result_type;
  bool target_packed;
  float fill;
  divisor chunk;              ///< vectors of a row that one block handles; slerp: 1
  std::int64_t vectors_each;  ///< vectors of a row
};

template <class Stamp>
struct method_params {
  method_blend blend;
  locate_plan<Stamp> plan;
};

/// The samples that a target reads, in time's order: [2] and [3] are the bracket.
template <int N>
struct footprint {
  float of[6][N];
};

/// Reads what `row` says; a neighbour that is missing stands in for by the sample next to it. All loads are on their
/// way before the first is used.
template <int N, bool Six, class Value>
__device__ void load_footprint(Value const* from, std::int64_t stride, method_row const& row, footprint<N>& to) {
  device::curve const& c = row.curve;
  std::int64_t const next = row.kind == method_row::blend ? stride : 0;
  vector<Value, N> raw[6];
  raw[2] = load<Value, N>(from);
  raw[3] = load<Value, N>(from + next);
  raw[1] = load<Value, N>(from - (c.left > 0 ? stride : 0));
  raw[4] = load<Value, N>(from + (c.right > 0 ? 2 * stride : next));
  if constexpr (Six) {
    raw[0] = load<Value, N>(from - c.left * stride);
    raw[5] = load<Value, N>(from + (c.right > 0 ? (1 + c.right) * stride : next));
  }
#pragma unroll
  for (int r = Six ? 0 : 1; r < (Six ? 6 : 5); ++r) {
#pragma unroll
    for (int i = 0; i < N; ++i) { to.of[r][i] = device::to_float(raw[r].element[i]); }
  }
}

template <int N, bool Six>
__device__ void load_footprint(method_blend const& p, std::int64_t column, method_row const& row, footprint<N>& to) {
  std::int64_t const at = row.source + column;
  std::int64_t const stride = p.values_row_stride;
  switch (p.value_type) {
    case dtype::float32: load_footprint<N, Six>(static_cast<float const*>(p.values) + at, stride, row, to); break;
    case dtype::float16: load_footprint<N, Six>(static_cast<__half const*>(p.values) + at, stride, row, to); break;
    default: load_footprint<N, Six>(static_cast<__nv_bfloat16 const*>(p.values) + at, stride, row, to); break;
  }
}

template <class Result, int N>
__device__ void store_as(void* results, std::int64_t at, float const (&values)[N]) {
  vector<Result, N> rounded;
#pragma unroll
  for (int i = 0; i < N; ++i) { rounded.element[i] = device::from_float<Result>(values[i]); }
  store_streaming(static_cast<Result*>(results) + at, rounded);
}

template <int N>
__device__ void store_floats(method_blend const& p, std::int64_t at, float const (&values)[N]) {
  switch (p.result_type) {
    case dtype::float32: store_as<float>(p.results, at, values); break;
    case dtype::float16: store_as<__half>(p.results, at, values); break;
    default: store_as<__nv_bfloat16>(p.results, at, values); break;
  }
}

/// One vector of results by any method but slerp, from `N` channels of a row that is not filled.
template <int N>
__device__ void blend_by_method(method_blend const& p, method_row const& row, std::int64_t column, float (&out)[N]) {
  device::curve const c = row.curve;
  bool const blends = row.kind == method_row::blend;
  footprint<N> v;
  if (p.method == interpolation::akima) {
    load_footprint<N, true>(p, column, row, v);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      out[i] = device::akima(c, v.of[0][i], v.of[1][i], v.of[2][i], v.of[3][i], v.of[4][i], v.of[5][i]);
    }
  } else {
    load_footprint<N, false>(p, column, row, v);
    if (p.method == interpolation::pchip) {
#pragma unroll
      for (int i = 0; i < N; ++i) { out[i] = device::pchip(c, v.of[1][i], v.of[2][i], v.of[3][i], v.of[4][i]); }
    } else if (p.method == interpolation::catmull_rom) {
#pragma unroll
      for (int i = 0; i < N; ++i) { out[i] = device::catmull_rom(c, v.of[1][i], v.of[2][i], v.of[3][i], v.of[4][i]); }
    } else {
#pragma unroll
      for (int i = 0; i < N; ++i) {
        out[i] = blends ? device::angle(v.of[2][i], v.of[3][i], c.weight) : device::wrap(v.of[2][i]);
      }
      return;
    }
  }
  if (blends && c.method != interpolation::linear) { return; }
#pragma unroll
  for (int i = 0; i < N; ++i) { out[i] = blends ? device::linear(v.of[2][i], v.of[3][i], c.weight) : v.of[2][i]; }
}

/// All threads run over the tile's vectors as one flat run, as `blend_tile`.
template <int N>
__device__ void blend_tile_by_method(method_blend const& p, method_row const* rows, int count) {
  int const chunk = static_cast<int>(p.chunk.value);
  std::int64_t const chunk_begin = std::int64_t(blockIdx.y) * chunk;
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - chunk_begin));
  int const total = count * chunk;
  for (int i = threadIdx.x; i < total; i += max_threads) {
    int const slot = static_cast<int>(p.chunk.quotient(i));
    if (i - slot * chunk >= width) { continue; }
    std::int64_t const column = (chunk_begin + i - slot * chunk) * N;
    method_row const& row = rows[slot];
    float out[N];
    if (row.kind == method_row::fill) {
#pragma unroll
      for (int e = 0; e < N; ++e) { out[e] = p.fill; }
    } else {
      blend_by_method<N>(p, row, column, out);
    }
    store_floats<N>(p, row.result + column, out);
  }
}

/// Slerp: a thread a row, all four channels.
/// @tparam N  4 where a quaternion is one load, 1 where it is four
template <int N>
__device__ void slerp_tile(method_blend const& p, method_row const* rows, int count) {
  for (int slot = threadIdx.x; slot < count; slot += max_threads) {
    method_row const& row = rows[slot];
    device::quaternion q[2];
    if (row.kind != method_row::fill) {
      for (int c = 0; c < 4; c += N) {
        footprint<N> v;
        load_footprint<N, false>(p, c, row, v);
        for (int e = 0; e < N; ++e) {
          q[0].q[c + e] = v.of[2][e];
          q[1].q[c + e] = v.of[3][e];
        }
      }
    } else {
      for (float& channel : q[0].q) { channel = p.fill; }
    }
    if (row.kind == method_row::blend) { q[0] = device::slerp(q[0], q[1], row.curve.weight); }
    for (int c = 0; c < 4; c += N) {
      float out[N];
      for (int e = 0; e < N; ++e) { out[e] = q[0].q[c + e]; }
      store_floats<N>(p, row.result + c, out);
    }
  }
}

/// One block, one tile of target rows, one chunk of their channels.
/// @tparam N  channels of a vector: all pointers and strides are multiples of it
template <class Stamp, int N>
__global__ void __launch_bounds__(max_threads, 4) method_kernel(__grid_constant__ method_params<Stamp> const p) {
  __shared__ method_row rows[max_threads];
  __shared__ Stamp stage[stage_capacity + 1];
  int const count = locate_tile(
      p.plan, blockIdx.x, stage, [&](int slot, tile_part<Stamp> const& part, device::location const& where) {
        method_row& row = rows[slot];
        row.source = part.source.batch_index * p.blend.values_batch_stride +
                     (part.source.first_row + where.row) * p.blend.values_row_stride;
        row.result = p.blend.target_packed
                         ? (part.first_row + slot) * p.blend.results_row_stride
                         : part.b * p.blend.results_batch_stride + (part.k0 + slot) * p.blend.results_row_stride;
        row.kind = where.row < 0 ? method_row::fill : where.blends ? method_row::blend : method_row::move;
        row.curve = where.blends ? device::curve_at(part.source, where, p.blend.method) : device::curve{};
        if (p.blend.valid != nullptr && blockIdx.y == 0) { p.blend.valid[part.first_row + slot] = where.valid; }
      });
  __syncthreads();
  if (p.blend.method == interpolation::slerp) {
    slerp_tile<N>(p.blend, rows, count);
  } else {
    blend_tile_by_method<N>(p.blend, rows, count);
  }
}

}  // namespace robocache::detail
