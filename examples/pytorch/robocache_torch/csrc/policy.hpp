// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common.hpp"
#include "layout.hpp"
#include "streams.hpp"
#include "timelines.hpp"

// The fusions of a policy input, from an operator's arguments. timelines.hpp describes the lists of one fusion; here
// those of all fusions follow each other.
namespace robocache_torch {

/// The tensors of one fusion, and its part of the lists.
struct fusion_arguments {
  std::string name;       ///< what Python calls it
  std::size_t first = 0;  ///< the number of its first stream among those of all fusions
  std::size_t count = 0;  ///< of its streams
  at::ScalarType type = at::kFloat;
  bool ages = false;  ///< whether they are wanted
  timed_arguments times;
  std::vector<values_view> rows;

  std::string stream_name(std::size_t i) const { return name + "streams[" + std::to_string(i) + "]."; }
};

/// A `policy_row` of the list.
struct numbered_row {
  std::int64_t operator[](std::string_view name) const { return numbers[policy_row[name]]; }
  std::int64_t const* numbers;
};

template <class Stamp>
rc::policy_stream<Stamp> policy_stream_of(fusion_arguments const& fusion, std::size_t i, numbered_row row,
                                          at::TensorList factors, double rate) {
  rc::policy_stream<Stamp> one = stream_of<Stamp>(fusion.rows[i], fusion.times, i);
  if (row["source"] >= 0) {
    one.rotation = {rotation_layout_of(row["source"]), rotation_layout_of(row["result"]),
                    row["positive"] != 0 ? rc::quaternion_sign::positive : rc::quaternion_sign::any};
    one.rotation.world_frame = row["world_frame"] != 0;
  }
  auto const index = [](std::int64_t stream, std::int64_t of) {
    return rc::stream_index{static_cast<std::int32_t>(stream), static_cast<std::int32_t>(of)};
  };
  one.relative.wanted = row["relative"] != 0;
  one.relative.to = index(row["to_stream"], row["to_fusion"]);
  one.relative.frame = index(row["frame_stream"], row["frame_fusion"]);
  one.relative.at = fusion.times.reference<Stamp>(i);
  one.derivative = static_cast<rc::derivative_order>(row["derivative"]);
  one.ticks_per_second = rate;
  one.sin_cos = row["sin_cos"] != 0;
  auto const factor = [&](char const* name) -> float const* {
    std::int64_t const place = row[name];
    return place < 0 ? nullptr : data_of<float const>(factors[std::size_t(place)]);
  };
  one.scale = factor("scale");
  one.shift = factor("shift");
  one.low = factor("low");
  one.high = factor("high");
  if (row["latencies"] >= 0) { one.latencies = data_of<Stamp const>(factors[std::size_t(row["latencies"])]); }
  // Both have the same number of dimensions.
  for (char const* const name : {"scale", "shift"}) {
    if (row[name] < 0) { continue; }
    at::Tensor const& given = factors[std::size_t(row[name])];
    one.affine_stride = given.dim() == 2 ? given.size(1) : 0;
  }
  return one;
}

inline at::ScalarType result_type(std::int64_t place) {
  switch (static_cast<rc::dtype>(place)) {
    case rc::dtype::float16: return at::kHalf;
    case rc::dtype::bfloat16: return at::kBFloat16;
    default: return at::kFloat;
  }
}

/// The arguments that all operators on policy inputs have, as their schemas name them.
struct policy_arguments {
  at::TensorList values;
  at::TensorList factors;
  optional_tensors const& sources;
  optional_tensors const& targets;
  c10::Device device;
  at::IntArrayRef kinds;
  at::ScalarType stamp;
  at::IntArrayRef sizes;
  at::IntArrayRef whole;
  at::ArrayRef<double> real;
  at::IntArrayRef rules;
  at::IntArrayRef policies;
  at::ArrayRef<double> fills;
  at::ArrayRef<double> rates;
  at::IntArrayRef fusion_rows;
};

/// Each fusion's own part of them.
inline std::vector<fusion_arguments> fusions_of(policy_arguments const& given) {
  optional_tensors const all_sources = without_bits(given.sources);
  optional_tensors const all_targets = without_bits(given.targets);
  bool const is_whole = given.stamp == at::kLong;
  std::vector<fusion_arguments> all;
  std::size_t const fusions = given.fusion_rows.size() / fusion_row.size();
  if (fusions == 0) { C10_THROW_ERROR(ValueError, "fusions: found none, want one or more"); }
  std::size_t first = 0;
  for (std::size_t f = 0; f < fusions; ++f) {
    auto const row = given.fusion_rows.slice(fusion_row.size() * f, fusion_row.size());
    auto const count = static_cast<std::size_t>(row[fusion_row["streams"]]);
    // A timeline for each stream, and then that of the targets.
    std::size_t const line = first + f;
    std::size_t const lines = count + 1;
    auto const target = [&](char const* name) { return all_targets.get(target_row.size() * f + target_row[name]); };
    optional_tensors of_streams;
    for (std::size_t i = 0; i < source_row.size() * count; ++i) {
      of_streams.push_back(all_sources.get(source_row.size() * first + i));
    }
    auto const ticks = [&](auto list, bool used) {
      return used ? list.slice(ticks_row.size() * line, ticks_row.size() * lines) : decltype(list)();
    };
    all.push_back({"fusions[" + std::to_string(f) + "].",
                   first,
                   count,
                   result_type(row[fusion_row["dtype"]]),
                   row[fusion_row["ages"]] != 0,
                   {of_streams, target("stamps"), target("starts"), target("index"), given.device,
                    given.kinds.slice(line, lines), given.stamp,
                    given.sizes.slice(sizes_row.size() * line, sizes_row.size() * lines), ticks(given.whole, is_whole),
                    ticks(given.real, !is_whole), given.rules.slice(rules_row.size() * first, rules_row.size() * count),
                    given.fills.slice(first, count), target("as_of")},
                   {}});
    for (std::size_t i = 0; i < count; ++i) {
      all.back().rows.emplace_back(given.values[first + i], given.device, all.back().stream_name(i));
    }
    first += count;
  }
  return all;
}

/// The streams of a fusion as the library takes them.
template <class Stamp>
std::vector<rc::policy_stream<Stamp>> policy_streams_of(policy_arguments const& given, fusion_arguments const& one) {
  std::vector<rc::policy_stream<Stamp>> streams;
  for (std::size_t i = 0; i < one.count; ++i) {
    numbered_row const row{given.policies.data() + policy_row.size() * (one.first + i)};
    streams.push_back(policy_stream_of<Stamp>(one, i, row, given.factors, given.rates[one.first + i]));
  }
  return streams;
}

/// Warns of stamps that are not sorted, where that is asked for.
template <class Stamp>
void warn_of_stamps(rc::compiled::place where, fusion_arguments const& one) {
  one.times.warn_of_stamps<Stamp>(
      where, [&](std::size_t i) { return one.stream_name(i) + "times"; }, one.name + "targets");
}

/// The schema of `policy_arguments`.
inline std::string const policy_schema =
    "Tensor[] values, Tensor[] factors, Tensor?[] sources, Tensor?[] targets, Device device, int[] kinds, "
    "ScalarType stamp, SymInt[] sizes, SymInt[] whole, float[] real, int[] rules, int[] policies, float[] fills, "
    "float[] rates, int[] fusion_rows";

}  // namespace robocache_torch
