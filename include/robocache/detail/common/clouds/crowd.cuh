// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/clouds/params.hpp>
#include <robocache/detail/common/clouds/policy.cuh>
#include <robocache/detail/common/clouds/results.cuh>
#include <robocache/detail/common/clouds/sort.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>

// Cells with more points than one group of the sum's tree. A block sorts the list of such a cell, brings features to
// its shared memory, adds up the groups of 64 points side by side, a thread a channel of a group, and then the groups.
// Where a cell is huge, its list is sorted by many blocks, a warp adds up a vector of a group, and the last warp to do
// so goes up the tree. Blocks find out on the device how much there is to do.
namespace robocache::detail {

/// What a team keeps in shared memory of a crowded cell.
/// @tparam Sums    of a channel
/// @tparam Points  at most
/// @tparam Bytes   for features
template <class Value, int N, class Sums, unsigned Points, unsigned Bytes>
struct crowd_part {
  using vector = packed_floats<Value, N>;
  static constexpr unsigned points = Points;
  static constexpr unsigned pitch = most_tile_points + 1;  ///< vectors from group to group: banks differ
  static constexpr unsigned groups = Points / most_tile_points;
  /// Groups of one vector that are there at a time.
  static constexpr unsigned room = Bytes / (pitch * static_cast<unsigned>(sizeof(vector)));
  static constexpr unsigned most_sums = groups * N;
  static_assert(groups <= most_tile_points, "sums of groups are one group");
  static_assert(room > 0 && Bytes >= Points * 4, "there is room for a group, and for the list");

