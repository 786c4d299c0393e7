// SPDX-License-Identifier: Apache-2.0
// How the demo replays a recording as if it were live, as bridge.cpp does for fusing: tick after tick, what has come is
// appended to rings, and the rings are read. live_bridge.py repeats the layout.

#include <cuda_runtime_api.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <robocache/robocache.hpp>

#include "../device_memory.hpp"
#include "bridge_call.hpp"
#include "bridge_stream.hpp"

namespace rc = robocache;
using rc::compiled::place;

/// A recording, and when a policy looks at it.
template <class Stamp>
struct demo_replay {
  demo_stream<Stamp> const* streams;  // [count]
  std::int64_t const* capacities;     // [count], of their rings
  Stamp const* clocks;                // [ticks], ascending
  float* results;                     // [ticks, channels of all streams]
  std::uint8_t* valid;                // [ticks, count]
  Stamp* ages;                        // [ticks, count]
  double* microseconds;               // [ticks]
  std::int64_t* unlike;               // [1]: ticks at which the whole recording, as of the tick, gives something else
  std::int64_t count;
  std::int64_t ticks;
  std::int64_t on_gpu;
};

namespace {

/// An array where the work is done.
template <class T>
class side_array {
 public:
  side_array(T const* from, std::int64_t count, bool on_gpu) : count_(count) {
    if (on_gpu) {
      device_ = example::to_device(from, count);
    } else {
      host_.assign(from, from + count);
    }
  }
  side_array(std::int64_t count, bool on_gpu) : side_array(std::vector<T>(std::size_t(count)).data(), count, on_gpu) {}

  T* data() { return device_ != nullptr ? device_.get() : host_.data(); }

  std::vector<T> read() const { return device_ != nullptr ? example::to_host(device_, count_) : host_; }

 private:
  std::int64_t count_;
  std::vector<T> host_;
  example::device_array<T> device_;
};

/// One stream: its recording, and the ring that it is fed to.
template <class Stamp>
class live_stream {
 public:
  live_stream(demo_stream<Stamp> const& from, std::int64_t capacity, bool on_gpu)
      : from_(from),
        capacity_(capacity),
        stamps_(from.stamps, from.rows, on_gpu),
        values_(from.values, from.rows * from.channels, on_gpu),
        ring_stamps_(capacity, on_gpu),
        ring_values_(capacity * from.channels, on_gpu),
        written_(1, on_gpu) {}

  /// What has come since the last call.
  rc::append_stream<Stamp> until(Stamp clock) {
    std::int64_t const first = sent_;
    while (sent_ < from_.rows && from_.stamps[sent_] <= clock) { ++sent_; }
    rc::append_stream<Stamp> one;
    one.stamps = ring_stamps_.data();
    one.values = ring_values_.data();
    one.written = written_.data();
    one.capacity = capacity_;
    one.channels = from_.channels;
    one.new_stamps = stamps_.data() + first;
    one.new_values = values_.data() + first * from_.channels;
    one.rows = sent_ - first;
    return one;
  }

  rc::policy_stream<Stamp> online() {
    auto one = with_rules(ring_values_.data());
    one.when = rc::timeline<Stamp>::ring(ring_stamps_.data(), 1, capacity_, written_.data());
    return one;
  }

  rc::policy_stream<Stamp> offline() { return with_rules(values_.data()); }

 private:
  rc::policy_stream<Stamp> with_rules(float const* values) {
    rc::policy_stream<Stamp> one(demo::view(from_, stamps_.data(), values));
    one.options.after = rc::edge::hold;  // the newest sample counts, for as long as a gap may be
    return one;
  }

  demo_stream<Stamp> const& from_;
  std::int64_t capacity_;
  side_array<Stamp> stamps_;
  side_array<float> values_;
  side_array<Stamp> ring_stamps_;
  side_array<float> ring_values_;
  side_array<std::int64_t> written_;
  std::int64_t sent_ = 0;
};

/// Results of all ticks.
template <class Stamp>
struct seen {
  seen(demo_replay<Stamp> const& job, std::int64_t channels)
      : width(channels),
        streams(job.count),
        values(job.ticks * channels, job.on_gpu != 0),
        valid(job.ticks * job.count, job.on_gpu != 0),
        ages(job.ticks * job.count, job.on_gpu != 0) {}

