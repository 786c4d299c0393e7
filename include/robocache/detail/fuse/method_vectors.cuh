// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/device/curve.cuh>
#include <robocache/device/rotation.cuh>
#include <robocache/dtype.hpp>
#include <robocache/options.hpp>

// Rows of the methods beyond linear, for fusing, where the type of a stream's values is known at run time. Long
// formulas are compiled once, not for each type: those copies were half of the time that a call of `fuse` took to
// compile.
namespace robocache::detail {

/// The channels of a vector of `any_vectors`.
struct any_channels {
  float of[8];
};

/// `finish_vector`. Out of line: there are a dozen ways to store a vector, and five loops.
template <class Params>
__device__ __noinline__ void finish_any_vector(Params const& p, int channels, bool filled, std::int64_t vector,
                                               char* to, int column, any_channels out) {
  if (channels == 4) {
    float four[4] = {out.of[4], out.of[5], out.of[6], out.of[7]};
    finish_vector(p, filled, vector, to, column, four);
  } else {
    finish_vector(p, filled, vector, to, column, out.of);
  }
}

/// Vectors of 16 bytes of values of any type, for `for_each_vector`: four channels at a time.
struct any_vectors {
  static constexpr int room = 8;  ///< floats for the channels of a vector
  dtype type;

  __device__ int channels() const { return type == dtype::float32 ? 4 : 8; }
  __device__ int value_bytes() const { return type == dtype::float32 ? 4 : 2; }

  /// Each channel of `out` becomes `formula` of that channel of `Rows` samples. The channels of floats are the last
  /// ones of `out`.
  /// @param from  called with 0 to `Rows - 1`, the address of a sample
  template <int Rows, class From, class Formula>
  __device__ void for_each_channel(From&& from, float (&out)[room], Formula&& formula) const {
#pragma unroll
    for (float& x : out) { x = 0.0f; }
#pragma unroll 1
    for (int first = 8 - channels(); first < 8; first += 4) {
      float x[4][Rows];
      // The switch encloses all loads, so that all are under way before the first is converted.
      with_float_type(type, [&](auto zero) {
        using Value = decltype(zero);
        int const skip = sizeof(Value) == 4 ? 0 : first;
        vector<Value, 4> rows[Rows];
#pragma unroll
        for (int r = 0; r < Rows; ++r) { rows[r] = load<Value, 4>(reinterpret_cast<Value const*>(from(r)) + skip); }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
#pragma unroll
          for (int r = 0; r < Rows; ++r) { x[i][r] = channel_of(rows[r], i); }
        }
      });
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        out[i] = out[4 + i];
        out[4 + i] = formula(x[i]);
      }
    }
  }

  template <class Params>
  __device__ void finish(Params const& p, bool filled, std::int64_t vector, char* to, int column,
                         float (&out)[room]) const {
    finish_any_vector(p, channels(), filled, vector, to, column,
                      {{out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]}});
  }
};

/// The rows that `blend_cubic_rows` left out, of values of any type. Out of line and after its loop, so that the loop
/// keeps nothing in registers for it. Other warps wait for these few rows, so here, too, all loads of four channels
/// are under way before the first is used.
/// @param all  usual rows are done again, too
inline __device__ __noinline__ void blend_left_out(stream_blend const& p, method_row const* rows, int count,
                                                   thread_share share, bool all) {
  any_vectors const vectors{p.value_type};
  std::int64_t const stride = p.values_row_stride * vectors.value_bytes();
  for_each_vector(
      p, vectors, rows, count, share, [&](method_row const& row, char const* from, float(&out)[any_vectors::room]) {
        if (row.kind == method_row::move || (row.kind == method_row::usual && !all)) { return false; }
        device::curve const c = curve_of<-1>(row);
        int const left = c.method == interpolation::linear ? 0 : c.left;
        int const right = c.method == interpolation::linear ? 0 : c.right;
        device::sample_steps const steps = steps_of(row, stride);
        // A sample that does not exist is replaced by its neighbour.
        auto const sample = [&](int r) {
          int const i = r == 0   ? -min(left, 2)
                        : r == 1 ? -min(left, 1)
                        : r == 4 ? 1 + min(right, 1)
                        : r == 5 ? 1 + min(right, 2)
                                 : r - 2;
          return from + steps.to(i);
        };
        vectors.for_each_channel<6>(
            sample, out, [&](float const(&x)[6]) { return value_on_curve(c, x[0], x[1], x[2], x[3], x[4], x[5]); });
        return true;
      });
}

