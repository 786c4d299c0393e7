// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/timed/staged_search.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Two shapes of work for which the general tile is too slow, because there are too few bytes to hide its latency or its
// instructions behind. Both need a plain plan; neither changes a bit of the results.
namespace robocache::detail {

/// A block with one row, for jobs of so few rows that only latency matters: the stamps go to registers, barriers count
/// those before the target, and the values of both samples are under way before the rules are applied. Needs at most
/// `stage_capacity + 1` stamps, and offsets from each pointer below 2^31 elements: with 64 bits, offsets would take
/// three times the instructions.
template <int N, class Value, class Result, class Stamp>
__device__ void resample_one_row(locate_plan<Stamp> const& plan, blend_params<Value, Result> const& p,
                                 int prefetch_bytes) {
  constexpr int rounds = (stage_capacity + 1) / max_threads;
  unsigned const b = plan.tiles.tiles_each.quotient(blockIdx.x);
  unsigned const k = blockIdx.x - b * plan.tiles.tiles_each.value;
  int const length = plan.plain_length;
  Stamp const* const stamps = plan.plain_stamps + b * static_cast<unsigned>(plan.plain_stamps_stride);
  Stamp const t = plan.plain_targets[b * static_cast<unsigned>(plan.plain_targets_stride) + k];
  Stamp own[rounds];
#pragma unroll
  for (int u = 0; u < rounds; ++u) {
    int const i = threadIdx.x + u * max_threads;
    if (i < length) { own[u] = stamps[i]; }
  }
  // Each block prefetches its share of the trajectory's values, whichever rows it will turn out to need: so they arrive
  // while the stamps do.
  prefetch_share(p.values + b * static_cast<unsigned>(p.values_batch_stride),
                 length * p.values_row_stride * std::int64_t(sizeof(Value)), k, prefetch_bytes);
  auto const place_of_result = [&](unsigned batch, unsigned target) {
    return p.results + (batch * static_cast<unsigned>(p.results_batch_stride) +
                        target * static_cast<unsigned>(p.results_row_stride));
  };
  // Finding the result's page takes as long as finding the values'.
  if (threadIdx.x == max_threads - 1) { prefetch(place_of_result(b, k)); }
  Stamp const newest = device::stamp_later(t, plan.rules.tolerance);
  int count = 0;
#pragma unroll
  for (int u = 0; u < rounds; ++u) {
    if (u * max_threads < length) {
      count += __syncthreads_count(static_cast<int>(threadIdx.x) + u * max_threads < length && own[u] <= newest);
    }
  }

  // Vectors of two, not wider: more threads, each of which is done sooner.
  constexpr unsigned M = N > 1 ? 2 : 1;
  unsigned const width = static_cast<unsigned>(p.vectors_each) * N;
  for (unsigned i = (blockIdx.y * max_threads + threadIdx.x) * M; i < width; i += gridDim.y * max_threads * M) {
    // Computed here, rather than kept from before or for the next vector, which there hardly ever is: tiles need the 32
    // registers.
    int const found = count + static_cast<int>(unknown_zero());
    unsigned const block = blockIdx.x + unknown_zero();
    unsigned const batch = plan.tiles.tiles_each.quotient(block);
    Stamp const* const its_stamps = plan.plain_stamps + batch * static_cast<unsigned>(plan.plain_stamps_stride);
    Result* const out = place_of_result(batch, block - batch * plan.tiles.tiles_each.value);
    int const pair = device::left_of_pair(found, length);
    unsigned const next = length > 1 ? 1 : 0;
    auto const row_stride = static_cast<unsigned>(p.values_row_stride);
    unsigned const row = batch * static_cast<unsigned>(p.values_batch_stride) + pair * row_stride;
    vector<Value, M> const left = load<Value, M>(p.values + (row + i));
    vector<Value, M> const right = load<Value, M>(p.values + (row + next * row_stride + i));
    device::location const where =
        device::locate_in_pair(its_stamps[pair], its_stamps[pair + next], t, found, length, plan.rules);
    bool const backwards = where.weight >= 0.5f;
    vector<Value, M> const near = where.row > pair || backwards ? right : left;
    vector<Value, M> const far = !where.blends ? near : backwards ? left : right;
    float const share = !where.blends ? alone : backwards ? device::sub_rn(1.0f, where.weight) : where.weight;
    float none = 0.0f;
    vector<Result, M> result = blend_pair<Value, Result, M>(near, far, share, none);
    if constexpr (!std::is_integral_v<Value>) {
      if (__builtin_expect(none != 0.0f, false)) {
#pragma unroll
        for (int c = 0; c < static_cast<int>(M); ++c) {
          float const from = device::to_float(near.element[c]);
          float const mixed = device::detail::part_way(from, device::to_float(far.element[c]), share);
          result.element[c] = device::from_float<Result>(where.blends ? mixed : from);
        }
      }
    }
    if (where.row < 0) { result = filled<Result, M>(p.fill); }
    store_streaming(out + i, result);
    if (p.valid != nullptr && i == 0) { p.valid[blockIdx.x] = where.valid; }
  }
}

/// Where the copy of `address` begins in shared memory that is aligned to sectors, so that both have the same offset in
/// a sector: otherwise asynchronous copies read twice as many sectors.
inline __device__ int skew_of(void const* address) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(address) % sizeof(sector));
}

/// Elements from `address` to the next multiple of 16 bytes.
template <class T>
__device__ int elements_to_vector(T const* address) {
  return (16 - static_cast<int>(reinterpret_cast<std::uintptr_t>(address) % 16)) % 16 / static_cast<int>(sizeof(T));
}

