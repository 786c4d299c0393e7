// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <robocache/detail/policy_input/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "host/common/isa.hpp"
#include "host/common/parallel.hpp"
#include "host/common/timed/stream_rows.hpp"
#include "host/instantiate.hpp"
#include "host/policy_input/values.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// One fusion of a call.
template <class Stamp>
struct input_job {
  robocache::detail::fusion_list<Stamp> list;
  std::int64_t own;
  policy_fusion<Stamp> const& fusion;
  robocache::detail::strides step;
  std::int64_t channels;  ///< C
  blend_function narrow;  ///< from float to the type of the results
  std::int64_t bytes;     ///< of one result
};

template <class Stamp>
void write_floats(input_job<Stamp> const& job, float const* row, char* to, std::int64_t channels) {
  blend_record const record{row, nullptr, 0.0f};
  job.narrow(&record, 1, to, {channels, 0, nullptr});
}

/// One stream's channels.
template <class Stamp>
class stream_writer {
 public:
  stream_writer(input_job<Stamp> const& job, policy_stream<Stamp> const& one)
      : job_(job),
        one_(one),
        values_(job.list, job.own, one),
        fill_(static_cast<std::size_t>(values_.channels()), static_cast<float>(one.options.fill)) {}

  /// Writes rows `[begin, end)`, whose first channel is `place`.
  /// @param mask  the stream's place in the valid mask
  void write(std::int64_t place, std::int64_t mask, std::int64_t begin, std::int64_t end) {
    policy_output const& out = job_.fusion.out;
    auto const& target = job_.fusion.target;
    auto const take = [&](target_run const& run, device::trajectory<Stamp> const& from,
                          device::location const* locations) {
      std::int64_t const at = place_of(target, run, job_.step.batch, job_.step.row) + place;
      for (std::int64_t i = 0; i < run.count; ++i) {
        found_row const found = run.owned ? values_.find(from, locations[i], run.b, run.k + i) : found_row{};
        char* const to = static_cast<char*>(out.values) + (at + i * job_.step.row) * job_.bytes;
        write_floats(job_, found.written ? values_.row() : fill_.data(), to, values_.channels());
        if (out.valid != nullptr) { out.valid[(run.row + i) * job_.fusion.count + mask] = found.valid ? 1 : 0; }
        if (out.all_valid != nullptr && !found.valid) { out.all_valid[run.row + i] = 0; }
        if (Stamp* const ages = job_.fusion.ages; ages != nullptr) {
          ages[(run.row + i) * job_.fusion.count + mask] =
              found.valid ? device::age_of(device::target_stamp(target, run.b, run.k + i), from.stamp(found.newest))
                          : device::no_age<Stamp>;
        }
      }
    };
    locate_rows(one_.when, target, values_.rules(), begin, end, take);
  }

 private:
  input_job<Stamp> const& job_;
  policy_stream<Stamp> const& one_;
  stream_values<Stamp> values_;
  std::vector<float> fill_;
};

/// Rows `[begin, end)` of one fusion.
template <class Stamp>
void input_rows(input_job<Stamp> const& job, std::int64_t begin, std::int64_t end) {
  policy_output const& out = job.fusion.out;
  if (out.all_valid != nullptr) { std::fill(out.all_valid + begin, out.all_valid + end, std::uint8_t(1)); }
  robocache::detail::place_walk places;
  for (std::int64_t i = 0; i < job.fusion.count; ++i) {
    policy_stream<Stamp> const& one = job.fusion.streams[i];
    stream_writer<Stamp>(job, one).write(places.next(one), i, begin, end);
  }
  static_cast<void>(robocache::detail::for_each_gap(
      job.fusion.streams, job.fusion.count, job.channels, [&](std::int64_t place, std::int64_t width) {
        std::vector<float> const fill(static_cast<std::size_t>(width), static_cast<float>(out.fill));
        target_runs<Stamp> runs(job.fusion.target, begin, end);
        for (std::int64_t row = begin; row < end;) {
          target_run const run = runs.next();
          row += run.count;
          std::int64_t const at = place_of(job.fusion.target, run, job.step.batch, job.step.row) + place;
          for (std::int64_t k = 0; k < run.count; ++k) {
            write_floats(job, fill.data(), static_cast<char*>(out.values) + (at + k * job.step.row) * job.bytes, width);
          }
        }
        return status();
      }));
}

}  // namespace
}  // namespace detail

template <class Stamp>
status exact::policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count) {
  status const checked = robocache::detail::check_policy_input(fusions, count);
  if (!checked.ok()) { return checked; }
  for (std::int64_t i = 0; i < count; ++i) {
    policy_fusion<Stamp> const& one = fusions[i];
    if (one.target.total() == 0) { continue; }
    std::int64_t const channels =
        one.out.channels != 0 ? one.out.channels : robocache::detail::channels_of(one.streams, one.count);
    auto const bytes = static_cast<std::int64_t>(size_of(one.out.type));
    detail::input_job<Stamp> const job{{fusions, count},
                                       i,
                                       one,
                                       robocache::detail::strides_of(one.out, one.target, channels),
                                       channels,
                                       detail::best_blend_function(dtype::float32, one.out.type, channels),
                                       bytes};
    detail::for_each_piece(one.target.total(), channels * bytes,
                           [&](std::int64_t begin, std::int64_t end) { detail::input_rows(job, begin, end); });
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp) template status exact::policy_input(policy_fusion<Stamp> const*, std::int64_t)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
