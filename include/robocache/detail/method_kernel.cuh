// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/blend_tile.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/locate_tile.cuh>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/small_tiles.cuh>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/device/blend.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/dtype.hpp>

// The methods beyond linear. They compute more than they move, so here the type of the results, the method and the
// width of a vector are values that a launch agrees on rather than template arguments: nine kernels do for all.
namespace robocache::detail {

/// Where one target row's value comes from and goes to, and how. 80 bytes, an odd number of 16-byte units, so that rows
/// next to each other lie in different banks of shared memory.
struct alignas(16) method_row {
  float of[8];       ///< as `device::curve::of`
  char const* from;  ///< the left sample
  char* to;
  float weight;
  std::uint8_t left;
  std::uint8_t right;
  interpolation method;
  enum : std::uint8_t {
    fill,
    move,
    blend,
    usual,  ///< blend, with all neighbours that the method reads and no weight of 0
  } kind;
  std::uint32_t odd[4];  ///< unused: makes the size what it is
};

/// What a location comes to.
template <class Stamp>
__device__ void describe_row(device::trajectory<Stamp> const& source, device::location const& where,
                             interpolation method, method_row& row) {
  row.kind = where.row < 0 ? method_row::fill : where.blends ? method_row::blend : method_row::move;
  row.weight = where.weight;
  if (!where.blends || !device::is_curved(method)) { return; }
  device::curve const c = device::curve_at(source, where, method);
#pragma unroll
  for (int i = 0; i < 8; ++i) { row.of[i] = c.of[i]; }
  row.left = c.left;
  row.right = c.right;
  row.method = c.method;
  int const neighbours = method == interpolation::akima ? 2 : 1;
  bool const weighted = method != interpolation::catmull_rom ||
                        (c.of[0] != 0.0f && c.of[1] != 0.0f && c.of[2] != 0.0f && c.of[3] != 0.0f);
  if (c.left == neighbours && c.right == neighbours && weighted) { row.kind = method_row::usual; }
}

/// The way back.
/// @tparam Neighbours  how many the row is known to have on each side; -1: as many as it says
template <int Neighbours>
__device__ device::curve curve_of(method_row const& row) {
  device::curve c;
  c.method = row.method;
  c.left = Neighbours < 0 ? row.left : Neighbours;
  c.right = Neighbours < 0 ? row.right : Neighbours;
  c.weight = row.weight;
#pragma unroll
  for (int i = 0; i < 8; ++i) { c.of[i] = row.of[i]; }
  return c;
}

/// `blend_params`, for results whose type is a value.
struct method_blend {
  void const* values;
  void* results;
  std::uint8_t* valid;
  std::int64_t values_batch_stride;
  std::int64_t results_batch_stride;
  std::int64_t values_row_stride;
  std::int64_t results_row_stride;
  interpolation method;
  dtype result_type;
  bool target_packed;
  float fill;
  divisor chunk;              ///< vectors of a row that one block handles; slerp: 1
  std::int64_t vectors_each;  ///< vectors of a row
};

/// How a launch goes about its rows.
enum class method_mode : std::uint8_t {
  vectors,     ///< a block has a tile of rows, and reads them in vectors of 16 bytes
  scalars,     ///< the same, for rows that are not whole vectors, and for slerp
  trajectory,  ///< a block has a whole trajectory, in shared memory
};

template <class Stamp>
struct method_params {
  method_mode mode;
  int results_offset;  ///< trajectory: where results begin in shared memory
  method_blend blend;
  locate_plan<Stamp> plan;
};

/// One channel of a vector as float. A BF16 is the upper half of a float: the odd one of a word is there already.
template <class Value, int N>
__device__ float channel_of(vector<Value, N> const& from, int channel) {
  if constexpr (std::is_same_v<Value, __nv_bfloat16> && N % 2 == 0) {
    auto const word = reinterpret_cast<unsigned const*>(&from)[channel / 2];
    unsigned const bits = channel % 2 == 0 ? word << 16 : word & 0xffff0000u;
    return reinterpret_cast<float const&>(bits);
  } else {
    return device::to_float(from.element[channel]);
  }
}

/// Stores `N` floats, each rounded to the type of the results, 16 bytes at a time.
template <int N>
__device__ void store_floats(dtype type, char* to, unsigned element, float const (&values)[N]) {
  auto const store_as = [&](auto zero) {
    using Result = decltype(zero);
    constexpr int part = N < 16 / int(sizeof(Result)) ? N : 16 / int(sizeof(Result));
#pragma unroll
    for (int begin = 0; begin < N; begin += part) {
      vector<Result, part> rounded;
#pragma unroll
      for (int i = 0; i < part; ++i) { rounded.element[i] = device::from_float<Result>(values[begin + i]); }
      store_streaming(reinterpret_cast<Result*>(to) + (element + begin), rounded);
    }
  };
  with_float_type(type, store_as);
}

/// One channel of a row that is not filled, by any method but slerp.
/// @param from  the left sample in that channel
template <class Value>
__device__ float value_of(interpolation method, method_row const& row, Value const* from, std::int64_t stride) {
  return device::value_by_method(method, curve_of<-1>(row), row.kind >= method_row::blend, from, stride);
}

/// The same out of line: for rows that are not the usual ones.
template <class Value>
__device__ __noinline__ float unusual_value(interpolation method, method_row const& row, Value const* from,
                                            std::int64_t stride) {
  return value_of(method, row, from, stride);
}

/// Four channels from any memory.
/// @param together  they are aligned to be read at once
template <class Value>
__device__ device::quaternion read_quaternion(Value const* from, bool together) {
  vector<Value, 4> four;
  if (together) {
    four = *reinterpret_cast<vector<Value, 4> const*>(from);
  } else {
#pragma unroll
    for (int c = 0; c < 4; ++c) { four.element[c] = from[c]; }
  }
  device::quaternion q;
#pragma unroll
  for (int c = 0; c < 4; ++c) { q.q[c] = channel_of(four, c); }
  return q;
}

/// A row of slerp.
template <class Value>
__device__ device::quaternion slerp_row(float fill, method_row const& row, Value const* from, std::int64_t stride,
                                        bool together) {
  if (row.kind == method_row::fill) { return {{fill, fill, fill, fill}}; }
  device::quaternion const a = read_quaternion(from, together);
  return row.kind < method_row::blend ? a : device::slerp(a, read_quaternion(from + stride, together), row.weight);
}

/// All threads run over the tile's vectors as one flat run, as `blend_tile`.
/// @param blend  called as `blend(row, from, out)` for each vector whose row is not filled; `from` is the left sample's
template <int N, class Value, class Blend>
__device__ void for_each_vector(method_blend const& p, method_row const* rows, int count, Blend&& blend) {
  int const chunk = static_cast<int>(p.chunk.value);
  std::int64_t const chunk_begin = std::int64_t(blockIdx.y) * chunk;
  std::int64_t const first_value = chunk_begin * N * std::int64_t(sizeof(Value));
  std::int64_t const first_result = chunk_begin * N * (p.result_type == dtype::float32 ? 4 : 2);
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - chunk_begin));
  int const total = count * chunk;
  for (int i = threadIdx.x; i < total; i += max_threads) {
    int const slot = static_cast<int>(p.chunk.quotient(i));
    int const column = i - slot * chunk;
    if (column >= width) { continue; }
    method_row const& row = rows[slot];
    float out[N];
    if (row.kind == method_row::fill) {
#pragma unroll
      for (int e = 0; e < N; ++e) { out[e] = p.fill; }
    } else {
      blend(row, reinterpret_cast<Value const*>(row.from + first_value) + static_cast<unsigned>(column * N), out);
    }
    store_floats<N>(p.result_type, row.to + first_result, static_cast<unsigned>(column * N), out);
  }
}

