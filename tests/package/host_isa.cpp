// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <robocache/device/blend.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "host/common/isa.hpp"
#include "support/catch.hpp"

// Blending on the CPU is compiled once for each instruction set: every one that runs here must give the bits of the
// building blocks in device/, and must not write past a row.
namespace {

namespace rc = robocache;
using rc::host::detail::blend_function_of;
using rc::host::detail::blend_record;
using rc::host::detail::blend_rule;
using rc::host::detail::isa;

std::vector<isa> sets_that_run() {
  std::vector<isa> sets;
  for (isa const set : {isa::baseline, isa::avx2, isa::avx512}) {
    if (rc::host::detail::runs(set)) { sets.push_back(set); }
  }
  return sets;
}

template <class T>
auto bits_of(T value) {
  std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint32_t> bits{};
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T from_bits(std::uint32_t bits) {
  T value;
  std::memcpy(static_cast<void*>(&value), &bits, sizeof value);
  return value;
}

template <class T>
bool same(T a, T b) {
  bool const both_nan =
      rc::device::to_float(a) != rc::device::to_float(a) && rc::device::to_float(b) != rc::device::to_float(b);
  return both_nan || bits_of(a) == bits_of(b);
}

/// All values of a 16-bit type. Of float: all numbers of both 16-bit types, and the floats around the middles between
/// them, where rounding turns.
template <class T>
std::vector<T> telling_values() {
  std::vector<T> values;
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    if constexpr (sizeof(T) == 2) {
      values.push_back(from_bits<T>(i));
    } else {
      std::uint32_t const as_half = bits_of(rc::device::to_float(from_bits<__half>(i)));
      for (std::uint32_t const step : {0u, 0x0fffu, 0x1000u, 0x1001u}) {
        values.push_back(from_bits<T>(as_half + step));
      }
      for (std::uint32_t const step : {0u, 0x7fffu, 0x8000u, 0x8001u}) {
        values.push_back(from_bits<T>((i << 16) + step));
      }
    }
  }
  return values;
}

template <class Value, class Result>
rc::host::detail::blend_function blending(isa set) {
  return blend_function_of(set, rc::dtype_of<Value>::value, rc::dtype_of<Result>::value);
}

/// How many results of one row differ from the building blocks'.
template <class Value, class Result>
std::int64_t count_differences(isa set, std::vector<Value> const& a, std::vector<Value> const* b, float share) {
  std::vector<Result> out(a.size());
  Result const fill{};
  auto const channels = static_cast<std::int64_t>(a.size());
  blend_record const record{a.data(), b != nullptr ? b->data() : nullptr, share};
  blending<Value, Result>(set)(&record, 1, out.data(),
                               blend_rule{channels, channels * std::int64_t(sizeof(Result)), &fill});
  std::int64_t differences = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    float const left = rc::device::to_float(a[i]);
    float const wanted = b != nullptr ? rc::device::detail::part_way(left, rc::device::to_float((*b)[i]), share) : left;
    if (!same(out[i], rc::device::from_float<Result>(wanted))) { ++differences; }
  }
  return differences;
}

/// Moved and blended, with every instruction set.
template <class Value, class Result>
void check_telling_values() {
  auto const a = telling_values<Value>();
  auto b = a;
  std::rotate(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(b.size() / 3), b.end());
  for (isa const set : sets_that_run()) {
    INFO("set " << static_cast<int>(set));
    CHECK(count_differences<Value, Result>(set, a, nullptr, 0.0f) == 0);
    for (float const share : {0.25f, 0.3f, 0x1p-24f, 0.5f, -0.7f, -1.9f}) {
      INFO("share " << share);
      CHECK(count_differences<Value, Result>(set, a, &b, share) == 0);
    }
  }
}

