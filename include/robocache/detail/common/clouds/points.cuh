// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/clouds/check.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/cell.cuh>
#include <robocache/device/packed.cuh>

// From points to cells, on the device: what all kernels of voxelizing begin with.
namespace robocache::detail {

/// Threads of a block that reads points, and how many such blocks a multiprocessor has at a time.
inline constexpr int point_threads = 256;
inline constexpr int point_blocks_each = 5;

/// Points that a thread has under way.
inline constexpr int points_at_once = 2;

/// Rows that a warp takes at a time: a step.
inline constexpr int rows_a_step = 32 * points_at_once;

/// One axis of a grid, for quotients without divisions.
struct axis_plan {
  float origin;
  float size;
  float inverse;  ///< of the size
  float certain;  ///< how far a quotient may be from the middle of a cell for its floor to be known
  std::uint32_t cells;
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
  std::int64_t rows_each;  ///< of a warp, a multiple of 32
  axis_plan axis[3];
  float const* origins;
  std::int64_t cells;  ///< of a grid
  bool divides;        ///< cells can be found by division only
  bool packed;         ///< x y z and nothing else, one point behind the other
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
  p.rows = clouds.total();
  p.length = clouds.length;
  p.lengths = clouds.lengths;
  p.offsets = clouds.offsets;
  for (int i = 0; i < 3; ++i) {
    float const inverse = 1.0f / lattice.size[i];
    auto const cells = static_cast<float>(lattice.cells[i]);
    p.axis[i] = {lattice.origin[i], lattice.size[i], inverse, 0.5f - (cells + 2.0f) * 0x1p-22f,
                 static_cast<std::uint32_t>(lattice.cells[i])};
    bool const usual = lattice.size[i] > 0x1p-80f && lattice.size[i] < 0x1p80f && lattice.cells[i] <= 1 << 20;
    p.divides = p.divides || !usual;
  }
  p.origins = lattice.origins;
  p.cells = lattice.total();
  p.packed = p.point_stride == 3 && p.y == p.x + 1 && p.z == p.x + 2;
  return p;
}

/// Rows side by side that are points of one cloud, or none.
struct row_segment {
  std::int64_t b;      ///< the cloud; below 0: no points, but padding, or rows that no cloud owns
  std::int64_t end;    ///< behind the last row
  std::int64_t begin;  ///< the cloud's first row
};

/// The rows from `row` on.
ROBOCACHE_NOINLINE inline __device__ row_segment segment_at(voxel_points const& p, std::int64_t row) {
  if (p.offsets == nullptr) {
    std::int64_t const b = p.batch == 1 ? 0 : row / p.length;
    std::int64_t const begin = b * p.length;
    std::int64_t const length = p.lengths == nullptr ? p.length : device::detail::clamp(p.lengths[b], 0, p.length);
    return row < begin + length ? row_segment{b, begin + length, begin} : row_segment{-1, begin + p.length, begin};
  }
  device::packed_rows const owner = device::owner_of_row(p.offsets, p.batch, p.rows, row);
  bool const owned = owner.b >= 0 && owner.b < p.batch && row - owner.begin < INT32_MAX;
  std::int64_t const most = owned ? owner.begin + INT32_MAX : owner.end;
  return {owned ? owner.b : -1, owner.end < most ? owner.end : most, owner.begin};
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

/// What a point is in instead of a cell.
inline constexpr int dropped_point = -1;
inline constexpr int no_point = -2;

/// The cell along an axis, by division: what docs/semantics.md says, word for word.
/// @tparam Lowest  the cell that is counted as 0
template <int Lowest>
__device__ std::uint32_t divide_along(axis_plan const& axis, float distance) {
  float whole = floorf(device::div_rn(distance, axis.size));
  if constexpr (Lowest != 0) { whole = device::sub_rn(whole, static_cast<float>(Lowest)); }
  return whole >= 0.0f && whole < 0x1p31f ? static_cast<std::uint32_t>(whole) : UINT32_MAX;
}

/// The same where q is near a whole number n, or any number where that is told from q. The quotient d / s rounds to n
/// or more where it is above the middle between n and the float below it; at the middle n wins, its last bit is 0. So
/// the sign of d - n * s, which one rounding leaves as it is, or its comparison with a power of 2 times s, decides.
inline __device__ std::uint32_t settle_along(axis_plan const& axis, float distance, float q) {
  float const whole = rintf(q);
  if (!(whole >= 1.0f)) {
    // Below the origin only what rounds to -0 is in the grid.
    bool const zero = distance >= 0.0f || static_cast<double>(-distance) <= static_cast<double>(axis.size) * 0x1p-150;
    return whole >= 0.0f && zero ? 0 : UINT32_MAX;
  }
  float const rest = device::fma_rn(-whole, axis.size, distance);
  float const half_step = device::mul_rn(device::sub_rn(whole, __int_as_float(__float_as_int(whole) - 1)), 0.5f);
  bool const reached = rest >= 0.0f || -rest <= device::mul_rn(axis.size, half_step);
  return whole < 0x1p31f ? static_cast<std::uint32_t>(whole) - (reached ? 0 : 1) : UINT32_MAX;
}

/// The cell along an axis, by multiplication. q = d * (1 / s) is within 3 units of 2^-24, relatively, of the rounded
/// quotient d / s. So where a q inside the grid is further than that from all whole numbers, both have the same floor;
/// and where q is outside by more than a cell, so is the quotient. Adding 1.5 * 2^23, rounded down, leaves the floor in
/// the last bits: right for |q| < 2^22; beyond, and for NaN, a number that is no cell.
/// @param near  set where a whole number is too near
inline __device__ std::uint32_t multiply_along(axis_plan const& axis, float q, bool& near) {
  float const shifted = add_rounded_down(q, 0x1.8p23f);
  float const from_middle = device::sub_rn(device::sub_rn(q, device::sub_rn(shifted, 0x1.8p23f)), 0.5f);
  near |= device::detail::absolute(from_middle) >= axis.certain;
  return static_cast<std::uint32_t>(__float_as_int(shifted)) - 0x4b400000u;
}

/// The cell of a point, counted over all clouds: docs/semantics.md, "Cells"; or `dropped_point`.
/// @tparam Cell    32 bits: for all the cells of all clouds, and grids that do not need divisions
/// @tparam Lowest  with divisions: the cell of each axis that is counted as 0
/// @param base     the first cell of the point's cloud
template <class Cell, int Lowest = 0>
__device__ Cell cell_of(voxel_points const& p, place const& origin, Cell base, float x, float y, float z) {
  float const dx = device::sub_rn(x, origin.x);
  float const dy = device::sub_rn(y, origin.y);
  float const dz = device::sub_rn(z, origin.z);
  std::uint32_t i, j, k;
  if constexpr (sizeof(Cell) == 4) {
    float const qx = device::mul_rn(dx, p.axis[0].inverse);
    float const qy = device::mul_rn(dy, p.axis[1].inverse);
    float const qz = device::mul_rn(dz, p.axis[2].inverse);
    bool near = false;
    i = multiply_along(p.axis[0], qx, near);
    j = multiply_along(p.axis[1], qy, near);
    k = multiply_along(p.axis[2], qz, near);
    if (near) {
      i = settle_along(p.axis[0], dx, qx);
      j = settle_along(p.axis[1], dy, qy);
      k = settle_along(p.axis[2], dz, qz);
    }
  } else {
    i = divide_along<Lowest>(p.axis[0], dx);
    j = divide_along<Lowest>(p.axis[1], dy);
    k = divide_along<Lowest>(p.axis[2], dz);
  }
  bool const inside = (i < p.axis[0].cells) & (j < p.axis[1].cells) & (k < p.axis[2].cells);
  using word = std::make_unsigned_t<Cell>;  // what is outside may wrap around
  word const row = word{k} * p.axis[1].cells + j;
  return inside ? static_cast<Cell>(row * p.axis[0].cells + (i + static_cast<word>(base))) : Cell(dropped_point);
}

/// The coordinates of a lane's points in one step.
struct step_points {
  float x[points_at_once];
  float y[points_at_once];
  float z[points_at_once];

  /// Packed points. Points are read once, and should leave the cache first.
  /// @param from  the x of this lane's first point
  __device__ void load_packed(float const* from) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      x[r] = __ldcs(from + r * 96);
      y[r] = __ldcs(from + r * 96 + 1);
      z[r] = __ldcs(from + r * 96 + 2);
    }
  }

