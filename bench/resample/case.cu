// SPDX-License-Identifier: Apache-2.0
#include "resample/case.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <stdexcept>
#include <type_traits>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/resample.cuh>

#include "support/baselines.cuh"
#include "support/counting.hpp"
#include "support/device_case.cuh"
#include "support/harness.cuh"
#include "support/inputs.hpp"

namespace robocache::bench {

namespace {

content content_of(interpolation method) {
  switch (method) {
    case interpolation::angle: return content::angles;
    case interpolation::slerp: return content::quaternions;
    default: return content::numbers;
  }
}

template <class Value, class Stamp>
class typed_case final : public prepared_case {
 public:
  typed_case(resample_case const& one, cudaStream_t cuda_stream) : case_(one) {
    spans span;
    host_source_ = make_source<Stamp>(one, span);
    host_target_ = make_target<Stamp>(one, span);
    options_.method = one.method;

    std::int64_t const source_rows = host_source_.view.total(), target_rows = host_target_.view.total();
    std::int64_t const touched = touched_rows(host_source_.view, host_target_.view, options_);
    bytes_ = (touched + target_rows) * one.channels * static_cast<std::int64_t>(sizeof(Value)) + host_source_.bytes() +
             host_target_.bytes() + (one.mask ? target_rows : 0);
    if constexpr (std::is_same_v<Stamp, float>) {
      checksum_ = (sum_of_words(host_source_.stamps) + sum_of_words(host_target_.stamps)) % checksum_bound;
    }
    turns_ = rotation_of(bytes_, one.hot);
    int const sets = turns_.sets;

    source_ = rotated_timeline<Stamp>(host_source_, sets, cuda_stream);
    target_ = rotated_timeline<Stamp>(host_target_, sets, cuda_stream);
    values_ = rotated_array<Value>(source_rows * one.channels, sets);
    result_ = rotated_array<Value>(target_rows * one.channels, sets);
    valid_ = rotated_array<std::uint8_t>(one.mask ? target_rows : 0, sets);
    for (int set = 0; set < sets; ++set) {
      enqueue_fill(values_.at(set), values_.size(), content_of(one.method), cuda_stream);
    }
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    series<Value, Stamp> const source{values_.at(set), source_.at(set), case_.channels};
    output<Value> const out{result_.at(set), valid_.at(set)};
    require(resample(source, target_.at(set), out, options_, cuda_stream));
  }

  std::vector<rival> rivals() const override {
    std::vector<rival> found;
    if constexpr (std::is_same_v<Stamp, float> && !std::is_integral_v<Value>) {
      bool const known = case_.source == timeline_kind::dense && case_.target == timeline_kind::dense &&
                         case_.method == interpolation::linear && !case_.mask;
      if (known) {
        found.push_back({rival_kind::naive, [this](int set, cudaStream_t cuda_stream) {
                           enqueue_naive_linear(values_.at(set), source_.at(set).stamps, target_.at(set).stamps,
                                                result_.at(set), case_.batch, case_.source_length, case_.target_length,
                                                case_.channels, cuda_stream);
                         }});
      }
    }
    return found;
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<Value> const values = to_host(values_.at(0), values_.size(), cuda_stream);
    std::vector<Value> expected(result_.size());
    std::vector<std::uint8_t> expected_valid(valid_.size());
    series<Value, Stamp> const source{values.data(), host_source_.view, case_.channels};
    output<Value> const out{expected.data(), case_.mask ? expected_valid.data() : nullptr};
    require(host::resample(source, host_target_.view, out, options_));

    enqueue_poison(result_, cuda_stream);
    enqueue_poison(valid_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "resampling");
    std::string difference = find_unlike(expected, result_, "result", cuda_stream);
    if (difference.empty()) { difference = find_unlike(expected_valid, valid_, "valid mask", cuda_stream); }
    for (rival const& other : rivals()) {
      if (!difference.empty()) { break; }
      enqueue_poison(result_, cuda_stream);
      other.enqueue(0, cuda_stream);
      check(cudaStreamSynchronize(cuda_stream), "naive resampling");
      difference = find_unlike(expected, result_, "naive result", cuda_stream);
    }
    return difference;
  }

 private:
  resample_case case_;
  resample_options<Stamp> options_;
  stored_timeline<Stamp> host_source_, host_target_;
  rotated_timeline<Stamp> source_, target_;
  rotated_array<Value> values_, result_;
  rotated_array<std::uint8_t> valid_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare(resample_case const& one, cudaStream_t cuda_stream) {
  if (one.way == direction::backward) { return prepare_backward(one, cuda_stream); }
  if (one.value == dtype::bfloat16) {
    switch (one.stamp) {
      case stamp_dtype::float32: return std::make_unique<typed_case<__nv_bfloat16, float>>(one, cuda_stream);
      case stamp_dtype::float64: return std::make_unique<typed_case<__nv_bfloat16, double>>(one, cuda_stream);
      case stamp_dtype::int64: return std::make_unique<typed_case<__nv_bfloat16, std::int64_t>>(one, cuda_stream);
    }
  }
  if (one.stamp == stamp_dtype::float32) {
    if (one.value == dtype::float32) { return std::make_unique<typed_case<float, float>>(one, cuda_stream); }
    if (one.value == dtype::float16) { return std::make_unique<typed_case<__half, float>>(one, cuda_stream); }
  }
  if (one.value == dtype::uint8) {
    switch (one.stamp) {
      case stamp_dtype::float32: return std::make_unique<typed_case<std::uint8_t, float>>(one, cuda_stream);
      case stamp_dtype::float64: return std::make_unique<typed_case<std::uint8_t, double>>(one, cuda_stream);
      case stamp_dtype::int64: return std::make_unique<typed_case<std::uint8_t, std::int64_t>>(one, cuda_stream);
    }
  }
  throw std::logic_error("no instantiation for " + name_of(one));
}

}  // namespace robocache::bench
