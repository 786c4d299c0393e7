// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/detail/locate_tile.cuh>
#include <robocache/detail/plan.cuh>
#include <robocache/detail/typed_rows.cuh>
#include <robocache/device/blend.cuh>

// Blending for a whole block: this is where bytes move.
namespace robocache::detail {

/// Where one target row's value comes from and goes to, in elements.
struct blend_row {
  std::int64_t source;
  std::int64_t result;
  float weight;
  enum : int { fill, move, blend } kind;
};

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

/// One vector of results from the two rows' values.
template <class Value, class Result, int N>
__device__ vector<Result, N> blend_vector(vector<Value, N> const& a, vector<Value, N> const& b, float weight,
                                          bool blends) {
  vector<Result, N> out;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if constexpr (std::is_integral_v<Value>) {
      out.element[i] = a.element[i];
    } else {
      float const left = device::to_float(a.element[i]);
      float const mixed = device::linear(left, device::to_float(b.element[i]), weight);
      out.element[i] = device::from_float<Result>(blends ? mixed : left);
    }
  }
  return out;
}

template <class T, int N>
__device__ vector<T, N> filled(T value) {
  vector<T, N> out;
#pragma unroll
  for (int i = 0; i < N; ++i) { out.element[i] = value; }
  return out;
}

template <class Value, class Result>
struct blend_params {
  Value const* values;
  Result* results;
  std::uint8_t* valid;
  std::int64_t values_batch_stride;
  std::int64_t results_batch_stride;
  std::int64_t values_row_stride;
  std::int64_t results_row_stride;
  bool target_packed;
  Result fill;
  divisor chunk;              ///< vectors of a row that one block handles
  std::int64_t vectors_each;  ///< vectors of a row
};

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
  for (int base = threadIdx.x; base < total; base += max_threads * Loads) {
    vector<Value, N> a[Loads];
    vector<Value, N> b[Loads];
    std::int64_t to[Loads];
    float weight[Loads];
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
        weight[u] = row.weight;
        to[u] = row.result + column * N;
        if (row.kind != blend_row::fill) { a[u] = load<Value, N>(from); }
        if (row.kind == blend_row::blend) { b[u] = load<Value, N>(from + p.values_row_stride); }
      }
    }
#pragma unroll
    for (int u = 0; u < Loads; ++u) {
      if (kind[u] < 0) { continue; }
      vector<Result, N> out = blend_vector<Value, Result, N>(a[u], b[u], weight[u], kind[u] == blend_row::blend);
      if (kind[u] == blend_row::fill) { out = filled<Result, N>(p.fill); }
      store_streaming(results + to[u], out);
    }
  }
}

}  // namespace robocache::detail
