// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/timed/locate_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/blend.cuh>

// Blending for a whole block: this is where bytes move.
namespace robocache::detail {

/// What dynamic shared memory is declared as, so that it begins where a sector would.
struct alignas(32) sector {
  unsigned char bytes[32];
};

/// Where one target row's value comes from and goes to, in elements.
struct blend_row {
  std::int64_t source;  ///< the sample alone, or the nearer one
  std::int64_t result;
  float share;  ///< of the way to the farther sample: at most 1/2, unless extrapolated
  enum : int {
    fill,
    move,
    blend,            ///< with the sample after it
    blend_backwards,  ///< with the sample before it
  } kind;

  /// From one sample to the other.
  __device__ std::int64_t step(std::int64_t row_stride) const { return kind == blend ? row_stride : -row_stride; }
};

/// What a location comes to, but for `result`.
/// @param first       where its trajectory begins, in elements
/// @param row_stride  of the values
inline __device__ blend_row blend_row_of(device::location const& where, std::int64_t first, std::int64_t row_stride) {
  blend_row row;
  bool const backwards = where.weight >= 0.5f;
  row.source = first + (where.row + (backwards ? 1 : 0)) * row_stride;
  row.share = backwards ? device::sub_rn(1.0f, where.weight) : where.weight;
  row.kind = where.row < 0   ? blend_row::fill
             : !where.blends ? blend_row::move
             : backwards     ? blend_row::blend_backwards
                             : blend_row::blend;
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

/// What `blend_tile` does with the rows that blend, once more and an element after the other: where a difference was
/// not finite.
template <int N, class Value, class Result>
__device__ __noinline__ void blend_tile_again(blend_params<Value, Result> const& p, blend_row const* rows, int count) {
  int const chunk = static_cast<int>(p.chunk.value);
  std::int64_t const begin = std::int64_t(blockIdx.y) * chunk;
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - begin));
  for (int i = threadIdx.x; i < count * chunk; i += max_threads) {
    int const slot = static_cast<int>(p.chunk.quotient(i));
    int const column = i - slot * chunk;
    blend_row const& row = rows[slot];
    if (column >= width || row.kind < blend_row::blend) { continue; }
    std::int64_t const channel = (begin + column) * N;
    Value const* const near = p.values + (row.source + channel);
    blend_elements(near, near + row.step(p.values_row_stride), row.share, N, p.results + (row.result + channel));
  }
}

/// All threads run over the tile's vectors as one flat run, so that narrow rows keep the warps as busy as wide ones.
/// @tparam N      elements of a vector: all pointers and strides are multiples of it
/// @tparam Loads  vectors a thread has in flight before it uses the first
template <int N, int Loads, class Value, class Result>
__device__ void blend_tile(blend_params<Value, Result> const& p, blend_row const* rows, int count) {
  int const chunk = static_cast<int>(p.chunk.value);
  std::int64_t const chunk_begin = std::int64_t(blockIdx.y) * chunk;
  Value const* const values = p.values + chunk_begin * N;
  Result* const results = p.results + chunk_begin * N;
  int const width = static_cast<int>(min(std::int64_t(chunk), p.vectors_each - chunk_begin));
  int const total = count * chunk;
  float none = 0.0f;
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
        Value const* const from = values + (row.source + column * N);
        kind[u] = row.kind;
        share[u] = row.share;
        to[u] = row.result + column * N;
        if (row.kind != blend_row::fill) { a[u] = load<Value, N>(from); }
        if (row.kind >= blend_row::blend) { b[u] = load<Value, N>(from + row.step(p.values_row_stride)); }
      }
    }
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      if (kind[u] < 0) { continue; }
      vector<Result, N> out;
      if (kind[u] >= blend_row::blend) {
        out = blend_pair<Value, Result, N>(a[u], b[u], share[u], none);
      } else {
        out = kind[u] == blend_row::fill ? filled<Result, N>(p.fill) : move_vector<Value, Result, N>(a[u]);
      }
      store_streaming(results + to[u], out);
    }
  }
  if (none != 0.0f) { blend_tile_again<N>(p, rows, count); }
}

}  // namespace robocache::detail
