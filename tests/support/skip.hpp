// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

namespace test {

/// What this process did not test, and why. Catch2 2.13 knows no skipped test, ctest does: a process that skipped
/// something and failed nothing exits with 77.
inline std::vector<std::string>& skipped() {
  static std::vector<std::string> list;
  return list;
}

inline void skip(std::string const& what_and_why) { skipped().push_back(what_and_why); }

/// The folder of real recordings, or null after printing that `what` is skipped.
inline char const* data_folder(char const* what) {
  char const* const folder = std::getenv("ROBOCACHE_DATA");
  if (folder == nullptr || *folder == '\0') {
    skip(std::string(what) + ": ROBOCACHE_DATA is unset");
    return nullptr;
  }
  return folder;
}

}  // namespace test
