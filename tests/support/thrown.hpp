// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/robocache.hpp>

#include "support/catch.hpp"

namespace test {

/// The error that a call of the compiled API throws; fails where it throws none.
template <class Call>
robocache::error error_of(Call call) {
  try {
    call();
  } catch (robocache::error const& e) { return e; }
  FAIL("nothing was thrown");
  return robocache::error(robocache::status{});
}

}  // namespace test
