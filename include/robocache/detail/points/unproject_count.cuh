// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing_sums.cuh>
#include <robocache/detail/points/unproject_image.cuh>
#include <robocache/detail/points/unproject_params.hpp>
#include <robocache/detail/points/unproject_policy.cuh>
#include <robocache/device/camera.cuh>

// How many pixels are kept, before any point is made. Of most runs of pixels the nearest and the farthest depth tell:
// each rounded operation on the way to a point ascends, or descends, with each of its operands, so that the ends of
// intervals go the way of all that is between them.
namespace robocache::detail {

/// All numbers from `low` to `high`. If something on the way was not finite, then one of them is not.
struct interval {
  float low;
  float high;

  __device__ bool is_finite() const {
    constexpr float most = 0x1.fffffep127f;
    return low >= -most && high <= most;
  }
};

inline __device__ interval operator+(interval const& a, interval const& b) {
  return {device::add_rn(a.low, b.low), device::add_rn(a.high, b.high)};
}

inline __device__ interval operator*(float a, interval const& b) {
  interval const ends{device::mul_rn(a, b.low), device::mul_rn(a, b.high)};
  return a >= 0.0f ? ends : interval{ends.high, ends.low};
}

/// @param b  not below 0
inline __device__ interval times_positive(interval const& a, interval const& b) {
  return {device::mul_rn(a.low, a.low >= 0.0f ? b.low : b.high),
          device::mul_rn(a.high, a.high >= 0.0f ? b.high : b.low)};
}

/// `(x - centre) / focal`
inline __device__ interval ray_interval(float first, float last, float focal, float centre) {
  float const a = device::div_rn(device::sub_rn(first, centre), focal);
  float const b = device::div_rn(device::sub_rn(last, centre), focal);
  return a < b ? interval{a, b} : interval{b, a};
}

/// @param x  finite
inline __device__ interval square_of(interval const& x) {
  float const a = device::mul_rn(x.low, x.low);
  float const b = device::mul_rn(x.high, x.high);
  bool const has_zero = x.low <= 0.0f && x.high >= 0.0f;
  return {has_zero ? 0.0f : (a < b ? a : b), a < b ? b : a};
}

/// `z_on_ray`, of intervals.
inline __device__ interval z_interval(interval const& x, interval const& y, interval const& depth, depth_kind kind) {
  if (kind == depth_kind::axis) { return depth; }
  interval const square = interval{1.0f, 1.0f} + square_of(x) + square_of(y);
  return {device::detail::z_by_square(depth.low, square.high), device::detail::z_by_square(depth.high, square.low)};
}

/// What became of the pixels of a run.
struct run_counts {
  std::uint32_t kept;
  std::uint32_t deep;
  bool known;
};

/// What the ends of a whole run's depths tell.
/// @param first      its first pixel, of the image
/// @param low, high  the ends, as `raw_four::order`
inline __device__ run_counts counts_by_ends(unproject_params const& p, std::uint32_t view, std::uint32_t first,
                                            std::uint32_t low, std::uint32_t high) {
  constexpr std::uint32_t all = pixels_of_run;
  constexpr run_counts unknown{0, 0, false};
  device::pinhole const camera = device::pinhole_at(p.intrinsics, view);
  std::uint32_t const last = first + all - 1;
  std::uint32_t const first_row = p.by_width.quotient(first);
  std::uint32_t const last_row = p.by_width.quotient(last);
  bool const one_row = first_row == last_row;
  std::uint32_t const first_column = one_row ? first - first_row * p.width : 0;
  std::uint32_t const last_column = one_row ? last - first_row * p.width : p.width - 1;
  interval const x =
      ray_interval(static_cast<float>(first_column), static_cast<float>(last_column), camera.fx, camera.cx);
  interval const y = ray_interval(static_cast<float>(first_row), static_cast<float>(last_row), camera.fy, camera.cy);
  if (!x.is_finite() || !y.is_finite()) { return unknown; }
  raw_four ends{};
  bool const in_pairs = p.type != depth_dtype::float32;
  ends.words[0] = in_pairs ? low | high << 16 : low;
  ends.words[1] = in_pairs ? 0 : high;
  float depth[4];
  ends.convert(p, depth);
  interval const z = z_interval(x, y, {depth[0], depth[1]}, p.options.kind);
  bool const high_is_number = bits_of(depth[1]) <= bits_of(INFINITY);  // and not below 0, and so are all
  if (high_is_number && !(z.high > 0.0f && z.high >= p.options.near)) { return {0, 0, true}; }
  if (z.low > p.options.far) { return {0, 0, true}; }
  if (!high_is_number || !device::is_depth(z.low, p.options.near, p.options.far) ||
      !device::is_depth(z.high, p.options.near, p.options.far)) {
    return unknown;
  }
  interval at[3] = {times_positive(x, z), times_positive(y, z), z};
  if (p.poses != nullptr) {
    device::pose const pose = device::pose_at(p.poses, view);
    interval const from[3] = {at[0], at[1], at[2]};
#pragma unroll
    for (int axis = 0; axis < 3; ++axis) {
      float const(&row)[4] = pose.m[axis];
      at[axis] = row[0] * from[0] + row[1] * from[1] + row[2] * from[2] + interval{row[3], row[3]};
    }
  }
  bool inside = true;
  bool outside = false;
#pragma unroll
  for (int axis = 0; axis < 3; ++axis) {
    if (!at[axis].is_finite()) { return unknown; }
    if (p.options.boxes == nullptr) { continue; }
    crop_box const& box = p.options.boxes[p.by_views.quotient(view)];
    inside = inside && box.low[axis] <= at[axis].low && at[axis].high < box.high[axis];
    outside = outside || at[axis].high < box.low[axis] || at[axis].low >= box.high[axis];
  }
  if (inside) { return {all, all, true}; }
  return outside ? run_counts{0, all, true} : unknown;
}

/// The points of a lane's four pixels, and which of them are kept.
struct found_four {
  device::point3 at[4];
  unsigned kept;  ///< a bit for each
  unsigned deep;
};

/// @param pixel  the first, of the image
inline __device__ found_four find_four(unproject_params const& p, std::uint32_t view, std::uint32_t pixel,
                                       raw_four const& raw) {
  float depth[4];
  raw.convert(p, depth);
  found_four found{};
  if (is_quick_image(p, view)) {
    quick_image const image(p, view);
    quick_limits const limits(p, view);
    image.points(p, pixel, depth, found.at);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      bool const deep = limits.is_deep(depth[k]);
      found.deep |= deep ? 1u << k : 0u;
      found.kept |= deep && limits.holds(found.at[k]) ? 1u << k : 0u;
    }
    return found;
  }
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {
    pixel_point const one = usual_point(p, view, pixel + static_cast<std::uint32_t>(k), depth[k]);
    found.at[k] = one.at;
    found.deep |= one.deep ? 1u << k : 0u;
    found.kept |= one.kept ? 1u << k : 0u;
  }
  return found;
}