/// Rows in whole vectors. Each method has a loop of its own, so that only what it needs is in registers; all loads of a
/// vector are on their way before the first is used.
template <class Value, int N>
__device__ void blend_vectors(method_blend const& p, method_row const* rows, int count) {
  std::int64_t const stride = p.values_row_stride;
  using loaded = vector<Value, N>;
  auto const unusual = [&](method_row const& row, Value const* from, float(&out)[N]) {
#pragma unroll
    for (int e = 0; e < N; ++e) { out[e] = unusual_value(p.method, row, from + e, stride); }
  };
  if (p.method == interpolation::angle) {
    for_each_vector<N, Value>(p, rows, count, [&](method_row const& row, Value const* from, float(&out)[N]) {
      bool const blends = row.kind >= method_row::blend;
      loaded const a = load<Value, N>(from);
      loaded const b = load<Value, N>(from + (blends ? stride : 0));
      float const weight = row.weight;
#pragma unroll
      for (int e = 0; e < N; ++e) {
        float const left = channel_of(a, e);
        out[e] = blends ? device::angle(left, channel_of(b, e), weight) : device::wrap(left);
      }
    });
  } else if (p.method == interpolation::akima) {
    for_each_vector<N, Value>(p, rows, count, [&](method_row const& row, Value const* from, float(&out)[N]) {
      if (row.kind != method_row::usual) { return unusual(row, from, out); }
      loaded const p2 = load<Value, N>(from - 2 * stride);
      loaded const p1 = load<Value, N>(from - stride);
      loaded const a = load<Value, N>(from);
      loaded const b = load<Value, N>(from + stride);
      loaded const n1 = load<Value, N>(from + 2 * stride);
      loaded const n2 = load<Value, N>(from + 3 * stride);
      device::curve const c = curve_of<2>(row);
#pragma unroll
      for (int e = 0; e < N; ++e) {
        out[e] = device::akima(c, channel_of(p2, e), channel_of(p1, e), channel_of(a, e), channel_of(b, e),
                               channel_of(n1, e), channel_of(n2, e));
      }
    });
  } else {
    auto const blend_four = [&](auto const& value) {
      for_each_vector<N, Value>(p, rows, count, [&](method_row const& row, Value const* from, float(&out)[N]) {
        if (row.kind != method_row::usual) { return unusual(row, from, out); }
        loaded const p1 = load<Value, N>(from - stride);
        loaded const a = load<Value, N>(from);
        loaded const b = load<Value, N>(from + stride);
        loaded const n1 = load<Value, N>(from + 2 * stride);
        device::curve const c = curve_of<1>(row);
#pragma unroll
        for (int e = 0; e < N; ++e) {
          out[e] = value(c, channel_of(p1, e), channel_of(a, e), channel_of(b, e), channel_of(n1, e));
        }
      });
    };
    if (p.method == interpolation::pchip) {
      blend_four([](auto const&... of) { return device::pchip(of...); });
    } else {
      blend_four([](auto const&... of) { return device::detail::weighted_sum(of...); });
    }
  }
}

