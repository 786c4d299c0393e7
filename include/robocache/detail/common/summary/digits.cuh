// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/block_scan.cuh>
#include <robocache/detail/common/summary/kernel.cuh>
#include <robocache/detail/common/summary/nodes.cuh>
#include <robocache/detail/common/summary/params.hpp>
#include <robocache/detail/common/summary/policy.cuh>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/summary.cuh>

// The search for order statistics: counts of one digit of the keys, of the values that have the digits before it in
// common with an order statistic.
namespace robocache::detail {

/// The prefixes of a channel whose values are counted, each once, and where.
template <class Order>
struct known_prefixes {
  int count;
  Order prefix[2 * most_quantiles];
  std::uint8_t slot[2 * most_quantiles];

  __device__ void read(quantile_rank const* ranks, int ranks_each) {
    count = 0;
    for (int r = 0; r < ranks_each; ++r) {
      if (ranks[r].slot != r) { continue; }
      prefix[count] = static_cast<Order>(ranks[r].prefix);
      slot[count] = static_cast<std::uint8_t>(r);
      ++count;
    }
  }
  /// -1: values with this prefix are not counted.
  __device__ int find(Order one) const {
    int at = -1;
#pragma unroll 1
    for (int i = 0; i < count; ++i) { at = prefix[i] == one ? slot[i] : at; }
    return at;
  }
};

/// Counts in memory. Neighbouring rows often have the same digits: those are added up first.
class run_of_digits {
 public:
  __device__ void add(unsigned long long* to) {
    if (to != to_) {
      flush();
      to_ = to;
    }
    ++count_;
  }
  __device__ void flush() {
    add_counter(to_, count_);
    count_ = 0;
  }

