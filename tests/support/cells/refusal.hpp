// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/bits.hpp"

namespace test {

/// The same address, misplaced by a byte.
template <class T>
T* odd(T* p) {
  return reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(p) + 1);
}

/// True if nothing was written to an array for results.
template <class Results>
bool untouched(Results const& results) {
  auto const* bytes = reinterpret_cast<unsigned char const*>(&results);
  return std::all_of(bytes, bytes + sizeof results, [](unsigned char b) { return b == poison; });
}

/// As `unlike_refusal` of bits.hpp, with the code, and with nothing written to `results`, an array.
template <class Results>
std::string unlike_refusal(status const& s, std::string const& argument, std::vector<std::string> const& words,
                           status_code code, Results const& results) {
  if (auto text = unlike_refusal(s, argument, words); !text.empty()) { return text; }
  if (s.code() != code) { return "the code is another"; }
  return untouched(results) ? "" : "something was written";
}

}  // namespace test