  std::uint32_t list[Points];
  /// For sorting; then features.
  union {
    std::uint32_t other[Points];
    alignas(16) unsigned char features[Bytes];
  };
  Sums sums[most_sums];
};

/// What a block keeps in shared memory where it reduces crowded cells.
template <class Value, int N, class Sums>
union crowd_board {
  crowd_part<Value, N, Sums, most_block_points, block_crowd_bytes> whole;
  crowd_part<Value, N, Sums, most_warp_points, warp_crowd_bytes> warps[reduce_threads / 32];
};

/// The next sum of the tree, in the order of its terms.
template <bool Extremes>
__device__ void add_sum(channel_sums<1, Extremes>& to, channel_sums<1, Extremes> const& term) {
  to.sum[0] = device::add_rn(to.sum[0], term.sum[0]);
  if constexpr (Extremes) {
    to.largest[0] = max(to.largest[0], term.largest[0]);
    to.smallest[0] = min(to.smallest[0], term.smallest[0]);
  }
}
inline __device__ void add_sum(coordinate_sums& to, coordinate_sums const& term) {
  to.sum = device::add_rn(to.sum, term.sum);
  to.lowest = fminf(to.lowest, term.lowest);
  to.highest = fmaxf(to.highest, term.highest);
}

/// Brings the features of some points to shared memory: `vectors` vectors of the points `[0, points)` of a list.
/// @param groups  of points
template <class Team, class Value, int N, class Params, class Part>
__device__ void bring_features(Params const& p, Part& part, Value const* from, std::uint32_t const* list,
                               unsigned points, unsigned groups, unsigned vectors) {
  constexpr unsigned at_once = crowd_at_once;
  auto* const to = reinterpret_cast<typename Part::vector*>(part.features);
  unsigned const items = points * vectors;
  for (unsigned base = Team::thread(); base < items; base += at_once * Team::threads) {
    typename Part::vector packed[at_once] = {};
    unsigned at[at_once] = {};
#pragma unroll
    for (unsigned k = 0; k < at_once; ++k) {
      unsigned const item = base + k * Team::threads;
      if (item >= items) { continue; }
      // All of a point's vectors, or one.
      unsigned const point = vectors == 1 ? item : p.features.vectors.quotient(item);
      unsigned const vector = item - point * vectors;
      at[k] = (vector * groups + point / most_tile_points) * Part::pitch + point % most_tile_points;
      packed[k] = load_packed<N>(from + (std::int64_t(list[point]) * p.features.point_stride + vector * N));
    }
#pragma unroll
    for (unsigned k = 0; k < at_once; ++k) {
      if (base + k * Team::threads < items) { to[at[k]] = packed[k]; }
    }
  }
}

/// Adds up groups of points whose features are in shared memory, a thread a channel of a group.
/// @param first    group of the cell
/// @param groups   how many; of the cell `all`
/// @param vectors  how many; `vector` is the first
template <class Team, class Value, int N, class Params, class Part>
__device__ void add_up_groups(Params const& p, Part& part, unsigned points, unsigned first, unsigned groups,
                              unsigned all, unsigned vector, unsigned vectors) {
  for (unsigned item = Team::thread(); item < vectors * groups * N; item += Team::threads) {
    unsigned const line = item / N;  // of a group and a vector
    unsigned const channel = item % N;
    unsigned const column = vectors == 1 ? 0 : line / groups;
    unsigned const group = line - column * groups;
    unsigned const count = min(points - group * most_tile_points, unsigned{most_tile_points});
    auto const* const from = reinterpret_cast<Value const*>(part.features) + line * (Part::pitch * N) + channel;
    auto& sums = part.sums[(column * all + first + group) * N + channel];
    auto own = sums;
    own.clear();
    if constexpr (of_coordinates<Params>) {
      float const x[1] = {device::to_float(from[0])};
      own.begin(p, vector + column, x);
    }
#pragma unroll 8
    for (unsigned j = 0; j < count; ++j) {
      float const x[1] = {device::to_float(from[j * N])};
      own.add(x);
    }
    sums = own;
  }
}

/// Reduces the features of a crowded cell by a team, and writes its results.
template <class Team, class Value, int N, class Params, class Part>
__device__ void reduce_crowd(Params const& p, crowded_cell const& one, Part& part) {
  sort_list<Team>(p.lists.rows + one.start, one.count, part.list, part.other);
  unsigned const groups = (one.count + most_tile_points - 1) / most_tile_points;
  unsigned const vectors = p.features.vectors.value;
  unsigned const here = min(groups, Part::room);  // groups at a time
  bool const all = vectors <= Part::groups && vectors * groups <= min(Part::room, Part::groups);
  unsigned const wide = all ? vectors : 1;  // vectors at a time
  auto const* const features = static_cast<Value const*>(p.features.values) + skip_for(p, one.cell, part.list[0]);
  for (unsigned vector = 0; vector < vectors; vector += wide) {
    for (unsigned first = 0; first < groups; first += here) {
      unsigned const begin = first * most_tile_points;
      unsigned const points = min(here * most_tile_points, one.count - begin);
      unsigned const full = (points + most_tile_points - 1) / most_tile_points;
      bring_features<Team, Value, N>(p, part, features + std::int64_t(vector) * N, part.list + begin, points, full,
                                     wide);
      Team::wait();
      add_up_groups<Team, Value, N>(p, part, points, first, full, groups, vector, wide);
      Team::wait();
    }
    for (unsigned item = Team::thread(); item < wide * N; item += Team::threads) {
      auto const* const terms = part.sums + item / N * groups * N + item % N;
      auto sums = terms[0];
      for (unsigned group = 1; group < groups; ++group) { add_sum(sums, terms[group * N]); }
      write_results(p, one.cell, std::int64_t(vector) * N + item, one.count, sums);
    }
  }
  Team::wait();  // the next cell overwrites what has been read
}

/// Reduces the crowded cells that fit a block: where there are many, small ones by a warp.
/// @param worker  of so many blocks that do the same
template <class Value, int N, class Params, class Board>
__device__ void reduce_crowds(Params const& p, Board& board, unsigned worker, unsigned workers) {
  constexpr unsigned warps = reduce_threads / 32;
  unsigned const cells = p.lists.counters->crowded;
  unsigned const lane = threadIdx.x % 32;
  unsigned const warp = threadIdx.x / 32;
  unsigned const small = cells >= many_crowds * workers ? most_warp_points : 0;
  // Calls `use` for the cells of a worker with a count that is in the range: a lane looks at one of them.
  auto const for_each_in = [&](unsigned begin, unsigned step, unsigned more_than, unsigned most, auto const& use) {
    for (unsigned first = begin; first < cells; first += 32 * step) {
      unsigned const index = first + lane * step;
      unsigned const count = index < cells ? p.lists.crowded[index].count : 0;
      for (unsigned left = __ballot_sync(0xffffffffu, count > more_than && count <= most); left != 0;
           left &= left - 1) {
        use(p.lists.crowded[first + (__ffs(static_cast<int>(left)) - 1) * step]);
      }
    }
  };
  if (small > 0) {
    for_each_in(worker * warps + warp, workers * warps, 0, small,
                [&](crowded_cell const& one) { reduce_crowd<warp_team, Value, N>(p, one, board.warps[warp]); });
    __syncthreads();  // parts of warps are in the place of the whole
  }
  for_each_in(worker, workers, small, most_block_points,
              [&](crowded_cell const& one) { reduce_crowd<block_team, Value, N>(p, one, board.whole); });
}

/// The board for features of a call.
template <class Value, int N, bool Extremes, class Params>
using crowd_board_for = crowd_board<Value, N, sums_for<Params, 1, Extremes>>;

/// Stores some channels of the sum of a group of 64 points.
/// @param to  the element of the first channel
template <int N, bool Extremes>
__device__ void store_group(point_lists const& lists, std::int64_t to, channel_sums<N, Extremes> const& sums) {
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (lists.sums != nullptr) { lists.sums[to + i] = sums.sum[i]; }
    if constexpr (Extremes) {
      if (lists.largest != nullptr) { lists.largest[to + i] = sums.largest[i]; }
      if (lists.smallest != nullptr) { lists.smallest[to + i] = sums.smallest[i]; }
    }
  }
}
inline __device__ void store_group(point_lists const& lists, std::int64_t to, coordinate_sums const& sums) {
  lists.sums[to] = sums.sum;
  lists.largest[to] = device::order_of(sums.highest);
  lists.smallest[to] = device::order_of(sums.lowest);
}

