// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <cstring>

#include <robocache/series.hpp>

namespace test {

using robocache::value_place;

/// CPU memory, for the runner.
struct host_space {
  static void* allocate(std::size_t bytes, value_place = value_place::device) { return std::malloc(bytes); }
  static void release(void* memory, value_place = value_place::device) { std::free(memory); }
  static void write(void* to, void const* from, std::size_t bytes) { copy(to, from, bytes); }
  static void read(void* to, void const* from, std::size_t bytes) { copy(to, from, bytes); }

 private:
  static void copy(void* to, void const* from, std::size_t bytes) {
    if (bytes > 0) { std::memcpy(to, from, bytes); }
  }
};

}  // namespace test
