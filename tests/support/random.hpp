// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>

namespace test {

/// SplitMix64: the same numbers on every machine and with every standard library.
class generator {
 public:
  explicit generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// In [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + std::int64_t(next() % (std::uint64_t(high - low) + 1));
  }

  /// In [0, 1).
  double unit() { return double(next() >> 11) / 9007199254740992.0; }
  bool chance(double probability) { return unit() < probability; }

  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[between(0, std::int64_t(choices.size()) - 1)];
  }

 private:
  std::uint64_t state_;
};

}  // namespace test
