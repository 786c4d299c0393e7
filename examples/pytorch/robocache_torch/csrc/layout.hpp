// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <robocache/robocache.hpp>

// What the operators' lists of numbers hold, which a schema cannot say: the only place where it is written. C++ and
// Python find an entry by its name; Python reads the names from the operator `layout` (_layout.py).
namespace robocache_torch {

/// The names of the entries of one row, in their order. A list holds one row after the other.
template <std::size_t N>
class row_layout {
 public:
  template <class... Names>
  constexpr explicit row_layout(Names... names) : names_{{names...}} {}

  static constexpr std::size_t size() { return N; }

  /// The place of an entry in its row.
  constexpr std::size_t operator[](std::string_view name) const {
    for (std::size_t i = 0; i < N; ++i) {
      if (names_[i] == name) { return i; }
    }
    throw std::logic_error("robocache_torch: a row has no entry " + std::string(name));
  }

  std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }

 private:
  std::array<std::string_view, N> names_;
};
template <class... Names>
row_layout(Names...) -> row_layout<sizeof...(Names)>;

/// Tensors of a source's timeline, each optional. `index`: lengths, offsets, or the trajectories of windows.
inline constexpr row_layout source_row{"stamps", "starts", "index"};
/// Likewise of the targets of a fusion of a policy input.
inline constexpr row_layout target_row{"stamps", "starts", "index", "as_of"};
/// Of a timeline; `rows` of packed ones.
inline constexpr row_layout sizes_row{"batch", "length", "rows"};
/// Numbers of a timeline and of its stream, in the unit of the stamps. `at`: when a reference is, after the anchor.
inline constexpr row_layout ticks_row{"start", "num", "den", "max_gap", "latency", "tolerance", "at"};
/// Of a stream.
inline constexpr row_layout rules_row{"method", "before", "after", "causal"};
/// Of a stream of a policy input, besides. -1 means none: of rotation layouts, of the places of streams and fusions
/// that it is relative to, and of places in the list of factors, which holds latencies, too.
inline constexpr row_layout policy_row{"source",   "result",    "positive",  "world_frame",  "derivative",   "sin_cos",
                                       "relative", "to_stream", "to_fusion", "frame_stream", "frame_fusion", "scale",
                                       "shift",    "low",       "high",      "latencies"};
/// Of a fusion of a policy input; `dtype` is the place of a result type, `ages` whether they are wanted.
inline constexpr row_layout fusion_row{"streams", "dtype", "ages"};
/// Of a trajectory: what `inspect` counts.
inline constexpr row_layout report_row{"unsorted", "duplicated", "non_finite", "out_of_range"};
/// Of a trajectory: what `clean` counts.
inline constexpr row_layout dropped_row{"non_finite", "invalid", "backward", "duplicated"};
/// Of a cloud: what `unproject` counts.
inline constexpr row_layout lost_row{"no_depth", "cropped"};
/// Of a trajectory: what `append` counts.
inline constexpr row_layout refused_row{"older", "not_finite"};
/// One bit each, the first one the lowest: which reductions of features are wanted.
inline constexpr row_layout reduction_bits{"sum", "mean", "max", "min"};

/// The finite numbers by which float arguments give infinity, minus infinity and NaN: packages of AOTInductor keep
/// numbers as JSON, which has none of these.
inline constexpr std::array<double, 3> stand_ins{0x1.fffffffffffffp+1023, -0x1.fffffffffffffp+1023,
                                                 0x1.ffffffffffffep+1023};

/// The number that an argument means, which may be one of `stand_ins`.
inline double real_of(double given) {
  if (given == stand_ins[0]) { return std::numeric_limits<double>::infinity(); }
  if (given == stand_ins[1]) { return -std::numeric_limits<double>::infinity(); }
  return given == stand_ins[2] ? std::numeric_limits<double>::quiet_NaN() : given;
}

/// The rotation layout of a number: first the formats, then the orders of Euler angles by SciPy's names. An error for
/// any other number.
robocache::rotation_layout rotation_layout_of(std::int64_t number);

}  // namespace robocache_torch
