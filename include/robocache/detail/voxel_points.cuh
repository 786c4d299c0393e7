// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/voxel_check.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/bracket.cuh>
#include <robocache/device/cell.cuh>

// From points to cells, on the device: what all kernels of voxelizing begin with.
namespace robocache::detail {

/// Threads of a block that reads points.
inline constexpr int point_threads = 256;

/// Points that a thread has under way.
inline constexpr int points_at_once = 4;

/// Points that a block takes at a time: a step.
inline constexpr int points_a_step = point_threads * points_at_once;

/// One axis of a grid, for quotients without divisions.
struct axis_plan {
  float origin;
  float size;
  float inverse;  ///< of the size; NaN where it is of no use
  float cells;    ///< the smallest float that is no cell any more
};

/// What kernels know of points and grid. Rows are counted over all clouds; cells likewise: cell c of cloud b is
/// `b * cells + c`.
struct voxel_points {
  float const* x;
  float const* y;
  float const* z;
  std::int64_t point_stride;
  std::int64_t between_clouds;  ///< floats that stand between the last point of a cloud and the first of the next
  std::int64_t batch;
  std::int64_t rows;    ///< of all clouds
  std::int64_t length;  ///< of a cloud; 0 if packed
  std::int64_t const* lengths;
  std::int64_t const* offsets;
  axis_plan axis[3];
  float const* origins;
  std::int64_t cells;   ///< of a grid
  std::int64_t plane;   ///< cells of equal z
  std::uint32_t width;  ///< cells of equal z and y
  std::int32_t steps;   ///< of a block
};

inline voxel_points points_of(point_clouds const& clouds, grid const& lattice) {
  voxel_points p{};
  strides const step = strides_of(clouds);
  p.x = clouds.x;
  p.y = clouds.y;
  p.z = clouds.z;
  p.point_stride = step.row;
  p.between_clouds = clouds.packed() ? 0 : step.batch - clouds.length * step.row;
  p.batch = clouds.batch;
  p.rows = clouds.batch == 0 ? 0 : clouds.total();
  p.length = clouds.length;
  p.lengths = clouds.lengths;
  p.offsets = clouds.offsets;
  for (int i = 0; i < 3; ++i) {
    float const inverse = 1.0f / lattice.size[i];
    auto cells = static_cast<float>(lattice.cells[i]);
    if (static_cast<double>(cells) < static_cast<double>(lattice.cells[i])) { cells = std::nextafter(cells, INFINITY); }
    p.axis[i] = {lattice.origin[i], lattice.size[i], std::isnormal(inverse) ? inverse : NAN, cells};
  }
  p.origins = lattice.origins;
  p.cells = lattice.total();
  p.plane = lattice.cells[0] * lattice.cells[1];
  p.width = static_cast<std::uint32_t>(lattice.cells[0]);
  return p;
}

/// The rows that are points of a cloud.
struct cloud_rows {
  std::int64_t b;
  std::int64_t begin;
  std::int64_t end;

  __device__ bool holds(std::int64_t first, std::int64_t last) const { return first >= begin && last < end; }
};

/// The cloud that a row stands in. It need not be one of its points: padding, rows without an owner.
inline __device__ cloud_rows owner_of_row(voxel_points const& p, std::int64_t row) {
  if (p.offsets == nullptr) {
    std::int64_t const b = p.batch == 1 ? 0 : row / p.length;
    std::int64_t const begin = b * p.length;
    std::int64_t const length = p.lengths == nullptr ? p.length : device::detail::clamp(p.lengths[b], 0, p.length);
    return {b, begin, begin + length};
  }
  std::int64_t b = p.batch == 1 ? 0 : device::count_not_after(p.offsets, p.batch + 1, row) - 1;
  b = device::detail::clamp(b, 0, p.batch - 1);
  std::int64_t const begin = device::detail::clamp(p.offsets[b], 0, p.rows);
  std::int64_t const end = device::detail::clamp(p.offsets[b + 1], begin, p.rows);
  return {b, begin, end - begin < INT32_MAX ? end : begin + INT32_MAX};
}

/// Three axes where a grid begins.
struct place {
  float x, y, z;
};

inline __device__ place origin_of(voxel_points const& p, std::int64_t b) {
  if (p.origins == nullptr) { return {p.axis[0].origin, p.axis[1].origin, p.axis[2].origin}; }
  float const* const from = p.origins + 3 * b;
  return {__ldg(from), __ldg(from + 1), __ldg(from + 2)};
}

/// A quotient by multiplication, q = d * (1 / s), is within 3 units of 2^-24, relatively, of the rounded quotient.
/// Where no whole number is that near, both have the same floor.
/// @return false: one is near, or q is none of these numbers
inline __device__ bool floor_is_certain(float q, float whole) {
  float const rest = device::sub_rn(q, whole);
  return device::detail::absolute(device::sub_rn(rest, 0.5f)) <
         device::sub_rn(0.5f, device::mul_rn(device::detail::absolute(q), 0x1p-22f));
}

/// What a point is in instead of a cell.
inline constexpr std::int64_t dropped_point = -1;
inline constexpr std::int64_t no_point = -2;

/// The cell of a point in the grid of its cloud: docs/semantics.md, "Cells"; or `dropped_point`.
inline __device__ std::int64_t cell_of(voxel_points const& p, place const& origin, float x, float y, float z) {
  float const dx = device::sub_rn(x, origin.x);
  float const dy = device::sub_rn(y, origin.y);
  float const dz = device::sub_rn(z, origin.z);
  float const qx = device::mul_rn(dx, p.axis[0].inverse);
  float const qy = device::mul_rn(dy, p.axis[1].inverse);
  float const qz = device::mul_rn(dz, p.axis[2].inverse);
  float i = floorf(qx);
  float j = floorf(qy);
  float k = floorf(qz);
  if (!(floor_is_certain(qx, i) && floor_is_certain(qy, j) && floor_is_certain(qz, k))) {
    i = floorf(device::div_rn(dx, p.axis[0].size));
    j = floorf(device::div_rn(dy, p.axis[1].size));
    k = floorf(device::div_rn(dz, p.axis[2].size));
  }
  bool const inside =
      i >= 0.0f && i < p.axis[0].cells && j >= 0.0f && j < p.axis[1].cells && k >= 0.0f && k < p.axis[2].cells;
  if (!inside) { return dropped_point; }
  return static_cast<std::int64_t>(static_cast<std::uint32_t>(k)) * p.plane +
         static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::uint32_t>(j)) * p.width +
                                   static_cast<std::uint32_t>(i));
}

