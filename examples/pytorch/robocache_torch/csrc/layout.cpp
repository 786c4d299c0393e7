// SPDX-License-Identifier: Apache-2.0
// The operator `layout`, by which Python learns what the operators' lists of numbers hold, and what methods are.

#include "layout.hpp"

#include <c10/util/Exception.h>
#include <torch/library.h>

#include <cstdio>
#include <string>
#include <vector>

#include <robocache/device/method.cuh>
#include <robocache/normalisation.hpp>

namespace robocache_torch {
namespace {

namespace rc = robocache;

// Null for a number that is no enumerator. No switch has a default label, so that a new enumerator does not compile
// until it has a word here (-Werror=switch).

char const* word_of(rc::timeline_kind kind) {
  switch (kind) {
    case rc::timeline_kind::dense: return "dense";
    case rc::timeline_kind::shared: return "shared";
    case rc::timeline_kind::ragged: return "ragged";
    case rc::timeline_kind::uniform: return "uniform";
    case rc::timeline_kind::windows: return "windows";
    case rc::timeline_kind::ring: return "ring";
  }
  return nullptr;
}

char const* word_of(rc::interpolation method) {
  return rc::device::traits_of(method).exists ? rc::name_of(method) : nullptr;
}

char const* word_of(rc::edge rule) {
  switch (rule) {
    case rc::edge::clamp: return "clamp";
    case rc::edge::fill: return "fill";
    case rc::edge::extrapolate: return "extrapolate";
    case rc::edge::hold: return "hold";
  }
  return nullptr;
}

char const* word_of(rc::voxel_order order) {
  switch (order) {
    case rc::voxel_order::first_point: return "first_point";
    case rc::voxel_order::cell: return "cell";
  }
  return nullptr;
}

char const* word_of(rc::nan_rule rule) {
  switch (rule) {
    case rc::nan_rule::keep: return "keep";
    case rc::nan_rule::any: return "any";
    case rc::nan_rule::all: return "all";
  }
  return nullptr;
}

char const* word_of(rc::backward_rule rule) {
  switch (rule) {
    case rc::backward_rule::drop: return "drop";
    case rc::backward_rule::sort: return "sort";
  }
  return nullptr;
}

char const* word_of(rc::duplicate_rule rule) {
  switch (rule) {
    case rc::duplicate_rule::first: return "first";
    case rc::duplicate_rule::last: return "last";
  }
  return nullptr;
}

char const* word_of(rc::derivative_order order) {
  switch (order) {
    case rc::derivative_order::value: return "value";
    case rc::derivative_order::velocity: return "velocity";
    case rc::derivative_order::acceleration: return "acceleration";
  }
  return nullptr;
}

char const* word_of(rc::normalisation_rule rule) {
  switch (rule) {
    case rc::normalisation_rule::gr00t: return "gr00t";
    case rc::normalisation_rule::lerobot: return "lerobot";
    case rc::normalisation_rule::openpi: return "openpi";
    case rc::normalisation_rule::diffusion_policy: return "diffusion_policy";
  }
  return nullptr;
}

char const* word_of(rc::depth_kind kind) {
  switch (kind) {
    case rc::depth_kind::axis: return "axis";
    case rc::depth_kind::ray: return "ray";
  }
  return nullptr;
}

/// Those that results may have.
char const* word_of(rc::dtype type) {
  switch (type) {
    case rc::dtype::float32: return "float32";
    case rc::dtype::float16: return "float16";
    case rc::dtype::bfloat16: return "bfloat16";
    case rc::dtype::uint8:
    case rc::dtype::int32:
    case rc::dtype::int64: break;
  }
  return nullptr;
}

/// How rotations are stored: the formats except for Euler angles, then these in all orders, by SciPy's names.
std::vector<std::string> rotation_words() {
  std::vector<std::string> words;
  for (int number = 0; number < static_cast<int>(rc::rotation_format::euler); ++number) {
    words.emplace_back(rc::name_of(static_cast<rc::rotation_format>(number)));
  }
  for (char const* const letters : {"xyz", "XYZ"}) {
    for (int i = 0; i < 27; ++i) {
      std::string const order{letters[i / 9], letters[i / 3 % 3], letters[i % 3]};
      if (rc::is_euler_order(rc::euler(order.c_str()))) { words.push_back(order); }
    }
  }
  return words;
}

std::vector<std::string> rotation_channels() {
  std::vector<std::string> counts;
  for (std::size_t number = 0; number < rotation_words().size(); ++number) {
    counts.push_back(std::to_string(rc::channels_of(rotation_layout_of(std::int64_t(number)).format)));
  }
  return counts;
}

/// The words of an enumeration: the place of a word is the number of its enumerator.
template <class Enum>
std::vector<std::string> words_of() {
  std::vector<std::string> words;
  for (int number = 0; char const* const word = word_of(static_cast<Enum>(number)); ++number) { words.push_back(word); }
  return words;
}

/// The methods of which the library's table says so.
std::vector<std::string> methods_where(bool rc::device::method_traits::*is_so) {
  std::vector<std::string> words;
  for (int number = 0; number < rc::device::method_count(); ++number) {
    auto const method = static_cast<rc::interpolation>(number);
    if (rc::device::traits_of(method).*is_so) { words.push_back(word_of(method)); }
  }
  return words;
}

std::vector<std::string> layout(c10::string_view of) {
  if (of == "timeline_kind") { return words_of<rc::timeline_kind>(); }
  if (of == "interpolation") { return words_of<rc::interpolation>(); }
  if (of == "interpolation holds") { return methods_where(&rc::device::method_traits::holds); }
  if (of == "interpolation differentiable") { return methods_where(&rc::device::method_traits::differentiable); }
  if (of == "interpolation moves") { return methods_where(&rc::device::method_traits::moves); }
  if (of == "rotation") { return rotation_words(); }
  if (of == "rotation channels") { return rotation_channels(); }
  if (of == "result_type") { return words_of<rc::dtype>(); }
  if (of == "edge") { return words_of<rc::edge>(); }
  if (of == "voxel_order") { return words_of<rc::voxel_order>(); }
  if (of == "nan_rule") { return words_of<rc::nan_rule>(); }
  if (of == "backward_rule") { return words_of<rc::backward_rule>(); }
  if (of == "duplicate_rule") { return words_of<rc::duplicate_rule>(); }
  if (of == "derivative_order") { return words_of<rc::derivative_order>(); }
  if (of == "normalisation_rule") { return words_of<rc::normalisation_rule>(); }
  if (of == "depth_kind") { return words_of<rc::depth_kind>(); }
  if (of == "source") { return source_row.names(); }
  if (of == "target") { return target_row.names(); }
  if (of == "sizes") { return sizes_row.names(); }
  if (of == "ticks") { return ticks_row.names(); }
  if (of == "rules") { return rules_row.names(); }
  if (of == "policy") { return policy_row.names(); }
  if (of == "fusion") { return fusion_row.names(); }
  if (of == "report") { return report_row.names(); }
  if (of == "dropped") { return dropped_row.names(); }
  if (of == "lost") { return lost_row.names(); }
  if (of == "refused") { return refused_row.names(); }
  if (of == "stand_ins") {
    std::vector<std::string> numbers;
    for (double const number : stand_ins) {
      char text[32];  // hexadecimal, so that all digits are kept
      std::snprintf(text, sizeof text, "%a", number);
      numbers.emplace_back(text);
    }
    return numbers;
  }
  if (of == "reductions") { return reduction_bits.names(); }
  C10_THROW_ERROR(ValueError, c10::str("of: found ", of, ", which has no layout"));
}

}  // namespace

rc::rotation_layout rotation_layout_of(std::int64_t number) {
  auto const euler = static_cast<std::int64_t>(rc::rotation_format::euler);
  static std::vector<std::string> const words = rotation_words();
  if (number < 0 || number >= std::int64_t(words.size())) {
    C10_THROW_ERROR(ValueError, c10::str("rotation: found ", number, ", want 0 to ", words.size() - 1));
  }
  if (number < euler) { return {static_cast<rc::rotation_format>(number), {}}; }
  return {rc::rotation_format::euler, rc::euler(words[std::size_t(number)].c_str())};
}

TORCH_LIBRARY_FRAGMENT(robocache, library) { library.def("layout(str of) -> str[]", layout); }

}  // namespace robocache_torch
