// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/device/convert.cuh>
#include <robocache/dtype.hpp>

// Stores of floats whose type and alignment are values, the same for the whole launch grid.
namespace robocache::detail {

/// Stores whole words of `rounded`.
/// @tparam Streaming  to global memory, past the caches; else to any
template <class Word, bool Streaming, class Result, int N>
__device__ void store_words(Result* to, Result const (&rounded)[N]) {
  constexpr int each = static_cast<int>(sizeof(Word) / sizeof(Result));
#pragma unroll
  for (int i = 0; i < N / each; ++i) {
    Word word;
    memcpy(&word, rounded + i * each, sizeof word);
    if constexpr (Streaming) {
      __stcs(reinterpret_cast<Word*>(to) + i, word);
    } else {
      reinterpret_cast<Word*>(to)[i] = word;
    }
  }
}

/// Stores `N` floats, each rounded to the type of the results.
/// @param aligned  alignment of all of a row's vectors in bytes: 16, 8, 4 or 2
template <int N, bool Streaming = true>
__device__ void store_floats(dtype type, char* to, unsigned element, float const (&values)[N], int aligned = 16) {
  with_float_type(type, [&](auto zero) {
    using Result = decltype(zero);
    constexpr int bytes = N * static_cast<int>(sizeof(Result));
    Result rounded[N];
#pragma unroll
    for (int i = 0; i < N; ++i) { rounded[i] = device::from_float<Result>(values[i]); }
    Result* const out = reinterpret_cast<Result*>(to) + element;
    if constexpr (bytes >= 16) {
      if (aligned >= 16) { return store_words<uint4, Streaming>(out, rounded); }
    }
    if constexpr (bytes >= 8) {
      if (aligned >= 8) { return store_words<uint2, Streaming>(out, rounded); }
    }
    if constexpr (bytes >= 4) {
      if (aligned >= 4) { return store_words<unsigned, Streaming>(out, rounded); }
    }
    if constexpr (sizeof(Result) == 2) { store_words<unsigned short, Streaming>(out, rounded); }
  });
}

}  // namespace robocache::detail
