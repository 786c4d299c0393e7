// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/math.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/device/arithmetic.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/device/order.cuh>
#include <robocache/summary.hpp>

// What a summary is made of: leaves of 64 rows, merged left to right in groups of 64, and the digits of a search for
// order statistics. docs/semantics.md, Summaries.
namespace robocache::device {

/// Rows of a leaf, and summaries that are merged in one group.
inline constexpr int summary_leaf = 64;

/// The type in which a value is summarized: a number of 32 bits, or of 64.
template <class Value>
using summed_number = std::conditional_t<std::is_same_v<Value, std::int64_t>, std::int64_t,
                                         std::conditional_t<std::is_integral_v<Value>, std::int32_t, float>>;

template <class Value>
ROBOCACHE_HOST_DEVICE inline summed_number<Value> to_summed(Value value) {
  if constexpr (std::is_integral_v<Value>) {
    return value;
  } else {
    return to_float(value);
  }
}

template <class Number>
ROBOCACHE_HOST_DEVICE inline bool is_nan(Number x) {
  return x != x;
}

/// How much the right one of two parts counts in their mean: each has finite values.
ROBOCACHE_HOST_DEVICE inline double share_of(std::int64_t left, std::int64_t right) {
  return div_rn(static_cast<double>(right), static_cast<double>(left + right));
}

/// Mean and squared differences of finite values.
struct moments {
  double mean;
  double m2;
};

/// Those of two parts together, each with finite values. T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and
/// a pairwise algorithm for computing sample variances", 1979.
/// @param left   how many finite values the left part has
/// @param share  `share_of` both
ROBOCACHE_HOST_DEVICE inline moments merge_moments(moments const& a, moments const& b, std::int64_t left,
                                                   double share) {
  double const delta = sub_rn(b.mean, a.mean);
  double const between = mul_rn(mul_rn(delta, delta), mul_rn(static_cast<double>(left), share));
  return {add_rn(a.mean, mul_rn(delta, share)), add_rn(add_rn(a.m2, b.m2), between)};
}

/// What is known of two parts together, `a` of the earlier rows.
ROBOCACHE_HOST_DEVICE inline channel_summary merge_summaries(channel_summary const& a, channel_summary const& b) {
  channel_summary both = b.count == 0 ? a : b;
  if (a.count > 0 && b.count > 0) {
    both.min = order_of(b.min) < order_of(a.min) ? b.min : a.min;
    both.max = order_of(b.max) > order_of(a.max) ? b.max : a.max;
  }
  std::int64_t const left = a.count - a.infinite;
  std::int64_t const right = b.count - b.infinite;
  moments all{b.mean, b.m2};
  if (right == 0) { all = {a.mean, a.m2}; }
  if (left > 0 && right > 0) { all = merge_moments({a.mean, a.m2}, {b.mean, b.m2}, left, share_of(left, right)); }
  both.count = a.count + b.count;
  both.nan = a.nan + b.nan;
  both.infinite = a.infinite + b.infinite;
  both.mean = all.mean;
  both.m2 = all.m2;
  return both;
}

/// The variance of the finite values; NaN where there are no more than `less`.
/// @param less  0: of these values; 1: what they say of all that they were drawn from (Bessel's correction)
ROBOCACHE_HOST_DEVICE inline double variance(channel_summary const& one, std::int64_t less = 0) {
  std::int64_t const finite = one.count - one.infinite - less;
  double const nothing = 0.0;
  return finite > 0 ? div_rn(one.m2, static_cast<double>(finite)) : div_rn(nothing, nothing);
}

/// The square root of the variance.
ROBOCACHE_HOST_DEVICE inline double standard_deviation(channel_summary const& one, std::int64_t less = 0) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(variance(one, less));
#else
  return std::sqrt(variance(one, less));
#endif
}

/// What is known of a channel of one leaf. The extremes are `order_of` the numbers.
template <class Number>
struct leaf_summary {
  using order = decltype(order_of(Number{}));

  int finite = 0;
  int nan = 0;
  int infinite = 0;
  order min = static_cast<order>(-1);
  order max = 0;
  moments of_finite{0.0, 0.0};

  ROBOCACHE_HOST_DEVICE channel_summary summary() const {
    channel_summary one{finite + infinite, nan, infinite, 0.0, 0.0, of_finite.mean, of_finite.m2};
    if (one.count > 0) {
      one.min = static_cast<double>(number_of_order<Number>(min));
      one.max = static_cast<double>(number_of_order<Number>(max));
    }
    return one;
  }
};

