// SPDX-License-Identifier: Apache-2.0
// policy_input: several fusions in one launch. timelines.hpp describes the lists of one fusion; here those of all
// fusions follow each other.

#include <torch/library.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common.hpp"
#include "layout.hpp"
#include "streams.hpp"
#include "timelines.hpp"

namespace robocache_torch {
namespace {

/// The tensors of one fusion, and its part of the lists.
struct fusion_arguments {
  std::string name;       ///< what Python calls it
  std::size_t first = 0;  ///< the number of its first stream among those of all fusions
  std::size_t count = 0;  ///< of its streams
  at::ScalarType type = at::kFloat;
  timed_arguments times;
  std::vector<values_view> rows;

  std::string stream_name(std::size_t i) const { return name + "streams[" + std::to_string(i) + "]."; }
};

/// The three results of a fusion.
struct fusion_results {
  at::Tensor values;
  at::Tensor valid;
  at::Tensor all_valid;
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
  one.derivative = row["velocity"] != 0 ? rc::derivative_order::velocity : rc::derivative_order::value;
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
  // Both have the same number of dimensions.
  for (char const* const name : {"scale", "shift"}) {
    if (row[name] < 0) { continue; }
    at::Tensor const& given = factors[std::size_t(row[name])];
    one.affine_stride = given.dim() == 2 ? given.size(1) : 0;
  }
  return one;
}

at::ScalarType result_type(std::int64_t place) {
  switch (static_cast<rc::dtype>(place)) {
    case rc::dtype::float16: return at::kHalf;
    case rc::dtype::bfloat16: return at::kBFloat16;
    default: return at::kFloat;
  }
}

/// Three tensors for each fusion: values, the valid mask of each stream, that of all.
std::vector<at::Tensor> policy_input(at::TensorList values, at::TensorList factors, optional_tensors const& sources,
                                     optional_tensors const& targets, c10::Device device, at::IntArrayRef kinds,
                                     at::ScalarType stamp, at::IntArrayRef sizes, at::IntArrayRef whole,
                                     at::ArrayRef<double> real, at::IntArrayRef rules, at::IntArrayRef policies,
                                     at::ArrayRef<double> fills, at::ArrayRef<double> rates,
                                     at::IntArrayRef fusion_rows) {
  optional_tensors const all_sources = without_bits(sources);
  optional_tensors const all_targets = without_bits(targets);
  bool const is_whole = stamp == at::kLong;
  std::vector<fusion_arguments> all;
  std::size_t const fusions = fusion_rows.size() / fusion_row.size();
  if (fusions == 0) { C10_THROW_ERROR(ValueError, "fusions: found none, want one or more"); }
  std::size_t first = 0;
  for (std::size_t f = 0; f < fusions; ++f) {
    auto const row = fusion_rows.slice(fusion_row.size() * f, fusion_row.size());
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
                   {of_streams, target("stamps"), target("starts"), target("index"), device, kinds.slice(line, lines),
                    stamp, sizes.slice(sizes_row.size() * line, sizes_row.size() * lines), ticks(whole, is_whole),
                    ticks(real, !is_whole), rules.slice(rules_row.size() * first, rules_row.size() * count),
                    fills.slice(first, count), target("as_of")},
                   {}});
    for (std::size_t i = 0; i < count; ++i) {
      all.back().rows.emplace_back(values[first + i], device, all.back().stream_name(i));
    }
    first += count;
  }
  std::vector<at::Tensor> results;
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    all.front().times.visit([&](auto kind) {
      using Stamp = decltype(kind);
      std::vector<std::vector<rc::policy_stream<Stamp>>> streams;
      std::vector<rc::policy_fusion<Stamp>> made;
      for (fusion_arguments const& one : all) {
        one.times.warn_of_stamps<Stamp>(
            where, [&](std::size_t i) { return one.stream_name(i) + "times"; }, one.name + "targets");
        auto& own = streams.emplace_back();
        std::int64_t channels = 0;
        for (std::size_t i = 0; i < one.count; ++i) {
          numbered_row const row{policies.data() + policy_row.size() * (one.first + i)};
          own.push_back(policy_stream_of<Stamp>(one, i, row, factors, rates[one.first + i]));
          channels += rc::result_channels(own.back());
        }
        auto const shape = one.times.target_shape();
        fusion_results const to{empty(shape, channels, device, one.type),
                                empty(shape, std::int64_t(one.count), device, at::kBool),
                                empty(shape, -1, device, at::kBool)};
        rc::policy_fusion<Stamp> fusion;
        fusion.streams = own.data();
        fusion.count = std::int64_t(one.count);
        fusion.target = one.times.timeline<Stamp>(one.count);
        fusion.out.values = data_of<void>(to.values);
        fusion.out.type = dtype_of(one.type, "dtype");
        fusion.out.valid = data_of<std::uint8_t>(to.valid);
        fusion.out.all_valid = data_of<std::uint8_t>(to.all_valid);
        made.push_back(fusion);
        results.insert(results.end(), {to.values, to.valid, to.all_valid});
      }
      rc::compiled::policy_input(where, {made.data(), std::int64_t(made.size())}, cuda_stream);
    });
  });
  return results;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(
      "policy_input(Tensor[] values, Tensor[] factors, Tensor?[] sources, Tensor?[] targets, Device device, "
      "int[] kinds, ScalarType stamp, SymInt[] sizes, SymInt[] whole, float[] real, int[] rules, int[] policies, "
      "float[] fills, float[] rates, int[] fusion_rows) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { library.impl("policy_input", policy_input); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { library.impl("policy_input", policy_input); }
#endif

}  // namespace robocache_torch
