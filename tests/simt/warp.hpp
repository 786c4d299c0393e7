// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>

#include "simt/block.hpp"

// What the lanes of a warp do together. Masks may name a part of a warp; all lanes of a mask have to pass the same one.
namespace simt {

template <class T>
std::uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8, "a register or two");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

inline unsigned lane() { return block::current().thread() % 32; }

/// What lane `from` passes; where `from` is outside of the warp, one's own.
template <class T>
T shuffle(unsigned lanes, T value, int from) {
  bool const outside = from < 0 || from > 31;
  block::passed const& all = block::current().meet(together::shuffle, lanes, to_bits(value));
  if (outside) { return value; }
  if ((lanes >> from & 1) == 0) { fail("a shuffle from a lane that takes no part"); }
  std::memcpy(&value, &all[std::size_t(from)], sizeof value);
  return value;
}

}  // namespace simt

inline unsigned __ballot_sync(unsigned lanes, int mine) {
  auto const& all = simt::block::current().meet(simt::together::vote, lanes, mine != 0 ? 1 : 0);
  unsigned ballot = 0;
  for (unsigned i = 0; i < 32; ++i) { ballot |= unsigned(all[i]) << i; }
  return ballot;
}
inline int __any_sync(unsigned lanes, int mine) { return __ballot_sync(lanes, mine) != 0 ? 1 : 0; }
inline int __all_sync(unsigned lanes, int mine) { return __ballot_sync(lanes, mine == 0 ? 1 : 0) == 0 ? 1 : 0; }
inline void __syncwarp(unsigned lanes = ~0u) { simt::block::current().meet(simt::together::barrier, lanes, 0); }

template <class T>
T __shfl_sync(unsigned lanes, T value, int from) {
  return simt::shuffle(lanes, value, int(unsigned(from) % 32));
}
template <class T>
T __shfl_up_sync(unsigned lanes, T value, unsigned distance) {
  return simt::shuffle(lanes, value, int(simt::lane()) - int(distance));
}
template <class T>
T __shfl_down_sync(unsigned lanes, T value, unsigned distance) {
  return simt::shuffle(lanes, value, int(simt::lane()) + int(distance));
}
template <class T>
T __shfl_xor_sync(unsigned lanes, T value, int bits) {
  return simt::shuffle(lanes, value, int(simt::lane()) ^ bits);
}

/// The lanes that pass the same value as this one.
template <class T>
unsigned __match_any_sync(unsigned lanes, T value) {
  auto const& all = simt::block::current().meet(simt::together::match, lanes, simt::to_bits(value));
  unsigned alike = 0;
  for (unsigned i = 0; i < 32; ++i) {
    if ((lanes >> i & 1) != 0 && all[i] == simt::to_bits(value)) { alike |= 1u << i; }
  }
  return alike;
}

namespace simt {

template <class T, class Reduce>
T reduce(unsigned lanes, T value, Reduce with) {
  block::passed const& all = block::current().meet(together::shuffle, lanes, to_bits(value));
  T result{};
  bool first = true;
  for (unsigned i = 0; i < 32; ++i) {
    if ((lanes >> i & 1) == 0) { continue; }
    T one;
    std::memcpy(&one, &all[i], sizeof one);
    result = first ? one : with(result, one);
    first = false;
  }
  return result;
}

}  // namespace simt

inline unsigned __reduce_add_sync(unsigned lanes, unsigned value) {
  return simt::reduce(lanes, value, [](unsigned a, unsigned b) { return a + b; });
}
inline unsigned __reduce_or_sync(unsigned lanes, unsigned value) {
  return simt::reduce(lanes, value, [](unsigned a, unsigned b) { return a | b; });
}
inline unsigned __reduce_min_sync(unsigned lanes, unsigned value) {
  return simt::reduce(lanes, value, [](unsigned a, unsigned b) { return std::min(a, b); });
}
inline int __reduce_max_sync(unsigned lanes, int value) {
  return simt::reduce(lanes, value, [](int a, int b) { return std::max(a, b); });
}
inline unsigned __reduce_max_sync(unsigned lanes, unsigned value) {
  return simt::reduce(lanes, value, [](unsigned a, unsigned b) { return std::max(a, b); });
}