/// A leaf of 64 rows that are all there, in a straight line. False where one of its numbers is not finite: then it is
/// none, and `summarize_leaf` gives it; else it is what that gives.
/// @param x      the numbers
/// @param again  `again(i)`: the same, for the second time; a kernel that says them anew there need not keep them as
///               double meanwhile
template <class Number, class Again>
ROBOCACHE_HOST_DEVICE inline bool summarize_whole_leaf(Number const (&x)[summary_leaf], Again const& again,
                                                       leaf_summary<Number>& leaf) {
  leaf = {};
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int i = 0; i < summary_leaf; ++i) {  // NOLINT(modernize-loop-convert): unrolled
    auto const order = order_of(x[i]);
    leaf.min = order < leaf.min ? order : leaf.min;
    leaf.max = order > leaf.max ? order : leaf.max;
  }
  // Infinities and NaN are outside of the finite numbers.
  if (!is_finite(number_of_order<Number>(leaf.min)) || !is_finite(number_of_order<Number>(leaf.max))) { return false; }
  leaf.finite = summary_leaf;
  double sum = 0.0;
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int i = 0; i < summary_leaf; ++i) {  // NOLINT(modernize-loop-convert): unrolled
    sum = add_rn(sum, static_cast<double>(x[i]));
  }
  double const mean = div_rn(sum, static_cast<double>(summary_leaf));
  double m2 = 0.0;
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int i = 0; i < summary_leaf; ++i) {
    double const difference = sub_rn(static_cast<double>(again(i)), mean);
    m2 = add_rn(m2, mul_rn(difference, difference));
  }
  leaf.of_finite = {mean, m2};
  return true;
}

/// @param read  `read(i)`, for `0 <= i < 64`: the number of row i of the leaf
/// @param here  bit i: row i is there, and not masked
template <class Number, class Read>
ROBOCACHE_HOST_DEVICE inline leaf_summary<Number> summarize_leaf(Read const& read, std::uint64_t here) {
  leaf_summary<Number> leaf;
  double sum = 0.0;
#if defined(__CUDA_ARCH__)
#pragma unroll 1
#endif
  for (int i = 0; i < summary_leaf; ++i) {
    if ((here >> i & 1) == 0) { continue; }
    Number const x = read(i);
    if (is_nan(x)) {
      ++leaf.nan;
      continue;
    }
    auto const order = order_of(x);
    leaf.min = order < leaf.min ? order : leaf.min;
    leaf.max = order > leaf.max ? order : leaf.max;
    if (is_finite(x)) {
      sum = add_rn(sum, static_cast<double>(x));
      ++leaf.finite;
    } else {
      ++leaf.infinite;
    }
  }
  if (leaf.finite == 0) { return leaf; }
  double const mean = div_rn(sum, static_cast<double>(leaf.finite));
  double m2 = 0.0;
#if defined(__CUDA_ARCH__)
#pragma unroll 1
#endif
  for (int i = 0; i < summary_leaf; ++i) {
    if ((here >> i & 1) == 0) { continue; }
    Number const x = read(i);
    if (!is_finite(x)) { continue; }
    double const difference = sub_rn(static_cast<double>(x), mean);
    m2 = add_rn(m2, mul_rn(difference, difference));
  }
  leaf.of_finite = {mean, m2};
  return leaf;
}

/// A digit of the keys: what one pass counts.
struct summary_digit {
  int shift;
  int bits;

  /// The digits before this one: a value's digit is counted if these are those of the order statistic.
  template <class Order>
  ROBOCACHE_HOST_DEVICE Order prefix(Order key) const {
    // Shifting by all bits is undefined, and no digit comes before the first.
    return shift + bits == 8 * static_cast<int>(sizeof key) ? Order{0} : key >> (shift + bits);
  }
  template <class Order>
  ROBOCACHE_HOST_DEVICE unsigned digit(Order key) const {
    return static_cast<unsigned>(key >> shift) & ((1u << bits) - 1);
  }
};

/// 11 + 11 + 10 bits of each word of a key, the highest first.
ROBOCACHE_HOST_DEVICE constexpr summary_digit digit_of_pass(std::size_t key_bytes, int pass) {
  int const word = static_cast<int>(key_bytes) / 4 - 1 - pass / 3;
  int const in_word = pass % 3 == 0 ? 21 : pass % 3 == 1 ? 10 : 0;
  return {32 * word + in_word, pass % 3 == 2 ? 10 : 11};
}

/// Where a quantile lies among the sorted values: `numpy.quantile`'s linear rule.
struct quantile_place {
  std::int64_t low;  ///< the order statistic below it
  std::int64_t high;
  double weight;  ///< of `high`, in [0, 1)
};

/// @param count  values, at least 1
ROBOCACHE_HOST_DEVICE inline quantile_place place_of_quantile(double fraction, std::int64_t count) {
  double const place = mul_rn(static_cast<double>(count - 1), fraction);
  double const floor = std::floor(place);
  auto low = static_cast<std::int64_t>(floor);
  low = low < count - 1 ? low : count - 1;
  return {low, low < count - 1 ? low + 1 : low, sub_rn(place, floor)};
}

/// A quantile between the order statistics `a` and `b`.
ROBOCACHE_HOST_DEVICE inline double quantile_between(double a, double b, double weight) {
  if (weight == 0.0 || a == b) { return a; }
  double const d = sub_rn(b, a);
  return weight < 0.5 ? add_rn(a, mul_rn(d, weight)) : sub_rn(b, mul_rn(d, sub_rn(1.0, weight)));
}

}  // namespace robocache::device
