// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simt/block.hpp"

// Atomics. Threads take turns, so nothing comes between; but now and then a thread lets others go first, so that the
// kernels cannot count on the order in which they arrive, and compare-and-swap loops repeat.
namespace simt {

/// The type of a parameter that follows another's.
template <class T>
struct same_as {
  using type = T;
};
template <class T>
using same = typename same_as<T>::type;

template <class T, class Change>
T change(T* at, Change to) {
  block::current().step_back();
  if (reinterpret_cast<std::uintptr_t>(at) % sizeof(T) != 0) { fail("an atomic that is not aligned"); }
  T const before = *at;
  *at = to(before);
  return before;
}

}  // namespace simt

template <class T>
T atomicAdd(T* to, simt::same<T> value) {
  return simt::change(to, [=](T x) { return x + value; });
}
template <>
inline int atomicAdd(int* to, int value) {  // wraps around
  return simt::change(to, [=](int x) { return int(unsigned(x) + unsigned(value)); });
}
template <class T>
T atomicMin(T* to, simt::same<T> value) {
  return simt::change(to, [=](T x) { return value < x ? value : x; });
}
template <class T>
T atomicMax(T* to, simt::same<T> value) {
  return simt::change(to, [=](T x) { return value > x ? value : x; });
}
template <class T>
T atomicOr(T* to, simt::same<T> bits) {
  return simt::change(to, [=](T x) { return x | bits; });
}
template <class T>
T atomicAnd(T* to, simt::same<T> bits) {
  return simt::change(to, [=](T x) { return x & bits; });
}
template <class T>
T atomicExch(T* to, simt::same<T> value) {
  return simt::change(to, [=](T) { return value; });
}
template <class T>
T atomicCAS(T* to, simt::same<T> expected, simt::same<T> value) {
  return simt::change(to, [=](T x) { return x == expected ? value : x; });
}
template <class T>
T atomicAdd_block(T* to, simt::same<T> value) {
  return atomicAdd(to, value);
}
template <class T>
T atomicOr_block(T* to, simt::same<T> bits) {
  return atomicOr(to, bits);
}
template <class T>
T atomicMin_block(T* to, simt::same<T> value) {
  return atomicMin(to, value);
}
template <class T>
T atomicMax_block(T* to, simt::same<T> value) {
  return atomicMax(to, value);
}
