// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cells/inputs.hpp"
#include "support/suite.hpp"

namespace robocache::bench {

/// The `main` of a program whose cases are calls on clouds.
/// @param family, example  as `suite` has them
/// @param small            the case whose call's cost to the host is measured
/// @param cases            each prepared by `prepare`
template <class Case>
int run_cloud_program(std::string const& family, std::string const& example, Case const& small,
                      std::vector<Case> const& cases, int argc, char** argv) {
  suite program{family, example, {}, preparation_of(small)};
  for (Case const& one : cases) {
    listed_case listed = list_case(one);
    listed.one_by_one = one.one_by_one;
    if (one.recorded() && !has_recordings()) { listed.lacking = "ROBOCACHE_DATA"; }
    program.cases.push_back(std::move(listed));
  }
  return run_program(program, argc, argv);
}

}  // namespace robocache::bench