/// One row blended, one moved, one filled, `channels` wide with three elements between them that must stay.
template <class Value, class Result>
bool rows_end_where_they_should(isa set, std::int64_t channels) {
  auto const guard = rc::device::from_float<Result>(-7.0f);
  auto const fill = rc::device::from_float<Result>(0.1f);
  // Exact allocations: an access beyond the row is one beyond the allocation.
  std::vector<Value> a, b;
  for (std::int64_t i = 0; i < channels; ++i) {
    a.push_back(rc::device::from_float<Value>(1.0f + float(i) / 3));
    b.push_back(rc::device::from_float<Value>(5.0f - float(i) / 7));
  }
  std::int64_t const stride = channels + 3;
  std::vector<Result> out(static_cast<std::size_t>(3 * stride), guard);
  blend_record const records[3] = {{a.data(), b.data(), 0.3f}, {a.data(), nullptr, 0.0f}, {nullptr, nullptr, 0.0f}};
  blending<Value, Result>(set)(records, 3, out.data(),
                               blend_rule{channels, stride * std::int64_t(sizeof(Result)), &fill});
  for (std::int64_t i = 0; i < stride; ++i) {
    auto const at = static_cast<std::size_t>(i);
    Result wanted[3] = {guard, guard, guard};
    if (i < channels) {
      float const left = rc::device::to_float(a[at]);
      wanted[0] = rc::device::from_float<Result>(rc::device::linear(left, rc::device::to_float(b[at]), 0.3f));
      wanted[1] = rc::device::from_float<Result>(left);
      wanted[2] = fill;
    }
    for (std::int64_t row = 0; row < 3; ++row) {
      if (!same(out[static_cast<std::size_t>(row * stride + i)], wanted[row])) { return false; }
    }
  }
  return true;
}

template <class Value, class Result>
void check_widths() {
  for (isa const set : sets_that_run()) {
    for (std::int64_t channels = 1; channels <= 70; ++channels) {
      INFO("set " << static_cast<int>(set) << ", channels " << channels);
      CHECK(rows_end_where_they_should<Value, Result>(set, channels));
    }
  }
}

}  // namespace

TEST_CASE("host instruction sets: the bits of the building blocks", "[host_isa]") {
  check_telling_values<float, float>();
  check_telling_values<float, __half>();
  check_telling_values<float, __nv_bfloat16>();
  check_telling_values<__half, float>();
  check_telling_values<__half, __half>();
  check_telling_values<__half, __nv_bfloat16>();
  check_telling_values<__nv_bfloat16, float>();
  check_telling_values<__nv_bfloat16, __half>();
  check_telling_values<__nv_bfloat16, __nv_bfloat16>();
}

TEST_CASE("host instruction sets: rows of any width end where they should", "[host_isa]") {
  check_widths<float, float>();
  check_widths<float, __nv_bfloat16>();
  check_widths<__half, __half>();
  check_widths<__nv_bfloat16, float>();
}

TEST_CASE("host instruction sets: a forced set serves host::resample", "[host_isa]") {
  std::vector<float> const stamps = {0.0f, 1.0f, 2.0f}, targets = {-1.0f, 0.5f, 1.0f, 1.7f, 3.0f};
  constexpr std::int64_t channels = 37;
  std::vector<float> values;
  for (int i = 0; i < 3 * channels; ++i) { values.push_back(float(i * i % 101) / 7); }
  auto const source =
      rc::series<float, float>{values.data(), rc::timeline<float>::dense(stamps.data(), 1, 3), channels};
  auto const target = rc::timeline<float>::dense(targets.data(), 1, 5);
  auto const resample = [&] {
    std::vector<float> out(5 * channels);
    REQUIRE(rc::host::resample(source, target, rc::output<float>{out.data()}, rc::resample_options<float>{}).ok());
    return out;
  };
  auto const wanted = resample();
  for (isa const set : sets_that_run()) {
    rc::host::detail::force_isa(set);
    CHECK(resample() == wanted);
  }
  rc::host::detail::force_isa({});
}
