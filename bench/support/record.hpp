// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <string>
#include <vector>

#include "support/requirement.hpp"

namespace robocache::bench {

/// The median; the lower one of an even number. NaN of nothing.
double median(std::vector<double> values);

/// One call after the other, each waited for, in microseconds; 0: not measured.
struct call_times {
  double host_us = 0.0;  ///< until the call returns; the median
  double p50_us = 0.0;   ///< until its results are there
  double p99_us = 0.0;
};

/// What was measured of one case.
struct record {
  std::string name;
  std::string reference;  ///< the case it is compared with, itself if it is plain
  requirement required{};
  requirement also{};  ///< beside `required`, with the same weight
  std::int64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< of the inputs
  std::int64_t voxels = 0;     ///< that a call makes; 0: none, or as many as its grid has
  std::string error;           ///< empty, or why there are no times

  // One entry per run, in microseconds per call.
  std::vector<double> us, copy_us;
  std::array<std::vector<double>, std::size(rival_kinds)> rival_us;  ///< empty where there is no such rival

  call_times call, in_turn_call;

  std::vector<double>& times_of(rival_kind kind) { return rival_us[static_cast<std::size_t>(kind)]; }
  std::vector<double> const& times_of(rival_kind kind) const { return rival_us[static_cast<std::size_t>(kind)]; }

  /// The median of each run's time over that run's `other`, in microseconds too.
  double over(std::vector<double> const& other) const;
  double gigabytes_per_second() const { return static_cast<double>(bytes) / median(us) * 1e-3; }
};

/// What was measured once, beside the cases.
struct machine {
  std::string commit, date, chip, driver, cuda, clocks;
  double empty_us = 0.0;      ///< an empty kernel in a graph
  double ceiling_gbps = 0;    ///< the copy kernel on 1 GB
  double expected_gbps = 0;   ///< what that copy reaches on this chip when nothing disturbs it; 0: not known
  double launch_us = 0;       ///< host time of one call; 0: not measured
  double launch_must_us = 0;  ///< what it may be; 0: measured for information

  /// Figures count only if the copy reaches 95 % of what the chip can reach.
  bool steady() const { return expected_gbps == 0 || ceiling_gbps >= 0.95 * expected_gbps; }
};

enum class verdict : std::uint8_t { none, goal, must, missed, broken };

/// A record's figure in units of one of its requirements, and the verdict.
struct judgement {
  double figure;
  verdict what;
};
judgement judge(record const& one, requirement const& by, std::vector<record> const& all);
/// By both its requirements: the worse one, or broken.
verdict judge(record const& one, std::vector<record> const& all);
verdict judge_launch(machine const& where);

void print_table(std::ostream& out, machine const& where, std::vector<record> const& all);
void print_json(std::ostream& out, std::string const& family, machine const& where, std::vector<record> const& all);

}  // namespace robocache::bench
