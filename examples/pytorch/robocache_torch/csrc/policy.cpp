// SPDX-License-Identifier: Apache-2.0
// policy_input: several fusions in one launch; and summaries of what one would give.

#include "policy.hpp"

#include <torch/library.h>

#include <cstdint>
#include <tuple>
#include <vector>

#include "summaries.hpp"

namespace robocache_torch {
namespace {

/// The three results of a fusion.
struct fusion_results {
  at::Tensor values;
  at::Tensor valid;
  at::Tensor all_valid;
};

/// Three tensors for each fusion: values, the valid mask of each stream, that of all. Then the ages of those fusions
/// for which they are wanted.
std::vector<at::Tensor> policy_input(at::TensorList values, at::TensorList factors, optional_tensors const& sources,
                                     optional_tensors const& targets, c10::Device device, at::IntArrayRef kinds,
                                     at::ScalarType stamp, at::IntArrayRef sizes, at::IntArrayRef whole,
                                     at::ArrayRef<double> real, at::IntArrayRef rules, at::IntArrayRef policies,
                                     at::ArrayRef<double> fills, at::ArrayRef<double> rates,
                                     at::IntArrayRef fusion_rows) {
  policy_arguments const given{values, factors, sources, targets,  device, kinds, stamp,      sizes,
                               whole,  real,    rules,   policies, fills,  rates, fusion_rows};
  std::vector<fusion_arguments> const all = fusions_of(given);
  std::vector<at::Tensor> results;
  std::vector<at::Tensor> all_ages;
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    all.front().times.visit([&](auto kind) {
      using Stamp = decltype(kind);
      std::vector<std::vector<rc::policy_stream<Stamp>>> streams;
      std::vector<rc::policy_fusion<Stamp>> made;
      for (fusion_arguments const& one : all) {
        warn_of_stamps<Stamp>(where, one);
        auto const& own = streams.emplace_back(policy_streams_of<Stamp>(given, one));
        std::int64_t channels = 0;
        for (auto const& stream : own) { channels += rc::result_channels(stream); }
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
        if (one.ages) {
          fusion.ages = data_of<Stamp>(all_ages.emplace_back(empty(shape, std::int64_t(one.count), device, stamp)));
        }
        made.push_back(fusion);
        results.insert(results.end(), {to.values, to.valid, to.all_valid});
      }
      rc::compiled::policy_input(where, {made.data(), std::int64_t(made.size())}, cuda_stream);
    });
  });
  results.insert(results.end(), all_ages.begin(), all_ages.end());
  return results;
}

/// Summaries `[G, D, ...]` of what one of the fusions would give, and quantiles.
std::tuple<at::Tensor, at::Tensor> summarize_policy_input(
    at::TensorList values, at::TensorList factors, optional_tensors const& sources, optional_tensors const& targets,
    c10::Device device, at::IntArrayRef kinds, at::ScalarType stamp, at::IntArrayRef sizes, at::IntArrayRef whole,
    at::ArrayRef<double> real, at::IntArrayRef rules, at::IntArrayRef policies, at::ArrayRef<double> fills,
    at::ArrayRef<double> rates, at::IntArrayRef fusion_rows, std::int64_t fusion, bool each_step,
    optional_tensor const& offsets, at::ArrayRef<double> fractions) {
  policy_arguments const given{values, factors, sources, targets,  device, kinds, stamp,      sizes,
                               whole,  real,    rules,   policies, fills,  rates, fusion_rows};
  std::vector<fusion_arguments> const all = fusions_of(given);
  if (fusion < 0 || fusion >= std::int64_t(all.size())) {
    C10_THROW_ERROR(ValueError, c10::str("fusion: found ", fusion, ", want 0 to ", all.size() - 1));
  }
  std::tuple<at::Tensor, at::Tensor> results;
  run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    all.front().times.visit([&](auto kind) {
      using Stamp = decltype(kind);
      std::vector<std::vector<rc::policy_stream<Stamp>>> streams;
      std::vector<rc::policy_fusion<Stamp>> made;
      for (fusion_arguments const& one : all) {
        warn_of_stamps<Stamp>(where, one);
        auto const& own = streams.emplace_back(policy_streams_of<Stamp>(given, one));
        rc::policy_fusion<Stamp> plain;
        plain.streams = own.data();
        plain.count = std::int64_t(one.count);
        plain.target = one.times.timeline<Stamp>(one.count);
        made.push_back(plain);
      }
      rc::policy_rows<Stamp> rows{made.data(), std::int64_t(made.size()), fusion, each_step};
      rows.offsets = data_of<std::int64_t>(offsets);
      rows.groups = offsets.has_value() ? offsets->size(0) - 1 : 1;
      auto const& own = made[std::size_t(fusion)];
      std::int64_t channels = 0;
      for (std::int64_t i = 0; i < own.count; ++i) { channels += rc::result_channels(own.streams[i]); }
      owned_summary const to(rows.groups, channels * (each_step ? own.target.length : 1), fractions, device);
      scratch_memory const memory(rc::compiled::summarize_policy_input_scratch(where, rows), device);
      rc::compiled::summarize_policy_input(where, rows, to.state(), memory.view(), cuda_stream);
      results = {to.summaries, to.values};
    });
  });
  return results;
}

void add_policies(torch::Library& library) {
  library.impl("policy_input", policy_input);
  library.impl("summarize_policy_input", summarize_policy_input);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(("policy_input(" + policy_schema + ") -> Tensor[]").c_str());
  library.def(("summarize_policy_input(" + policy_schema +
               ", int fusion, bool each_step, Tensor? offsets, float[] fractions) -> (Tensor summaries, "
               "Tensor quantiles)")
                  .c_str());
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_policies(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_policies(library); }
#endif

}  // namespace robocache_torch
