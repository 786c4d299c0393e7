// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/timed/locate_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/blend.cuh>
#include <robocache/device/rotation.cuh>

// Blending for a whole block: this is where bytes move.
namespace robocache::detail {

/// What dynamic shared memory is declared as, so that it begins where a sector would.
struct alignas(32) sector {
  unsigned char bytes[32];
};

/// Where one target row's value comes from and goes to, in elements. It has both samples' places: an address that is
/// made between two loads may have to wait for the first one, because all that a warp waits for is counted in six
/// registers.
struct alignas(16) blend_row {
  std::int64_t source;  ///< the sample alone, or the nearer one
  std::int64_t far;     ///< the farther one
  std::int64_t result;
  float share;  ///< of the way to the farther sample: at most 1/2, unless extrapolated
  enum : int {
    fill,
    move,
    blend,
  } kind;
};

/// What a location comes to, but for `result`.
/// @param left   where the left sample begins, in elements
/// @param step   from there to the right one
/// @param turns  values are angles, which are counted from the left sample
inline __device__ blend_row blend_row_of(device::location const& where, std::int64_t left, std::int64_t step,
                                         bool turns = false) {
  blend_row row;
  bool const backwards = !turns && where.weight >= 0.5f;
  std::int64_t const right = left + step;
  row.source = backwards ? right : left;
  row.far = backwards ? left : right;
  row.share = backwards ? device::sub_rn(1.0f, where.weight) : where.weight;
  row.kind = where.row < 0 ? blend_row::fill : where.blends ? blend_row::blend : blend_row::move;
  return row;
}

/// `N` elements that travel in one load or store.
template <class T, int N>
struct alignas(sizeof(T) * N) vector {
  T element[N];
};

/// Through the read-only path: values never overlap results.
template <class T, int N>
__device__ vector<T, N> load(T const* from) {
  using bits = typename word<sizeof(vector<T, N>)>::type;
  bits const raw = __ldg(reinterpret_cast<bits const*>(from));
  return reinterpret_cast<vector<T, N> const&>(raw);
}

/// Results are written once and not read here: they should leave the cache first.
template <class T, int N>
__device__ void store_streaming(T* to, vector<T, N> const& value) {
  using bits = typename word<sizeof(vector<T, N>)>::type;
  __stcs(reinterpret_cast<bits*>(to), reinterpret_cast<bits const&>(value));
}

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

/// `yes` where `chosen`, else `no`: whole words, not an element after the other.
template <class T, int N>
__device__ vector<T, N> choose(bool chosen, vector<T, N> const& yes, vector<T, N> const& no) {
  if constexpr (sizeof(vector<T, N>) % sizeof(unsigned) == 0) {
    vector<T, N> out;
    auto* const words = reinterpret_cast<unsigned*>(&out);
#pragma unroll
    for (int i = 0; i < int(sizeof out / sizeof(unsigned)); ++i) {
      words[i] = chosen ? reinterpret_cast<unsigned const*>(&yes)[i] : reinterpret_cast<unsigned const*>(&no)[i];
    }
    return out;
  } else {
    return chosen ? yes : no;
  }
}

/// The share of a sample alone: the way to itself, times that, leaves each bit of it.
inline constexpr float alone = -0.0f;

/// One vector of results from the nearer and the farther row's values, or from one alone, twice.
/// @param none  stays 0 as long as the differences are finite; where one is not, the result is not what it should be
template <class Value, class Result, int N>
__device__ vector<Result, N> blend_pair(vector<Value, N> const& near, vector<Value, N> const& far, float share,
                                        float& none) {
  vector<Result, N> out;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if constexpr (std::is_integral_v<Value>) {
      out.element[i] = near.element[i];
    } else {
      float const from = channel_of(near, i);
      float const d = device::sub_rn(channel_of(far, i), from);
      none = device::fma_rn(d, 0.0f, none);
      out.element[i] = device::from_float<Result>(device::add_rn(from, device::mul_rn(share, d)));
    }
  }
  return out;
}

