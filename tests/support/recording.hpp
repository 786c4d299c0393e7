// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace test {

/// A log: stamps in the first column, then channels.
template <class Stamp>
struct recording {
  std::vector<Stamp> stamps;
  std::vector<double> values;
  std::int64_t channels = 0;
};

template <class Stamp>
recording<Stamp> read_csv(std::string const& path) {
  recording<Stamp> r;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // names
  r.channels = std::count(line.begin(), line.end(), ',');
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    std::getline(cells, cell, ',');
    if constexpr (std::is_integral_v<Stamp>) {
      r.stamps.push_back(std::stoll(cell));
    } else {
      r.stamps.push_back(Stamp(std::stod(cell)));
    }
    while (std::getline(cells, cell, ',')) { r.values.push_back(std::stod(cell)); }
  }
  REQUIRE(!r.stamps.empty());
  REQUIRE(r.values.size() == r.stamps.size() * std::size_t(r.channels));
  return r;
}

}  // namespace test