/// A run by making its points. Called by a warp.
/// @param pixels  of the run
ROBOCACHE_NOINLINE inline __device__ run_counts counts_by_points(unproject_params const& p, std::uint32_t view,
                                                                 std::uint32_t first, std::uint32_t pixels) {
  std::uint32_t const mine = 4 * (threadIdx.x % 32);
  std::uint32_t const there = mine < pixels ? pixels - mine : 0;
  raw_four const raw = load_some(p, std::int64_t{view} * p.pixels + first + mine, there);
  found_four const found = find_four(p, view, first + mine, raw);
  return {static_cast<std::uint32_t>(sum_over_warp(__popc(found.kept))),
          static_cast<std::uint32_t>(sum_over_warp(__popc(found.deep))), true};
}

/// Adds to what a cloud lost.
inline __device__ void add_lost(unprojection_report& report, std::uint32_t pixels, std::uint32_t deep,
                                std::uint32_t kept) {
  auto const add = [](std::int64_t& to, std::uint32_t count) {
    if (count > 0) { atomicAdd(reinterpret_cast<unsigned long long*>(&to), static_cast<unsigned long long>(count)); }
  };
  add(report.no_depth, pixels - deep);
  add(report.cropped, deep - kept);
}

/// A block's tile.
struct pixel_tile {
  std::uint32_t view;      ///< the image, counted over all clouds
  std::uint32_t of_image;  ///< the tile, counted in the image
  std::uint32_t first;     ///< its first pixel, of the image
  std::uint32_t pixels;

