// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/timed/quick_doubt.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/blend.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/curve.cuh>
#include <robocache/device/method.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/dtype.hpp>

// Blending rows whose method, type of results and width of a vector are values: for resampling by the methods beyond
// linear, which compute more than they move, and for fusing, where each stream has its own.
namespace robocache::detail {

/// Where one target row's value comes from and goes to, and how. 80 bytes, an odd number of 16-byte units, so that rows
/// next to each other lie in different banks of shared memory.
struct alignas(16) method_row {
  float of[7];          ///< as `device::curve::of`
  std::uint32_t valid;  ///< fusing: the row's byte in the mask
  char const* from;     ///< the left sample
  char* to;
  float weight;  ///< of the right sample; straight: of the farther one
  std::uint8_t left;
  std::uint8_t right;
  interpolation method;
  enum : std::uint8_t {
    fill,
    move,
    blend,
    usual,  ///< blend, with all neighbours that the method reads, no turn between them, and no weight of 0
  } kind;
  std::int64_t far;       ///< straight: bytes from the sample to the farther one of two; 0 if it is alone
  std::int32_t turn;      ///< beyond linear, of `device::sample_steps` from the left sample; so is the next
  std::int32_t capacity;  ///< ...
  std::uint64_t age;      ///< policy input: of a valid row, a stamp's bits. Makes the size what it is
};

inline __device__ void note_curve(device::curve const& c, method_row& row) {
#pragma unroll
  for (int i = 0; i < 7; ++i) { row.of[i] = c.of[i]; }
  row.left = c.left;
  row.right = c.right;
  row.method = c.method;
}

/// What a location comes to.
template <class Stamp, bool MayBeRing>
__device__ void describe_row(device::trajectory<Stamp, MayBeRing> const& source, device::location const& where,
                             interpolation method, method_row& row) {
  row.kind = where.row < 0 ? method_row::fill : where.blends ? method_row::blend : method_row::move;
  row.weight = where.weight;
  device::sample_steps const steps = device::steps_from(source, where.row, 0);
  row.turn = steps.turn;
  row.capacity = steps.capacity;
  if (!where.blends || !device::is_curved(method)) { return; }
  device::curve const c = device::curve_at(source, where, method);
  note_curve(c, row);
  int const neighbours = device::neighbours_of(method);
  bool const weighted = method != interpolation::catmull_rom || (c.of[0] != 0.0f && c.of[1] != 0.0f && c.of[2] != 0.0f);
  bool const turns = steps.turn > -neighbours && steps.turn <= neighbours + 1;
  if (c.left == neighbours && c.right == neighbours && weighted && !turns) { row.kind = method_row::usual; }
}

/// From a row's left sample to its neighbours.
/// @param stride  from row to row, in elements
inline __device__ device::sample_steps steps_of(method_row const& row, std::int64_t stride) {
  return {stride, row.turn, row.capacity};
}

/// What `describe_row` noted, as a curve.
/// @tparam Neighbours  how many the row is known to have on each side; -1: as many as it says
template <int Neighbours>
__device__ device::curve curve_of(method_row const& row) {
  device::curve c;
  c.method = row.method;
  c.left = Neighbours < 0 ? row.left : Neighbours;
  c.right = Neighbours < 0 ? row.right : Neighbours;
  c.weight = row.weight;
#pragma unroll
  for (int i = 0; i < 7; ++i) { c.of[i] = row.of[i]; }
  return c;
}

/// One channel of a row that is not filled, by any method but slerp, in float alone.
/// @param from  the left sample in that channel
/// @param doubt  as `device::detail::value_in_float`
template <class Value>
__device__ float value_of(interpolation method, method_row const& row, Value const* from, std::int64_t stride,
                          float& doubt) {
  return device::detail::value_in_float(method, curve_of<-1>(row), row.kind >= method_row::blend, from,
                                        steps_of(row, stride), doubt);
}

/// The samples that one channel of a row reads, of a type that a whole warp agrees on. All of them are on their way
/// before the first is converted.
/// @param from    the left sample in that channel
inline __device__ device::detail::curve_samples samples_in(dtype type, interpolation method, device::curve const& c,
                                                           bool blends, char const* from,
                                                           device::sample_steps const& steps) {
  device::detail::curve_samples samples;
  with_float_type(type, [&](auto zero) {
    using Value = decltype(zero);
    samples = device::detail::samples_for(method, c, blends, reinterpret_cast<Value const*>(from), steps);
  });
  return samples;
}

/// One channel of a row whose curve has too little room in float. Out of line, for there are few.
inline __device__ __noinline__ float unusual_value(dtype type, method_row const& row, char const* from,
                                                   std::int64_t stride) {
  device::curve const c = curve_of<-1>(row);
  device::detail::curve_samples const s = samples_in(type, c.method, c, true, from, steps_of(row, stride));
  return device::detail::curve_in_double(c, s.pp, s.p, s.a, s.b, s.n, s.nn);
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
/// @param sample  called with 0 or 1 for the left or the right sample, a quaternion
template <class Sample>
__device__ device::quaternion slerp_row(float fill, method_row const& row, Sample&& sample) {
  if (row.kind == method_row::fill) { return {{fill, fill, fill, fill}}; }
  device::quaternion const a = sample(0);
  return row.kind < method_row::blend ? a : device::slerp(a, sample(1), row.weight);
}

/// Which vectors of a tile's flat run a thread takes: every `step`-th from `first` on.
struct thread_share {
  int first;
  int step;
};

/// The run of a block's vectors: rows one after the other, the columns of one chunk, as `blend_tile`.
class vector_run {
 public:
  template <class Blend>
  __device__ vector_run(Blend const& p, int rows)
      : begin(std::int64_t(blockIdx.y) * p.chunk.value),
        total(rows * static_cast<int>(p.chunk.value)),
        chunk_(static_cast<int>(p.chunk.value)),
        width_(static_cast<int>(min(std::int64_t(chunk_), p.vectors_each - begin))) {}

  /// The place of vector `i`; false where there is none.
  __device__ bool find(divisor const& chunk, int i, int& slot, int& column) const {
    slot = static_cast<int>(chunk.quotient(i));
    column = i - slot * chunk_;
    return column < width_;
  }

  std::int64_t begin;  ///< the first vector of the chunk
  int total;

 private:
  int chunk_;
  int width_;
};

/// A resampling's vectors are stored whole.
inline __device__ int store_alignment(method_blend const&) { return 16; }

/// A resampling has neither scale nor shift.
template <int N>
__device__ void scale_and_shift(method_blend const&, std::int64_t, float (&)[N]) {}

/// Normalises one vector of results, where it is not filled, and stores it.
/// @param vector  which of its row
/// @param to      where the block's part of the row begins
/// @param column  which vector of that part
template <int N, class Params>
__device__ void finish_vector(Params const& p, bool filled, std::int64_t vector, char* to, int column,
                              float (&values)[N]) {
  if (!filled) { scale_and_shift(p, vector * N, values); }
  store_floats<N>(p.result_type, to, static_cast<unsigned>(column * N), values, store_alignment(p));
}

/// Vectors of `N` values of one type, for `for_each_vector`.
template <class Value, int N = 16 / static_cast<int>(sizeof(Value))>
struct vectors_of {
  static constexpr int room = N;  ///< floats for the channels of a vector

  __device__ static constexpr int channels() { return N; }
  __device__ static constexpr int value_bytes() { return static_cast<int>(sizeof(Value)); }

  /// `finish_vector`.
  template <class Params>
  __device__ static void finish(Params const& p, bool filled, std::int64_t vector, char* to, int column,
                                float (&values)[N]) {
    finish_vector(p, filled, vector, to, column, values);
  }
};

/// Runs over the tile's vectors.
/// @param blend  called as `blend(row, from, out)` for each vector whose row is not filled; `from` is the left
///               sample's. Where it returns false nothing is stored
template <class Vectors, class Params, class Blend>
__device__ void for_each_vector(Params const& p, Vectors const& vectors, method_row const* rows, int count,
                                thread_share share, Blend&& blend) {
  vector_run const run(p, count);
  int const channels = vectors.channels();
  int const value_bytes = vectors.value_bytes();
  std::int64_t const first_value = run.begin * channels * value_bytes;
  std::int64_t const first_result = run.begin * channels * (p.result_type == dtype::float32 ? 4 : 2);
  for (int i = share.first; i < run.total; i += share.step) {
    int slot;
    int column;
    if (!run.find(p.chunk, i, slot, column)) { continue; }
    method_row const& row = rows[slot];
    float out[Vectors::room];
    if (row.kind == method_row::fill) {
#pragma unroll
      for (float& x : out) { x = p.fill; }
    } else {
      auto const element = static_cast<unsigned>(column * channels);
      if (!blend(row, row.from + first_value + std::int64_t(element) * value_bytes, out)) { continue; }
    }
    vectors.finish(p, row.kind == method_row::fill, run.begin + column, row.to + first_result, column, out);
  }
}

/// The same for vectors of `N` values whose type is known.
/// @param blend  gets the left sample as `Value const*`
template <int N, class Value, class Params, class Blend>
__device__ void for_each_vector(Params const& p, method_row const* rows, int count, thread_share share, Blend&& blend) {
  for_each_vector(p, vectors_of<Value, N>{}, rows, count, share,
                  [&](method_row const& row, char const* from, float(&out)[N]) {
                    return blend(row, reinterpret_cast<Value const*>(from), out);
                  });
}

/// One channel on a curve that may lack neighbours, with double where float has too little room: `value_by_method`, of
/// samples that were read. Out of line, for there are as many calls as channels of a vector.
inline __device__ __noinline__ float value_on_curve(device::curve const& c, float pp, float p, float a, float b,
                                                    float n, float nn) {
  if (c.method == interpolation::linear) { return device::linear(a, b, c.weight); }
  float doubt = 0.0f;
  float const value = device::detail::value_on<float>(c, pp, p, a, b, n, nn, doubt);
  return doubt == 0.0f ? value : device::detail::curve_in_double(c, pp, p, a, b, n, nn);
}

/// What `blend_cubics` left out. Out of line and behind its loop, so that nothing is kept for it there. Few rows, which
/// others wait for: here, too, all loads of a vector are on their way before the first is used.
/// @param all  usual rows are done again, too
template <class Value, int N, class Params>
__device__ __noinline__ void blend_vectors_again(Params const& p, method_row const* rows, int count, thread_share share,
                                                 bool all) {
  std::int64_t const stride = p.values_row_stride;
  for_each_vector<N, Value>(p, rows, count, share, [&](method_row const& row, Value const* from, float(&out)[N]) {
    if (row.kind == method_row::move || (row.kind == method_row::usual && !all)) { return false; }
    device::curve const c = curve_of<-1>(row);
    int const left = c.method == interpolation::linear ? 0 : c.left;
    int const right = c.method == interpolation::linear ? 0 : c.right;
    device::sample_steps const steps = steps_of(row, stride);
    auto const sample = [&](int i) { return load<Value, N>(from + steps.to(i)); };
    // What is not there is its neighbour.
    auto const a = sample(0), b = sample(1);
    auto const p1 = sample(left > 0 ? -1 : 0), n1 = sample(right > 0 ? 2 : 1);
    auto const p2 = sample(-min(left, 2)), n2 = sample(1 + min(right, 2));
#pragma unroll
    for (int e = 0; e < N; ++e) {
      out[e] = value_on_curve(c, channel_of(p2, e), channel_of(p1, e), channel_of(a, e), channel_of(b, e),
                              channel_of(n1, e), channel_of(n2, e));
    }
    return true;
  });
}

/// Rows of one cubic method: those with all the neighbours that it reads, and those that move. The others follow.
/// Called by whole warps.
/// @param value  called as `value(row, from, out, doubt)`
template <class Value, int N, class Params, class Blend>
__device__ void blend_cubics(Params const& p, method_row const* rows, int count, thread_share share, Blend&& value) {
  quick_doubt doubt;
  bool others = false;
  for_each_vector<N, Value>(p, rows, count, share, [&](method_row const& row, Value const* from, float(&out)[N]) {
    if (row.kind == method_row::usual) {
      value(row, from, out, doubt);
      return true;
    }
    others = others || row.kind == method_row::blend;
    vector<Value, N> const sample = load<Value, N>(from);
#pragma unroll
    for (int e = 0; e < N; ++e) { out[e] = channel_of(sample, e); }
    return row.kind == method_row::move;
  });
  if (others || doubt.is_raised()) { blend_vectors_again<Value, N>(p, rows, count, share, doubt.is_raised()); }
  __syncwarp();  // some lanes alone made that call; a barrier that follows wants all of them together
}

/// Rows in whole vectors. Each method has a loop of its own, so that only what it needs is in registers; all loads of a
/// vector are on their way before the first is used.
template <class Value, int N, class Params>
__device__ void blend_vectors(Params const& p, method_row const* rows, int count, thread_share share) {
  std::int64_t const stride = p.values_row_stride;
  using loaded = vector<Value, N>;
  auto const blend_four = [&](auto const& value) {
    blend_cubics<Value, N>(
        p, rows, count, share, [&](method_row const& row, Value const* from, float(&out)[N], quick_doubt& doubt) {
          loaded const p1 = load<Value, N>(from - stride);
          loaded const a = load<Value, N>(from);
          loaded const b = load<Value, N>(from + stride);
          loaded const n1 = load<Value, N>(from + 2 * stride);
          device::curve const c = curve_of<1>(row);
#pragma unroll
          for (int e = 0; e < N; ++e) {
            out[e] = value(c, channel_of(p1, e), channel_of(a, e), channel_of(b, e), channel_of(n1, e), doubt);
          }
        });
  };
  switch (p.method) {
    case interpolation::angle:
      for_each_vector<N, Value>(p, rows, count, share, [&](method_row const& row, Value const* from, float(&out)[N]) {
        bool const blends = row.kind >= method_row::blend;
        loaded const a = load<Value, N>(from);
        loaded const b = load<Value, N>(from + (blends ? steps_of(row, stride).to(1) : 0));
        float const weight = row.weight;
#pragma unroll
        for (int e = 0; e < N; ++e) {
          float const left = channel_of(a, e);
          out[e] = blends ? device::angle(left, channel_of(b, e), weight) : device::wrap(left);
        }
        return true;
      });
      return;
    case interpolation::akima:
      blend_cubics<Value, N>(
          p, rows, count, share, [&](method_row const& row, Value const* from, float(&out)[N], quick_doubt& doubt) {
            loaded const p2 = load<Value, N>(from - 2 * stride);
            loaded const p1 = load<Value, N>(from - stride);
            loaded const a = load<Value, N>(from);
            loaded const b = load<Value, N>(from + stride);
            loaded const n1 = load<Value, N>(from + 2 * stride);
            loaded const n2 = load<Value, N>(from + 3 * stride);
            device::curve const c = curve_of<2>(row);
#pragma unroll
            for (int e = 0; e < N; ++e) {
              out[e] = device::detail::akima_as<float>(c, channel_of(p2, e), channel_of(p1, e), channel_of(a, e),
                                                       channel_of(b, e), channel_of(n1, e), channel_of(n2, e), doubt);
            }
          });
      return;
    case interpolation::pchip: return blend_four([](auto&&... of) { return device::detail::pchip_as<float>(of...); });
    case interpolation::catmull_rom:
      return blend_four([](auto&&... of) { return device::detail::catmull_rom_as<float, false>(of...); });
    case interpolation::previous:  // other kernels do these
    case interpolation::next:
    case interpolation::nearest:
    case interpolation::linear:
    case interpolation::slerp: return;
  }
}

/// Single values of a type that is a value, for `for_each_vector`.
struct single_values {
  static constexpr int room = 1;
  dtype type;

  __device__ static constexpr int channels() { return 1; }
  __device__ int value_bytes() const { return type == dtype::float32 ? 4 : 2; }
  template <class Params>
  __device__ static void finish(Params const& p, bool filled, std::int64_t vector, char* to, int column,
                                float (&values)[1]) {
    finish_vector(p, filled, vector, to, column, values);
  }
};

/// Rows of any type that are not whole vectors, and slerp.
template <class Params>
__device__ void blend_scalars(Params const& p, dtype type, method_row const* rows, int count, thread_share share) {
  std::int64_t const stride = p.values_row_stride;
  if (device::is_rotation(p.method)) {
    for (int slot = share.first; slot < count; slot += share.step) {
      method_row const& row = rows[slot];
      device::quaternion const between = slerp_row(p.fill, row, [&](int right) {
        device::quaternion q;
        with_float_type(type, [&](auto zero) {
          q = read_quaternion(reinterpret_cast<decltype(zero) const*>(row.from) + steps_of(row, stride).to(right),
                              false);
        });
        return q;
      });
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        float out[1] = {between.q[c]};
        if (row.kind != method_row::fill) { scale_and_shift(p, c, out); }  // one by one: they may lie anywhere
        store_floats<1>(p.result_type, row.to, c, out);
      }
    }
    return;
  }
  for_each_vector(p, single_values{type}, rows, count, share,
                  [&](method_row const& row, char const* from, float(&out)[1]) {
                    device::curve const c = curve_of<-1>(row);
                    bool const blends = row.kind >= method_row::blend;
                    auto const samples = samples_in(type, p.method, c, blends, from, steps_of(row, stride));
                    float doubt = 0.0f;
                    out[0] = device::detail::value_from(p.method, c, blends, samples, doubt);
                    if (doubt != 0.0f) { out[0] = unusual_value(type, row, from, stride); }
                    return true;
                  });
}

}  // namespace robocache::detail
