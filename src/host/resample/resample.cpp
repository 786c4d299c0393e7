// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include <robocache/detail/resample/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>
#include <robocache/stream.hpp>

#include "host/common/parallel.hpp"
#include "host/common/timed/stream_rows.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {

template <class Value, class Stamp, class Result>
status exact::resample(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                       resample_options<Stamp> const& options) {
  status const checked = robocache::detail::check_resample(source, target, out, options);
  if (!checked.ok() || target.total() == 0) { return checked; }

  // A fusion of one stream that has all of a row's channels.
  stream<Stamp> const one{source, options};
  auto const to = robocache::detail::strides_of(out, target, source.channels);
  Result const fill = detail::fill_value<Result>(options.fill);
  detail::stream_job job = detail::job_of(one, dtype_of<Result>::value);
  job.results = reinterpret_cast<char*>(out.values);
  job.out_batch_bytes = to.batch * job.result_bytes;
  job.out_row_bytes = to.row * job.result_bytes;
  job.fill = &fill;
  job.valid = out.valid;
  job.valid_stride = 1;
  std::int64_t const bytes_per_target = source.channels * (2 * job.value_bytes + job.result_bytes);
  detail::for_each_piece(target.total(), bytes_per_target, [&](std::int64_t begin, std::int64_t end) {
    detail::write_rows(source.when, target, detail::rules_of(one), job, begin, end);
  });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Value, Result, Stamp)                                                           \
  template status exact::resample(series<Value, Stamp> const&, timeline<Stamp> const&, output<Result> const&, \
                                  resample_options<Stamp> const&)
ROBOCACHE_FOR_FLOATS_AND_STAMPS(ROBOCACHE_INSTANTIATE);
ROBOCACHE_FOR_INTEGERS_AND_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
