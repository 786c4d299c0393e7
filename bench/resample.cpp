// SPDX-License-Identifier: Apache-2.0

// Resampling on the GPU: each case beside a copy of as many bytes and a naive kernel, in one process. See README.md.

#include <benchmark/benchmark.h>
#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "baselines.cuh"
#include "cases.hpp"
#include "harness.cuh"
#include "machine.hpp"
#include "options.hpp"
#include "record.hpp"
#include "resample_case.hpp"

namespace robocache::bench {

namespace {

constexpr int runs = 5;

/// A case ready to be timed: its inputs, and its calls in graphs.
struct timed_case {
  timed_case(std::unique_ptr<prepared_case> ready, cudaStream_t cuda_stream) : prepared(std::move(ready)) {
    int const sets = prepared->sets();
    std::int64_t const bytes = prepared->bytes();
    copy_buffers.emplace(bytes, sets, cuda_stream);
    ours.emplace(cuda_stream, sets, bytes, [&](int set) { prepared->enqueue(set, cuda_stream); });
    copy.emplace(cuda_stream, sets, bytes, [&](int set) { copy_buffers->enqueue(set, cuda_stream); });
    if (prepared->has_naive()) {
      naive.emplace(cuda_stream, sets, bytes, [&](int set) { prepared->enqueue_naive(set, cuda_stream); });
    }
  }

  std::unique_ptr<prepared_case> prepared;
  std::optional<rotated_copy> copy_buffers;
  std::optional<replayed_calls> ours, copy, naive;
};

/// All that a process measures. Google Benchmark calls `run` once for each run of each case, cases one after another.
class session {
 public:
  explicit session(std::string const& commit) {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    where_ = describe_machine(commit);
  }
  session(session const&) = delete;
  session& operator=(session const&) = delete;
  ~session() {
    current_.reset();
    cudaStreamDestroy(stream_);
  }

  /// The ceilings. First, because it also brings the clocks up.
  void measure_machine() {
    constexpr std::int64_t gigabyte = 1'000'000'000;
    rotated_copy const buffers(gigabyte, 2, stream_);
    replayed_calls copy(stream_, 2, gigabyte, [&](int set) { buffers.enqueue(set, stream_); });
    replayed_calls empty(stream_, 1, 0, [&](int) { enqueue_empty(stream_); });
    std::vector<double> copy_us, empty_us;
    for (int i = 0; i < runs; ++i) {
      copy_us.push_back(copy.run());
      empty_us.push_back(empty.run());
    }
    where_.ceiling_gbps = static_cast<double>(buffers.bytes()) / median(copy_us) * 1e-3;
    where_.empty_us = median(empty_us);
  }

  /// Host time of one call, checks included: the median over a thousand.
  void measure_launch(resample_case const& one) {
    using clock = std::chrono::steady_clock;
    auto const prepared = prepare(one, stream_);
    std::vector<double> times;
    for (int i = 0; i < 1000; ++i) {
      // A full queue would make the host wait for the GPU.
      if (i % 100 == 0) { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }
      auto const begin = clock::now();
      prepared->enqueue(0, stream_);
      times.push_back(std::chrono::duration<double, std::micro>(clock::now() - begin).count());
    }
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    where_.launch_us = median(times);
  }

  void run(resample_case const& one, benchmark::State& state) {
    record& into = record_of(one);
    try {
      if (name_of(one) != current_name_) { make_current(one, into); }
      for (auto _ : state) {
        if (!into.error.empty()) {
          state.SkipWithError(into.error.c_str());
          break;
        }
        into.us.push_back(current_->ours->run());
        into.copy_us.push_back(current_->copy->run());
        if (current_->naive) { into.naive_us.push_back(current_->naive->run()); }
        state.SetIterationTime(into.us.back() * 1e-6);
        report(into, state);
      }
    } catch (std::exception const& failure) {
      into.error = failure.what();
      state.SkipWithError(failure.what());
    }
  }

  void profile(resample_case const& one) {
    auto const prepared = prepare(one, stream_);
    prepared->enqueue(0, stream_);
    check(cudaStreamSynchronize(stream_), "first call");
    check(cudaProfilerStart(), "cudaProfilerStart");
    prepared->enqueue(one.hot ? 0 : 1, stream_);
    check(cudaStreamSynchronize(stream_), "profiled call");
    check(cudaProfilerStop(), "cudaProfilerStop");
  }

  void finish() {
    where_.clocks = current_clocks();
    current_.reset();
  }
  machine const& where() const { return where_; }
  std::vector<record> const& records() const { return records_; }

 private:
  record& record_of(resample_case const& one) {
    std::string const name = name_of(one);
    for (record& known : records_) {
      if (known.name == name) { return known; }
    }
    records_.emplace_back();
    records_.back().name = name;
    records_.back().reference = name_of(plain(one));
    records_.back().required = one.required;
    return records_.back();
  }

