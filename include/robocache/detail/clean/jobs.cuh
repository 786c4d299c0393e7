// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include <robocache/detail/clean/mark.cuh>
#include <robocache/detail/clean/params.hpp>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/device/clean.cuh>

// The steps that look at rows in their order: scans, as common/tile_scan.cuh has them.
namespace robocache::detail {

/// The row of an element.
inline __device__ std::int64_t row_of(clean_params const& p, std::int64_t element) {
  return p.own.numbers == nullptr ? element : p.own.numbers[element];
}

/// Lists the rows that are there, to be sorted.
struct list_rows_job {
  using value = std::uint32_t;
  clean_params p;
  std::uint64_t* keys;
  std::uint32_t* numbers;

  __device__ std::int64_t count() const { return p.rows; }
  __device__ value nothing() const { return 0; }
  __device__ value combine(value a, value b) const { return a + b; }
  __device__ value at(std::int64_t row) const { return p.own.owners[row] >= 0 ? 1 : 0; }
  __device__ void put(std::int64_t row, value before, value own) const {
    if (own != 0) {
      keys[before] = p.own.orders[row];
      numbers[before] = static_cast<std::uint32_t>(row);
    }
    if (row + 1 == p.rows) { p.own.counts[0] = before + own; }
  }
};

/// The latest row so far, of the trajectory that came last.
struct latest_row {
  std::uint64_t order;
  std::int32_t owner;  ///< -1: no row yet
  std::int32_t unused;
};

/// Finds how each row compares with the latest one before it.
struct step_job {
  using value = latest_row;
  clean_params p;

  __device__ std::int64_t count() const { return p.own.numbers == nullptr ? p.rows : p.own.counts[0]; }
  __device__ value nothing() const { return {0, -1, 0}; }
  __device__ value combine(value const& a, value const& b) const {
    if (b.owner < 0) { return a; }
    return a.owner == b.owner && a.order > b.order ? a : b;
  }
  __device__ value at(std::int64_t element) const {
    std::int64_t const row = row_of(p, element);
    return {p.own.orders[row], p.own.owners[row], 0};
  }
  __device__ void put(std::int64_t element, value const& before, value const& own) const {
    std::uint8_t step = 0;
    if (own.owner >= 0) {
      auto const from_latest =
          before.owner == own.owner ? device::step_from(before.order, own.order) : device::row_step::forward;
      step = from_latest == device::row_step::forward ? 1 : from_latest == device::row_step::duplicate ? 2 : 0;
      if (step != 1 && p.reports != nullptr) {
        clean_report& report = p.reports[own.owner];
        add_dropped(step == 0 ? report.backward : report.duplicated);
      }
    }
    p.own.steps[element] = step;
  }
};

/// Gives the rows that are left their places. Of duplicates, the last has the place of the first.
struct place_job {
  using value = std::uint32_t;
  clean_params p;

  __device__ std::int64_t count() const { return p.own.numbers == nullptr ? p.rows : p.own.counts[0]; }
  __device__ value nothing() const { return 0; }
  __device__ value combine(value a, value b) const { return a + b; }
  __device__ value at(std::int64_t element) const { return p.own.steps[element] == 1 ? 1 : 0; }
  __device__ void put(std::int64_t element, value before, value own) const {
    auto const number = static_cast<std::uint32_t>(element);
    if (p.options.duplicates == duplicate_rule::first) {
      if (own != 0) { p.own.kept[before] = number; }
    } else if (p.own.steps[element] != 0) {
      atomicMax(p.own.kept + (before + own - 1), number);  // 0 before
    }
    if (element + 1 == count()) { p.own.counts[1] = before + own; }
  }
};

/// Finds the signs of quaternions.
struct sign_job {
  using value = device::sign_steps;
  clean_params p;

  __device__ std::int64_t count() const { return p.own.counts[1]; }
  __device__ value nothing() const { return {0, 0}; }
  __device__ value combine(value const& a, value const& b) const { return device::combine(a, b); }
  __device__ value at(std::int64_t place) const {
    std::int64_t const row = row_of(p, p.own.kept[place]);
    std::int64_t const last = place == 0 ? -1 : row_of(p, p.own.kept[place - 1]);
    if (last < 0 || p.own.owners[last] != p.own.owners[row]) { return {0xffffffffu, 0}; }
    value steps{0, 0};
    with_float_type(p.type, [&](auto zero) {
      auto const* const values = static_cast<decltype(zero) const*>(p.values);
      auto const* const a = values + element_of_row(p, last);
      auto const* const b = values + element_of_row(p, row);
      for (int k = 0; k < static_cast<int>(p.options.quaternions); ++k) {
        std::int64_t const c = p.options.quaternion_channels[k];
        float const dot = device::detail::dot(device::quaternion_at(a + c), device::quaternion_at(b + c));
        device::sign_steps const one = device::sign_step(k, dot);
        steps = {steps.anew | one.anew, steps.turned | one.turned};
      }
    });
    return steps;
  }
  __device__ void put(std::int64_t place, value const& before, value const& own) const {
    p.own.turned[place] = static_cast<std::uint8_t>(combine(before, own).turned);
  }
};

/// The trajectories of sorted rows, as keys to sort them by.
struct owner_key_params {
  clean_params p;
  std::uint32_t const* numbers;
  std::uint64_t* keys;
};

template <int Threads>
__global__ void __launch_bounds__(Threads) clean_owner_key_kernel(__grid_constant__ owner_key_params const p) {
  wait_for_launch_before();
  std::int64_t const i = std::int64_t(blockIdx.x) * Threads + threadIdx.x;
  if (i < p.p.own.counts[0]) { p.keys[i] = static_cast<std::uint64_t>(p.p.own.owners[p.numbers[i]]); }
}

}  // namespace robocache::detail