/// Rows that are not whole vectors, and slerp.
template <class Value>
__device__ void blend_scalars(method_blend const& p, method_row const* rows, int count) {
  if (p.method == interpolation::slerp) {
    for (int slot = threadIdx.x; slot < count; slot += max_threads) {
      method_row const& row = rows[slot];
      device::quaternion const between =
          slerp_row(p.fill, row, reinterpret_cast<Value const*>(row.from), p.values_row_stride, false);
#pragma unroll
      for (int c = 0; c < 4; ++c) { store_floats<1>(p.result_type, row.to, c, {between.q[c]}); }
    }
    return;
  }
  for_each_vector<1, Value>(p, rows, count, [&](method_row const& row, Value const* from, float(&out)[1]) {
    out[0] = value_of(p.method, row, from, p.values_row_stride);
  });
}

/// A block with a whole trajectory of short rows, as `resample_trajectory`.
template <class Stamp, class Value>
__device__ void method_trajectory(method_params<Stamp> const& p, Stamp* stage, unsigned char* values,
                                  unsigned char* results) {
  int const b = static_cast<int>(blockIdx.x);
  int const k = static_cast<int>(threadIdx.x);
  int const length = p.plan.plain_length;
  int const targets = static_cast<int>(p.plan.tiles.length);
  int const channels = static_cast<int>(p.blend.values_row_stride);
  Stamp t = Stamp(0);
  if (k < targets) { t = load_early(p.plan.plain_targets + (b * p.plan.plain_targets_stride + k)); }
  device::trajectory<Stamp> source;
  source.length = length;
  source.stamps = p.plan.plain_stamps + b * p.plan.plain_stamps_stride;
  staged_search<Stamp> const search(source.stamps, length);
  search.stage(stage);
  Value const* const from = static_cast<Value const*>(p.blend.values) + b * p.blend.values_batch_stride;
  copy_in(from, length * channels, values);
  wait_for_copies();
  __syncthreads();

  auto const finish = [&](auto type) {
    using Result = decltype(type);
    Result* const to = static_cast<Result*>(p.blend.results) + b * p.blend.results_batch_stride;
    bool const rotates = p.blend.method == interpolation::slerp;
    bool const together = skew_of(from) % (4 * sizeof(Value)) == 0 && skew_of(to) % (4 * sizeof(Result)) == 0;
    if (k < targets) {
      device::location const where = search.locate(stage, t, p.plan.rules);
      if (length <= stage_capacity) { source.stamps = stage; }
      method_row row;
      describe_row(source, where, p.blend.method, row);
      auto const* const left =
          reinterpret_cast<Value const*>(values + skew_of(from)) + max(static_cast<int>(where.row), 0) * channels;
      auto* const out = reinterpret_cast<Result*>(results + skew_of(to)) + k * channels;
      if (rotates) {
        device::quaternion const between = slerp_row(p.blend.fill, row, left, channels, together);
        vector<Result, 4> four;
#pragma unroll
        for (int c = 0; c < 4; ++c) { four.element[c] = device::from_float<Result>(between.q[c]); }
        if (together) {  // rows that follow each other as their threads do need no run of bytes
          store_streaming(to + k * channels, four);
        } else {
#pragma unroll
          for (int c = 0; c < 4; ++c) { out[c] = four.element[c]; }
        }
      } else {
        for (int c = 0; c < channels; ++c) {
          out[c] = device::from_float<Result>(
              row.kind == method_row::fill ? p.blend.fill : value_of(p.blend.method, row, left + c, channels));
        }
      }
      if (p.blend.valid != nullptr) { p.blend.valid[std::int64_t(b) * targets + k] = where.valid; }
    }
    if (rotates && together) { return; }
    __syncthreads();
    copy_out(to, targets * channels, results);
  };
  with_float_type(p.blend.result_type, finish);
}

