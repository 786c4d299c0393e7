// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "support/options.hpp"
#include "support/record.hpp"
#include "support/session.hpp"
#include "support/suite.hpp"

namespace robocache::bench {

namespace {

/// Prints nothing: the table comes at the end.
class silent_reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(Context const& /*context*/) override { return true; }
  void ReportRuns(std::vector<Run> const& /*reports*/) override {}
};

bool has_must(listed_case const& one) {
  return one.required.measure != yardstick::none || one.also.measure != yardstick::none;
}

std::vector<listed_case> chosen_cases(suite const& all, bench_options const& options) {
  std::set<std::string> compared_with;
  for (listed_case const& one : all.cases) {
    if (one.required.measure == yardstick::over_reference) { compared_with.insert(one.reference); }
  }
  std::vector<listed_case> chosen;
  for (listed_case const& one : all.cases) {
    bool const wanted = !options.must || has_must(one) || compared_with.find(one.name) != compared_with.end();
    if (wanted && one.name.find(options.only) != std::string::npos) { chosen.push_back(one); }
  }
  return chosen;
}

int run_profile(suite const& all, bench_options const& options) {
  std::vector<listed_case const*> asked;
  for (std::string const& name : options.profile) {
    auto const is_asked = [&](listed_case const& one) { return one.name == name; };
    auto const found = std::find_if(all.cases.begin(), all.cases.end(), is_asked);
    if (found == all.cases.end()) {
      std::cerr << "--profile: no case is called " << name << "; --list prints the names\n";
      return 2;
    }
    asked.push_back(&*found);
  }
  session measured(options.commit);
  bool apart = false;
  for (listed_case const* one : asked) {
    measured.profile(*one, apart);
    apart = true;
  }
  return 0;
}

/// 1 where a result is wrong; where the musts are asked for, also where one is missed or the figures do not count.
int exit_code(session const& all, bool must) {
  bool good = !must || (all.where().steady() && judge_launch(all.where()) != verdict::missed);
  for (record const& one : all.records()) {
    verdict const what = judge(one, all.records());
    good = good && what != verdict::broken && !(must && what == verdict::missed);
  }
  return good ? 0 : 1;
}

int run_benchmarks(suite const& all, bench_options& options) {
  session measured(options.commit);
  measured.measure_machine();
  measured.measure_launch(all.launch, all.launch_must_us);
  for (listed_case const& one : chosen_cases(all, options)) {
    if (!one.lacking.empty()) {
      std::cerr << "skipped without " << one.lacking << ": " << one.name << "\n";
      continue;
    }
    auto const body = [&measured, one](benchmark::State& state) { measured.run(one, state); };
    benchmark::RegisterBenchmark(one.name.c_str(), body)
        ->Iterations(1)
        ->Repetitions(runs)
        ->DisplayAggregatesOnly(true)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  int argc = static_cast<int>(options.leftover.size()) - 1;
  benchmark::Initialize(&argc, options.leftover.data());
  if (benchmark::ReportUnrecognizedArguments(argc, options.leftover.data())) {
    std::cerr << usage(all.family, all.example);
    return 2;
  }
  silent_reporter silent;
  if (options.table) {
    benchmark::RunSpecifiedBenchmarks(&silent);
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  measured.finish();

  if (options.table) { print_table(std::cout, measured.where(), measured.records()); }
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    print_json(file, all.family, measured.where(), measured.records());
    if (!file.flush()) {
      std::cerr << "--json: cannot write " << options.json << "\n";
      return 2;
    }
  }
  return exit_code(measured, options.must);
}

}  // namespace

int run_program(suite const& all, int argc, char** argv) {
  bench_options options = parse(argc, argv);
  auto const asked = [&](char const* word) { return std::find(argv, argv + argc, std::string(word)) != argv + argc; };
  if (asked("--help")) {
    std::cout << usage(all.family, all.example);
    return 0;
  }
  if (asked("--list")) {
    for (listed_case const& one : chosen_cases(all, options)) { std::cout << one.name << "\n"; }
    return 0;
  }
  try {
    return options.profile.empty() ? run_benchmarks(all, options) : run_profile(all, options);
  } catch (std::exception const& failure) {
    std::cerr << "bench_" << all.family << ": " << failure.what() << "\n";
    return 2;
  }
}

}  // namespace robocache::bench
