// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/inspect/params.hpp>
#include <robocache/detail/inspect/policy.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/inspect.cuh>

namespace robocache::detail {

/// Data without faults has nothing to count and costs no atomic operation.
inline __device__ void add_count(std::int64_t& to, std::int64_t count) {
  if (count != 0) { atomicAdd(reinterpret_cast<unsigned long long*>(&to), static_cast<unsigned long long>(count)); }
}

inline __device__ void add_report(trajectory_report& to, trajectory_report const& from) {
  add_count(to.unsorted, from.unsorted);
  add_count(to.duplicated, from.duplicated);
  add_count(to.non_finite, from.non_finite);
  add_count(to.out_of_range, from.out_of_range);
}

inline __device__ void add_report(rotation_report& to, rotation_report const& from) {
  add_count(to.not_unit, from.not_unit);
  add_count(to.not_a_rotation, from.not_a_rotation);
  add_count(to.turned, from.turned);
}

/// `parts` blocks share one trajectory, and then take the one that follows those of all other blocks. Integers are
/// added, so their order does not matter. The reports are 0 before.
/// @param count  called with a trajectory, this thread's first sample, the step to its next ones, and its own report
template <class Report, class Count>
__device__ void add_reports(std::int64_t batch, unsigned parts, Report* reports, Count const& count) {
  __shared__ Report in_block;
  std::int64_t const first = std::int64_t(blockIdx.x % parts) * blockDim.x + threadIdx.x;
  std::int64_t const step = std::int64_t(parts) * blockDim.x;
  for (std::int64_t b = blockIdx.x / parts; b < batch; b += gridDim.x / parts) {
    if (threadIdx.x == 0) { in_block = {}; }
    __syncthreads();
    Report mine{};
    count(b, first, step, mine);
    add_report(in_block, mine);
    __syncthreads();
    if (threadIdx.x == 0) { add_report(reports[b], in_block); }
    __syncthreads();  // before the next trajectory clears what was just read
  }
}

template <class Stamp>
__global__ void __launch_bounds__(inspect_threads) inspect_kernel(__grid_constant__ inspect_params<Stamp> const p) {
  add_reports(p.when.batch, p.parts, p.reports,
              [&p](std::int64_t b, std::int64_t first, std::int64_t step, trajectory_report& report) {
                device::inspect_part(p.when, b, p.source_batch, first, step, report);
              });
}

/// One kernel for all types of values and stamps: it waits for memory, and reads no stamp.
template <int Threads>
__global__ void __launch_bounds__(Threads)
    inspect_rotations_kernel(__grid_constant__ inspect_rotations_params const p) {
  add_reports(p.when.batch, p.parts, p.reports,
              [&p](std::int64_t b, std::int64_t first, std::int64_t step, rotation_report& report) {
                with_float_type(p.values.type, [&](auto value) {
                  device::inspect_rotations_part(static_cast<decltype(value) const*>(p.values.data),
                                                 device::trajectory_of(p.when, b), p.values.batch_stride,
                                                 p.values.row_stride, first, step, report);
                });
              });
}

}  // namespace robocache::detail
