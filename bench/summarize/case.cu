// SPDX-License-Identifier: Apache-2.0
#include "summarize/case.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <robocache/device/convert.cuh>
#include <robocache/host.hpp>
#include <robocache/summarize.cuh>

#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

template <class Value>
class summary_case final : public prepared_case {
 public:
  summary_case(summarize_case const& one, cudaStream_t cuda_stream) : one_(one) {
    std::int64_t const pairs = one.groups * one.channels;
    int const passes = summary_passes(dtype_of<Value>::value, one.quantiles);
    bytes_ = passes * one.rows * one.channels * static_cast<std::int64_t>(sizeof(Value)) +
             pairs * static_cast<std::int64_t>(sizeof(channel_summary));
    turns_ = rotation_of(bytes_, one.hot);
    for (float x : draw_values(one)) { host_values_.push_back(device::from_float<Value>(x)); }
    if (one.groups > 1) {
      for (std::int64_t g = 0; g <= one.groups; ++g) { host_offsets_.push_back(one.rows * g / one.groups); }
    }
    values_ = rotated_array<Value>(host_values_, turns_.sets, cuda_stream);
    offsets_ = rotated_array<std::int64_t>(host_offsets_, turns_.sets, cuda_stream);
    summaries_ = rotated_array<channel_summary>(pairs, turns_.sets);
    ranks_ = rotated_array<quantile_rank>(pairs * 2 * one.quantiles, turns_.sets);
    counters_ = rotated_array<std::int64_t>(pairs * 2 * one.quantiles * summary_digits, turns_.sets);
    quantiles_ = rotated_array<double>(pairs * one.quantiles, turns_.sets);
    scratch_bytes_ = summarize_scratch(rows(values_.at(0), offsets_.at(0)));
    memory_ = rotated_array<char>(scratch_bytes_, turns_.sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    require(summarize(rows(values_.at(set), offsets_.at(set)),
                      state(summaries_.at(set), ranks_.at(set), counters_.at(set), quantiles_.at(set)),
                      scratch{memory_.at(set), scratch_bytes_}, cuda_stream));
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<channel_summary> summaries(summaries_.size());
    std::vector<quantile_rank> ranks(ranks_.size());
    std::vector<std::int64_t> counters(counters_.size());
    std::vector<double> quantiles(quantiles_.size());
    require(host::summarize(rows(host_values_.data(), host_offsets_.empty() ? nullptr : host_offsets_.data()),
                            state(summaries.data(), ranks.data(), counters.data(), quantiles.data())));
    enqueue_poison(summaries_, cuda_stream);
    enqueue_poison(quantiles_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "summaries");
    std::string const unlike = find_unlike(summaries, summaries_, "summaries", cuda_stream);
    return unlike.empty() ? find_unlike(quantiles, quantiles_, "quantiles", cuda_stream) : unlike;
  }

 private:
  value_rows<Value> rows(Value const* values, std::int64_t const* offsets) const {
    value_rows<Value> view{values, one_.rows, one_.channels};
    view.offsets = offsets;
    view.groups = one_.groups;
    return view;
  }
  summary_state<Value> state(channel_summary* summaries, quantile_rank* ranks, std::int64_t* counters,
                             double* quantiles) const {
    summary_state<Value> view{summaries, one_.groups, one_.channels, one_.quantiles};
    for (std::int64_t q = 0; q < one_.quantiles; ++q) {
      view.fractions[q] = one_.quantiles == 2 ? (q == 0 ? 0.01 : 0.99) : (static_cast<double>(q) + 0.5) / 5;
    }
    view.ranks = ranks;
    view.counters = counters;
    view.values = quantiles;
    return view;
  }

  summarize_case one_;
  std::vector<Value> host_values_;
  std::vector<std::int64_t> host_offsets_;
  std::int64_t scratch_bytes_ = 0;
  rotated_array<Value> values_;
  rotated_array<std::int64_t> offsets_;
  rotated_array<channel_summary> summaries_;
  rotated_array<quantile_rank> ranks_;
  rotated_array<std::int64_t> counters_;
  rotated_array<double> quantiles_;
  rotated_array<char> memory_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare(summarize_case const& one, cudaStream_t cuda_stream) {
  if (one.steps > 0) { return prepare_chunks(one, cuda_stream); }
  if (one.value == dtype::bfloat16) { return std::make_unique<summary_case<__nv_bfloat16>>(one, cuda_stream); }
  return std::make_unique<summary_case<float>>(one, cuda_stream);
}

}  // namespace robocache::bench