/// One vector of results from one row's values.
template <class Value, class Result, int N>
__device__ vector<Result, N> move_vector(vector<Value, N> const& from) {
  vector<Result, N> out;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if constexpr (std::is_same_v<Value, Result>) {
      out.element[i] = from.element[i];
    } else {
      out.element[i] = device::from_float<Result>(device::to_float(from.element[i]));
    }
  }
  return out;
}

/// What `blend_pair` does, for any difference, an element after the other, from and to any memory.
/// @param far  `near` itself where it is alone
template <class Value, class Result>
__device__ void blend_elements(Value const* near, Value const* far, float share, int count, Result* out) {
  if constexpr (!std::is_integral_v<Value>) {
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      float const from = device::to_float(near[i]);
      out[i] = device::from_float<Result>(
          near == far ? from : device::detail::part_way(from, device::to_float(far[i]), share));
    }
  }
}

template <class T, int N>
__device__ vector<T, N> filled(T value) {
  vector<T, N> out;
#pragma unroll
  for (int i = 0; i < N; ++i) { out.element[i] = value; }
  return out;
}

/// Rows on a straight line, or of one sample.
struct straight_method {
  static constexpr bool turns = false;

  /// @param doubt  begins as 0; `is_doubtful` tells whether a result is not what it should be
  template <class Value, class Result, int N>
  static __device__ vector<Result, N> between(vector<Value, N> const& near, vector<Value, N> const& far, float share,
                                              float& doubt) {
    return blend_pair<Value, Result, N>(near, far, share, doubt);
  }
  template <class Value, class Result, int N>
  static __device__ vector<Result, N> alone(vector<Value, N> const& from, float&) {
    return move_vector<Value, Result, N>(from);
  }
  static __device__ bool is_doubtful(float doubt) { return doubt != 0.0f; }

  /// The same for one vector of a row, whatever the differences are.
  template <int N, class Value, class Result>
  static __device__ void again(blend_row const& row, Value const* near, Value const* far, Result* out) {
    if (row.kind == blend_row::blend) { blend_elements(near, far, row.share, N, out); }
  }
};

/// Angles, which take the shorter arc, counted from the left sample.
struct turning_method {
  static constexpr bool turns = true;

  /// What to add to an angle less than a turn and a half away from 0 so that it is half a turn away at most; -0 leaves
  /// each bit of it.
  static __device__ float back(bool too_much, bool too_little) {
    return too_much ? -device::detail::tau : too_little ? device::detail::tau : -0.0f;
  }
  static __device__ float wrapped(float x, float& largest) {
    largest = larger_or_nan(largest, device::detail::absolute(x));
    return device::add_rn(x, back(x >= device::detail::pi, x < -device::detail::pi));
  }

  /// As `device::angle`, if nothing on the way is a turn and a half or more.
  template <class Value, class Result, int N>
  static __device__ vector<Result, N> between(vector<Value, N> const& left, vector<Value, N> const& right, float weight,
                                              float& largest) {
    vector<Result, N> out;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      float const from = channel_of(left, i);
      float const d = device::sub_rn(channel_of(right, i), from);
      largest = larger_or_nan(largest, device::detail::absolute(d));
      float const arc = device::add_rn(d, back(d > device::detail::pi, d <= -device::detail::pi));
      out.element[i] = device::from_float<Result>(wrapped(device::add_rn(from, device::mul_rn(weight, arc)), largest));
    }
    return out;
  }
  template <class Value, class Result, int N>
  static __device__ vector<Result, N> alone(vector<Value, N> const& from, float& largest) {
    vector<Result, N> out;
#pragma unroll
    for (int i = 0; i < N; ++i) { out.element[i] = device::from_float<Result>(wrapped(channel_of(from, i), largest)); }
    return out;
  }
  /// 9 is less than a turn and a half.
  static __device__ bool is_doubtful(float largest) { return !(largest < 9.0f); }

  template <int N, class Value, class Result>
  static __device__ void again(blend_row const& row, Value const* left, Value const* right, Result* out) {
    if (row.kind == blend_row::fill) { return; }
    vector<Value, N> const a = load<Value, N>(left);
    vector<Value, N> const b = load<Value, N>(row.kind == blend_row::move ? left : right);
    vector<Result, N> turned;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      turned.element[i] = device::from_float<Result>(
          any_angle(channel_of(a, i), channel_of(b, i), row.share, row.kind == blend_row::move));
    }
    store_streaming(out, turned);
  }
  static __device__ __noinline__ float any_angle(float a, float b, float weight, bool single) {
    return single ? device::wrap(a) : device::angle(a, b, weight);
  }
};