  __device__ pixel_tile(unproject_params const& p, std::uint32_t tile)
      : view(p.by_tiles.quotient(tile)),
        of_image(tile - view * p.tiles_each),
        first(of_image * (runs_of_tile * pixels_of_run)),
        pixels(min(p.pixels - first, runs_of_tile * pixels_of_run)) {}

  /// Pixels of a run.
  __device__ std::uint32_t of_run(std::uint32_t run) const {
    std::uint32_t const before = run * pixels_of_run;
    return before < pixels ? min(pixels - before, pixels_of_run) : 0;
  }
  /// How many runs behind `run` are whole, itself included.
  __device__ std::uint32_t whole_from(std::uint32_t run) const {
    std::uint32_t const whole = pixels / pixels_of_run;
    return whole > run ? whole - run : 0;
  }
};

/// A block for each tile.
template <int Threads>
__global__ void __launch_bounds__(Threads, unproject_count_blocks)
    unproject_count_kernel(__grid_constant__ unproject_params const p) {
  constexpr unsigned warps = Threads / 32;
  constexpr unsigned each = runs_of_tile / warps;
  constexpr unsigned at_once = unproject_runs_at_once;
  __shared__ std::uint32_t kept_of[warps];
  __shared__ std::uint32_t deep_of[warps];
  let_next_launch_begin();
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  pixel_tile const tile(p, blockIdx.x);
  std::uint32_t const first_run = warp * each;
  std::uint32_t const first = tile.first + first_run * pixels_of_run;
  std::uint32_t my_low = 0;
  std::uint32_t my_high = 0;
#pragma unroll 1
  for (std::uint32_t begin = 0; begin < each; begin += at_once) {
    std::uint32_t const whole = tile.whole_from(first_run + begin);
    raw_four raw[at_once];
    load_runs<false>(p, std::int64_t{tile.view} * p.pixels + first + begin * pixels_of_run + 4 * lane, whole, raw);
#pragma unroll
    for (std::uint32_t s = 0; s < at_once; ++s) {
      if (s >= whole) { continue; }
      std::uint32_t order[4];
      raw[s].order(p, order);
      std::uint32_t const low = __reduce_min_sync(0xffffffffu, min(min(order[0], order[1]), min(order[2], order[3])));
      std::uint32_t const high = __reduce_max_sync(0xffffffffu, max(max(order[0], order[1]), max(order[2], order[3])));
      bool const of_lane = lane == begin + s;
      my_low = of_lane ? low : my_low;
      my_high = of_lane ? high : my_high;
    }
  }
  // Lane i has run i.
  run_counts mine{0, 0, true};
  std::uint32_t const pixels = lane < each ? tile.of_run(first_run + lane) : 0;
  if (pixels > 0) {
    mine = {0, 0, false};
    if (pixels == pixels_of_run) { mine = counts_by_ends(p, tile.view, first + lane * pixels_of_run, my_low, my_high); }
  }
  unsigned unknown = __ballot_sync(0xffffffffu, !mine.known);
  while (unknown != 0) {
    int const s = __ffs(static_cast<int>(unknown)) - 1;
    unknown &= unknown - 1;
    auto const run = static_cast<std::uint32_t>(s);
    run_counts const found = counts_by_points(p, tile.view, first + run * pixels_of_run, tile.of_run(first_run + run));
    if (lane == run) { mine = found; }
  }
  if (lane < each) {
    p.kept[std::int64_t{blockIdx.x} * runs_of_tile + first_run + lane] = static_cast<std::uint8_t>(mine.kept);
  }
  auto const kept = static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(mine.kept)));
  auto const deep = static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(mine.deep)));
  if (lane == 0) {
    kept_of[warp] = kept;
    deep_of[warp] = deep;
  }
  __syncthreads();
  if (threadIdx.x != 0) { return; }
  std::uint32_t kept_of_all = 0;
  std::uint32_t deep_of_all = 0;
#pragma unroll
  for (unsigned i = 0; i < warps; ++i) {
    kept_of_all += kept_of[i];
    deep_of_all += deep_of[i];
  }
  wait_for_launch_before();
  say_kept(p.own, blockIdx.x, kept_of_all);
  if (p.reports != nullptr) {
    add_lost(p.reports[p.by_views.quotient(tile.view)], tile.pixels, deep_of_all, kept_of_all);
  }
}

}  // namespace robocache::detail
