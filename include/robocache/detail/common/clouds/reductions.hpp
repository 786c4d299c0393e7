// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be made of features: one table that checks, launchers and the host side read.
namespace robocache::detail {

/// One of the results that are made of features, or its gradient.
template <class Pointer>
struct reduction {
  char const* name;  ///< of the field
  Pointer place;     ///< null: not wanted
  bool adds;         ///< it is made of sums
  bool largest;      ///< it is made of the largest numbers
  bool smallest;     ///< and of the smallest
};

/// All of them.
/// @tparam View  results or gradients: has a field for each
template <class View>
struct reduction_list {
  using pointer = decltype(View::sum);
  reduction<pointer> each[4];

  constexpr explicit reduction_list(View const& of) noexcept
      : each{{"sum", of.sum, true, false, false},
             {"mean", of.mean, true, false, false},
             {"max", of.max, false, true, false},
             {"min", of.min, false, false, true}} {}

  constexpr reduction<pointer> const* begin() const noexcept { return each; }
  constexpr reduction<pointer> const* end() const noexcept { return each + 4; }
};

/// What is wanted of features, whatever it is called.
struct reduction_needs {
  bool sums = false;
  bool largest = false;
  bool smallest = false;
  int results = 0;  ///< how many

  constexpr bool extremes() const noexcept { return largest || smallest; }
};

/// What these results or gradients need.
template <class View>
constexpr reduction_needs needs_of(View const& view) noexcept {
  reduction_needs needs;
  for (auto const& one : reduction_list<View>(view)) {
    if (one.place == nullptr) { continue; }
    needs.sums = needs.sums || one.adds;
    needs.largest = needs.largest || one.largest;
    needs.smallest = needs.smallest || one.smallest;
    ++needs.results;
  }
  return needs;
}

}  // namespace robocache::detail
