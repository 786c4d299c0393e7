// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/numbers.hpp"

namespace test {

/// Numbers of one type in memory.
struct typed_array {
  dtype type;
  std::vector<std::byte> bytes;

  typed_array(dtype t, std::vector<double> const& numbers) : type(t), bytes(numbers.size() * robocache::size_of(t)) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      store_bits(type, bytes.data(), std::int64_t(i), encode(type, numbers[i]));
    }
  }

  void* data() { return bytes.data(); }
  template <class T>
  T* as() {
    return static_cast<T*>(data());
  }
  std::vector<double> numbers() const {
    std::vector<double> all;
    for (std::size_t i = 0; i < bytes.size() / robocache::size_of(type); ++i) {
      all.push_back(decode(type, load_bits(type, bytes.data(), std::int64_t(i))));
    }
    return all;
  }
};

}  // namespace test
