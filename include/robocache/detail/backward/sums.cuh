// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/backward/pieces.cuh>
#include <robocache/detail/backward/policy.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/intrinsics.cuh>
#include <robocache/device/blend.cuh>
#include <robocache/device/gradient.cuh>
#include <robocache/device/packed.cuh>

// Gradients that are sums: over channels for target times, over targets for a stream's scale and shift. One kernel does
// all three kinds of work: they share how targets are located, and none is worth a kernel of its own.
namespace robocache::detail {

/// What a launch does.
enum class sums_mode : std::uint8_t {
  times,  ///< gradients of the target times
  rows,   ///< the first level of the tree sums: groups of 64 target rows
  tree,   ///< the next level: groups of 64 sums
};

/// Terms that the tree sums add up together.
inline constexpr int tree_width = 64;

/// One level of a tree sum per channel; null where it is not wanted.
struct tree_level {
  float const* from;  ///< `[count, channels]`
  float* to;          ///< `[ceil(count / tree_width), channels]`
};

template <class Stamp>
struct sums_params {
  sums_mode mode;
  bool accumulates;    ///< times: adds to what is there
  std::int64_t count;  ///< tree: terms per channel; else target rows
  tree_level scale;
  tree_level shift;
  backward_params<Stamp> backward;
};

/// What the gradient of one target's time needs.
struct times_record {
  std::int64_t gradient;  ///< element at which its result's gradient begins
  std::int64_t left;      ///< element at which the left sample of its line begins
  float width;            ///< of the line; 0: the gradient is 0
};

/// Which trajectory's target a row is, rows counted over all targets. The trajectory is -1 for padding.
struct owned_target {
  std::int64_t b;
  std::int64_t k;
  std::int64_t gradient;  ///< element at which its result's gradient begins
};

template <class Stamp>
__device__ owned_target owner_of(backward_params<Stamp> const& p, std::int64_t row) {
  timeline<Stamp> const& target = p.target;
  std::int64_t const b =
      target.packed() ? device::owner_of_row(target.offsets, target.batch, target.rows, row).b : row / target.length;
  device::plain_trajectory<Stamp> const targets = device::trajectory_of<false>(target, b);
  std::int64_t const k = target.packed() ? row - targets.first_row : row - b * target.length;
  if (k < 0 || k >= targets.length) { return {-1, 0, 0}; }
  return {b, k, targets.element(k, p.results.batch_stride, p.results.row_stride)};
}

template <class Stamp>
__device__ device::plain_trajectory<Stamp> source_of_owner(backward_params<Stamp> const& p, owned_target const& owner) {
  return device::short_trajectory_of<false>(p.source, device::source_of(p.target, owner.b));
}

/// Target row `row`, counted over all targets.
template <class Stamp>
__device__ times_record locate_line(backward_params<Stamp> const& p, std::int64_t row) {
  owned_target const owner = owner_of(p, row);
  if (owner.b < 0) { return {0, 0, 0.0f}; }
  device::plain_trajectory<Stamp> const source = source_of_owner(p, owner);
  device::target_line const line = device::line_of(source, sought_by(p, owner.b, owner.k).at, p.rules);
  if (line.row < 0) { return {0, 0, 0.0f}; }
  return {owner.gradient, source.element(line.row, p.values.batch_stride, p.values.row_stride), line.width};
}

inline __device__ float load_float(typed_rows const& rows, std::int64_t element) {
  float x[1] = {};
  with_float_type(rows.type, [&](auto type) {
    using value = decltype(type);
    unpack(load_packed<1>(static_cast<value const*>(rows.data) + element), x);
  });
  return x[0];
}

/// Gradients of the target times: a warp takes a target, a lane every 32nd channel; then lanes are added in halves.
template <class Stamp>
__device__ void sum_times(sums_params<Stamp> const& sums) {
  backward_params<Stamp> const& p = sums.backward;
  constexpr int warps = max_threads / 32;
  __shared__ times_record records[times_rows];
  int const warp = static_cast<int>(threadIdx.x / 32);
  int const lane = static_cast<int>(threadIdx.x % 32);
  for (std::int64_t base = std::int64_t(blockIdx.x) * times_rows; base < sums.count;
       base += std::int64_t(gridDim.x) * times_rows) {
    if (warp == 0) {
      records[lane] = base + lane < sums.count ? locate_line(p, base + lane) : times_record{0, 0, 0.0f};
    }
    __syncthreads();
    for (int slot = warp; slot < times_rows; slot += warps) {
      times_record const record = records[slot];
      float sum = 0.0f;
      if (record.width != 0.0f) {
#pragma unroll 4
        for (std::int64_t c = lane; c < p.channels; c += 32) {
          float const a = load_float(p.values, record.left + c);
          float const b = load_float(p.values, record.left + p.values.row_stride + c);
          float term = device::line_term(load_float(p.results, record.gradient + c), a, b);
          if (p.scale != nullptr) { term = device::mul_rn(term, __ldg(p.scale + c)); }
          sum = device::add_rn(sum, term);
        }
      }
      sum = sum_of_halves(sum);
      if (lane == 0 && base + slot < sums.count) {
        float* const to = static_cast<float*>(p.out.data) + (base + slot);
        float const quotient = record.width != 0.0f ? device::div_rn(sum, record.width) : 0.0f;
        *to = sums.accumulates ? device::add_rn(*to, quotient) : quotient;
      }
    }
    __syncthreads();  // the next targets overwrite the records
  }
}

/// What one target row adds to the sums of its group.
struct sum_record {
  std::int64_t gradient;
  std::int64_t left;
  float weight;
  enum : int { nothing, move, blend } kind;
};

template <class Stamp>
__device__ sum_record locate_term(backward_params<Stamp> const& p, std::int64_t row) {
  owned_target const owner = owner_of(p, row);
  if (owner.b < 0) { return {0, 0, 0.0f, sum_record::nothing}; }
  device::plain_trajectory<Stamp> const source = source_of_owner(p, owner);
  device::location const where = device::locate(source, sought_by(p, owner.b, owner.k), p.rules);
  if (where.row < 0) { return {0, 0, 0.0f, sum_record::nothing}; }
  return {owner.gradient, source.element(where.row, p.values.batch_stride, p.values.row_stride), where.weight,
          where.blends ? sum_record::blend : sum_record::move};
}

/// The first level: each thread locates a row, then takes a channel of a group of 64.
template <class Stamp>
__device__ void sum_rows(sums_params<Stamp> const& sums) {
  static_assert(tree_width * row_sum_groups == max_threads, "a thread locates a row, and has one channel of one group");
  backward_params<Stamp> const& p = sums.backward;
  __shared__ sum_record terms[max_threads];
  int const group = static_cast<int>(threadIdx.x) / row_sum_channels;
  std::int64_t const first = std::int64_t(blockIdx.y) * row_sum_channels + threadIdx.x % row_sum_channels;
  for (std::int64_t base = std::int64_t(blockIdx.x) * max_threads; base < sums.count;
       base += std::int64_t(gridDim.x) * max_threads) {
    std::int64_t const row = base + threadIdx.x;
    terms[threadIdx.x] = row < sums.count ? locate_term(p, row) : sum_record{0, 0, 0.0f, sum_record::nothing};
    __syncthreads();
    for (std::int64_t c = first; c < p.channels && base + group * tree_width < sums.count;
         c += std::int64_t(gridDim.y) * row_sum_channels) {
      float scale = 0.0f;
      float shift = 0.0f;
      for (int i = 0; i < tree_width; ++i) {
        sum_record const term = terms[group * tree_width + i];
        if (term.kind == sum_record::nothing) { continue; }
        float const gradient = load_float(p.results, term.gradient + c);
        shift = device::add_rn(shift, gradient);
        if (sums.scale.to == nullptr) { continue; }
        float value = load_float(p.values, term.left + c);
        if (term.kind == sum_record::blend) {
          value = device::linear(value, load_float(p.values, term.left + p.values.row_stride + c), term.weight);
        }
        scale = device::add_rn(scale, device::mul_rn(gradient, value));
      }
      std::int64_t const to = (base / tree_width + group) * p.channels + c;
      if (sums.scale.to != nullptr) { sums.scale.to[to] = scale; }
      if (sums.shift.to != nullptr) { sums.shift.to[to] = shift; }
    }
    __syncthreads();  // the next rows overwrite the records
  }
}

/// The sum of one group of one channel.
inline __device__ void sum_group(tree_level const& level, std::int64_t channels, std::int64_t first, std::int64_t end,
                                 std::int64_t c, std::int64_t to) {
  if (level.to == nullptr) { return; }
  float sum = 0.0f;
  for (std::int64_t i = first; i < end; ++i) { sum = device::add_rn(sum, level.from[i * channels + c]); }
  level.to[to] = sum;
}

/// A further level: each thread takes a channel of a group.
template <class Stamp>
__device__ void sum_tree(sums_params<Stamp> const& sums) {
  std::int64_t const channels = sums.backward.channels;
  std::int64_t const sums_wanted = (sums.count + tree_width - 1) / tree_width * channels;
  for (std::int64_t i = std::int64_t(blockIdx.x) * max_threads + threadIdx.x; i < sums_wanted;
       i += std::int64_t(gridDim.x) * max_threads) {
    std::int64_t const first = i / channels * tree_width;
    std::int64_t const end = min(first + tree_width, sums.count);
    sum_group(sums.scale, channels, first, end, i % channels, i);
    sum_group(sums.shift, channels, first, end, i % channels, i);
  }
}

template <class Stamp>
__global__ void __launch_bounds__(max_threads) backward_sums_kernel(__grid_constant__ sums_params<Stamp> const p) {
  if (p.mode == sums_mode::times) {
    sum_times(p);
  } else if (p.mode == sums_mode::rows) {
    sum_rows(p);
  } else {
    sum_tree(p);
  }
}

}  // namespace robocache::detail