/// What `blend_tile` does, once more and for any values: where there is doubt.
template <int N, class Method, class Value, class Result>
__device__ __noinline__ void blend_tile_again(blend_params<Value, Result> const& p, blend_row const* rows, int count) {
  int const chunk = static_cast<int>(p.chunk.value);
  std::int64_t const begin = std::int64_t(blockIdx.y) * chunk;
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - begin));
  for (int i = threadIdx.x; i < count * chunk; i += max_threads) {
    int const slot = static_cast<int>(p.chunk.quotient(i));
    int const column = i - slot * chunk;
    blend_row const& row = rows[slot];
    if (column >= width) { continue; }
    std::int64_t const channel = (begin + column) * N;
    Method::template again<N>(row, p.values + (row.source + channel), p.values + (row.far + channel),
                              p.results + (row.result + channel));
  }
}

/// All threads run over the tile's vectors as one flat run, so that narrow rows keep the warps as busy as wide ones.
/// @tparam N       elements of a vector: all pointers and strides are multiples of it
/// @tparam Loads   vectors a thread has in flight before it uses the first
/// @tparam Method  `straight_method` or `turning_method`
template <int N, int Loads, class Method, class Value, class Result>
__device__ void blend_tile(blend_params<Value, Result> const& p, blend_row const* rows, int count) {
  int const chunk = static_cast<int>(p.chunk.value);
  std::int64_t const chunk_begin = std::int64_t(blockIdx.y) * chunk;
  Value const* const values = p.values + chunk_begin * N;
  Result* const results = p.results + chunk_begin * N;
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - chunk_begin));
  int const total = count * chunk;
  float doubt = 0.0f;
  for (int base = threadIdx.x; base < total; base += max_threads * Loads) {
    vector<Value, N> a[Loads];
    vector<Value, N> b[Loads];
    std::int64_t to[Loads];
    float share[Loads];
    int kind[Loads];
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      int const i = base + u * max_threads;
      int const slot = static_cast<int>(p.chunk.quotient(i));
      int const column = i - slot * chunk;
      kind[u] = -1;
      if (i < total && column < width) {
        blend_row const row = rows[slot];
        kind[u] = row.kind;
        share[u] = row.share;
        to[u] = row.result + column * N;
        Value const* const near = values + (row.source + column * N);
        Value const* const far = values + (row.far + column * N);
        if (row.kind != blend_row::fill) { a[u] = load<Value, N>(near); }
        if (row.kind == blend_row::blend) { b[u] = load<Value, N>(far); }
      }
    }
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      if (kind[u] < 0) { continue; }
      vector<Result, N> out;
      if (kind[u] == blend_row::blend) {
        out = Method::template between<Value, Result, N>(a[u], b[u], share[u], doubt);
      } else {
        out = kind[u] == blend_row::fill ? filled<Result, N>(p.fill)
                                         : Method::template alone<Value, Result, N>(a[u], doubt);
      }
      store_streaming(results + to[u], out);
    }
  }
  if (Method::is_doubtful(doubt)) { blend_tile_again<N, Method>(p, rows, count); }
}

}  // namespace robocache::detail
