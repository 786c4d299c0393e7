// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include <robocache/detail/backward/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "host/backward/stream.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

template <class Stamp, class Result>
status exact::fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                            result_gradients<Result> const& results, stream_gradients const* out, float* targets,
                            target_order order) {
  status const checked = robocache::detail::check_fuse_backward(streams, count, target, results, out, targets, order);
  if (!checked.ok()) { return checked; }

  auto const step = robocache::detail::strides_of(results, target, robocache::detail::channels_of(streams, count));
  robocache::detail::place_walk places;
  for (std::int64_t i = 0; i < count; ++i) {
    // Without targets the results may be null.
    std::int64_t const place = places.next(streams[i]);
    Result const* const first = results.values == nullptr ? nullptr : results.values + place;
    detail::stream_backward<Stamp> const job{streams[i], target, order, first, dtype_of<Result>::value, step};
    if (out[i].values != nullptr) { detail::backward_values(job, out[i]); }
    detail::backward_scale(job, out[i].scale, out[i].shift);
    if (targets != nullptr) { detail::backward_times(job, targets, i > 0); }
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp, Result)                                                       \
  template status exact::fuse_backward(stream<Stamp> const*, std::int64_t, timeline<Stamp> const&, \
                                       result_gradients<Result> const&, stream_gradients const*, float*, target_order)
ROBOCACHE_FOR_STAMPS_AND_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
