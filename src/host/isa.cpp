// SPDX-License-Identifier: Apache-2.0
#include "isa.hpp"

#include <atomic>

namespace robocache::host::detail {
namespace {

isa widest() noexcept {
  if (runs(isa::avx512)) { return isa::avx512; }
  return runs(isa::avx2) ? isa::avx2 : isa::baseline;
}

std::atomic<blend_table const*>& chosen() noexcept {
  static std::atomic<blend_table const*> table{&blend_table_of(widest())};
  return table;
}

}  // namespace

bool runs(isa set) noexcept {
#if defined(__x86_64__)
  switch (set) {
    case isa::baseline:
      return true;
    // F16C is older than AVX2; no CPU has the second without the first.
    case isa::avx2:
      return __builtin_cpu_supports("avx2") != 0;
    case isa::avx512:
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
             __builtin_cpu_supports("avx512vl") != 0;
  }
  return false;
#else
  return set == isa::baseline;
#endif
}

blend_table const& blend_table_of(isa set) noexcept {
#if defined(__x86_64__)
  switch (set) {
    case isa::baseline:
      break;
    case isa::avx2:
      return blend_avx2;
    case isa::avx512:
      return blend_avx512;
  }
#else
  static_cast<void>(set);
#endif
  return blend_baseline;
}

blend_table const& blend_in_use() noexcept { return *chosen().load(std::memory_order_relaxed); }

void use_isa(isa set) noexcept { chosen().store(&blend_table_of(set), std::memory_order_relaxed); }

}  // namespace robocache::host::detail
