// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>

#include <robocache/detail/fuse/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "host/common/parallel.hpp"
#include "host/common/timed/stream_rows.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// One call: what all streams share.
template <class Stamp, class Result>
struct fuse_job {
  stream<Stamp> const* streams;
  std::int64_t count;
  timeline<Stamp> const& target;
  fused_output<Result> const& out;
  robocache::detail::strides step;
  std::int64_t channels;  ///< C
};

/// Writes the fill value to `width` channels from `place` on, in rows `[begin, end)`.
template <class Stamp, class Result>
void fill_channels(fuse_job<Stamp, Result> const& job, std::int64_t place, std::int64_t width, std::int64_t begin,
                   std::int64_t end) {
  auto const fill = fill_value<Result>(job.out.fill);
  target_runs<Stamp> runs(job.target, begin, end);
  for (std::int64_t row = begin; row < end;) {
    target_run const run = runs.next();
    row += run.count;
    Result* to = job.out.values + place_of(job.target, run, job.step.batch, job.step.row) + place;
    for (std::int64_t i = 0; i < run.count; ++i, to += job.step.row) { std::fill_n(to, width, fill); }
  }
}

/// Rows `[begin, end)`, one stream after the other: few enough that they stay in a cache until the last one.
template <class Stamp, class Result>
void fuse_rows(fuse_job<Stamp, Result> const& job, std::int64_t begin, std::int64_t end) {
  if (job.out.all_valid != nullptr) { std::fill(job.out.all_valid + begin, job.out.all_valid + end, std::uint8_t(1)); }
  robocache::detail::place_walk places;
  for (std::int64_t i = 0; i < job.count; ++i) {
    stream<Stamp> const& one = job.streams[i];
    auto const fill = fill_value<Result>(one.options.fill);
    stream_job rows = job_of(one, dtype_of<Result>::value);
    rows.results = reinterpret_cast<char*>(job.out.values + places.next(one));
    rows.out_batch_bytes = job.step.batch * rows.result_bytes;
    rows.out_row_bytes = job.step.row * rows.result_bytes;
    rows.fill = &fill;
    rows.valid = job.out.valid == nullptr ? nullptr : job.out.valid + i;
    rows.valid_stride = job.count;
    rows.all_valid = job.out.all_valid;
    write_rows(one.when, job.target, rules_of(one), rows, begin, end);
  }
  static_cast<void>(robocache::detail::for_each_gap(job.streams, job.count, job.channels,
                                                    [&](std::int64_t place, std::int64_t width) {
                                                      fill_channels(job, place, width, begin, end);
                                                      return status();
                                                    }));
}

}  // namespace
}  // namespace detail

template <class Stamp, class Result>
status exact::fuse(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                   fused_output<Result> const& out) {
  status const checked = robocache::detail::check_fuse(streams, count, target, out);
  if (!checked.ok() || target.total() == 0) { return checked; }

  std::int64_t const channels = out.channels != 0 ? out.channels : robocache::detail::channels_of(streams, count);
  // Only the results count: they should stay in a cache until the last stream, and each stream searches anew in each
  // piece.
  auto const bytes_per_target = channels * static_cast<std::int64_t>(sizeof(Result));
  auto const step = robocache::detail::strides_of(out, target, channels);
  detail::fuse_job<Stamp, Result> const job{streams, count, target, out, step, channels};
  detail::for_each_piece(target.total(), bytes_per_target,
                         [&](std::int64_t begin, std::int64_t end) { detail::fuse_rows(job, begin, end); });
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp, Result) \
  template status exact::fuse(stream<Stamp> const*, std::int64_t, timeline<Stamp> const&, fused_output<Result> const&)
ROBOCACHE_FOR_STAMPS_AND_FLOATS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
