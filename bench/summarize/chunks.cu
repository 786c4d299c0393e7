// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/summarize_policy_input.cuh>

#include "summarize/case.hpp"
#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

using Stamp = std::int64_t;

constexpr std::int64_t episode_frames = 380;
constexpr Stamp period = 33'333;  // microseconds, at 30 Hz

/// What a side reads, in its memory.
struct chunk_memory {
  float const* states;
  float const* actions;
  Stamp const* stamps;  ///< of the frames, which are the anchors, too
  Stamp const* deltas;
  Stamp const* none;  ///< one delta of 0
  std::int64_t const* offsets;
  std::int64_t const* episodes;  ///< of each frame
};

/// Episodes of 380 frames, and a window at each frame.
class chunks_case final : public prepared_case {
 public:
  chunks_case(summarize_case const& one, cudaStream_t cuda_stream) : one_(one), actions_(draw_values(one)) {
    states_ = actions_;
    for (float& x : states_) { x *= 0.75f; }
    for (std::int64_t row = 0; row < one.rows; ++row) {
      stamps_.push_back(row * period + row * 7919 % 2000);  // with some jitter
      episodes_.push_back(row / episode_frames);
      if (row % episode_frames == 0) { offsets_.push_back(row); }
    }
    offsets_.push_back(one.rows);
    for (std::int64_t k = 0; k < one.steps; ++k) { deltas_.push_back(k * period); }
    std::int64_t const row_bytes = 2 * one.channels * std::int64_t(sizeof(float)) + 2 * std::int64_t(sizeof(Stamp));
    bytes_ = summary_passes(dtype::float32, one.quantiles) * one.rows * row_bytes;
    turns_.slow = true;  // more is read than caches hold
    on_device_.emplace_back(actions_, 1, cuda_stream);
    on_device_.emplace_back(states_, 1, cuda_stream);
    for (auto const* numbers : {&stamps_, &deltas_, &zero_, &offsets_, &episodes_}) {
      numbers_.emplace_back(*numbers, 1, cuda_stream);
    }
    std::int64_t const pairs = one.steps * one.channels;
    summaries_ = rotated_array<channel_summary>(pairs, 1);
    ranks_ = rotated_array<quantile_rank>(pairs * 2 * one.quantiles, 1);
    counters_ = rotated_array<std::int64_t>(pairs * 2 * one.quantiles * summary_digits, 1);
    quantiles_ = rotated_array<double>(pairs * one.quantiles, 1);
    require(with_rows(device_memory(), one.rows, [&](policy_rows<Stamp> const& rows) {
      scratch_bytes_ = summarize_policy_input_scratch(rows);
      return status{};
    }));
    memory_ = rotated_array<char>(scratch_bytes_, 1);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int, cudaStream_t cuda_stream) const override { enqueue_rows(one_.rows, cuda_stream); }

  /// Of the first frames alone: the host side takes minutes for all of them.
  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::int64_t const count = std::min<std::int64_t>(one_.rows, 20'000);
    std::vector<channel_summary> summaries(summaries_.size());
    std::vector<quantile_rank> ranks(ranks_.size());
    std::vector<std::int64_t> counters(counters_.size());
    std::vector<double> quantiles(quantiles_.size());
    chunk_memory const here{states_.data(), actions_.data(), stamps_.data(),  deltas_.data(),
                            zero_.data(),   offsets_.data(), episodes_.data()};
    require(with_rows(here, count, [&](policy_rows<Stamp> const& rows) {
      return host::summarize_policy_input(rows,
                                          state(summaries.data(), ranks.data(), counters.data(), quantiles.data()));
    }));
    enqueue_poison(summaries_, cuda_stream);
    enqueue_poison(quantiles_, cuda_stream);
    enqueue_rows(count, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "summaries");
    std::string const unlike = find_unlike(summaries, summaries_, "summaries", cuda_stream);
    return unlike.empty() ? find_unlike(quantiles, quantiles_, "quantiles", cuda_stream) : unlike;
  }

 private:
  chunk_memory device_memory() const {
    return {on_device_[1].at(0), on_device_[0].at(0), numbers_[0].at(0), numbers_[1].at(0),
            numbers_[2].at(0),   numbers_[3].at(0),   numbers_[4].at(0)};
  }

  void enqueue_rows(std::int64_t count, cudaStream_t cuda_stream) const {
    require(with_rows(device_memory(), count, [&](policy_rows<Stamp> const& rows) {
      return summarize_policy_input(rows, state(summaries_.at(0), ranks_.at(0), counters_.at(0), quantiles_.at(0)),
                                    scratch{memory_.at(0), scratch_bytes_}, cuda_stream);
    }));
  }

  /// Calls `use(rows)` for windows at the first `count` frames.
  template <class Use>
  status with_rows(chunk_memory const& from, std::int64_t count, Use const& use) const {
    auto const when = timeline<Stamp>::ragged(from.stamps, from.offsets, std::int64_t(offsets_.size()) - 1, one_.rows);
    policy_stream<Stamp> state{series<float, Stamp>{from.states, when, one_.channels}};
    policy_stream<Stamp> action{series<float, Stamp>{from.actions, when, one_.channels}};
    action.relative.wanted = true;
    action.relative.to = {0, 0};
    policy_fusion<Stamp> fusions[2];
    fusions[0].streams = &state;
    fusions[1].streams = &action;
    fusions[0].count = fusions[1].count = 1;
    fusions[0].target = timeline<Stamp>::windows(from.stamps, from.none, count, 1, from.episodes);
    fusions[1].target = timeline<Stamp>::windows(from.stamps, from.deltas, count, one_.steps, from.episodes);
    return use(policy_rows<Stamp>{fusions, 2, 1, true});
  }

  summary_state<float> state(channel_summary* summaries, quantile_rank* ranks, std::int64_t* counters,
                             double* quantiles) const {
    summary_state<float> view{summaries, 1, one_.steps * one_.channels, one_.quantiles, {0.01, 0.99}};
    view.ranks = ranks;
    view.counters = counters;
    view.values = quantiles;
    return view;
  }

  summarize_case one_;
  std::vector<float> actions_, states_;
  std::vector<std::int64_t> stamps_, deltas_, zero_{0}, offsets_, episodes_;
  std::vector<rotated_array<float>> on_device_;
  std::vector<rotated_array<std::int64_t>> numbers_;
  std::int64_t scratch_bytes_ = 0;
  rotated_array<channel_summary> summaries_;
  rotated_array<quantile_rank> ranks_;
  rotated_array<std::int64_t> counters_;
  rotated_array<double> quantiles_;
  rotated_array<char> memory_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare_chunks(summarize_case const& one, cudaStream_t cuda_stream) {
  return std::make_unique<chunks_case>(one, cuda_stream);
}

}  // namespace robocache::bench
