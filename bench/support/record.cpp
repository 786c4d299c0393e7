// SPDX-License-Identifier: Apache-2.0
#include "support/record.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <limits>
#include <ostream>
#include <utility>

namespace robocache::bench {

namespace {

constexpr double tolerance = 1.03;  // of a must, for noise

/// Fixed digits, or a dash where there is no number.
std::string fixed(double value, int digits) {
  if (!std::isfinite(value) || value == 0.0) { return "-"; }
  char text[40];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

char const* name_of(verdict what) {
  switch (what) {
    case verdict::none: return "-";
    case verdict::goal: return "goal";
    case verdict::must: return "pass";
    case verdict::missed: return "FAIL";
    case verdict::broken: return "WRONG";
  }
  return "";
}

char const* name_of(yardstick measure) {
  switch (measure) {
    case yardstick::none: return "none";
    case yardstick::over_copy: return "over copy";
    case yardstick::microseconds: return "us";
    case yardstick::over_naive: return "over naive";
    case yardstick::over_reference: return "over plain";
    case yardstick::over_apart: return "over apart";
    case yardstick::over_gather: return "over gather";
    case yardstick::over_in_turn: return "over in turn";
  }
  return "";
}

record const* find(std::vector<record> const& all, std::string const& name) {
  auto const found = std::find_if(all.begin(), all.end(), [&](record const& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// Time over that of the plain case, which is granted the extra bytes at the speed of its copy.
double over_reference(record const& one, record const& plain) {
  double const extra = static_cast<double>(std::max<std::int64_t>(0, one.bytes - plain.bytes));
  double const granted = median(plain.us) + extra / static_cast<double>(plain.bytes) * median(plain.copy_us);
  return median(one.us) / granted;
}

/// A string between quotes. Our texts hold neither control characters nor anything beyond ASCII.
std::string quoted(std::string const& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') { out += '\\'; }
    out += c;
  }
  return out + '"';
}

/// A number, or null.
std::string number(double value) {
  if (!std::isfinite(value)) { return "null"; }
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string list(std::vector<double> const& values) {
  std::string out = "[";
  for (double value : values) { out += (out.size() > 1 ? ", " : "") + number(value); }
  return out + "]";
}

std::string object(call_times const& call) {
  return "{\"host_us\": " + number(call.host_us) + ", \"p50_us\": " + number(call.p50_us) +
         ", \"p99_us\": " + number(call.p99_us) + "}";
}

/// A goal with its unit, where the figure has another one.
std::string goal_of(requirement const& by) {
  return by.goal_us > 0.0 ? fixed(by.goal_us, 1) + " us" : fixed(by.goal, 2);
}

bool has_other_calls(record const& one) { return !one.times_of(rival_kind::in_turn).empty(); }
bool has_calls(record const& one) { return one.call.p50_us != 0.0; }

/// The times of a program that waits for each call.
void print_calls(std::ostream& out, std::vector<record> const& all) {
  for (record const& one : all) {
    if (!has_calls(one)) { continue; }
    out << "\none call and its results, " << one.name << "\n";
    for (auto const& [what, call] : {std::pair{"the call", one.call}, std::pair{"calls in turn", one.in_turn_call}}) {
      if (call.p50_us == 0.0) { continue; }
      out << "  " << std::left << std::setw(20) << what << std::right << "p50 " << fixed(call.p50_us, 2) << " us, p99 "
          << fixed(call.p99_us, 2) << " us, of which the call itself took " << fixed(call.host_us, 2) << " us\n";
    }
  }
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) { return std::numeric_limits<double>::quiet_NaN(); }
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double record::over(std::vector<double> const& other) const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(us.size(), other.size()); ++i) { ratios.push_back(us[i] / other[i]); }
  return median(ratios);
}

judgement judge(record const& one, requirement const& by, std::vector<record> const& all) {
  double figure = std::numeric_limits<double>::quiet_NaN();
  switch (by.measure) {
    case yardstick::none: break;
    case yardstick::over_copy: figure = one.over(one.copy_us); break;
    case yardstick::microseconds: figure = median(one.us); break;
    case yardstick::over_naive: figure = one.over(one.times_of(rival_kind::naive)); break;
    case yardstick::over_reference:
      if (record const* plain = find(all, one.reference)) { figure = over_reference(one, *plain); }
      break;
    case yardstick::over_apart: figure = one.over(one.times_of(rival_kind::apart)); break;
    case yardstick::over_gather: figure = one.over(one.times_of(rival_kind::gather)); break;
    case yardstick::over_in_turn: figure = one.over(one.times_of(rival_kind::in_turn)); break;
  }
  if (!std::isfinite(figure)) { return {figure, verdict::none}; }
  bool const good = by.goal_us > 0.0 ? median(one.us) <= by.goal_us : figure <= by.goal;
  if (figure > by.must * tolerance) { return {figure, verdict::missed}; }
  return {figure, good ? verdict::goal : verdict::must};
}

verdict judge(record const& one, std::vector<record> const& all) {
  if (!one.error.empty()) { return verdict::broken; }
  verdict const first = judge(one, one.required, all).what, second = judge(one, one.also, all).what;
  if (first == verdict::none) { return second; }
  // A goal belongs to the first one.
  return second == verdict::missed ? second : first;
}

verdict judge_launch(machine const& where) {
  if (where.launch_us == 0.0 || where.launch_must_us == 0.0) { return verdict::none; }
  return where.launch_us <= where.launch_must_us * tolerance ? verdict::must : verdict::missed;
}

void print_table(std::ostream& out, machine const& where, std::vector<record> const& all) {
  out << where.chip << ", driver " << where.driver << ", CUDA " << where.cuda << ", clocks " << where.clocks
      << "\ncommit " << where.commit << ", " << where.date << "\ncopy of 1 GB: " << fixed(where.ceiling_gbps, 0)
      << " GB/s" << (where.steady() ? "" : ", BELOW 95 % OF WHAT THE CHIP REACHES: FIGURES DO NOT COUNT")
      << "; empty kernel " << fixed(where.empty_us, 2) << " us; a call takes " << fixed(where.launch_us, 2)
      << " us on the host";
  if (where.launch_must_us > 0.0) {
    out << " (must " << fixed(where.launch_must_us, 0) << ": " << name_of(judge_launch(where)) << ")";
  }
  out << "\n\n";
  bool const others = std::any_of(all.begin(), all.end(), [](record const& one) { return has_other_calls(one); });
  bool const voxels = std::any_of(all.begin(), all.end(), [](record const& one) { return one.voxels > 0; });
  constexpr int width = 11;
  std::size_t longest = 0;
  for (record const& one : all) { longest = std::max(longest, one.name.size()); }
  int const name_width = static_cast<int>(longest) + 2;
  out << std::left << std::setw(name_width) << "case" << std::right;
  if (voxels) { out << std::setw(width) << "voxels"; }
  for (char const* head : {"MB", "us", "copy us", "naive us", "GB/s", "/copy", "figure", "must", "goal"}) {
    out << std::setw(width) << head;
  }
  if (others) {
    for (char const* head : {"apart us", "in turn us", "/apart", "must"}) { out << std::setw(width) << head; }
  }
  out << "\n";
  for (record const& one : all) {
    std::vector<std::string> cells = {fixed(static_cast<double>(one.bytes) * 1e-6, 2),
                                      fixed(median(one.us), 2),
                                      fixed(median(one.copy_us), 2),
                                      fixed(median(one.times_of(rival_kind::naive)), 1),
                                      fixed(one.gigabytes_per_second(), 0),
                                      fixed(one.over(one.copy_us), 3),
                                      fixed(judge(one, one.required, all).figure, 3),
                                      fixed(one.required.must, 2),
                                      goal_of(one.required)};
    if (others) {
      std::vector<double> const& apart = one.times_of(rival_kind::apart);
      cells.push_back(fixed(median(apart), 2));
      cells.push_back(fixed(median(one.times_of(rival_kind::in_turn)), 2));
      cells.push_back(fixed(one.over(apart), 3));
      cells.push_back(fixed(one.also.must, 2));
    }
    out << std::left << std::setw(name_width) << one.name << std::right;
    if (voxels) { out << std::setw(width) << one.voxels; }
    for (std::string const& cell : cells) { out << std::setw(width) << cell; }
    out << "  " << name_of(judge(one, all)) << (one.error.empty() ? "" : ": ") << one.error << "\n";
  }
  print_calls(out, all);
}

void print_json(std::ostream& out, std::string const& family, machine const& where, std::vector<record> const& all) {
  out << "{\n  \"benchmark\": " << quoted(family) << ",\n  \"commit\": " << quoted(where.commit)
      << ",\n  \"date\": " << quoted(where.date) << ",\n  \"chip\": " << quoted(where.chip)
      << ",\n  \"driver\": " << quoted(where.driver) << ",\n  \"cuda\": " << quoted(where.cuda)
      << ",\n  \"clocks\": " << quoted(where.clocks) << ",\n  \"ceiling_gbps\": " << number(where.ceiling_gbps)
      << ",\n  \"steady\": " << (where.steady() ? "true" : "false") << ",\n  \"empty_us\": " << number(where.empty_us)
      << ",\n  \"launch_us\": " << number(where.launch_us) << ",\n  \"cases\": [";
  char const* separator = "\n";
  for (record const& one : all) {
    out << separator << "    {\"name\": " << quoted(one.name) << ", \"bytes\": " << one.bytes
        << ", \"checksum\": " << one.checksum;
    if (one.voxels > 0) { out << ", \"voxels\": " << one.voxels; }
    out << ", \"us\": " << number(median(one.us)) << ", \"copy_us\": " << number(median(one.copy_us))
        << ", \"over_copy\": " << number(one.over(one.copy_us))
        << ",\n     \"yardstick\": " << quoted(name_of(one.required.measure))
        << ", \"figure\": " << number(judge(one, one.required, all).figure)
        << ", \"must\": " << number(one.required.must) << ", \"goal\": " << number(one.required.goal)
        << ", \"goal_us\": " << number(one.required.goal_us) << ", \"verdict\": " << quoted(name_of(judge(one, all)))
        << ", \"error\": " << quoted(one.error);
    if (one.also.measure != yardstick::none) {
      out << ",\n     \"also_yardstick\": " << quoted(name_of(one.also.measure))
          << ", \"also_figure\": " << number(judge(one, one.also, all).figure)
          << ", \"also_must\": " << number(one.also.must);
    }
    if (has_calls(one)) {
      out << ",\n     \"call\": " << object(one.call) << ", \"in_turn_call\": " << object(one.in_turn_call);
    }
    out << ",\n     \"runs_us\": " << list(one.us) << ", \"runs_copy_us\": " << list(one.copy_us);
    for (rival_kind kind : rival_kinds) {
      std::vector<double> const& times = one.times_of(kind);
      if (times.empty()) { continue; }
      out << ",\n     \"" << name_of(kind) << "_us\": " << number(median(times)) << ", \"runs_" << name_of(kind)
          << "_us\": " << list(times);
    }
    out << "}";
    separator = ",\n";
  }
  out << "\n  ]\n}\n";
}

}  // namespace robocache::bench
