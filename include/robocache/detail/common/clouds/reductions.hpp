// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/grid.hpp>

// What can be made of features: one table that checks, launchers and the host side read.
namespace robocache::detail {

// Else the code below, `write_results` and the host side's `cell_reduction` would silently leave out the new one.
static_assert(sizeof(feature_reductions<float>) == 4 * sizeof(float*), "a new reduction: see CONTRIBUTING.md");

/// One of the results that are made of features, or its gradient.
template <class Pointer>
struct reduction {
  char const* name;  ///< of the field
  Pointer place;     ///< null: not wanted
  bool adds;         ///< it needs sums
  bool largest;      ///< it needs the largest numbers
  bool smallest;     ///< it needs the smallest
};

/// All of them.
template <class Result>
struct reduction_list {
  reduction<Result*> each[4];

  constexpr explicit reduction_list(feature_reductions<Result> const& of) noexcept
      : each{{"sum", of.sum, true, false, false},
             {"mean", of.mean, true, false, false},
             {"max", of.max, false, true, false},
             {"min", of.min, false, false, true}} {}

  constexpr reduction<Result*> const* begin() const noexcept { return each; }
  constexpr reduction<Result*> const* end() const noexcept { return each + 4; }
};

/// The results of features that are wanted, whatever they are called.
struct reduction_needs {
  bool sums = false;
  bool largest = false;
  bool smallest = false;
  int results = 0;  ///< how many

  constexpr bool extremes() const noexcept { return largest || smallest; }
};

/// What the results or gradients need.
template <class Result>
constexpr reduction_needs needs_of(feature_reductions<Result> const& view) noexcept {
  reduction_needs needs;
  for (auto const& one : reduction_list<Result>(view)) {
    if (one.place == nullptr) { continue; }
    needs.sums = needs.sums || one.adds;
    needs.largest = needs.largest || one.largest;
    needs.smallest = needs.smallest || one.smallest;
    ++needs.results;
  }
  return needs;
}

/// The largest power of two, up to 16, that all addresses are multiples of.
template <class Result>
int alignment_of(feature_reductions<Result> const& view) noexcept {
  std::uint64_t all = 0;
  for (auto const& one : reduction_list<Result>(view)) { all |= address_of(one.place); }
  return common_alignment(all);
}

/// The same places, of type `To`, some bytes further on. Null stays null.
template <class To, class From>
feature_reductions<To> moved(feature_reductions<From> const& from, std::int64_t bytes) noexcept {
  auto const move = [&](From* place) {
    // Without const in between, because `From` and `To` may have it.
    auto* const begin = const_cast<char*>(reinterpret_cast<char const*>(place));
    return place == nullptr ? nullptr : reinterpret_cast<To*>(begin + bytes);
  };
  return {move(from.sum), move(from.mean), move(from.max), move(from.min)};
}

}  // namespace robocache::detail
