// SPDX-License-Identifier: Apache-2.0
#include "host/common/isa.hpp"

#include <atomic>

namespace robocache::host::detail {
namespace {

isa widest() noexcept {
  if (runs(isa::avx512)) { return isa::avx512; }
  return runs(isa::avx2) ? isa::avx2 : isa::baseline;
}

std::atomic<std::optional<isa>> forced{};

}  // namespace

bool runs(isa set) noexcept {
#if defined(__x86_64__)
  switch (set) {
    case isa::baseline: return true;
    // F16C is older than AVX2; no CPU has the second without the first.
    case isa::avx2: return __builtin_cpu_supports("avx2") != 0;
    case isa::avx512:
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
             __builtin_cpu_supports("avx512vl") != 0;
  }
  return false;
#else
  return set == isa::baseline;
#endif
}

blend_function blend_function_of(isa set, dtype value, dtype result) noexcept {
  auto const from = static_cast<int>(value);
  auto const to = static_cast<int>(result);
#if defined(__x86_64__)
  switch (set) {
    case isa::baseline: break;
    case isa::avx2: return blend_avx2.functions[from][to];
    case isa::avx512: return blend_avx512.functions[from][to];
  }
#else
  static_cast<void>(set);
#endif
  return blend_baseline.functions[from][to];
}

blend_function best_blend_function(dtype value, dtype result, std::int64_t channels) noexcept {
  static isa const widest_here = widest();
  if (auto const set = forced.load(std::memory_order_relaxed)) { return blend_function_of(*set, value, result); }
  // Registers of 64 bytes pay off in long rows, by up to 1.5. Rows of 7 to 48 channels, which begin anywhere in a cache
  // line, took up to 1.6 times as long with them as with 32-byte ones (Zen 5; 16-bit types at most 1.2 times less).
  bool const short_rows = channels < 64;
  return blend_function_of(widest_here == isa::avx512 && short_rows ? isa::avx2 : widest_here, value, result);
}

void force_isa(std::optional<isa> set) noexcept { forced.store(set, std::memory_order_relaxed); }

}  // namespace robocache::host::detail
