// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <robocache/detail/common/summary/nodes.cuh>
#include <robocache/detail/common/summary/params.hpp>
#include <robocache/detail/common/summary/policy.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/summary.cuh>

// The first pass over the rows. A block has one node, 64 leaves, of some channels; a thread has one channel of a leaf
// at a time, all of its rows in registers.
//
// Kernels know where rows come from by a few words, so that rows need not be in memory. A source has
//
//     using number = ...;                               float, std::int32_t or std::int64_t
//     static constexpr int leaves = ...;                how many leaves of a node it reads at a time
//     unsigned slices() const                           how many blocks share the channels of a node
//     summary_slice slice(unsigned i) const             the channels of one of them
//     auto read(first, end, slice, unsigned i) const    called by all threads of a block for rows [first, end) and
//     slice
//                                                       i, and followed by a barrier; `dynamic_shared` is its own
//
// and what `read` returns
//
//     bool has(row) const                               false: the row is absent, in all channels of the slice
//     number at(row, channel) const                     asked for rows that are there, in any order; the same number in
//                                                       each pass
namespace robocache::detail {

/// Reads the leaves from row `first` on, as many as the source reads at a time: which of their rows are there is bit i
/// of word l for row i of leaf l.
/// @param here  in shared memory, one for each leaf. Ends with a barrier
template <int Threads, class Source, int Leaves>
__device__ auto read_leaves(Source const& source, summary_node const& node, std::int64_t first,
                            summary_slice const& slice, unsigned i, std::uint64_t (&here)[Leaves]) {
  std::int64_t const end = max(first, min(node.end, first + Leaves * device::summary_leaf));
  auto const& reader = source.read(first, end, slice, i);
  __syncthreads();
  auto* const halves = reinterpret_cast<unsigned*>(here);
  unsigned const warp = threadIdx.x / 32;
  for (unsigned half = warp; half < 2 * Leaves; half += Threads / 32) {
    std::int64_t const row = first + half * 32 + threadIdx.x % 32;
    unsigned const found = __ballot_sync(0xffffffffu, row < end && reader.has(row));
    if (threadIdx.x % 32 == 0) { halves[half] = found; }
  }
  __syncthreads();
  return reader;
}

/// Adds to a histogram of 16-bit counters, two per word. A node has too few rows for a counter to overflow.
inline __device__ void count_digit(unsigned* histogram, unsigned digit) {
  atomicAdd(histogram + digit / 2, digit % 2 == 0 ? 1u : 0x10000u);
}

/// A number with some bits turned.
template <class Number>
__device__ Number with_bits(Number x, unsigned turned) {
  std::conditional_t<sizeof(Number) == 8, std::uint64_t, std::uint32_t> bits;
  memcpy(&bits, &x, sizeof bits);
  bits ^= turned;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// One channel of a leaf: summarized, and its first digits counted.
/// @param row   the leaf's first
/// @param here  which of its rows are there
template <class number, class Reader>
__device__ device::leaf_summary<number> count_leaf(Reader const& source, std::int64_t row, std::int64_t channel,
                                                   std::uint64_t here, unsigned* histogram) {
  constexpr auto digit = device::digit_of_pass(sizeof(number), 0);
  constexpr int leaves = device::summary_leaf;
  device::leaf_summary<number> leaf;
  if (here == ~std::uint64_t{0}) {
    number x[leaves];
#pragma unroll
    for (int i = 0; i < leaves; ++i) { x[i] = source.at(row + i, channel); }
    // The compiler would keep 64 numbers as double, or their keys, from one loop to the next, in twice the registers.
    // The grid has one row of blocks, which it does not know.
    unsigned const zero = gridDim.y - 1;
    if (device::summarize_whole_leaf(
            x, [&](int i) { return with_bits(x[i], zero); }, leaf)) {
      if (histogram != nullptr) {
#pragma unroll
        for (int i = 0; i < leaves; ++i) {
          count_digit(histogram, digit.digit(device::order_of(with_bits(x[i], zero))));
        }
      }
      return leaf;
    }
  }
  // Rows that are not there, or numbers that are not finite: read again where they are needed, out of the cache.
  leaf = device::summarize_leaf<number>([&](int i) { return source.at(row + i, channel); }, here);
  if (histogram != nullptr) {
#pragma unroll 1
    for (int i = 0; i < leaves; ++i) {
      if ((here >> i & 1) == 0) { continue; }
      number const one = source.at(row + i, channel);
      if (!device::is_nan(one)) { count_digit(histogram, digit.digit(device::order_of(one))); }
    }
  }
  return leaf;
}

inline __device__ void add_counter(unsigned long long* to, unsigned count) {
  if (count != 0) { atomicAdd(to, static_cast<unsigned long long>(count)); }
}

/// Leaves of one channel after the other: what a block has found of them.
template <class Order, int Channels>
struct shared_leaves {
  static constexpr int count = Channels * device::summary_leaf;
  double mean[count];
  double m2[count];
  Order min[count];
  Order max[count];
  std::uint8_t finite[count];  ///< at most 64
  std::uint8_t nan[count];
  std::uint8_t infinite[count];
};

template <class Source>
__global__ void __launch_bounds__(summary_threads,
                                  summary_blocks<decltype(device::order_of(typename Source::number{}))>)
    summarize_kernel(__grid_constant__ summarize_params<Source> const p) {
  using number = typename Source::number;
  using order = decltype(device::order_of(number{}));
  constexpr int leaves = device::summary_leaf;
  constexpr int most = summary_channels<order>;
  constexpr int words = summary_digits / 2;
  __shared__ std::uint64_t here[Source::leaves];
  __shared__ shared_leaves<order, most> found;
  // The histograms; then of each leaf how many finite values come before it, and its share in the mean.
  alignas(16) __shared__ unsigned histograms[most * words];
  auto* const shares = reinterpret_cast<double*>(histograms);
  auto* const before = reinterpret_cast<std::int32_t*>(shares + most * leaves);
  static_assert(most * leaves * 12 <= most * words * 4, "both fit where the histograms were");

  std::int64_t const at = blockIdx.x / p.slices;
  unsigned const which = blockIdx.x % p.slices;
  summary_slice const slice = p.source.slice(which);
  std::int64_t const channel = slice.first;
  unsigned const width = slice.width;
  wait_for_launch_before();  // it wrote where groups begin
  summary_node const node = node_at(p.of, at);
  if (node.first >= node.end) { return; }
  bool const counts = p.counters != nullptr;
  for (unsigned i = threadIdx.x; counts && i < width * words; i += summary_threads) { histograms[i] = 0; }

  for (int begin = 0; begin < leaves; begin += Source::leaves) {
    std::int64_t const first = node.first + begin * leaves;
    auto const reader = read_leaves<summary_threads>(p.source, node, first, slice, which, here);
    for (unsigned item = threadIdx.x; item < width * Source::leaves; item += summary_threads) {
      unsigned const leaf = item / width;
      unsigned const c = item % width;
      auto const one = count_leaf<number>(reader, first + leaf * leaves, channel + c, here[leaf],
                                          counts ? histograms + c * words : nullptr);
      unsigned const to = c * leaves + begin + leaf;
      found.mean[to] = one.of_finite.mean;
      found.m2[to] = one.of_finite.m2;
      found.min[to] = one.min;
      found.max[to] = one.max;
      found.finite[to] = static_cast<std::uint8_t>(one.finite);
      found.nan[to] = static_cast<std::uint8_t>(one.nan);
      found.infinite[to] = static_cast<std::uint8_t>(one.infinite);
    }
    __syncthreads();
  }
  if (counts) {
    for (unsigned i = threadIdx.x; i < width * words; i += summary_threads) {
      unsigned const both = histograms[i];
      std::int64_t const histogram = (node.group * p.channels + channel + i / words) * p.ranks_each;
      unsigned long long* const to = p.counters + (histogram * summary_digits + i % words * 2);
      add_counter(to, both & 0xffff);
      add_counter(to + 1, both >> 16);
    }
    __syncthreads();
  }

  // Leaves are merged one after the other. The divisions depend on counts alone, so all threads make them before.
  bool const merges = threadIdx.x < width;
  unsigned const mine = threadIdx.x * leaves;
  if (merges) {
    std::int32_t sum = 0;
    for (int leaf = 0; leaf < leaves; ++leaf) {
      before[mine + leaf] = sum;
      sum += found.finite[mine + leaf];
    }
  }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < width * leaves; i += summary_threads) {
    shares[i] = found.finite[i] > 0 ? device::share_of(before[i], found.finite[i]) : 0.0;
  }
  __syncthreads();
  if (!merges) { return; }
  device::leaf_summary<number> all;
  for (int leaf = 0; leaf < leaves; ++leaf) {
    unsigned const i = mine + leaf;
    all.min = min(all.min, found.min[i]);
    all.max = max(all.max, found.max[i]);
    all.nan += found.nan[i];
    all.infinite += found.infinite[i];
    if (found.finite[i] == 0) { continue; }
    device::moments const right{found.mean[i], found.m2[i]};
    all.of_finite = all.finite == 0 ? right : device::merge_moments(all.of_finite, right, all.finite, shares[i]);
    all.finite += found.finite[i];
  }
  p.nodes[at * p.channels + channel + threadIdx.x] = all.summary();
}

}  // namespace robocache::detail
