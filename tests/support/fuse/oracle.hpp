// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "support/fuse/problem.hpp"
#include "support/oracle.hpp"

/// A stream of a fusion as the semantics define it, by the oracle of a resample.
namespace test::oracle {

/// Which trajectory a target row reads, and its target; -1: none, the row is padding.
template <class Stamp>
struct target_row {
  std::int64_t b = 0;  ///< whose target it is
  std::int64_t trajectory = -1;
  Stamp at = Stamp(0);
  Stamp as_of = Stamp(0);  ///< where the windows have it
};

/// All rows of the result, in order.
template <class Stamp>
std::vector<target_row<Stamp>> rows_of(timeline_data<Stamp> const& target);

/// `t + latency`: integers wrap, floats round once.
template <class Stamp>
Stamp sought(Stamp t, Stamp latency);

/// The latency of a stream for trajectory `b` of the targets.
template <class Stamp>
Stamp latency_of(stream_data<Stamp> const& stream, std::int64_t b) {
  return stream.latencies.empty() ? stream.latency : sought(stream.latency, stream.latencies[std::size_t(b)]);
}

/// A stream as a resample: at its own times, with FP32 results. Each target row is a window of one target,
/// whose trajectory is the row's.
template <class Stamp>
problem<Stamp> as_resample(stream_data<Stamp> const& stream, timeline_data<Stamp> const& target);

/// One record for each target row. `alone` is the stream as a resample.
template <class Stamp>
std::vector<record> locate(stream_data<Stamp> const& stream, timeline_data<Stamp> const& target,
                           problem<Stamp> const& alone);

/// The FP32 value `v` of channel `c`, scaled and shifted.
template <class Stamp>
float scaled(stream_data<Stamp> const& stream, float v, std::int64_t c);

/// The bits of one result.
template <class Stamp>
expectation blend(stream_data<Stamp> const& stream, problem<Stamp> const& alone, record const& r, std::int64_t c,
                  dtype result_type);

}  // namespace test::oracle
