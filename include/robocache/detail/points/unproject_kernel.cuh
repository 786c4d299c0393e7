// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/detail/points/packing.cuh>
#include <robocache/detail/points/packing_sums.cuh>
#include <robocache/detail/points/unproject_count.cuh>
#include <robocache/detail/points/unproject_image.cuh>
#include <robocache/detail/points/unproject_params.hpp>
#include <robocache/detail/points/unproject_policy.cuh>
#include <robocache/device/camera.cuh>

// Makes the points of pixels: those that are kept, whose places are known from counting, or all of them.
namespace robocache::detail {

/// What a warp has in shared memory: the points of two runs, so that one is written while the next one is made.
struct pack_memory {
  alignas(16) float points[2][3 * pixels_of_run];
  std::uint8_t sources[pixels_of_run];  ///< which of the run's pixels each point was
};

/// Leaves the points of a lane's four pixels, one behind the other.
inline __device__ void leave_four(float* of_warp, device::point3 const (&at)[4]) {
  auto* const to = reinterpret_cast<float4*>(of_warp) + 3 * (threadIdx.x % 32);
  to[0] = float4{at[0].x, at[0].y, at[0].z, at[1].x};
  to[1] = float4{at[1].y, at[1].z, at[2].x, at[2].y};
  to[2] = float4{at[2].z, at[3].x, at[3].y, at[3].z};
}

/// `write_vectors`, as a function of its own.
ROBOCACHE_NOINLINE inline __device__ void write_some(float* to, float const* of_warp, std::int64_t place,
                                                     std::uint32_t count) {
  write_vectors(to, of_warp, place, count);
}

/// Writes the points of a run of which all pixels are kept. Called by a warp.
inline __device__ void write_run(float* to, float const* of_warp, std::int64_t place) {
  auto* const words = reinterpret_cast<float4*>(to + 3 * place) + threadIdx.x % 32;
  if (reinterpret_cast<std::uintptr_t>(words) % 16 != 0) {
    write_some(to, of_warp, place, pixels_of_run);
    return;
  }
#pragma unroll
  for (int i = 0; i < 3; ++i) {
    __stcs(words + 32 * i, reinterpret_cast<float4 const*>(of_warp)[threadIdx.x % 32 + 32 * i]);
  }
}

/// Moves the features of a run's pixels.
/// @param first    of the run, in its image
/// @param sources  which pixels are kept; null: all
ROBOCACHE_NOINLINE inline __device__ void move_features(unproject_params const& p, std::uint32_t view,
                                                        std::uint32_t first, std::uint8_t const* sources,
                                                        std::int64_t place, std::uint32_t kept) {
  std::int64_t const from = view * p.features.batch_step + first * p.features.row_step;
  auto const element = [&](std::uint32_t row) { return from + row * p.features.row_step; };
  if (sources != nullptr) {
    move_rows(
        p.features, [&](std::uint32_t i) { return element(sources[i]); }, place, kept);
  } else if (p.features.word_step == 1) {
    move_run(p.features, from, place, kept);
  } else {
    move_rows(p.features, element, place, kept);
  }
}

/// The points of a lane's four pixels.
inline __device__ found_four find_four(unproject_params const& p, std::uint32_t view, std::uint32_t pixel,
                                       raw_four const& raw) {
  quick_image const image(p, view);
  if (!is_quick(p, image.rays.camera)) { return find_usual(p, view, pixel, raw); }
  return find_quick(p, image, quick_limits(p, view), view, pixel, raw);
}

/// Packs a run of which not all pixels are kept, or whose image is not quick. Called by a warp.
/// @param first  of the run, in its image
ROBOCACHE_NOINLINE inline __device__ void pack_some(unproject_params const& p, pack_memory& own, std::uint32_t view,
                                                    std::uint32_t first, raw_four raw, std::int64_t place) {
  std::uint32_t const mine = 4 * (threadIdx.x % 32);
  found_four const found = find_four(p, view, first + mine, raw);
  std::uint32_t before = 0;
  std::uint32_t kept = 0;
#pragma unroll
  for (unsigned k = 0; k < 4; ++k) {
    unsigned const those = __ballot_sync(0xffffffffu, (found.kept >> k & 1) != 0);
    before += lanes_before(those);
    kept += static_cast<std::uint32_t>(__popc(those));
  }
  __syncwarp();  // the runs before have been written
#pragma unroll
  for (unsigned k = 0; k < 4; ++k) {
    if ((found.kept >> k & 1) == 0) { continue; }
    leave_vector(own.points[0], before, found.at[k]);
    own.sources[before] = static_cast<std::uint8_t>(mine + k);
    ++before;
  }
  __syncwarp();
  write_some(p.points, own.points[0], place, kept);
  if (p.features.to != nullptr) { move_features(p, view, first, own.sources, place, kept); }
  __syncwarp();
}

/// A block for each tile. Tiles come in the order opposite to that of counting: what was read last is still in the L2
/// cache.
template <int Threads>
__global__ void __launch_bounds__(Threads, unproject_blocks)
    unproject_pack_kernel(__grid_constant__ unproject_params const p) {
  constexpr unsigned each = runs_of_tile / (Threads / 32);
  __shared__ pack_memory shared[Threads / 32];
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  pack_memory& own = shared[warp];
  std::uint32_t const number = p.tiles - 1 - blockIdx.x;
  pixel_tile const tile(p, number);
  std::uint32_t const first_run = warp * each;
  std::uint32_t const first = tile.first + first_run * pixels_of_run + 4 * lane;
  std::int64_t const of_all = std::int64_t{tile.view} * p.pixels + first;
  std::uint32_t const whole = tile.whole_from(first_run);
  uint2 ahead[each]{};
  load_ahead(p, of_all, whole, ahead);
  quick_image const image(p, tile.view);
  bool const quick = is_quick(p, image.rays.camera);
  wait_for_launch_before();
  std::uint32_t const kept = p.kept[std::int64_t{number} * runs_of_tile + lane];
  std::uint32_t const before_tile = kept_before_tile(p.own, number);
  std::uint32_t end = kept;  // of the lane's run, counted from the tile's first point
#pragma unroll
  for (unsigned step = 1; step < 32; step *= 2) {
    std::uint32_t const other = __shfl_up_sync(0xffffffffu, end, step);
    if (lane >= step) { end += other; }
  }
  if (warp == 0 && lane == 31) {
    std::uint32_t const b = p.by_views.quotient(tile.view);
    if (tile.of_image == 0 && tile.view == b * p.views) { p.offsets[b] = before_tile; }
    if (number + 1 == p.tiles) { p.offsets[p.batch] = before_tile + end; }
  }
  unsigned turn = 0;
#pragma unroll
  for (unsigned s = 0; s < each; ++s) {
    std::uint32_t const run = first_run + s;
    std::uint32_t const of_run = __shfl_sync(0xffffffffu, kept, static_cast<int>(run));
    std::uint32_t const end_of_run = __shfl_sync(0xffffffffu, end, static_cast<int>(run));
    if (of_run == 0) { continue; }
    std::int64_t const place = std::int64_t{before_tile} + end_of_run - of_run;
    std::uint32_t const of_image = tile.first + run * pixels_of_run;
    std::uint32_t const pixel = of_image + 4 * lane;
    raw_four const raw = s < whole && loads_ahead(p) ? raw_of(ahead[s])
                                                     : load_four(p, of_all + s * pixels_of_run, tile.left_from(pixel));
    if (!quick || of_run < pixels_of_run) {
      pack_some(p, own, tile.view, of_image, raw, place);
      continue;
    }
    float z[4];
    device::point3 at[4];
    find_z(p, tile.view, pixel, raw, z);
    image.points(p, pixel, z, at);
    float* const points = own.points[turn++ % 2];
    leave_four(points, at);
    __syncwarp();
    write_run(p.points, points, place);
    if (p.features.to != nullptr) { move_features(p, tile.view, of_image, nullptr, place, pixels_of_run); }
  }
}

/// Writes the points and the mask of a run that is not whole, or whose image is not quick. Called by a warp.
ROBOCACHE_NOINLINE inline __device__ run_counts fill_some(unproject_params const& p, pack_memory& own,
                                                          std::uint32_t view, std::uint32_t first,
                                                          std::uint32_t pixels) {
  std::uint32_t const mine = 4 * (threadIdx.x % 32);
  std::uint32_t const there = mine < pixels ? min(pixels - mine, 4u) : 0;
  std::int64_t const of_all = std::int64_t{view} * p.pixels + first;
  raw_four const raw = load_four(p, of_all + mine, there);
  found_four found = find_four(p, view, first + mine, raw);
#pragma unroll
  for (unsigned k = 0; k < 4; ++k) {
    bool const kept = (found.kept >> k & 1) != 0;
    if (!kept) { found.at[k] = {0.0f, 0.0f, 0.0f}; }
    if (p.valid != nullptr && k < there) {
      __stcs(p.valid + of_all + mine + k, static_cast<std::uint8_t>(kept ? 1 : 0));
    }
  }
  __syncwarp();  // the runs before have been written
  leave_four(own.points[0], found.at);
  __syncwarp();
  write_some(p.points, own.points[0], of_all, pixels);
  __syncwarp();
  return {static_cast<std::uint32_t>(__popc(found.kept)), static_cast<std::uint32_t>(__popc(found.deep)), true};
}

/// Writes four bytes of the mask.
inline __device__ void write_mask(std::uint8_t* to, std::uint32_t mask) {
  if (reinterpret_cast<std::uintptr_t>(to) % 4 == 0) {
    __stcs(reinterpret_cast<std::uint32_t*>(to), mask);
    return;
  }
#pragma unroll
  for (unsigned k = 0; k < 4; ++k) { __stcs(to + k, static_cast<std::uint8_t>(mask >> 8 * k)); }
}

/// A block for each tile: a point for each pixel.
template <int Threads>
__global__ void __launch_bounds__(Threads, unproject_blocks)
    unproject_dense_kernel(__grid_constant__ unproject_params const p) {
  constexpr unsigned each = runs_of_tile / (Threads / 32);
  __shared__ pack_memory shared[Threads / 32];
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  pack_memory& own = shared[warp];
  pixel_tile const tile(p, blockIdx.x);
  std::uint32_t const first_run = warp * each;
  std::uint32_t const first = tile.first + first_run * pixels_of_run + 4 * lane;
  std::int64_t const of_all = std::int64_t{tile.view} * p.pixels + first;
  std::uint32_t const whole = tile.whole_from(first_run);
  uint2 ahead[each]{};
  load_ahead(p, of_all, whole, ahead);
  quick_image const image(p, tile.view);
  bool const quick = is_quick(p, image.rays.camera);
  quick_limits const limits(p, tile.view);
  std::uint32_t lane_kept = 0;
  std::uint32_t lane_deep = 0;
#pragma unroll
  for (unsigned s = 0; s < each; ++s) {
    std::uint32_t const run = first_run + s;
    if (tile.of_run(run) == 0) { continue; }
    if (!quick || s >= whole) {
      run_counts const some = fill_some(p, own, tile.view, tile.first + run * pixels_of_run, tile.of_run(run));
      lane_kept += some.kept;
      lane_deep += some.deep;
      continue;
    }
    float z[4];
    device::point3 at[4];
    raw_four const raw = loads_ahead(p) ? raw_of(ahead[s]) : load_four(p, of_all + s * pixels_of_run, 4);
    find_z(p, tile.view, first + s * pixels_of_run, raw, z);
    image.points(p, first + s * pixels_of_run, z, at);
    std::uint32_t mask = 0;  // a byte for each pixel
#pragma unroll
    for (unsigned k = 0; k < 4; ++k) {
      bool const deep = limits.is_deep(z[k]);
      bool const kept = deep & limits.holds(at[k]);
      lane_deep += deep ? 1 : 0;
      lane_kept += kept ? 1 : 0;
      mask |= kept ? 1u << 8 * k : 0u;
      at[k].x = kept ? at[k].x : 0.0f;
      at[k].y = kept ? at[k].y : 0.0f;
      at[k].z = kept ? at[k].z : 0.0f;
    }
    float* const points = own.points[s % 2];
    leave_four(points, at);
    if (p.valid != nullptr) { write_mask(p.valid + of_all + s * pixels_of_run, mask); }
    __syncwarp();
    write_run(p.points, points, of_all + s * pixels_of_run - 4 * lane);
  }
  if (p.reports == nullptr) { return; }
  auto const kept = static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(lane_kept)));
  auto const deep = static_cast<std::uint32_t>(sum_over_warp(static_cast<int>(lane_deep)));
  if (lane != 0) { return; }
  std::uint32_t const before = min(first_run * pixels_of_run, tile.pixels);
  std::uint32_t const pixels = min(tile.pixels - before, each * pixels_of_run);
  wait_for_launch_before();
  add_lost(p.reports[p.by_views.quotient(tile.view)], pixels, deep, kept);
}

}  // namespace robocache::detail
