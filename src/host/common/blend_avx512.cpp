// SPDX-License-Identifier: Apache-2.0

// For x86-64 with AVX-512 F, BW and VL; built with -mavx512f -mavx512bw -mavx512vl. BF16 is rounded by integers: the
// conversion of AVX512-BF16 flushes subnormals.
#include <immintrin.h>

#include "host/common/blend_rows.hpp"

namespace robocache::host::detail {
namespace {

inline __mmask16 lanes_below(int count) { return static_cast<__mmask16>((1u << count) - 1u); }

inline __m512 from_bfloat16(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }

inline __m256i to_bfloat16(__m512 x) {
  __m512i const bits = _mm512_castps_si512(x);
  __m512i const odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  __m512i const rounded =
      _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd), 16);
  __mmask16 const is_nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(rounded, is_nan, _mm512_set1_epi32(0x7fff)));
}

inline __m256i to_half(__m512 x) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

inline __m256i load_words(void const* from) { return _mm256_loadu_si256(static_cast<__m256i const*>(from)); }
inline void store_words(void* to, __m256i x) { _mm256_storeu_si256(static_cast<__m256i*>(to), x); }
inline __m256i load_some(void const* from, int count) { return _mm256_maskz_loadu_epi16(lanes_below(count), from); }
inline void store_some(void* to, __m256i x, int count) { _mm256_mask_storeu_epi16(to, lanes_below(count), x); }

struct pack {
  static constexpr int width = 16;
  __m512 lanes;

  static pack broadcast(float x) { return {_mm512_set1_ps(x)}; }

  static pack load(float const* from) { return {_mm512_loadu_ps(from)}; }
  static pack load(half_bits const* from) { return {_mm512_cvtph_ps(load_words(from))}; }
  static pack load(bfloat16_bits const* from) { return {from_bfloat16(load_words(from))}; }
  static pack load(float const* from, int count) { return {_mm512_maskz_loadu_ps(lanes_below(count), from)}; }
  static pack load(half_bits const* from, int count) { return {_mm512_cvtph_ps(load_some(from, count))}; }
  static pack load(bfloat16_bits const* from, int count) { return {from_bfloat16(load_some(from, count))}; }

  static void store(float* to, pack x) { _mm512_storeu_ps(to, x.lanes); }
  static void store(half_bits* to, pack x) { store_words(to, to_half(x.lanes)); }
  static void store(bfloat16_bits* to, pack x) { store_words(to, to_bfloat16(x.lanes)); }
  static void store(float* to, pack x, int count) { _mm512_mask_storeu_ps(to, lanes_below(count), x.lanes); }
  static void store(half_bits* to, pack x, int count) { store_some(to, to_half(x.lanes), count); }
  static void store(bfloat16_bits* to, pack x, int count) { store_some(to, to_bfloat16(x.lanes), count); }

  friend pack operator*(pack x, pack y) { return {_mm512_mul_ps(x.lanes, y.lanes)}; }
  friend pack operator+(pack x, pack y) { return {_mm512_add_ps(x.lanes, y.lanes)}; }
  friend pack operator-(pack x, pack y) { return {_mm512_sub_ps(x.lanes, y.lanes)}; }

  /// For each lane `yes` where `d` is finite, else `no`.
  static pack where_finite(pack d, pack yes, pack no) {
    return {_mm512_mask_mov_ps(
        no.lanes, _mm512_cmp_ps_mask(_mm512_sub_ps(d.lanes, d.lanes), _mm512_setzero_ps(), _CMP_EQ_OQ), yes.lanes)};
  }
};

}  // namespace

blend_table const blend_avx512 = make_blend_table<pack>();

}  // namespace robocache::host::detail
