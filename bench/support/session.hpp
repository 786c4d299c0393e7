// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>
#include <cuda_runtime_api.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/baselines.cuh"
#include "support/record.hpp"
#include "support/suite.hpp"

namespace robocache::bench {

/// Runs of each case.
inline constexpr int runs = 5;

/// A case ready to be timed: its inputs, and its calls in graphs.
struct timed_case;

/// All that a process measures, on one CUDA stream. Google Benchmark calls `run` once for each run of each case, cases
/// one after another.
class session {
 public:
  explicit session(std::string const& commit);
  session(session const&) = delete;
  session& operator=(session const&) = delete;
  ~session();

  /// The ceilings. First, because it also brings the clocks up.
  void measure_machine();
  /// Host time of one call, checks included: the median over a thousand.
  /// @param must_us  what it may be; 0: any
  void measure_launch(preparation const& prepare, double must_us);
  void run(listed_case const& one, benchmark::State& state);
  /// One call between profiler marks; prints what `bench/ncu.py` needs to know of the case, as a line of JSON.
  /// @param apart  an empty kernel comes first: it shows where the case begins
  void profile(listed_case const& one, bool apart);
  void finish();

  machine const& where() const { return where_; }
  std::vector<record> const& records() const { return records_; }

 private:
  record& record_of(listed_case const& one);
  void make_current(listed_case const& one, record& into);

  cudaStream_t stream_ = nullptr;
  machine where_;
  std::vector<record> records_;
  std::optional<cache_sweep> sweep_;
  std::unique_ptr<timed_case> current_;
  std::string current_name_;
};

}  // namespace robocache::bench
