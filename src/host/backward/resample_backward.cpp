// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include <robocache/detail/backward/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>
#include <robocache/stream.hpp>

#include "host/backward/stream.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

template <class Value, class Stamp, class Result>
status exact::resample_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                                result_gradients<Result> const& results, source_gradients<Value> const& out,
                                resample_options<Stamp> const& options, target_order order) {
  status const checked = robocache::detail::check_backward(source, target, results, out, options, order);
  if (!checked.ok()) { return checked; }
  auto const step = robocache::detail::strides_of(results, target, source.channels);
  detail::stream_backward<Stamp> const job{stream<Stamp>{source, options}, target, order, results.values,
                                           dtype_of<Result>::value,        step};
  if (out.values != nullptr) {
    detail::backward_values(job, {out.values, nullptr, nullptr, out.batch_stride, out.row_stride});
  }
  if (out.targets != nullptr) { detail::backward_times(job, out.targets, false); }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result, Stamp)                                                         \
  template status exact::resample_backward(series<Value, Stamp> const&, timeline<Stamp> const&,             \
                                           result_gradients<Result> const&, source_gradients<Value> const&, \
                                           resample_options<Stamp> const&, target_order)
ROBOCACHE_FOR_FLOATS_AND_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
