// SPDX-License-Identifier: Apache-2.0
#include "support/session.hpp"

#include <cuda_profiler_api.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <utility>

#include "support/harness.cuh"
#include "support/machine.hpp"

namespace robocache::bench {

struct timed_case {
  struct timed_rival {
    rival_kind kind;
    std::unique_ptr<replayed_calls> calls;
  };

  timed_case(std::unique_ptr<prepared_case> ready, cache_sweep const& sweep, cudaStream_t cuda_stream)
      : prepared(std::move(ready)) {
    rotation const& turns = prepared->turns();
    std::int64_t const bytes = prepared->bytes();
    auto const replayed = [&](auto&& enqueue) {
      return std::make_unique<replayed_calls>(
          cuda_stream, turns, bytes, [&sweep](cudaStream_t to) { sweep.enqueue(to); },
          [&](int set) { enqueue(set, cuda_stream); });
    };
    copy_buffers.emplace(bytes, turns.sets, cuda_stream);
    ours = replayed([&](int set, cudaStream_t to) { prepared->enqueue(set, to); });
    copy = replayed([&](int set, cudaStream_t to) { copy_buffers->enqueue(set, to); });
    for (rival const& other : prepared->rivals()) { rivals.push_back({other.kind, replayed(other.enqueue)}); }
  }

  std::unique_ptr<prepared_case> prepared;
  std::optional<rotated_copy> copy_buffers;
  std::unique_ptr<replayed_calls> ours, copy;
  std::vector<timed_rival> rivals;
};

namespace {

using wall_clock = std::chrono::steady_clock;

double us_since(wall_clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(wall_clock::now() - begin).count();
}

/// The times of a program that makes one call after the other and waits for each, on the next set of buffers.
call_times time_one_by_one(std::function<void(int set, cudaStream_t)> const& enqueue, int sets,
                           cudaStream_t cuda_stream) {
  constexpr int calls = 10'000, warm_up = 100;
  std::vector<double> host, whole;
  for (int call = 0; call < warm_up + calls; ++call) {
    auto const begin = wall_clock::now();
    enqueue(call % sets, cuda_stream);
    double const enqueued = us_since(begin);
    check(cudaStreamSynchronize(cuda_stream), "one call");
    if (call >= warm_up) {
      whole.push_back(us_since(begin));
      host.push_back(enqueued);
    }
  }
  std::sort(whole.begin(), whole.end());
  return {median(host), whole[calls / 2 - 1], whole[calls / 100 * 99 - 1]};
}

void report(record const& one, benchmark::State& state) {
  auto const bytes = static_cast<double>(one.bytes);
  state.counters["bytes"] = bytes;
  state.counters["GB/s"] = bytes / one.us.back() * 1e-3;
  state.counters["copy_us"] = one.copy_us.back();
  state.counters["over_copy"] = one.us.back() / one.copy_us.back();
  for (rival_kind kind : rival_kinds) {
    std::vector<double> const& times = one.times_of(kind);
    if (!times.empty()) { state.counters[std::string(name_of(kind)) + "_us"] = times.back(); }
  }
}

}  // namespace

session::session(std::string const& commit) {
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  where_ = describe_machine(commit);
  sweep_.emplace(stream_);
}

session::~session() {
  current_.reset();
  cudaStreamDestroy(stream_);
}

void session::measure_machine() {
  constexpr std::int64_t gigabyte = 1'000'000'000;
  rotation const two{2}, one{1};
  rotated_copy const buffers(gigabyte, two.sets, stream_);
  replayed_calls copy(stream_, two, gigabyte, {}, [&](int set) { buffers.enqueue(set, stream_); });
  replayed_calls empty(stream_, one, 0, {}, [&](int) { enqueue_empty(stream_); });
  std::vector<double> copy_us, empty_us;
  for (int i = 0; i < runs; ++i) {
    copy_us.push_back(copy.run());
    empty_us.push_back(empty.run());
  }
  where_.ceiling_gbps = static_cast<double>(buffers.bytes()) / median(copy_us) * 1e-3;
  where_.empty_us = median(empty_us);
}

void session::measure_launch(preparation const& prepare, double must_us) {
  auto const prepared = prepare(stream_);
  std::vector<double> times;
  for (int i = 0; i < 1000; ++i) {
    // A full queue would make the host wait for the GPU.
    if (i % 100 == 0) { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }
    auto const begin = wall_clock::now();
    prepared->enqueue(0, stream_);
    times.push_back(us_since(begin));
  }
  check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  where_.launch_us = median(times);
  where_.launch_must_us = must_us;
}

void session::run(listed_case const& one, benchmark::State& state) {
  record& into = record_of(one);
  try {
    if (one.name != current_name_) { make_current(one, into); }
    for (auto _ : state) {
      if (!into.error.empty()) {
        state.SkipWithError(into.error.c_str());
        break;
      }
      into.us.push_back(current_->ours->run());
      into.copy_us.push_back(current_->copy->run());
      std::size_t const done = into.us.size();
      for (auto const& [kind, calls] : current_->rivals) {
        std::vector<double>& times = into.times_of(kind);
        times.resize(done);  // the first of its kind in this run begins at 0
        times.back() += calls->run();
      }
      state.SetIterationTime(into.us.back() * 1e-6);
      report(into, state);
    }
  } catch (std::exception const& failure) {
    into.error = failure.what();
    state.SkipWithError(failure.what());
  }
}

void session::profile(listed_case const& one, bool apart) {
  auto const prepared = one.prepare(stream_);
  prepared->enqueue(0, stream_);
  check(cudaStreamSynchronize(stream_), "first call");
  check(cudaProfilerStart(), "cudaProfilerStart");
  if (apart) { enqueue_empty(stream_); }
  prepared->enqueue(1 % prepared->turns().sets, stream_);
  check(cudaStreamSynchronize(stream_), "profiled call");
  check(cudaProfilerStop(), "cudaProfilerStop");
  std::cout << R"({"case": ")" << one.name << R"(", "bytes": )" << prepared->bytes() << "}" << std::endl;
}

void session::finish() {
  where_.clocks = current_clocks();
  current_.reset();
}

record& session::record_of(listed_case const& one) {
  for (record& known : records_) {
    if (known.name == one.name) { return known; }
  }
  record& made = records_.emplace_back();
  made.name = one.name;
  made.reference = one.reference;
  made.required = one.required;
  made.also = one.also;
  return made;
}

void session::make_current(listed_case const& one, record& into) {
  current_.reset();  // before the next case takes its memory
  current_name_ = one.name;
  auto prepared = one.prepare(stream_);
  into.bytes = prepared->bytes();
  into.checksum = prepared->checksum();
  into.voxels = prepared->voxels();
  into.error = prepared->find_difference(stream_);
  if (!into.error.empty()) { return; }
  if (one.one_by_one) {
    int const sets = prepared->turns().sets;
    into.call = time_one_by_one([&](int set, cudaStream_t to) { prepared->enqueue(set, to); }, sets, stream_);
    for (rival const& other : prepared->rivals()) {
      if (other.kind == rival_kind::in_turn) { into.in_turn_call = time_one_by_one(other.enqueue, sets, stream_); }
    }
  }
  current_ = std::make_unique<timed_case>(std::move(prepared), *sweep_, stream_);
}

}  // namespace robocache::bench
