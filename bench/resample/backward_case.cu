// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/resample_backward.cuh>

#include "resample/case.hpp"
#include "support/baselines.cuh"
#include "support/device_case.cuh"
#include "support/harness.cuh"
#include "support/inputs.hpp"

namespace robocache::bench {

namespace {

/// BF16 values and gradients, float stamps: the gradients of the source's values.
class backward_case final : public prepared_case {
 public:
  using number = __nv_bfloat16;

  backward_case(resample_case const& one, cudaStream_t cuda_stream) : case_(one) {
    spans span;
    host_source_ = make_source<float>(one, span);
    host_target_ = make_target<float>(one, span);
    options_.method = one.method;
    std::int64_t const source_rows = host_source_.view.total(), target_rows = host_target_.view.total();
    // Each gradient of a result is read once, each of a value written once, whether a target reads it or not.
    bytes_ = (source_rows + target_rows) * one.channels * static_cast<std::int64_t>(sizeof(number)) +
             host_source_.bytes() + host_target_.bytes();
    turns_ = rotation_of(bytes_, one.hot);
    int const sets = turns_.sets;

    source_ = rotated_timeline<float>(host_source_, sets, cuda_stream);
    target_ = rotated_timeline<float>(host_target_, sets, cuda_stream);
    results_ = rotated_array<number>(target_rows * one.channels, sets);
    values_ = rotated_array<number>(source_rows * one.channels, sets);
    for (int set = 0; set < sets; ++set) {
      enqueue_fill(results_.at(set), results_.size(), content::numbers, cuda_stream);
    }
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    series<number, float> const source{nullptr, source_.at(set), case_.channels};
    result_gradients<number> const results{results_.at(set)};
    source_gradients<number> const out{values_.at(set)};
    require(resample_backward(source, target_.at(set), results, out, options_, order(), cuda_stream));
  }

  std::string find_difference(cudaStream_t cuda_stream) const override {
    std::vector<number> const gradients = to_host(results_.at(0), results_.size(), cuda_stream);
    std::vector<number> expected(values_.size());
    series<number, float> const source{nullptr, host_source_.view, case_.channels};
    require(host::resample_backward(source, host_target_.view, result_gradients<number>{gradients.data()},
                                    source_gradients<number>{expected.data()}, options_, order()));
    enqueue_poison(values_, cuda_stream);
    enqueue(0, cuda_stream);
    check(cudaStreamSynchronize(cuda_stream), "gradients");
    return find_unlike(expected, values_, "gradient", cuda_stream);
  }

 private:
  target_order order() const { return case_.promises_order ? target_order::ascending : target_order::any; }

  resample_case case_;
  resample_options<float> options_;
  stored_timeline<float> host_source_, host_target_;
  rotated_timeline<float> source_, target_;
  rotated_array<number> results_, values_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare_backward(resample_case const& one, cudaStream_t cuda_stream) {
  if (one.value != dtype::bfloat16 || one.stamp != stamp_dtype::float32) {
    throw std::logic_error("no instantiation for " + name_of(one));
  }
  return std::make_unique<backward_case>(one, cuda_stream);
}

}  // namespace robocache::bench
