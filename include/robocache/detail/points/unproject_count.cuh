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

/// @param a, b  the ends, in whichever order
inline __device__ interval between(float a, float b) { return a < b ? interval{a, b} : interval{b, a}; }

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
  quick_rays const rays(p, view);
  std::uint32_t const last = first + all - 1;
  std::uint32_t const first_row = p.by_width.quotient(first);
  std::uint32_t const last_row = p.by_width.quotient(last);
  bool const one_row = first_row == last_row;
  std::uint32_t const first_column = one_row ? first - first_row * p.width : 0;
  std::uint32_t const last_column = one_row ? last - first_row * p.width : p.width - 1;
  interval const x = between(rays.x(static_cast<float>(first_column)), rays.x(static_cast<float>(last_column)));
  interval const y = between(rays.y(static_cast<float>(first_row)), rays.y(static_cast<float>(last_row)));
  if (!is_quick(p, rays.camera)) { return unknown; }
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

/// Of a quick image.
/// @param pixel  the first, of the image
inline __device__ found_four find_quick(unproject_params const& p, quick_image const& image, quick_limits const& limits,
                                        std::uint32_t view, std::uint32_t pixel, raw_four const& raw) {
  found_four found{};
  float z[4];
  find_z(p, view, pixel, raw, z);
  image.points(p, pixel, z, found.at);
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    bool const deep = limits.is_deep(z[k]);
    found.deep |= deep ? 1u << k : 0u;
    found.kept |= deep && limits.holds(found.at[k]) ? 1u << k : 0u;
  }
  return found;
}

/// Of any image.
ROBOCACHE_NOINLINE inline __device__ found_four find_usual(unproject_params const& p, std::uint32_t view,
                                                           std::uint32_t pixel, raw_four raw) {
  float depth[4];
  raw.convert(p, depth);
  found_four found{};
#pragma unroll 1
  for (int k = 0; k < 4; ++k) {
    pixel_point const one = usual_point(p, view, pixel + static_cast<std::uint32_t>(k), depth[k]);
    found.at[k] = one.at;
    found.deep |= one.deep ? 1u << k : 0u;
    found.kept |= one.kept ? 1u << k : 0u;
  }
  return found;
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

/// A tile of an image.
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
  /// How many pixels of the image are left from one on.
  __device__ std::uint32_t left_from(std::uint32_t pixel) const {
    return pixel < first + pixels ? first + pixels - pixel : 0;
  }
  /// How many runs from `run` on are whole.
  __device__ std::uint32_t whole_from(std::uint32_t run) const {
    std::uint32_t const whole = pixels / pixels_of_run;
    return whole > run ? whole - run : 0;
  }
};

/// Counts those of a warp's runs that their ends do not tell of, by making their points. Called by a warp.
/// @param unknown  bit i: run `first_run + i`
/// @return of the lane's run; `known` where it was one of those
ROBOCACHE_NOINLINE inline __device__ run_counts counts_by_points(unproject_params const& p, pixel_tile const tile,
                                                                 std::uint32_t first_run, unsigned unknown) {
  unsigned const lane = threadIdx.x % 32;
  quick_image const image(p, tile.view);
  quick_limits const limits(p, tile.view);
  bool const quick = is_quick(p, image.rays.camera);
  std::uint32_t const first = tile.first + first_run * pixels_of_run + 4 * lane;
  auto const load = [&](unsigned runs) {
    auto const run = static_cast<std::uint32_t>(__ffs(static_cast<int>(runs)) - 1);
    std::uint32_t const pixel = first + run * pixels_of_run;
    return load_four(p, std::int64_t{tile.view} * p.pixels + pixel, tile.left_from(pixel));
  };
  run_counts mine{0, 0, false};
  raw_four next = load(unknown);
#pragma unroll 1
  while (unknown != 0) {
    auto const run = static_cast<std::uint32_t>(__ffs(static_cast<int>(unknown)) - 1);
    unknown &= unknown - 1;
    raw_four const raw = next;
    if (unknown != 0) { next = load(unknown); }
    std::uint32_t const pixel = first + run * pixels_of_run;
    found_four const found =
        quick ? find_quick(p, image, limits, tile.view, pixel, raw) : find_usual(p, tile.view, pixel, raw);
    auto const kept = static_cast<std::uint32_t>(sum_over_warp(__popc(found.kept)));
    auto const deep = static_cast<std::uint32_t>(sum_over_warp(__popc(found.deep)));
    if (lane == run) { mine = {kept, deep, true}; }
  }
  return mine;
}

