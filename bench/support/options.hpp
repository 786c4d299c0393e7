// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace robocache::bench {

/// How the benchmark was asked to run. Options it does not know are Google Benchmark's.
struct bench_options {
  bool must = false;   ///< only cases with a requirement of their own or of their plain case, and the table
  bool table = false;  ///< one table at the end instead of Google Benchmark's lines
  std::string only;    ///< cases whose name contains this
  std::string json;    ///< where to write everything
  std::string commit;  ///< of the measured code
  std::vector<std::string> profile;  ///< run the cases of these names once each, between profiler marks
  std::vector<char*> leftover;       ///< the program's name and what is Google Benchmark's; null-terminated
};

/// The usage text of a family's program.
/// @param example  a regular expression that the names of its plain cases match
inline std::string usage(std::string const& family, std::string const& example) {
  return "bench_" + family +
         " [--must] [--table] [--only SUBSTRING] [--json FILE] [--commit ID] [--profile CASE]... [--list]\n"
         "  --must     cases with a requirement, as a table with verdicts; exit 1 where one is missed or none counts\n"
         "  --table    all cases as a table; without it Google Benchmark prints, and takes its own options\n"
         "  --only     cases whose name contains SUBSTRING; the plain ones: --benchmark_filter='" +
         example +
         "'\n"
         "  --json     write times, runs, chip, driver, clocks and verdicts to FILE\n"
         "  --commit   the measured commit; default: the environment's ROBOCACHE_COMMIT\n"
         "  --profile  run CASE once between profiler marks, for ncu --profile-from-start off; with several cases an\n"
         "             empty kernel comes between two\n"
         "  --list     print the names of all cases\n";
}

/// Reads the command line. `--help` and `--list` are left to the caller in `leftover`.
inline bench_options parse(int argc, char** argv) {
  bench_options options;
  if (char const* commit = std::getenv("ROBOCACHE_COMMIT")) { options.commit = commit; }
  for (int i = 0; i < argc; ++i) {
    std::string_view const word = argv[i];
    std::string named;
    auto const value = [&](std::string& to) {
      bool const there = i + 1 < argc;
      if (there) { to = argv[++i]; }
      return there;
    };
    if (word == "--must") {
      options.must = options.table = true;
    } else if (word == "--table") {
      options.table = true;
    } else if (!(word == "--only" && value(options.only)) && !(word == "--json" && value(options.json)) &&
               !(word == "--commit" && value(options.commit)) && !(word == "--profile" && value(named))) {
      options.leftover.push_back(argv[i]);
    }
    if (!named.empty()) { options.profile.push_back(named); }
  }
  options.leftover.push_back(nullptr);
  return options;
}

}  // namespace robocache::bench