 private:
  unsigned long long* to_ = nullptr;
  unsigned count_ = 0;
};

/// The passes behind the first. Blocks and threads have the same rows and channels as there.
template <class Source>
__global__ void __launch_bounds__(summary_threads)
    summarize_digit_kernel(__grid_constant__ summarize_params<Source> const p) {
  using number = typename Source::number;
  using order = decltype(device::order_of(number{}));
  constexpr int leaves = device::summary_leaf;
  __shared__ std::uint64_t here[Source::leaves];
  __shared__ known_prefixes<order> known[summary_channels<order>];
  unsigned const which = blockIdx.x % p.slices;
  summary_slice const slice = p.source.slice(which);
  std::int64_t const channel = slice.first;
  unsigned const width = slice.width;
  wait_for_launch_before();  // it wrote where groups begin
  summary_node const node = node_at(p.of, blockIdx.x / p.slices);
  if (node.first >= node.end) { return; }
  std::int64_t const first = (node.group * p.channels + channel) * p.ranks_each;
  if (threadIdx.x < width) {
    known[threadIdx.x].read(p.ranks + first + threadIdx.x * p.ranks_each, static_cast<int>(p.ranks_each));
  }
  for (int from = 0; from < leaves; from += Source::leaves) {
    std::int64_t const first_row = node.first + from * leaves;
    auto const reader = read_leaves<summary_threads>(p.source, node, first_row, slice, which, here);
    for (unsigned item = threadIdx.x; item < width * Source::leaves; item += summary_threads) {
      unsigned const leaf = item / width;
      unsigned const c = item % width;
      std::uint64_t const rows = here[leaf];
      unsigned long long* const counters = p.counters + (first + c * p.ranks_each) * summary_digits;
      order last = 0;
      int slot = known[c].find(last);
      run_of_digits run;
      for (int begin = 0; begin < leaves; begin += digit_rows) {
        number x[digit_rows];
#pragma unroll
        for (int i = 0; i < digit_rows; ++i) {
          bool const exists = (rows >> (begin + i) & 1) != 0;
          x[i] = exists ? reader.at(first_row + leaf * leaves + begin + i, channel + c) : number{};
        }
#pragma unroll
        for (int i = 0; i < digit_rows; ++i) {
          if ((rows >> (begin + i) & 1) == 0 || device::is_nan(x[i])) { continue; }
          order const key = device::order_of(x[i]);
          if (order const prefix = p.digit.prefix(key); prefix != last) {
            last = prefix;
            slot = known[c].find(prefix);
          }
          if (slot >= 0) { run.add(counters + (slot * summary_digits + p.digit.digit(key))); }
        }
      }
      run.flush();
    }
    if (Source::leaves < leaves) { __syncthreads(); }  // the next ones take these rows' place
  }
}

/// The rank in `counters` that `rest` values are below: its digit, and how many values of that digit are below it.
/// Called by all threads of a block; one of them at most finds it.
template <int Threads>
__device__ bool find_digit(std::int64_t const* counters, std::int64_t rest, unsigned& digit, std::int64_t& below) {
  constexpr int each = summary_digits / Threads;
  std::int64_t count[each];
  std::int64_t sum = 0;
#pragma unroll
  for (int i = 0; i < each; ++i) {
    count[i] = counters[threadIdx.x * each + i];
    sum += count[i];
  }
  std::int64_t total = 0;
  std::int64_t before = sum_before<Threads>(sum, total);
  if (rest < before || rest >= before + sum) { return false; }
#pragma unroll
  for (int i = 0; i < each; ++i) {
    if (rest >= before && rest < before + count[i]) {
      digit = threadIdx.x * each + i;
      below = rest - before;
    }
    before += count[i];
  }
  return true;
}

/// Finds the digit of each order statistic, clears the counters, and after the last pass writes the quantiles. Each
/// block takes one channel of one group at a time.
/// @tparam Number  of the rows
template <class Number>
__global__ void __launch_bounds__(summary_threads) summary_search_kernel(__grid_constant__ summary_end_params const p) {
  using order = decltype(device::order_of(Number{}));
  __shared__ quantile_rank found[2 * most_quantiles];
  wait_for_launch_before();
  auto const ranks_each = static_cast<int>(2 * p.quantiles);
  std::int64_t const all = p.of.groups * p.channels;
  for (std::int64_t pair = blockIdx.x; pair < all; pair += gridDim.x) {
    quantile_rank* const ranks = p.ranks + pair * ranks_each;
    std::int64_t* const counters = p.counters + pair * ranks_each * summary_digits;
    std::int64_t const count = p.summaries[pair].count;
    if (static_cast<int>(threadIdx.x) < ranks_each) {
      quantile_rank one{};
      if (!p.first) { one = ranks[threadIdx.x]; }
      if (p.first && count > 0) {
        auto const place = device::place_of_quantile(p.fractions[threadIdx.x / 2], count);
        one.rest = threadIdx.x % 2 == 0 ? place.low : place.high;
      }
      found[threadIdx.x] = one;
    }
    __syncthreads();
    for (int r = 0; r < ranks_each; ++r) {
      quantile_rank const one = found[r];
      unsigned digit = 0;
      std::int64_t below = 0;
      // sum_before has barriers: all have read `found[r]` before one thread writes it.
      if (find_digit<summary_threads>(counters + one.slot * summary_digits, one.rest, digit, below)) {
        found[r].prefix = one.prefix << p.digit.bits | digit;
        found[r].rest = below;
      }
    }
    __syncthreads();
    for (std::int64_t i = threadIdx.x; i < std::int64_t{ranks_each} * summary_digits; i += summary_threads) {
      counters[i] = 0;
    }
    if (static_cast<int>(threadIdx.x) < ranks_each) {
      quantile_rank one = found[threadIdx.x];
      one.slot = 0;
      while (found[one.slot].prefix != one.prefix) { ++one.slot; }
      ranks[threadIdx.x] = one;
    }
    if (p.last && threadIdx.x < p.quantiles) {
      unsigned const q = threadIdx.x;
      double const nothing = 0.0;
      double value = device::div_rn(nothing, nothing);
      if (count > 0) {
        auto const number_at = [&](unsigned r) {
          return static_cast<double>(device::number_of_order<Number>(static_cast<order>(found[r].prefix)));
        };
        value = device::quantile_between(number_at(2 * q), number_at(2 * q + 1),
                                         device::place_of_quantile(p.fractions[q], count).weight);
      }
      p.values[pair * p.quantiles + q] = value;
    }
    __syncthreads();
  }
}

}  // namespace robocache::detail
