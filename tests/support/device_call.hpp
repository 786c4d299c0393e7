// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>

#include <robocache/robocache.hpp>

#include "support/device_space.hpp"
#include "support/problem.hpp"

namespace test {

/// Runs a call of the compiled API and waits; gives what it threw as a status.
template <class Call>
status finished(Call call) {
  try {
    call();
  } catch (robocache::error const& e) {
    std::string const text = e.what();
    return {e.code(), e.argument().c_str(), text.substr(std::min(text.size(), e.argument().size() + 2)).c_str()};
  }
  check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
  return {};
}

}  // namespace test
