// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/oracle.hpp"
#include "support/scenario.hpp"

// What SciPy's interp1d and numpy.interp give; golden/make_golden.py wrote it.
using namespace test;

namespace {

using golden_case = std::map<std::string, std::vector<double>>;

std::map<std::string, golden_case> read_golden() {
  std::map<std::string, golden_case> cases;
  std::ifstream file(ROBOCACHE_TESTS_DIR "/golden/golden.csv");
  REQUIRE(file.good());
  std::string line;
  std::string name;
  while (std::getline(file, line)) {
    auto const comma = line.find(',');
    std::string const key = line.substr(0, comma);
    if (line[0] == '#') { continue; }
    if (key == "case") {
      name = line.substr(comma + 1);
      continue;
    }
    std::istringstream cells(line.substr(comma + 1));
    std::string cell;
    while (std::getline(cells, cell, ',')) { cases[name][key].push_back(std::stod(cell)); }
  }
  return cases;
}

/// The largest error in units of 2^-24 of the largest value read, beside half an ulp; NaN must be NaN.
double worst(problem<double> const& p, std::vector<double> const& wanted) {
  outcome const o = resample(p);
  REQUIRE(o.state.ok());
  auto const records = oracle::locate(p);
  double k = 0;
  for (std::size_t row = 0; row < wanted.size(); ++row) {
    double const found = result_at(p, o, std::int64_t(row));
    if (std::isnan(wanted[row]) || std::isnan(found)) {
      REQUIRE(std::isnan(wanted[row]) == std::isnan(found));
      continue;
    }
    double const error = std::fabs(found - wanted[row]) - ulp(dtype::float32, wanted[row]) / 2;
    double const largest = oracle::blend_in_double(p, records[row], 0).largest;
    k = std::max(k, error <= 0 ? 0 : error / std::ldexp(largest, -24));
  }
  return k;
}

}  // namespace

TEST_CASE("Golden: linear, nearest, previous and next are SciPy's, clamp is numpy.interp's", "[golden]") {
  auto const cases = read_golden();
  REQUIRE(cases.size() == 8);
  for (auto const& [name, c] : cases) {
    CAPTURE(name);
    auto p = one_trajectory<double>(c.at("stamps"), c.at("values"), c.at("targets"));
    CHECK(worst(p, c.at("clamped")) <= 3);
    p.options.before = p.options.after = edge::extrapolate;
    CHECK(worst(p, c.at("linear")) <= 3);
    p.options.method = interpolation::nearest;
    CHECK(worst(p, c.at("nearest")) == 0);
    // Where SciPy has no earlier, or no later, sample it gives NaN.
    p.options.before = p.options.after = edge::fill;
    p.options.fill = std::numeric_limits<double>::quiet_NaN();
    p.options.method = interpolation::previous;
    CHECK(worst(p, c.at("previous")) == 0);
    p.options.method = interpolation::next;
    CHECK(worst(p, c.at("next")) == 0);
  }
}