/// Computes the next level of a channel from `count` groups.
template <bool Extremes>
__device__ channel_sums<1, Extremes> add_groups(point_lists const& lists, std::int64_t first, unsigned count,
                                                std::int64_t channels) {
  constexpr unsigned at_once = groups_at_once<Extremes>;
  channel_sums<1, Extremes> sums;
  sums.clear();
  for (unsigned turn = 0; turn < count; turn += at_once) {
    channel_sums<1, Extremes> terms[at_once] = {};
#pragma unroll
    for (unsigned i = 0; i < at_once; ++i) {
      if (turn + i >= count) { continue; }
      std::int64_t const from = first + (turn + i) * channels;
      // Other blocks of the same launch wrote them.
      if (lists.sums != nullptr) { terms[i].sum[0] = __ldcg(lists.sums + from); }
      if constexpr (Extremes) {
        if (lists.largest != nullptr) { terms[i].largest[0] = __ldcg(lists.largest + from); }
        if (lists.smallest != nullptr) { terms[i].smallest[0] = __ldcg(lists.smallest + from); }
      }
    }
#pragma unroll
    for (unsigned i = 0; i < at_once; ++i) {
      if (turn + i < count) { add_sum(sums, terms[i]); }
    }
  }
  return sums;
}

/// Goes up the tree of a huge cell, and writes its results. Each level overwrites the one before: sum i of a level
/// is made of the 64 sums from 64 i on, so all that a round of lanes overwrites has been read. Called by a warp.
template <bool Extremes, class Params>
__device__ void add_up_huge(Params const& p, crowded_cell const& one) {
  unsigned const lane = threadIdx.x % 32;
  constexpr unsigned width = most_tile_points;
  std::int64_t const channels = p.results.channels;
  std::int64_t const first = one.first_group * channels;
  unsigned groups = (one.count + width - 1) / width;
  for (; groups > width; groups = (groups + width - 1) / width) {
    std::int64_t const items = (groups + width - 1) / width * channels;
    for (std::int64_t round = 0; round < items; round += 32) {
      std::int64_t const item = round + lane;
      channel_sums<1, Extremes> sums;
      if (item < items) {
        std::int64_t const group = item / channels;
        sums = add_groups<Extremes>(p.lists, first + group * width * channels + item % channels,
                                    min(width, groups - static_cast<unsigned>(group) * width), channels);
      }
      __syncwarp();
      if (item < items) { store_group(p.lists, first + item, sums); }
      __syncwarp();
    }
  }
  for (std::int64_t c = lane; c < channels; c += 32) {
    channel_sums<1, Extremes> const all = add_groups<Extremes>(p.lists, first + c, groups, channels);
    if constexpr (of_coordinates<Params>) {
      coordinate_sums sums;
      sums.begin(p, c, {device::from_order(all.smallest[0])});
      sums.sum = all.sum[0];
      sums.highest = device::from_order(all.largest[0]);
      write_results(p, one.cell, c, one.count, sums);
    } else {
      write_results(p, one.cell, c, one.count, all);
    }
  }
}

