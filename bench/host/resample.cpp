// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <cuda_bf16.h>
#include <omp.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <robocache/host.hpp>

#include "resample/cases.hpp"
#include "support/inputs.hpp"
#include "support/random.cuh"

// Resampling on the CPU. peers/numpy_resample.py times NumPy on the same inputs; compare.py runs both alternately.
namespace {

using namespace robocache;
using bench::resample_case;

/// Sum of the results' 32-bit words: equal results on equal inputs show that the peers do the same job. Kept below
/// 2^52, so that a counter holds it exactly.
template <class Result>
double checksum(std::vector<Result> const& results) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at + sizeof(std::uint32_t) <= results.size() * sizeof(Result); at += sizeof(std::uint32_t)) {
    std::uint32_t word = 0;
    std::memcpy(&word, reinterpret_cast<char const*>(results.data()) + at, sizeof word);
    sum += word;
  }
  return static_cast<double>(sum & ((std::uint64_t(1) << 52) - 1));
}

template <class Value>
void resample_on_host(benchmark::State& state, resample_case const& one) {
  int const threads = static_cast<int>(state.range(0));
  int const threads_before = omp_get_max_threads();
  omp_set_num_threads(threads);

  bench::spans span;
  auto const source_times = bench::make_source<float>(one, span);
  auto const target_times = bench::make_target<float>(one, span);
  std::vector<Value> values(static_cast<std::size_t>(one.batch * one.source_length * one.channels));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = Value(bench::random_unit(bench::seed::values, static_cast<std::uint32_t>(i)));
  }
  std::vector<Value> results(static_cast<std::size_t>(one.batch * one.target_length * one.channels));
  auto const source = series<Value, float>{values.data(), source_times.view, one.channels};
  auto const out = output<Value>{results.data()};
  resample_options<float> const options;

  for (auto _ : state) {
    status const done = host::resample(source, target_times.view, out, options);
    if (!done.ok()) {
      state.SkipWithError(done.message());
      break;
    }
    benchmark::ClobberMemory();
  }
  state.counters["checksum"] = checksum(results);
  omp_set_num_threads(threads_before);
}

template <class Value>
void add(resample_case const& one, char const* type) {
  std::string const name = std::string("host_resample/") + type + "/B:" + std::to_string(one.batch) +
                           "/S:" + std::to_string(one.source_length) + "/T:" + std::to_string(one.target_length) +
                           "/D:" + std::to_string(one.channels);
  // Short repetitions and their median: one that another process disturbs is left out.
  benchmark::RegisterBenchmark(name.c_str(), [one](benchmark::State& state) { resample_on_host<Value>(state, one); })
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->Iterations(10)
      ->Repetitions(21)
      ->ReportAggregatesOnly(true)
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  add<float>({32, 500, 250, 256}, "fp32");
  add<__nv_bfloat16>({32, 500, 250, 256}, "bf16");
  add<float>({1, 500, 250, 256}, "fp32");
  add<float>({1, 64, 16, 14}, "fp32");
  add<float>({256, 500, 250, 32}, "fp32");
  add<float>({1024, 300, 150, 14}, "fp32");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) { return 1; }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