  /// Points of whatever stride.
  /// @param start  element of the segment's first row
  /// @param at     row of this lane in the segment
  /// @param rows   of the segment; points behind it are not read
  __device__ void load(voxel_points const& p, std::int64_t start, unsigned at, unsigned rows) {
#pragma unroll
    for (int r = 0; r < points_at_once; ++r) {
      x[r] = y[r] = z[r] = 0.0f;
      if (at + r * 32 < rows) {
        std::int64_t const from = start + std::int64_t(at + r * 32) * p.point_stride;
        x[r] = __ldcs(p.x + from);
        y[r] = __ldcs(p.y + from);
        z[r] = __ldcs(p.z + from);
      }
    }
  }
};

/// The rows of this warp: `[begin, end)`.
struct warp_rows {
  std::int64_t begin;
  std::int64_t end;

  __device__ explicit warp_rows(voxel_points const& p)
      : begin((std::int64_t(blockIdx.x) * (point_threads / 32) + threadIdx.x / 32) * p.rows_each),
        end(min(begin + p.rows_each, p.rows)) {}
};

/// Finds the cells of all rows of a warp: those of one cloud after those of the other, 32 rows side by side. The first
/// points are read before the launch before this one has ended; `use` is called behind that.
/// @tparam Cell    as `with_cell_type` gives it
/// @tparam Lowest  as `cell_of` takes it
/// @param dropped  where dropped points of each cloud are added up; null: nowhere
/// @param use      called by the whole warp: `use(row, cell)`, where `cell[r]` is that of this lane's row `row + 32 *
/// r`,
///                 counted over all clouds, or `dropped_point`, or, also for rows behind the last one, `no_point`
template <class Cell, int Lowest = 0, class Use>
__device__ void for_each_row(voxel_points const& p, std::int32_t* dropped, Use const& use) {
  unsigned const lane = threadIdx.x % 32;
  warp_rows const mine(p);
  for (std::int64_t row = mine.begin; row < mine.end;) {
    row_segment const segment = segment_at(p, row);
    auto const rows = static_cast<unsigned>(min(segment.end, mine.end) - row);
    unsigned at = lane;
    Cell cell[points_at_once];
    if (segment.b < 0) {
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) { cell[r] = no_point; }
      wait_for_launch_before();
      for (; at - lane < rows; at += rows_a_step) { use(row + at, cell); }
      row += rows;
      continue;
    }
    place const origin = origin_of(p, segment.b);
    auto const base = static_cast<Cell>(segment.b * p.cells);
    std::int64_t const start = row * p.point_stride + segment.b * p.between_clouds;
    unsigned const full = rows / rows_a_step * rows_a_step;
    int count = 0;
    // The next step's points are under way before this step's results are: what is written holds up what is read behind
    // it.
    step_points next;
    float const* from = p.x + (start + std::int64_t{at} * 3);
    auto const load_next = [&](unsigned place) {
      if (place >= full) { return; }
      if (p.packed) {
        next.load_packed(from);
        from += 3 * rows_a_step;
      } else {
        next.load(p, start, place, rows);
      }
    };
    load_next(at);
    wait_for_launch_before();
    for (; at < full; at += rows_a_step) {
      step_points const points = next;
      load_next(at + rows_a_step);
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        cell[r] = cell_of<Cell, Lowest>(p, origin, base, points.x[r], points.y[r], points.z[r]);
        count += cell[r] < 0 ? 1 : 0;
      }
      use(row + at, cell);
    }
    if (full < rows) {
      next.load(p, start, at, rows);
#pragma unroll
      for (int r = 0; r < points_at_once; ++r) {
        Cell const found = cell_of<Cell, Lowest>(p, origin, base, next.x[r], next.y[r], next.z[r]);
        bool const real = at + r * 32 < rows;
        count += real && found < 0 ? 1 : 0;
        cell[r] = real ? found : Cell(no_point);
      }
      use(row + at, cell);
    }
    if (dropped != nullptr) {
      count = sum_over_warp(count);
      if (lane == 0 && count > 0) { atomicAdd(dropped + segment.b, count); }
    }
    row += rows;
  }
}

/// Neighbours of a warp that are in one cell.
struct cell_run {
  bool leads;        ///< this lane is the first of them
  int count;         ///< how many; right in the first
  unsigned leaders;  ///< of the whole warp
};

template <class Cell>
__device__ cell_run run_of(Cell cell) {
  unsigned const lane = threadIdx.x % 32;
  Cell const before = __shfl_up_sync(0xffffffffu, cell, 1);
  bool const leads = lane == 0 || before != cell;
  unsigned const leaders = __ballot_sync(0xffffffffu, leads);
  // The one behind the last lane ends its run.
  int const count = __ffs(static_cast<int>(leaders >> lane >> 1 | 0x80000000u >> lane));
  return {leads, count, leaders};
}

/// The first lane of a lane's run.
inline __device__ int leader_of(cell_run const& run) {
  unsigned const lane = threadIdx.x % 32;
  return 31 - __clz(static_cast<int>(run.leaders << (31 - lane) >> (31 - lane)));
}

}  // namespace robocache::detail