/// Called by each warp that has added up a vector of a group: the last warp of a cell goes up its tree, so that no
/// further launch is needed.
template <bool Extremes, class Params>
__device__ void finish_huge(Params const& p, std::uint32_t index, crowded_cell const& one) {
  unsigned const groups = (one.count + most_tile_points - 1) / most_tile_points;
  unsigned arrived = 0;
  if (threadIdx.x % 32 == 0) {
    __threadfence();  // this warp's sums are visible before its arrival is
    arrived = atomicAdd(&p.lists.crowded[index].arrived, 1u);
  }
  if (__shfl_sync(0xffffffffu, arrived, 0) + 1 != groups * p.features.vectors.value) { return; }
  __threadfence();
  if (threadIdx.x % 32 == 0) { p.lists.crowded[index].arrived = 0; }  // for further features of the same voxels
  add_up_huge<Extremes>(p, one);
}

/// Adds up the groups of huge cells, one warp per vector.
template <class Value, int N, bool Extremes, class Params>
__device__ void reduce_huge(Params const& p) {
  constexpr unsigned warps = reduce_threads / 32;
  unsigned const vectors = p.features.vectors.value;
  std::int64_t const items = std::int64_t(p.lists.counters->groups) * vectors;
  for (std::int64_t item = std::int64_t(blockIdx.x) * warps + threadIdx.x / 32; item < items;
       item += std::int64_t(gridDim.x) * warps) {
    std::int64_t const group = item / vectors;
    std::int64_t const channel = (item - group * vectors) * N;
    std::uint32_t const index = p.lists.owners[group];
    crowded_cell const one = p.lists.crowded[index];
    unsigned const begin = static_cast<unsigned>(group - one.first_group) * most_tile_points;
    unsigned const count = min(std::uint32_t{most_tile_points}, one.count - begin);
    std::uint32_t const* const list = p.lists.ranks + one.start + begin;
    sums_for<Params, N, Extremes> sums;
    sums.clear();
    Value const* const from = static_cast<Value const*>(p.features.values) + (skip_for(p, one.cell, list[0]) + channel);
    add_by_warp<N>(p, sums, from, channel, count, [&](unsigned j) { return static_cast<std::int64_t>(list[j]); });
    if (threadIdx.x % 32 == 0) { store_group(p.lists, group * p.results.channels + channel, sums); }
    finish_huge<Extremes>(p, index, one);
  }
}

/// Reduces huge cells, whose lists have been sorted; of a grid the other crowded cells, too.
template <class Value, int N, bool Extremes, class Params>
__global__ void __launch_bounds__(reduce_threads, crowd_blocks<Extremes>)
    crowd_kernel(__grid_constant__ Params const p) {
  let_next_launch_begin();
  wait_for_launch_before();
  reduce_huge<Value, N, Extremes>(p);
  if constexpr (!of_voxels<Params>) {
    __shared__ crowd_board_for<Value, N, Extremes, Params> board;
    reduce_crowds<Value, N>(p, board, blockIdx.x, gridDim.x);
  }
}

}  // namespace robocache::detail