/// Begins to copy `elements` values to `shared + skew_of(from)`: asynchronously, 16 bytes at a time, except for the
/// ends, which are copied an element per thread.
template <class T>
__device__ void copy_in(T const* from, int elements, unsigned char* shared) {
  constexpr int per_vector = 16 / static_cast<int>(sizeof(T));
  T* const to = reinterpret_cast<T*>(shared + skew_of(from));
  int const head = min(elements, elements_to_vector(from));
  int const vectors = (elements - head) / per_vector;
  int const tail = head + vectors * per_vector;
  int const lane = threadIdx.x;
  int const edge = lane < per_vector ? lane : tail + lane - per_vector;
  bool const has_edge = lane < per_vector ? lane < head : edge < elements;
  T value;
  if (has_edge) { value = from[edge]; }
  for (int i = lane; i < vectors; i += blockDim.x) {
    copy_async(reinterpret_cast<uint4*>(to + head) + i, reinterpret_cast<uint4 const*>(from + head) + i);
  }
  if (has_edge) { to[edge] = value; }
}

/// Copies `elements` results from `shared + skew_of(to)` back to memory.
template <class T>
__device__ void copy_out(T* to, int elements, unsigned char const* shared) {
  constexpr int per_vector = 16 / static_cast<int>(sizeof(T));
  T const* const from = reinterpret_cast<T const*>(shared + skew_of(to));
  int const head = min(elements, elements_to_vector(to));
  int const vectors = (elements - head) / per_vector;
  int const tail = head + vectors * per_vector;
  int const lane = threadIdx.x;
  for (int i = lane; i < vectors; i += blockDim.x) {
    __stcs(reinterpret_cast<uint4*>(to + head) + i, reinterpret_cast<uint4 const*>(from + head)[i]);
  }
  int const edge = lane < per_vector ? lane : tail + lane - per_vector;
  if (lane < per_vector ? lane < head : edge < elements) { to[edge] = from[edge]; }
}

/// Bytes of dynamic shared memory for `resample_trajectory`, whose results begin at `results_offset`.
template <class Value, class Result>
constexpr int trajectory_bytes(std::int64_t values, std::int64_t results, int& results_offset) {
  auto const with_skew = [](std::int64_t bytes) {
    constexpr std::int64_t each = sizeof(sector);
    return static_cast<int>((bytes + 2 * (each - 1)) / each * each);
  };
  results_offset = with_skew(values * sizeof(Value));
  return results_offset + with_skew(results * sizeof(Result));
}

/// One row of a trajectory whose values are in shared memory. As `blend_row_of`, but with 32-bit offsets: where rows
/// are this short, offsets are much of a thread's work.
/// @param first  the trajectory's first value
/// @param out    shared memory for the row's results
template <int N, class Value, class Result>
__device__ void blend_short_row(device::location const& where, Value const* first, int channels, Result fill,
                                Result* out) {
  bool const backwards = where.weight >= 0.5f;
  Value const* const near = first + max(static_cast<int>(where.row) + (backwards ? 1 : 0), 0) * channels;
  Value const* const far = near + (!where.blends ? 0 : backwards ? -channels : channels);
  float const share = !where.blends ? alone : backwards ? device::sub_rn(1.0f, where.weight) : where.weight;
  float none = 0.0f;
#pragma unroll(N == 1 ? 4 : 1)
  for (int c = 0; c < channels; c += N) {
    auto const a = *reinterpret_cast<vector<Value, N> const*>(near + c);
    auto const b = *reinterpret_cast<vector<Value, N> const*>(far + c);
    *reinterpret_cast<vector<Result, N>*>(out + c) = blend_pair<Value, Result, N>(a, b, share, none);
  }
  if (none != 0.0f) { blend_elements(near, far, share, channels, out); }
  if (where.row < 0) {
    for (int c = 0; c < channels; ++c) { out[c] = fill; }
  }
}

/// A block with a whole trajectory of short rows: its values are copied to shared memory as one run of bytes while its
/// stamps are searched, each thread blends its row there, and the results are stored as one run, whatever the width of
/// a row. Needs contiguous rows, at most as many targets as threads, and at least 32 threads.
template <int N, class Value, class Result, class Stamp>
__device__ void resample_trajectory(locate_plan<Stamp> const& plan, blend_params<Value, Result> const& p, Stamp* stage,
                                    unsigned char* values, unsigned char* results) {
  int const b = static_cast<int>(blockIdx.x);
  int const k = static_cast<int>(threadIdx.x);
  int const length = plan.plain_length;
  int const targets = static_cast<int>(plan.tiles.length);
  int const channels = static_cast<int>(p.values_row_stride);
  Stamp t = Stamp(0);
  if (k < targets) { t = load_early(plan.plain_targets + (b * plan.plain_targets_stride + k)); }
  staged_search<Stamp> const search(plan.plain_stamps + b * plan.plain_stamps_stride, length);
  search.stage(stage);
  Value const* const from = p.values + b * p.values_batch_stride;
  copy_in(from, length * channels, values);
  wait_for_copies();
  __syncthreads();

  Result* const to = p.results + b * p.results_batch_stride;
  if (k < targets) {
    device::location const where = search.locate(stage, t, plan.rules);
    blend_short_row<N>(where, reinterpret_cast<Value const*>(values + skew_of(from)), channels, p.fill,
                       reinterpret_cast<Result*>(results + skew_of(to)) + k * channels);
    if (p.valid != nullptr) { p.valid[std::int64_t(b) * targets + k] = where.valid; }
  }
  __syncthreads();
  copy_out(to, targets * channels, results);
}

}  // namespace robocache::detail