  /// Those from `tick` on.
  rc::policy_fusion<Stamp> fusion(std::vector<rc::policy_stream<Stamp>> const& from, rc::timeline<Stamp> const& target,
                                  std::int64_t tick) {
    rc::policy_fusion<Stamp> one;
    one.streams = from.data();
    one.count = streams;
    one.target = target;
    one.out.values = values.data() + tick * width;
    one.out.valid = valid.data() + tick * streams;
    one.ages = ages.data() + tick * streams;
    return one;
  }

  std::int64_t width;
  std::int64_t streams;
  side_array<float> values;
  side_array<std::uint8_t> valid;
  side_array<Stamp> ages;
};

/// How many ticks differ in a bit.
template <class T>
void mark_unlike(std::vector<T> const& some, std::vector<T> const& others, std::int64_t each,
                 std::vector<bool>& unlike) {
  for (std::size_t tick = 0; tick < unlike.size(); ++tick) {
    std::size_t const at = tick * std::size_t(each);
    if (std::memcmp(some.data() + at, others.data() + at, std::size_t(each) * sizeof(T)) != 0) { unlike[tick] = true; }
  }
}

template <class Stamp>
void replay(demo_replay<Stamp> const& job) {
  bool const on_gpu = job.on_gpu != 0;
  place const where = on_gpu ? place::device : place::host;
  auto const wait = [&] {
    if (on_gpu) { example::check(cudaDeviceSynchronize()); }
  };
  std::int64_t channels = 0;
  std::vector<live_stream<Stamp>> all;
  all.reserve(std::size_t(job.count));
  for (std::int64_t i = 0; i < job.count; ++i) {
    all.emplace_back(job.streams[i], job.capacities[i], on_gpu);
    channels += job.streams[i].channels;
  }
  std::vector<rc::policy_stream<Stamp>> online;
  std::vector<rc::policy_stream<Stamp>> offline;
  for (auto& each : all) {
    online.push_back(each.online());
    offline.push_back(each.offline());
  }
  side_array<Stamp> clocks(job.clocks, job.ticks, on_gpu);
  side_array<Stamp> now(1, on_gpu);  // the target is the clock itself
  side_array<std::int64_t> first(job.ticks, on_gpu);
  seen<Stamp> live(job, channels);
  seen<Stamp> known(job, channels);
  std::vector<rc::append_stream<Stamp>> rows(std::size_t(job.count));
  for (std::int64_t tick = 0; tick < job.ticks; ++tick) {
    for (std::size_t i = 0; i < all.size(); ++i) { rows[i] = all[i].until(job.clocks[tick]); }
    auto const target = rc::timeline<Stamp>::windows(clocks.data() + tick, now.data(), 1, 1);
    auto const fusion = live.fusion(online, target, tick);
    auto const begin = std::chrono::steady_clock::now();
    rc::compiled::append(where, {rows.data(), job.count}, 1);
    rc::compiled::policy_input(where, {&fusion, 1});
    wait();
    job.microseconds[tick] =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
  }
  auto const as_of = rc::timeline<Stamp>::windows(clocks.data(), now.data(), job.ticks, 1, first.data(), clocks.data());
  auto const fusion = known.fusion(offline, as_of, 0);
  rc::compiled::policy_input(where, {&fusion, 1});
  wait();

  std::vector<bool> unlike(std::size_t(job.ticks));
  auto const values = live.values.read();
  auto const valid = live.valid.read();
  auto const ages = live.ages.read();
  mark_unlike(values, known.values.read(), channels, unlike);
  mark_unlike(valid, known.valid.read(), job.count, unlike);
  mark_unlike(ages, known.ages.read(), job.count, unlike);
  std::memcpy(job.results, values.data(), values.size() * sizeof(float));
  std::memcpy(job.valid, valid.data(), valid.size());
  std::memcpy(job.ages, ages.data(), ages.size() * sizeof(Stamp));
  *job.unlike = 0;
  for (bool const one : unlike) { *job.unlike += one ? 1 : 0; }
}

}  // namespace

extern "C" {

int robocache_demo_replay_int64(demo_replay<std::int64_t> const* job, char* message, std::size_t capacity) {
  return demo::run_and_report([&] { replay(*job); }, message, capacity);
}

int robocache_demo_replay_float64(demo_replay<double> const* job, char* message, std::size_t capacity) {
  return demo::run_and_report([&] { replay(*job); }, message, capacity);
}

}  // extern "C"