  void make_current(resample_case const& one, record& into) {
    current_.reset();  // before the next case takes its memory
    current_name_ = name_of(one);
    auto prepared = prepare(one, stream_);
    into.bytes = prepared->bytes();
    into.checksum = prepared->checksum();
    into.error = prepared->find_difference(stream_);
    if (into.error.empty()) { current_ = std::make_unique<timed_case>(std::move(prepared), stream_); }
  }

  static void report(record const& one, benchmark::State& state) {
    auto const bytes = static_cast<double>(one.bytes);
    state.counters["bytes"] = bytes;
    state.counters["GB/s"] = bytes / one.us.back() * 1e-3;
    state.counters["copy_us"] = one.copy_us.back();
    state.counters["over_copy"] = one.us.back() / one.copy_us.back();
    if (!one.naive_us.empty()) { state.counters["naive_us"] = one.naive_us.back(); }
  }

  cudaStream_t stream_ = nullptr;
  machine where_;
  std::vector<record> records_;
  std::unique_ptr<timed_case> current_;
  std::string current_name_;
};

/// Prints nothing: the table comes at the end.
class silent_reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(Context const& /*context*/) override { return true; }
  void ReportRuns(std::vector<Run> const& /*reports*/) override {}
};

std::vector<resample_case> chosen_cases(bench_options const& options) {
  std::vector<resample_case> const all = all_cases();
  std::set<std::string> compared_with;
  for (resample_case const& one : all) {
    if (one.required.measure == yardstick::over_reference) { compared_with.insert(name_of(plain(one))); }
  }
  std::vector<resample_case> chosen;
  for (resample_case const& one : all) {
    std::string const name = name_of(one);
    bool const wanted =
        !options.must || one.required.measure != yardstick::none || compared_with.find(name) != compared_with.end();
    if (wanted && name.find(options.only) != std::string::npos) { chosen.push_back(one); }
  }
  return chosen;
}

int run_profile(bench_options const& options) {
  for (resample_case const& one : all_cases()) {
    if (name_of(one) == options.profile) {
      session(options.commit).profile(one);
      return 0;
    }
  }
  std::cerr << "--profile: no case is called " << options.profile << "; --list prints the names\n";
  return 2;
}

/// 1 where a result is wrong; where the musts are asked for, also where one is missed or the figures do not count.
int exit_code(session const& all, bool must) {
  bool good = !must || (all.where().steady() && judge_launch(all.where()) != verdict::missed);
  for (record const& one : all.records()) {
    verdict const what = judge(one, all.records()).what;
    good = good && what != verdict::broken && !(must && what == verdict::missed);
  }
  return good ? 0 : 1;
}

int run_benchmarks(bench_options& options) {
  session all(options.commit);
  all.measure_machine();
  all.measure_launch({1, 500, 250, 256});
  for (resample_case const& one : chosen_cases(options)) {
    benchmark::RegisterBenchmark(name_of(one).c_str(), [&all, one](benchmark::State& state) { all.run(one, state); })
        ->Iterations(1)
        ->Repetitions(runs)
        ->DisplayAggregatesOnly(true)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  int argc = static_cast<int>(options.leftover.size()) - 1;
  benchmark::Initialize(&argc, options.leftover.data());
  if (benchmark::ReportUnrecognizedArguments(argc, options.leftover.data())) {
    std::cerr << usage;
    return 2;
  }
  silent_reporter silent;
  if (options.table) {
    benchmark::RunSpecifiedBenchmarks(&silent);
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  all.finish();

  if (options.table) { print_table(std::cout, all.where(), all.records()); }
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    print_json(file, all.where(), all.records());
    if (!file.flush()) {
      std::cerr << "--json: cannot write " << options.json << "\n";
      return 2;
    }
  }
  return exit_code(all, options.must);
}

}  // namespace

int run(int argc, char** argv) {
  bench_options options = parse(argc, argv);
  auto const asked = [&](char const* word) { return std::find(argv, argv + argc, std::string(word)) != argv + argc; };
  if (asked("--help")) {
    std::cout << usage;
    return 0;
  }
  if (asked("--list")) {
    for (resample_case const& one : chosen_cases(options)) { std::cout << name_of(one) << "\n"; }
    return 0;
  }
  return options.profile.empty() ? run_benchmarks(options) : run_profile(options);
}

}  // namespace robocache::bench

int main(int argc, char** argv) {
  try {
    return robocache::bench::run(argc, argv);
  } catch (std::exception const& failure) {
    std::cerr << "bench_resample: " << failure.what() << "\n";
    return 2;
  }
}
