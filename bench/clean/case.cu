// SPDX-License-Identifier: Apache-2.0
#include "clean/case.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <robocache/clean.cuh>
#include <robocache/device/convert.cuh>
#include <robocache/host.hpp>

#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

/// A drawn number below 100.
std::uint64_t percent_of(std::int64_t row) {
  auto x = static_cast<std::uint64_t>(row) * 0x9e3779b97f4a7c15;
  x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9;
  return (x >> 33) % 100;
}

template <class Value>
class cleaning_case final : public prepared_case {
 public:
  using source_type = series<Value, std::int64_t>;
  using output_type = clean_output<Value, std::int64_t>;

  cleaning_case(clean_case const& one, cudaStream_t cuda_stream) : one_(one) {
    options_.backward = one.backward;
    options_.quaternions = one.quaternions;
    options_.quaternion_channels[0] = one.channels - 4;
    draw();
    left_ = std::make_unique<host_results>(one);
    require(
        host::clean(source(host_values_.data(), host_stamps_.data(), host_offsets_.data()), left_->view(), options_));
    std::int64_t const kept = left_->offsets.back();
    constexpr auto of_row = static_cast<std::int64_t>(sizeof(std::int64_t));
    std::int64_t const values = one.channels * static_cast<std::int64_t>(sizeof(Value));
    bytes_ = one.rows * (values + of_row) + kept * (values + 2 * of_row) + (one.batch + 1) * 2 * of_row +
             one.batch * static_cast<std::int64_t>(sizeof(clean_report));
    turns_ = rotation_of(bytes_, one.hot);
    values_ = rotated_array<Value>(host_values_, turns_.sets, cuda_stream);
    stamps_ = rotated_array<std::int64_t>(host_stamps_, turns_.sets, cuda_stream);
    offsets_ = rotated_array<std::int64_t>(host_offsets_, turns_.sets, cuda_stream);
    out_values_ = rotated_array<Value>(one.rows * one.channels, turns_.sets);
    out_stamps_ = rotated_array<std::int64_t>(one.rows, turns_.sets);
    out_rows_ = rotated_array<std::int64_t>(one.rows, turns_.sets);
    out_offsets_ = rotated_array<std::int64_t>(one.batch + 1, turns_.sets);
    reports_ = rotated_array<clean_report>(one.batch, turns_.sets);
    scratch_bytes_ = clean_scratch(source(values_.at(0), stamps_.at(0), offsets_.at(0)), options_);
    memory_ = rotated_array<char>(scratch_bytes_, turns_.sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    output_type const out{out_values_.at(set), out_stamps_.at(set), out_offsets_.at(set), out_rows_.at(set),
                          reports_.at(set)};
    require(clean(source(values_.at(set), stamps_.at(set), offsets_.at(set)), out, options_,
                  scratch{memory_.at(set), scratch_bytes_}, cuda_stream));
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    // What is behind the last row is not touched, on either side.
    check(cudaMemsetAsync(out_values_.at(0), 0, out_values_.bytes(), cuda_stream), "cudaMemsetAsync");
    check(cudaMemsetAsync(out_stamps_.at(0), 0, out_stamps_.bytes(), cuda_stream), "cudaMemsetAsync");
    check(cudaMemsetAsync(out_rows_.at(0), 0, out_rows_.bytes(), cuda_stream), "cudaMemsetAsync");
    enqueue_poison(out_offsets_, cuda_stream);
    enqueue_poison(reports_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "cleaning");
    std::string unlike = find_unlike(left_->offsets, out_offsets_, "offsets", cuda_stream);
    if (unlike.empty()) { unlike = find_unlike(left_->reports, reports_, "reports", cuda_stream); }
    if (unlike.empty()) { unlike = find_unlike(left_->rows, out_rows_, "source rows", cuda_stream); }
    if (unlike.empty()) { unlike = find_unlike(left_->stamps, out_stamps_, "stamps", cuda_stream); }
    return unlike.empty() ? find_unlike(left_->values, out_values_, "values", cuda_stream) : unlike;
  }

 private:
  /// What the host side leaves.
  struct host_results {
    explicit host_results(clean_case const& one)
        : values(one.rows * one.channels),
          stamps(one.rows),
          offsets(one.batch + 1),
          rows(one.rows),
          reports(one.batch) {}
    output_type view() { return {values.data(), stamps.data(), offsets.data(), rows.data(), reports.data()}; }

    std::vector<Value> values;
    std::vector<std::int64_t> stamps, offsets, rows;
    std::vector<clean_report> reports;
  };

  void draw() {
    std::int64_t now = 1'700'000'000'000'000'000;
    for (std::int64_t row = 0; row < one_.rows; ++row) {
      std::uint64_t const odd = percent_of(row);
      now += odd == 0 ? -30'000'000 : odd == 1 ? 0 : 10'000'000;
      host_stamps_.push_back(now);
      auto const angle = 0.001f * static_cast<float>(row % 6000);
      for (std::int64_t c = 0; c < one_.channels; ++c) {
        float const x = std::cos(angle + static_cast<float>(c)) * (odd % 2 == 0 ? 1.0f : -1.0f);
        host_values_.push_back(device::from_float<Value>(odd == 2 && c == 1 ? NAN : x));
      }
    }
    for (std::int64_t b = 0; b <= one_.batch; ++b) { host_offsets_.push_back(one_.rows * b / one_.batch); }
  }

  source_type source(Value const* values, std::int64_t const* stamps, std::int64_t const* offsets) const {
    return {values, timeline<std::int64_t>::ragged(stamps, offsets, one_.batch, one_.rows), one_.channels};
  }

  clean_case one_;
  clean_options options_{};
  std::vector<Value> host_values_;
  std::vector<std::int64_t> host_stamps_, host_offsets_;
  std::unique_ptr<host_results> left_;
  std::int64_t scratch_bytes_ = 0;
  rotated_array<Value> values_, out_values_;
  rotated_array<std::int64_t> stamps_, offsets_, out_stamps_, out_rows_, out_offsets_;
  rotated_array<clean_report> reports_;
  rotated_array<char> memory_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare(clean_case const& one, cudaStream_t cuda_stream) {
  if (one.value == dtype::bfloat16) { return std::make_unique<cleaning_case<__nv_bfloat16>>(one, cuda_stream); }
  return std::make_unique<cleaning_case<float>>(one, cuda_stream);
}

}  // namespace robocache::bench
