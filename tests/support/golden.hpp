// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

/// The results of SciPy and NumPy, written by golden/make_golden.py.
namespace test {

using golden_case = std::map<std::string, std::vector<double>>;

/// The cases that have a line for `method`.
inline std::map<std::string, golden_case> read_golden(std::string const& method) {
  std::map<std::string, golden_case> cases;
  char const* const other = std::getenv("ROBOCACHE_GOLDEN");  // golden/agree.py's
  std::ifstream file(other != nullptr ? other : ROBOCACHE_TESTS_DIR "/golden/golden.csv");
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
    cases[name][key];
    if (comma == std::string::npos) { continue; }  // a line without numbers
    std::istringstream cells(line.substr(comma + 1));
    std::string cell;
    while (std::getline(cells, cell, ',')) { cases[name][key].push_back(std::stod(cell)); }
  }
  for (auto one = cases.begin(); one != cases.end();) { one = one->second.count(method) ? ++one : cases.erase(one); }
  return cases;
}

}  // namespace test
