// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <vector>

#include <robocache/device/permutation.cuh>

#include "support/catch.hpp"

// The semantics' permutations.
using robocache::device::make_permutation;
using robocache::device::permutation;
using robocache::device::permuted;

namespace {

/// Numbers that do not come up exactly once.
std::int64_t misses(std::int64_t size, std::uint64_t seed, std::int64_t id) {
  permutation const p = make_permutation(size, seed, id);
  std::vector<int> seen(std::size_t(size), 0);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t const x = permuted(p, i);
    if (x < 0 || x >= size || seen[std::size_t(x)]++ > 0) { ++wrong; }
  }
  return wrong;
}

struct golden {
  std::int64_t size;
  std::uint64_t seed;
  std::int64_t id;
  std::int64_t at[5];  ///< what is at 0, 1, 2, size / 2 and size - 1; there or at the last place, if that is before
};

// What tests/golden/permutation.py prints.
constexpr golden known[] = {
    {1, 0u, 0, {0, 0, 0, 0, 0}},
    {2, 0u, 0, {1, 0, 0, 0, 0}},
    {3, 1u, 0, {2, 0, 1, 0, 1}},
    {5, 1u, 1, {3, 4, 1, 1, 2}},
    {10, 42u, 7, {9, 7, 0, 2, 5}},
    {255, 42u, 0, {224, 101, 217, 243, 95}},
    {256, 42u, 0, {224, 101, 217, 31, 1}},
    {257, 42u, 0, {129, 64, 171, 71, 15}},
    {1000, 18446744073709551615u, -1, {410, 943, 875, 925, 632}},
    {65536, 123456789u, 3, {46860, 32923, 18849, 24827, 62421}},
    {1000003, 5u, 1099511627776, {225012, 19447, 680362, 56911, 740488}},
    {4294967311, 6u, 1, {2167608253, 228749723, 74172892, 1203054830, 1902894997}},
    {9007199254740993,
     7u,
     2,
     {183018374436199, 5021084023762562, 5880102711041777, 1036453396263345, 8069611887533178}},
    {9223372036854775807,
     8u,
     3,
     {6670208945644026986, 3646836393516114469, 2510107361035548991, 7231506594619632238, 9155447106000145784}}};

}  // namespace

TEST_CASE("Permutation: known values", "[permutation]") {
  for (golden const& one : known) {
    permutation const p = make_permutation(one.size, one.seed, one.id);
    std::int64_t const places[5] = {0, 1, 2, one.size / 2, one.size - 1};
    for (int i = 0; i < 5; ++i) {
      CAPTURE(one.size, one.seed, one.id, i);
      std::int64_t const place = places[i] < one.size ? places[i] : one.size - 1;
      CHECK(permuted(p, place) == one.at[i]);
    }
  }
}

TEST_CASE("Permutation: each number comes up once", "[permutation]") {
  std::vector<std::int64_t> sizes{0, 1, 2, 3, 5};
  for (int k = 2; k <= 16; ++k) {
    for (std::int64_t near : {-1, 0, 1}) { sizes.push_back((std::int64_t{1} << k) + near); }
  }
  for (std::int64_t size : sizes) {
    for (std::uint64_t seed : {std::uint64_t{42}, UINT64_MAX}) {
      CAPTURE(size, seed);
      CHECK(misses(size, seed, std::int64_t(seed / 2)) == 0);
    }
  }
  CHECK(misses((1 << 20) + 1, 42, 0) == 0);
}

TEST_CASE("Permutation: depends on all bits of the seed and of the number", "[permutation]") {
  constexpr std::int64_t size = std::int64_t{1} << 62;
  std::int64_t const plain = permuted(make_permutation(size, 0, 0), 0);
  for (int bit = 0; bit < 64; ++bit) {
    CHECK(permuted(make_permutation(size, std::uint64_t{1} << bit, 0), 0) != plain);
    CHECK(permuted(make_permutation(size, 0, std::int64_t(std::uint64_t{1} << bit)), 0) != plain);
  }
  CHECK(permuted(make_permutation(size, 1, 0), 0) != permuted(make_permutation(size, 0, 1), 0));
}

// Chi-square over all orders of 2, 4 and 5 numbers, and over the pairs at the first two places of 9: with 4 bits, or
// with few rounds, it is larger than this by far.
TEST_CASE("Permutation: all orders are equally likely", "[permutation]") {
  constexpr int draws = 30'000;
  for (std::int64_t size : {2, 4, 5, 9}) {
    std::int64_t const places = size < 9 ? size : 2;
    std::vector<int> found(100'000, 0);
    std::int64_t orders = 1;
    for (std::int64_t k = 0; k < places; ++k) { orders *= size - k; }
    for (int seed = 0; seed < draws; ++seed) {
      // Seeds and numbers that follow each other, as people choose them.
      permutation const p = make_permutation(size, std::uint64_t(seed / 4), seed % 4);
      std::int64_t code = 0;
      for (std::int64_t k = 0; k < places; ++k) { code = code * size + permuted(p, k); }
      ++found[std::size_t(code)];
    }
    double const expected = double(draws) / double(orders);
    double chi = 0;
    std::int64_t seen = 0;
    for (int count : found) {
      if (count == 0) { continue; }
      ++seen;
      chi += (count - expected) * (count - expected) / expected;
    }
    CAPTURE(size, chi);
    CHECK(seen == orders);
    // Its mean is the degrees of freedom, its variance twice that: 5 sigma, and more where there are few.
    double const freedom = double(orders - 1);
    CHECK(chi < freedom + 7.1 * std::sqrt(freedom) + 10);
  }
}
