// SPDX-License-Identifier: Apache-2.0
#include "support/fuse/oracle.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "support/replay.hpp"

namespace test::oracle {
namespace {

/// The last sample at or before both the target and the time asked for.
template <class Stamp>
record find_causal(std::vector<Stamp> const& samples, Stamp t, Stamp at, Stamp max_gap) {
  if (!std::isfinite(static_cast<long double>(at))) { return {}; }
  std::int64_t last = -1;
  for (std::int64_t k = 0; k < std::int64_t(samples.size()); ++k) {
    if (samples[k] <= t && samples[k] <= at) { last = k; }
  }
  if (last < 0 || replay::wider(samples[last], at, max_gap)) { return {}; }
  return {last, last, 0, 0, true, {}};
}

}  // namespace

template <class Stamp>
std::vector<target_row<Stamp>> rows_of(timeline_data<Stamp> const& target) {
  std::vector<target_row<Stamp>> rows(std::size_t(std::max<std::int64_t>(0, target.total())));
  auto const owners = owners_of(target.offsets, target.rows);
  for (std::int64_t b = 0; b < target.batch; ++b) {
    std::int64_t row = first_row(target, b) - 1;
    for (Stamp t : stamps_of(target, b)) {
      ++row;
      if (!owners.empty() && owners[std::size_t(row)] != b) { continue; }
      rows[std::size_t(row)] = {b, target.trajectory.empty() ? b : target.trajectory[std::size_t(b)], t,
                                target.as_of.empty() ? Stamp(0) : target.as_of[std::size_t(b)]};
    }
  }
  return rows;
}

template <class Stamp>
Stamp sought(Stamp t, Stamp latency) {
  if constexpr (std::is_integral_v<Stamp>) {
    return Stamp(std::uint64_t(t) + std::uint64_t(latency));
  } else {
    return t + latency;
  }
}

template <class Stamp>
problem<Stamp> as_resample(stream_data<Stamp> const& stream, timeline_data<Stamp> const& target) {
  problem<Stamp> p = stream.series;
  std::vector<Stamp> times;
  std::vector<std::int64_t> trajectories;
  std::vector<Stamp> as_of;
  for (auto const& row : rows_of(target)) {
    times.push_back(sought(row.at, latency_of(stream, row.b)));
    trajectories.push_back(row.trajectory);
    if (!target.as_of.empty()) { as_of.push_back(row.as_of); }
  }
  p.target = windows<Stamp>(std::move(times), {Stamp(0)}, std::move(trajectories), std::move(as_of));
  p.result_type = dtype::float32;
  p.result_first = 0;
  p.result_batch_stride = p.result_row_stride = contiguous;
  p.mask = true;
  return p;
}

template <class Stamp>
std::vector<record> locate(stream_data<Stamp> const& stream, timeline_data<Stamp> const& target,
                           problem<Stamp> const& alone) {
  if (!alone.options.causal) { return locate(alone); }
  std::vector<record> records;
  for (auto const& row : rows_of(target)) {
    bool const exists = row.trajectory >= 0 && row.trajectory < alone.source.batch;
    auto samples = exists ? stamps_of(alone.source, row.trajectory) : std::vector<Stamp>{};
    if (!target.as_of.empty()) { samples = known(samples, row.as_of); }
    record r = find_causal(samples, row.at, sought(row.at, latency_of(stream, row.b)), alone.options.max_gap);
    if (r.first >= 0) { r.first = r.second = r.first + first_row(alone.source, row.trajectory); }
    records.push_back(r);
  }
  return records;
}

template <class Stamp>
float scaled(stream_data<Stamp> const& stream, float v, std::int64_t c) {
  if (!stream.scale.empty()) { v = v * stream.scale[std::size_t(c)]; }
  if (!stream.shift.empty()) { v = v + stream.shift[std::size_t(c)]; }
  return v;
}

template <class Stamp>
expectation blend(stream_data<Stamp> const& stream, problem<Stamp> const& alone, record const& r, std::int64_t c,
                  dtype result_type) {
  if (r.first < 0) {
    auto const fill = encode(result_type, double(float(alone.options.fill)));
    return {fill, fill};
  }
  expectation const bare = blend(alone, r, c);
  auto const bits_of = [&](std::uint64_t from) {
    return encode(result_type, double(scaled(stream, float(decode(dtype::float32, from)), c)));
  };
  if (bare.low == bare.high) { return {bits_of(bare.low), bits_of(bare.low)}; }
  double const infinity = std::numeric_limits<double>::infinity();
  if (std::isinf(decode(dtype::float32, bare.low))) {
    return {encode(result_type, -infinity), encode(result_type, infinity)};
  }
  // Rounded products and sums go one way, so bounds stay bounds.
  std::uint64_t const low = bits_of(bare.low);
  std::uint64_t const high = bits_of(bare.high);
  return decode(result_type, low) <= decode(result_type, high) ? expectation{low, high} : expectation{high, low};
}

template std::vector<target_row<float>> rows_of(timeline_data<float> const&);
template std::vector<target_row<double>> rows_of(timeline_data<double> const&);
template std::vector<target_row<std::int64_t>> rows_of(timeline_data<std::int64_t> const&);
template float sought(float, float);
template double sought(double, double);
template std::int64_t sought(std::int64_t, std::int64_t);
template problem<float> as_resample(stream_data<float> const&, timeline_data<float> const&);
template problem<double> as_resample(stream_data<double> const&, timeline_data<double> const&);
template problem<std::int64_t> as_resample(stream_data<std::int64_t> const&, timeline_data<std::int64_t> const&);
template std::vector<record> locate(stream_data<float> const&, timeline_data<float> const&, problem<float> const&);
template std::vector<record> locate(stream_data<double> const&, timeline_data<double> const&, problem<double> const&);
template std::vector<record> locate(stream_data<std::int64_t> const&, timeline_data<std::int64_t> const&,
                                    problem<std::int64_t> const&);
template float scaled(stream_data<float> const&, float, std::int64_t);
template float scaled(stream_data<double> const&, float, std::int64_t);
template float scaled(stream_data<std::int64_t> const&, float, std::int64_t);
template expectation blend(stream_data<float> const&, problem<float> const&, record const&, std::int64_t, dtype);
template expectation blend(stream_data<double> const&, problem<double> const&, record const&, std::int64_t, dtype);
template expectation blend(stream_data<std::int64_t> const&, problem<std::int64_t> const&, record const&, std::int64_t,
                           dtype);

}  // namespace test::oracle
