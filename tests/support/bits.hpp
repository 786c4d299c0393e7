// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include "support/oracle.hpp"
#include "support/problem.hpp"

/// What the comparisons of all operations share: bits, and texts about them.
namespace test {

template <class... Parts>
std::string text_of(Parts const&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

inline std::string bits_text(dtype type, std::uint64_t bits) {
  std::ostringstream text;
  text << std::hex << "0x" << bits;
  if (!is_integer(type)) { text << std::dec << " (" << decode(type, bits) << ")"; }
  return text.str();
}

/// The first element of two sides' buffers of results that is not the same; empty where all are.
inline std::string unlike_results(dtype type, std::vector<std::byte> const& a, std::vector<std::byte> const& b) {
  auto const size = std::int64_t(robocache::size_of(type));
  for (std::int64_t i = 0; i < std::int64_t(a.size()) / size; ++i) {
    auto const x = load_bits(type, a.data(), i);
    auto const y = load_bits(type, b.data(), i);
    if (!same(type, x, y)) {
      return text_of("element ", i, ": ", bits_text(type, x), " here, ", bits_text(type, y), " on the host");
    }
  }
  return {};
}

/// True if nothing was written to what was memory for results.
template <class Buffer>
bool all_poison(Buffer const& buffer) {
  auto const* bytes = reinterpret_cast<unsigned char const*>(buffer.data());
  return std::all_of(bytes, bytes + buffer.size() * sizeof(*buffer.data()),
                     [](unsigned char b) { return b == poison; });
}

inline bool same_float(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }

/// The expected bits, or a number between the two that bound it, or anything where nothing does.
inline bool meets(dtype type, std::uint64_t found, oracle::expectation const& wanted) {
  if (same(type, found, wanted.low) || same(type, found, wanted.high)) { return true; }
  if (is_integer(type)) { return false; }
  double const x = decode(type, found);
  double const low = decode(type, wanted.low);
  double const high = decode(type, wanted.high);
  return (low <= x && x <= high) || (std::isinf(low) && std::isinf(high) && low < high);
}

/// Why a refusal is not the expected one; empty where it is: it names `argument` and its message holds all of
/// `words`.
inline std::string unlike_refusal(status const& state, std::string const& argument,
                                  std::vector<std::string> const& words) {
  std::string const message = state.message();
  if (state.ok()) { return "the call was accepted"; }
  if (state.argument() != argument) { return text_of("it names ", state.argument(), ": ", message); }
  if (message.rfind(argument + ": ", 0) != 0) { return "the message does not begin with the argument: " + message; }
  for (auto const& word : words) {
    if (message.find(word) == std::string::npos) { return text_of("'", word, "' is not in: ", message); }
  }
  return {};
}

}  // namespace test