/// The nearest and the farthest depth of a lane's run, as `raw_four::order`.
struct run_ends {
  std::uint32_t low = 0;
  std::uint32_t high = 0;

  /// Takes those of a run, if it is the lane's. Called by a warp.
  __device__ void take(unproject_params const& p, std::uint32_t run, raw_four const& raw) {
    std::uint32_t order[4];
    raw.order(p, order);
    std::uint32_t const least = __reduce_min_sync(0xffffffffu, min(min(order[0], order[1]), min(order[2], order[3])));
    std::uint32_t const most = __reduce_max_sync(0xffffffffu, max(max(order[0], order[1]), max(order[2], order[3])));
    bool const mine = threadIdx.x % 32 == run;
    low = mine ? least : low;
    high = mine ? most : high;
  }
};

/// Of runs that follow each other, and are wholly in the image: several are loaded at once.
/// @param from  the lane's first depths
template <int AtOnce, class Vector>
__device__ run_ends find_ends(unproject_params const& p, Vector const* from, std::uint32_t runs) {
  run_ends ends;
  std::uint32_t begin = 0;
#pragma unroll 1
  for (; begin + AtOnce <= runs; begin += AtOnce) {
    Vector raw[AtOnce];
#pragma unroll
    for (int s = 0; s < AtOnce; ++s) { raw[s] = __ldg(from + (begin + s) * 32); }
#pragma unroll
    for (int s = 0; s < AtOnce; ++s) { ends.take(p, begin + s, raw_of(raw[s])); }
  }
#pragma unroll 1
  for (; begin < runs; ++begin) { ends.take(p, begin, raw_of(__ldg(from + begin * 32))); }
  return ends;
}

/// Of any.
/// @param first  the lane's first depth, counted over all images
inline __device__ run_ends find_ends(unproject_params const& p, std::int64_t first, std::uint32_t runs) {
  constexpr int words = unproject_words_at_once;
  if (loads_ahead(p)) {
    auto const* const from = static_cast<std::uint16_t const*>(p.depth) + first;
    return find_ends<words / 2>(p, reinterpret_cast<uint2 const*>(from), runs);
  }
  if (p.fours) {
    return find_ends<words / 4>(p, reinterpret_cast<uint4 const*>(static_cast<float const*>(p.depth) + first), runs);
  }
  run_ends ends;
#pragma unroll 1
  for (std::uint32_t run = 0; run < runs; ++run) { ends.take(p, run, load_four(p, first + run * pixels_of_run, 4)); }
  return ends;
}

/// A block for each tile.
template <int Threads>
__global__ void __launch_bounds__(Threads, unproject_count_blocks)
    unproject_count_kernel(__grid_constant__ unproject_params const p) {
  constexpr unsigned warps = Threads / 32;
  constexpr unsigned each = runs_of_tile / warps;
  __shared__ std::uint32_t kept_of[warps];
  __shared__ std::uint32_t deep_of[warps];
  let_next_launch_begin();
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  pixel_tile const tile(p, blockIdx.x);
  std::uint32_t const first_run = warp * each;
  std::uint32_t const first = tile.first + first_run * pixels_of_run;
  std::uint32_t const whole = min(tile.whole_from(first_run), each);
  run_ends const ends = find_ends(p, std::int64_t{tile.view} * p.pixels + first + 4 * lane, whole);
  // Lane i has run i.
  std::uint32_t const pixels = lane < each ? tile.of_run(first_run + lane) : 0;
  run_counts mine{0, 0, pixels == 0};
  if (pixels == pixels_of_run) {
    mine = counts_by_ends(p, tile.view, first + lane * pixels_of_run, ends.low, ends.high);
  }
  unsigned const unknown = __ballot_sync(0xffffffffu, !mine.known);
  if (unknown != 0) {
    run_counts const found = counts_by_points(p, tile, first_run, unknown);
    if (found.known) { mine = found; }
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
