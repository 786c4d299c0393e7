// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <robocache/host.hpp>

#include "cells/inputs.hpp"
#include "voxels/cases.hpp"

// The voxel filter on the CPU, on recordings. peers/cpu_filter.py runs it and those of other libraries alternately.
namespace {

using namespace robocache;

/// Only x, y and z, as the peers get them.
void filter_on_host(benchmark::State& state, bench::voxels_case const& one) {
  int const threads_before = omp_get_max_threads();
  omp_set_num_threads(static_cast<int>(state.range(0)));
  bench::stored_clouds const stored = bench::read_recording(one.from);
  std::vector<float> points(3 * stored.points());
  std::vector<std::int64_t> voxel_offsets(2);
  filtered_output<float> out;
  out.capacity = stored.points();
  out.points = points.data();
  out.voxel_offsets = voxel_offsets.data();
  filter_options options;
  std::fill_n(options.size, 3, one.leaf);

  for (auto _ : state) {
    status const done =
        host::filter_voxels(stored.cloud(stored.coordinates.data(), 0), point_features<float>{}, options, out);
    if (!done.ok()) {
      state.SkipWithError(done.message());
      break;
    }
    benchmark::ClobberMemory();
  }
  state.counters["points"] = static_cast<double>(stored.points());
  state.counters["voxels"] = static_cast<double>(voxel_offsets[1]);
  omp_set_num_threads(threads_before);
}

}  // namespace

int main(int argc, char** argv) {
  if (!bench::has_recordings()) {
    std::cerr << "bench_host_filter reads recordings: ROBOCACHE_DATA is not set\n";
    return 1;
  }
  for (bench::voxels_case const& one : bench::all_voxels_cases()) {
    if (one.what != bench::voxels_operation::filter || !one.recorded() || one.hot) { continue; }
    std::string name = "host_" + name_of(one);
    name.erase(name.rfind('/'));  // caches are neither warmed nor cleared
    // Short repetitions and their median: one that another process disturbs is left out.
    benchmark::RegisterBenchmark(name.c_str(), [one](benchmark::State& state) { filter_on_host(state, one); })
        ->ArgName("threads")
        ->Arg(1)
        ->Arg(2)
        ->Iterations(5)
        ->Repetitions(21)
        ->ReportAggregatesOnly(true)
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) { return 1; }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