/// Rows of one cubic method: those with all the neighbours that it reads, and those that are only moved. The others
/// follow.
/// Called by whole warps.
/// @tparam Rows    samples that the method reads, half of them before the target
/// @param formula  called as `formula(curve, samples, doubt)`, `doubt` as `device::detail::value_from`
template <int Rows, class Formula>
__device__ void blend_cubic_rows(stream_blend const& p, any_vectors const& vectors, method_row const* rows, int count,
                                 thread_share share, Formula&& formula) {
  constexpr int before = Rows / 2 - 1;
  std::int64_t const stride = p.values_row_stride * vectors.value_bytes();
  float doubt = 0.0f;
  bool others = false;
  for_each_vector(
      p, vectors, rows, count, share, [&](method_row const& row, char const* from, float(&out)[any_vectors::room]) {
        if (row.kind == method_row::usual) {
          device::curve const c = curve_of<before>(row);
          vectors.for_each_channel<Rows>([&](int r) { return from + (r - before) * stride; }, out,
                                         [&](float const(&x)[Rows]) { return formula(c, x, doubt); });
          return true;
        }
        others = others || row.kind == method_row::blend;
        vectors.for_each_channel<1>([&](int) { return from; }, out, [](float const(&x)[1]) { return x[0]; });
        return row.kind == method_row::move;
      });
  if (others || doubt != 0.0f) { blend_left_out(p, rows, count, share, doubt != 0.0f); }
  __syncwarp();  // only some lanes made that call; a barrier that follows needs all of them together
}

/// Rows in whole vectors, by one method, of values of any type. All loads of four channels are under way before the
/// first is used. Out of line, as the functions below: each method has its own registers, and takes none from the
/// others.
template <interpolation Method>
__device__ __noinline__ void blend_any_vectors(stream_blend const& p, method_row const* rows, int count,
                                               thread_share share) {
  any_vectors const vectors{p.value_type};
  if constexpr (Method == interpolation::akima) {
    blend_cubic_rows<6>(p, vectors, rows, count, share, [](device::curve const& c, float const(&x)[6], float& doubt) {
      return device::detail::akima_as<float>(c, x[0], x[1], x[2], x[3], x[4], x[5], doubt);
    });
  } else if constexpr (Method == interpolation::pchip) {
    blend_cubic_rows<4>(p, vectors, rows, count, share, [](device::curve const& c, float const(&x)[4], float& doubt) {
      return device::detail::pchip_as<float>(c, x[0], x[1], x[2], x[3], doubt);
    });
  } else if constexpr (Method == interpolation::catmull_rom) {
    blend_cubic_rows<4>(p, vectors, rows, count, share, [](device::curve const& c, float const(&x)[4], float& doubt) {
      return device::detail::catmull_rom_as<float, false>(c, x[0], x[1], x[2], x[3], doubt);
    });
  } else {
    static_assert(Method == interpolation::angle, "the others are in other kernels, or are no vectors");
    std::int64_t const stride = p.values_row_stride * vectors.value_bytes();
    for_each_vector(
        p, vectors, rows, count, share, [&](method_row const& row, char const* from, float(&out)[any_vectors::room]) {
          bool const blends = row.kind >= method_row::blend;
          float const weight = row.weight;
          vectors.for_each_channel<2>(
              [&](int r) { return from + (blends && r == 1 ? steps_of(row, stride).to(1) : 0); }, out,
              [&](float const(&x)[2]) { return blends ? device::angle(x[0], x[1], weight) : device::wrap(x[0]); });
          return true;
        });
  }
}

/// `blend_scalars`.
inline __device__ __noinline__ void blend_any_scalars(stream_blend const& p, method_row const* rows, int count,
                                                      thread_share share) {
  blend_scalars(p, p.value_type, rows, count, share);
}

/// Rows of the methods beyond linear: out of line, so that the others do not pay registers for them.
inline __device__ __noinline__ void blend_beyond_linear(stream_blend const& p, method_row const* rows, int count,
                                                        thread_share share) {
  if (!p.wide) { return blend_any_scalars(p, rows, count, share); }
  switch (p.method) {
    case interpolation::angle: return blend_any_vectors<interpolation::angle>(p, rows, count, share);
    case interpolation::catmull_rom: return blend_any_vectors<interpolation::catmull_rom>(p, rows, count, share);
    case interpolation::pchip: return blend_any_vectors<interpolation::pchip>(p, rows, count, share);
    case interpolation::akima: return blend_any_vectors<interpolation::akima>(p, rows, count, share);
    case interpolation::previous:  // `blend_straight` does these
    case interpolation::next:
    case interpolation::nearest:
    case interpolation::linear:
    case interpolation::slerp: return;  // no vectors
  }
}

}  // namespace robocache::detail
