// SPDX-License-Identifier: Apache-2.0

// For x86-64 with AVX2 and F16C; built with -mavx2 -mf16c.
#include <immintrin.h>

#include "host/common/blend_rows.hpp"

namespace robocache::host::detail {
namespace {

/// The lanes below `count`, as maskload and maskstore want them.
inline __m256i lanes_below(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

template <class Word>
inline Word load_word(void const* from) {
  Word word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}

template <class Word>
inline void store_word(void* to, Word word) {
  __builtin_memcpy(to, &word, sizeof word);
}

/// The first `count < 8` 16-bit elements, and zeros after them. By halves: AVX2 has no masks for 16 bits, and in a call
/// whose rows are equally long the branches are predicted.
inline __m128i load_halves(std::uint16_t const* from, int count) {
  std::uint64_t end = 0;
  if ((count & 1) != 0) { end = from[count - 1]; }
  if ((count & 2) != 0) { end = end << 32 | load_word<std::uint32_t>(from + (count & 4)); }
  if ((count & 4) == 0) { return _mm_set_epi64x(0, static_cast<long long>(end)); }
  return _mm_set_epi64x(static_cast<long long>(end), load_word<long long>(from));
}

inline void store_halves(std::uint16_t* to, __m128i x, int count) {
  if ((count & 4) != 0) {
    store_word(to, _mm_cvtsi128_si64(x));
    x = _mm_unpackhi_epi64(x, x);
    to += 4;
  }
  auto end = static_cast<std::uint64_t>(_mm_cvtsi128_si64(x));
  if ((count & 2) != 0) {
    store_word(to, static_cast<std::uint32_t>(end));
    end >>= 32;
    to += 2;
  }
  if ((count & 1) != 0) { *to = static_cast<std::uint16_t>(end); }
}

inline __m256 from_bfloat16(__m128i x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16)); }

inline __m128i to_bfloat16(__m256 x) {
  __m256i const bits = _mm256_castps_si256(x);
  __m256i const odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i const rounded =
      _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd), 16);
  __m256i const is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  __m256i const words = _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7fff), is_nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

inline __m128i to_half(__m256 x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

inline __m128i load_words(void const* from) { return _mm_loadu_si128(static_cast<__m128i const*>(from)); }
inline void store_words(void* to, __m128i x) { _mm_storeu_si128(static_cast<__m128i*>(to), x); }

struct pack {
  static constexpr int width = 8;
  __m256 lanes;

  static pack broadcast(float x) { return {_mm256_set1_ps(x)}; }

  static pack load(float const* from) { return {_mm256_loadu_ps(from)}; }
  static pack load(half_bits const* from) { return {_mm256_cvtph_ps(load_words(from))}; }
  static pack load(bfloat16_bits const* from) { return {from_bfloat16(load_words(from))}; }
  static pack load(float const* from, int count) { return {_mm256_maskload_ps(from, lanes_below(count))}; }
  static pack load(half_bits const* from, int count) { return {_mm256_cvtph_ps(load_halves(&from->bits, count))}; }
  static pack load(bfloat16_bits const* from, int count) { return {from_bfloat16(load_halves(&from->bits, count))}; }

  static void store(float* to, pack x) { _mm256_storeu_ps(to, x.lanes); }
  static void store(half_bits* to, pack x) { store_words(to, to_half(x.lanes)); }
  static void store(bfloat16_bits* to, pack x) { store_words(to, to_bfloat16(x.lanes)); }
  static void store(float* to, pack x, int count) { _mm256_maskstore_ps(to, lanes_below(count), x.lanes); }
  static void store(half_bits* to, pack x, int count) { store_halves(&to->bits, to_half(x.lanes), count); }
  static void store(bfloat16_bits* to, pack x, int count) { store_halves(&to->bits, to_bfloat16(x.lanes), count); }

  friend pack operator*(pack x, pack y) { return {_mm256_mul_ps(x.lanes, y.lanes)}; }
  friend pack operator+(pack x, pack y) { return {_mm256_add_ps(x.lanes, y.lanes)}; }
  friend pack operator-(pack x, pack y) { return {_mm256_sub_ps(x.lanes, y.lanes)}; }

  /// For each lane `yes` where `d` is finite, else `no`.
  static pack where_finite(pack d, pack yes, pack no) {
    return {_mm256_blendv_ps(no.lanes, yes.lanes,
                             _mm256_cmp_ps(_mm256_sub_ps(d.lanes, d.lanes), _mm256_setzero_ps(), _CMP_EQ_OQ))};
  }
};

}  // namespace

blend_table const blend_avx2 = make_blend_table<pack>();

}  // namespace robocache::host::detail
