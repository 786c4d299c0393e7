// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/timed/locate_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/resample/bulk_trajectory.cuh>
#include <robocache/detail/resample/small_tiles.cuh>
#include <robocache/dtype.hpp>

// Stamps whose type is a value, the same for the whole launch grid, for kernels that copy integers: these wait for
// memory, and a kernel for each type of stamps would be no faster. One kernel has the code for all three.
namespace robocache::detail {

/// The stamp type that a kernel for `Value` is compiled for; `void` is any.
template <class Value, class Stamp>
using kernel_stamp = std::conditional_t<std::is_integral_v<Value>, void, Stamp>;

/// An element of the shared memory in which such a kernel stages stamps: the widest type where stamps are of any type.
template <class Stamp>
using stage_slot = std::conditional_t<std::is_void_v<Stamp>, std::int64_t, Stamp>;

/// A plan with stamps of any type.
template <>
struct locate_plan<void> {
  locate_plan(locate_plan<float> const& plan) : type(stamp_dtype::float32), as_float32(plan) {}     // NOLINT
  locate_plan(locate_plan<double> const& plan) : type(stamp_dtype::float64), as_float64(plan) {}    // NOLINT
  locate_plan(locate_plan<std::int64_t> const& plan) : type(stamp_dtype::int64), as_int64(plan) {}  // NOLINT

  stamp_dtype type;
  union {
    locate_plan<float> as_float32;
    locate_plan<double> as_float64;
    locate_plan<std::int64_t> as_int64;
  };
};
static_assert(std::is_trivially_copyable_v<locate_plan<void>>, "passed by value in the parameter bank");

/// Calls `use(plan, stage)` with the plan and the staged stamps in their type.
template <class Use>
__device__ auto with_stamp_type(locate_plan<void> const& plan, stage_slot<void>* stage, Use&& use) {
  switch (plan.type) {
    case stamp_dtype::float32: return use(plan.as_float32, reinterpret_cast<float*>(stage));
    case stamp_dtype::float64: return use(plan.as_float64, reinterpret_cast<double*>(stage));
    case stamp_dtype::int64: return use(plan.as_int64, stage);
  }
  __builtin_unreachable();
}

template <class Emit>
__device__ int locate_tile(locate_plan<void> const& plan, unsigned tile, stage_slot<void>* stage, Emit&& emit) {
  return with_stamp_type(plan, stage,
                         [&](auto const& typed, auto* stamps) { return locate_tile(typed, tile, stamps, emit); });
}

template <int N, class Value, class Result>
__device__ void resample_one_row(locate_plan<void> const& plan, blend_params<Value, Result> const& p,
                                 int prefetch_bytes) {
  with_stamp_type(plan, nullptr, [&](auto const& typed, auto*) { resample_one_row<N>(typed, p, prefetch_bytes); });
}

template <int N, class Value, class Result>
__device__ void resample_trajectory(locate_plan<void> const& plan, blend_params<Value, Result> const& p,
                                    stage_slot<void>* stage, unsigned char* values, unsigned char* results) {
  with_stamp_type(plan, stage,
                  [&](auto const& typed, auto* stamps) { resample_trajectory<N>(typed, p, stamps, values, results); });
}

template <int N, class Value, class Result>
__device__ void resample_bulk_trajectory(locate_plan<void> const& plan, blend_params<Value, Result> const& p,
                                         bulk_params const& bulk, stage_slot<void>* stage, arrival& come,
                                         unsigned char* shared) {
  with_stamp_type(plan, stage, [&](auto const& typed, auto* stamps) {
    resample_bulk_trajectory<N>(typed, p, bulk, stamps, come, shared);
  });
}

}  // namespace robocache::detail