/// One block: one tile of target rows and one chunk of their channels, or a whole trajectory.
///
/// 56 registers: one more block of a short trajectory fits than with 64, and the cubic methods hardly miss them.
template <class Stamp, class Value>
__global__ void __maxnreg__(56) method_kernel(__grid_constant__ method_params<Stamp> const p) {
  __shared__ method_row rows[max_threads];
  __shared__ Stamp stage[stage_capacity + 1];
  extern __shared__ uint4 trajectory[];
  if (p.mode == method_mode::trajectory) {
    auto* const bytes = reinterpret_cast<unsigned char*>(trajectory);
    method_trajectory<Stamp, Value>(p, stage, bytes, bytes + p.results_offset);
    return;
  }
  int const count = locate_tile(
      p.plan, blockIdx.x, stage, [&](int slot, tile_part<Stamp> const& part, device::location const& where) {
        method_row& row = rows[slot];
        std::int64_t const from = part.source.batch_index * p.blend.values_batch_stride +
                                  (part.source.first_row + where.row) * p.blend.values_row_stride;
        std::int64_t const to = p.blend.target_packed ? (part.first_row + slot) * p.blend.results_row_stride
                                                      : part.b * p.blend.results_batch_stride +
                                                            (part.k0 + slot) * p.blend.results_row_stride;
        row.from = static_cast<char const*>(p.blend.values) + from * std::int64_t(sizeof(Value));
        row.to = static_cast<char*>(p.blend.results) + to * (p.blend.result_type == dtype::float32 ? 4 : 2);
        describe_row(part.source, where, p.blend.method, row);
        if (p.blend.valid != nullptr && blockIdx.y == 0) { p.blend.valid[part.first_row + slot] = where.valid; }
      });
  __syncthreads();
  if (p.mode == method_mode::vectors) {
    blend_vectors<Value, 16 / sizeof(Value)>(p.blend, rows, count);
  } else {
    blend_scalars<Value>(p.blend, rows, count);
  }
}

}  // namespace robocache::detail
