// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/summary/check.hpp>
#include <robocache/detail/common/summary/params.hpp>
#include <robocache/detail/common/summary/policy.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/packed.cuh>

// Nodes of 64 leaves: which rows of which group each has. Group g has its nodes from `begins[g] / 4096 + g` on, which
// leaves room for all: no sum over the groups is needed.
namespace robocache::detail {

/// Rows of one node, or of none.
struct summary_node {
  std::int64_t group;
  std::int64_t first;
  std::int64_t end;  ///< `first` or less: no node
};

inline __device__ std::int64_t first_node_of(summary_groups const& of, std::int64_t group) {
  return of.begins == nullptr ? 0 : of.begins[group] / summary_node_rows + group;
}

inline __device__ std::int64_t first_row_of_group(summary_groups const& of, std::int64_t group) {
  return of.begins == nullptr ? (group == 0 ? 0 : of.rows) : of.begins[group];
}

/// Nodes that a group has.
inline __device__ std::int64_t nodes_of(summary_groups const& of, std::int64_t group) {
  std::int64_t const rows = first_row_of_group(of, group + 1) - first_row_of_group(of, group);
  return (rows + summary_node_rows - 1) / summary_node_rows;
}

/// Called by all threads of a block, for the same node.
inline __device__ summary_node node_at(summary_groups const& of, std::int64_t node) {
  std::int64_t low = 0;
  std::int64_t length = of.groups - 1;  // groups behind the first, of which some begin at this node or before it
  while (length > 0) {
    std::int64_t const half = length / 2;
    bool const right = first_node_of(of, low + half + 1) <= node;
    low = right ? low + half + 1 : low;
    length = right ? length - half - 1 : half;
  }
  std::int64_t const first = first_row_of_group(of, low) + (node - first_node_of(of, low)) * summary_node_rows;
  return {low, first, min(first + summary_node_rows, first_row_of_group(of, low + 1))};
}

/// Writes where groups begin.
template <int Threads>
__global__ void __launch_bounds__(Threads) summary_begin_kernel(__grid_constant__ summary_groups const p) {
  let_next_launch_begin();
  std::int64_t const threads = std::int64_t(gridDim.x) * Threads;
  for (std::int64_t g = std::int64_t(blockIdx.x) * Threads + threadIdx.x; g <= p.groups; g += threads) {
    p.begins[g] = device::rows_before_owner(p.offsets, p.groups, p.rows, g);
  }
}

/// Merges the nodes of each channel of each group, left to right in groups of 64, then these, until one is left; and
/// that with the summary that is there. Each block takes one channel of one group at a time.
template <int MostThreads>
__global__ void __launch_bounds__(MostThreads) summary_tree_kernel(__grid_constant__ summary_end_params const p) {
  wait_for_launch_before();
  std::int64_t const all = p.of.groups * p.channels;
  for (std::int64_t pair = blockIdx.x; pair < all; pair += gridDim.x) {
    std::int64_t const group = pair / p.channels;
    std::int64_t const nodes = nodes_of(p.of, group);
    channel_summary* const first = p.nodes + first_node_of(p.of, group) * p.channels + (pair - group * p.channels);
    // A merged summary takes the place of its first part, so no other thread reads what is written.
    for (std::int64_t apart = 1; apart < nodes; apart *= device::summary_leaf) {
      for (std::int64_t i = threadIdx.x * apart * device::summary_leaf; i < nodes;
           i += blockDim.x * apart * device::summary_leaf) {
        channel_summary merged = first[i * p.channels];
        std::int64_t const end = min(nodes, i + apart * device::summary_leaf);
        for (std::int64_t k = i + apart; k < end; k += apart) {
          merged = device::merge_summaries(merged, first[k * p.channels]);
        }
        first[i * p.channels] = merged;
      }
      __syncthreads();
    }
    if (threadIdx.x == 0 && nodes > 0) { p.summaries[pair] = device::merge_summaries(p.summaries[pair], first[0]); }
  }
}

}  // namespace robocache::detail