/// Reads points for a block: `points_at_once` a thread in each step, rows of a warp side by side.
class point_walk {
 public:
  /// @param dropped  where dropped points of each cloud are added up; null: nowhere
  __device__ point_walk(voxel_points const& p, std::int32_t* dropped)
      : p_(p), dropped_(dropped), first_(std::int64_t(blockIdx.x) * p.steps * points_a_step) {}

  __device__ bool begins_step(int step) {
    base_ = first_ + std::int64_t(step) * points_a_step;
    if (step >= p_.steps || base_ >= p_.rows) {
      add_dropped();
      return false;
    }
    std::int64_t const last = min(base_ + points_a_step, p_.rows) - 1;
    if (!owner_.holds(base_, last)) {
      add_dropped();
      owner_ = owner_of_row(p_, base_);
      origin_ = origin_of(p_, owner_.b);
    }
    alone_ = owner_.holds(base_, last);
    return true;
  }

  /// The first row of the step.
  __device__ std::int64_t base() const { return base_; }

  /// Slot in the step of this thread's row in round `r`.
  static __device__ unsigned slot(int r) {
    return (threadIdx.x / 32) * (32 * points_at_once) + r * 32 + threadIdx.x % 32;
  }

  __device__ std::int64_t row(int r) const { return base_ + slot(r); }

  /// The cells of this thread's points, counted over all clouds, or `dropped_point`, or `no_point`.
  __device__ void find(std::int64_t (&cell)[points_at_once]) {
    float x[points_at_once] = {};
    float y[points_at_once] = {};
    float z[points_at_once] = {};
    if (!alone_) { return find_mixed(cell); }
    std::int64_t const skip = owner_.b * p_.between_clouds;
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      if (row(r) < p_.rows) { read(row(r) * p_.point_stride + skip, x[r], y[r], z[r]); }
    }
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      std::int64_t const found = cell_of(p_, origin_, x[r], y[r], z[r]);
      bool const real = row(r) < p_.rows;
      count_ += real && found < 0 ? 1 : 0;
      cell[r] = !real ? no_point : found < 0 ? dropped_point : owner_.b * p_.cells + found;
    }
  }

 private:
  /// Where clouds meet, or end in padding.
  __device__ void find_mixed(std::int64_t (&cell)[points_at_once]) const {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      cell[r] = no_point;
      if (row(r) >= p_.rows) { continue; }
      cloud_rows const owner = owner_of_row(p_, row(r));
      if (!owner.holds(row(r), row(r))) { continue; }
      float x, y, z;
      read(row(r) * p_.point_stride + owner.b * p_.between_clouds, x, y, z);
      std::int64_t const found = cell_of(p_, origin_of(p_, owner.b), x, y, z);
      cell[r] = found < 0 ? dropped_point : owner.b * p_.cells + found;
      if (found < 0 && dropped_ != nullptr) { atomicAdd(dropped_ + owner.b, 1); }
    }
  }

  /// What was dropped of `owner_`'s points since the last time.
  __device__ void add_dropped() {
    if (dropped_ == nullptr) { return; }
    int const count = sum_over_warp(count_);
    if (threadIdx.x % 32 == 0 && count > 0) { atomicAdd(dropped_ + owner_.b, count); }
    count_ = 0;
  }

  __device__ void read(std::int64_t at, float& x, float& y, float& z) const {
    x = __ldg(p_.x + at);
    y = __ldg(p_.y + at);
    z = __ldg(p_.z + at);
  }

  voxel_points const& p_;
  std::int32_t* dropped_;
  std::int64_t first_;
  std::int64_t base_ = 0;
  cloud_rows owner_{0, 0, 0};
  place origin_{};
  int count_ = 0;       ///< dropped
  bool alone_ = false;  ///< the step's rows are points of one cloud
};

/// Neighbours of a warp that are in one cell.
struct cell_run {
  bool leads;  ///< this lane is the first of them
  int leader;  ///< the first of them
  int count;   ///< how many; right in the leader
};

inline __device__ cell_run run_of(std::int64_t cell) {
  int const lane = static_cast<int>(threadIdx.x % 32);
  std::int64_t const before = __shfl_up_sync(0xffffffffu, cell, 1);
  bool const leads = lane == 0 || before != cell;
  unsigned const leaders = __ballot_sync(0xffffffffu, leads);
  unsigned const behind = lane == 31 ? 0u : leaders >> (lane + 1);
  int const count = behind == 0 ? 32 - lane : __ffs(static_cast<int>(behind));
  int const leader = 31 - __clz(static_cast<int>(leaders & (0xffffffffu >> (31 - lane))));
  return {leads, leader, count};
}

}  // namespace robocache::detail
