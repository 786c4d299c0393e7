// SPDX-License-Identifier: Apache-2.0
#include "support/points/sampling_oracle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace test::oracle {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Each operation in a variable of its own, so that no compiler fuses two.
float squared_distance(float const* a, float const* b) {
  float const dx = a[0] - b[0];
  float const dy = a[1] - b[1];
  float const dz = a[2] - b[2];
  volatile float const xx = dx * dx;
  volatile float const yy = dy * dy;
  volatile float const zz = dz * dz;
  volatile float const xy = xx + yy;
  return xy + zz;
}

bool is_finite(float const* x) { return std::isfinite(x[0]) && std::isfinite(x[1]) && std::isfinite(x[2]); }

float const* point(cloud_data const& clouds, std::int64_t row) { return &clouds.xyz[std::size_t(3 * row)]; }

/// What stands in all places of a cloud that has these samples.
void write(sampling const& p, std::int64_t b, std::vector<std::int64_t> const& samples, sampled& to) {
  std::int64_t const begin = p.clouds.rows_of(b).first;
  auto const count = std::int64_t(samples.size());
  if (p.rest) { to.counts.push_back(count); }
  for (std::int64_t k = 0; k < p.samples; ++k) {
    std::int64_t index = -1;
    if (k < count) {
      index = samples[std::size_t(k)];
    } else if (p.shortage == shortage_rule::repeat && count > 0) {
      index = samples[std::size_t(k % count)];
    }
    to.indices.push_back(index);
    for (int axis = 0; p.rest && axis < 3; ++axis) {
      to.points.push_back(index < 0 ? 0.0f : point(p.clouds, begin + index)[axis]);
    }
  }
}

/// A permutation in whole numbers of 128 bits, by the formulas of the specification.
std::int64_t permuted(std::int64_t size, std::uint64_t seed, std::int64_t number, std::int64_t i) {
  __extension__ using wide = unsigned __int128;
  wide const word = wide(1) << 64;
  auto const mix = [&](wide z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u % word;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu % word;
    return z ^ (z >> 31);
  };
  wide const step = 0x9E3779B97F4A7C15u;
  int bits = 8;
  while ((wide(1) << bits) < wide(size)) { ++bits; }
  wide const left_end = wide(1) << bits / 2;
  int const right_bits = bits - bits / 2;
  wide const right_end = wide(1) << right_bits;
  wide x = wide(i);
  do {
    wide left = x / right_end;
    wide right = x % right_end;
    wide state = mix(mix((wide(seed) + step) % word) ^ wide(std::uint64_t(number)));
    for (int round = 0; round < 24; ++round) {
      state = (state + step) % word;
      wide const key = mix(state) >> 32;
      wide const product = left * 0xD2B74407B1CE6E93u % word;
      wide const low = product % (wide(1) << 32);
      wide const next = ((product >> 32) ^ key ^ right) % left_end;
      right = (low * (right_end / left_end) + right / left_end) % right_end;
      left = next;
    }
    x = left * right_end + right;
  } while (x >= wide(size));
  return std::int64_t(x);
}

}  // namespace

sampled sample_farthest(sampling const& p) {
  sampled found;
  for (std::int64_t b = 0; b < p.clouds.batch; ++b) {
    auto const [begin, end] = p.clouds.rows_of(b);
    std::vector<std::int64_t> left;
    std::vector<float> distance;
    for (std::int64_t row = begin; row < end; ++row) {
      if (is_finite(point(p.clouds, row))) {
        left.push_back(row - begin);
        distance.push_back(infinity);
      }
    }
    std::int64_t const start = p.starts.empty() ? p.start : p.starts[std::size_t(b)];
    std::vector<std::int64_t> samples;
    while (!left.empty() && std::int64_t(samples.size()) < p.samples) {
      std::size_t next = 0;
      if (samples.empty()) {
        auto const asked = std::find(left.begin(), left.end(), start);
        if (asked != left.end()) { next = std::size_t(asked - left.begin()); }
      } else {
        for (std::size_t i = 1; i < left.size(); ++i) {
          if (distance[i] > distance[next]) { next = i; }
        }
      }
      std::int64_t const taken = left[next];
      samples.push_back(taken);
      left.erase(left.begin() + long(next));
      distance.erase(distance.begin() + long(next));
      for (std::size_t i = 0; i < left.size(); ++i) {
        distance[i] =
            std::min(distance[i], squared_distance(point(p.clouds, begin + left[i]), point(p.clouds, begin + taken)));
      }
    }
    write(p, b, samples, found);
  }
  return found;
}

sampled sample_uniform(sampling const& p) {
  sampled found;
  for (std::int64_t b = 0; b < p.clouds.batch; ++b) {
    auto const [begin, end] = p.clouds.rows_of(b);
    std::int64_t const size = end - begin;
    std::int64_t const number = p.ids.empty() ? b : p.ids[std::size_t(b)];
    std::vector<std::int64_t> samples;
    for (std::int64_t k = 0; k < std::min(size, p.samples); ++k) {
      samples.push_back(p.samples < size ? permuted(size, p.seed, number, k) : k);
    }
    write(p, b, samples, found);
  }
  return found;
}

found_neighbours find_neighbours(neighbourhood const& p) {
  found_neighbours found;
  std::vector<std::vector<std::pair<float, std::int64_t>>> of_row(std::size_t(p.queries.total()));
  for (std::int64_t b = 0; b < p.queries.batch; ++b) {
    auto const [begin, end] = p.clouds.rows_of(b);
    for (auto [row, last] = p.queries.rows_of(b); row < last; ++row) {
      if (!is_finite(point(p.queries, row))) { continue; }
      auto& all = of_row[std::size_t(row)];
      for (std::int64_t i = begin; i < end; ++i) {
        if (!is_finite(point(p.clouds, i))) { continue; }
        float const distance = squared_distance(point(p.queries, row), point(p.clouds, i));
        volatile float const square = p.radius * p.radius;
        if (p.radius < 0 || distance <= square) { all.push_back({distance, i - begin}); }
      }
      if (p.radius < 0) { std::stable_sort(all.begin(), all.end()); }
      all.resize(std::min(all.size(), std::size_t(p.k)));
    }
  }
  for (auto const& all : of_row) {
    if (p.rest) { found.counts.push_back(std::int64_t(all.size())); }
    for (std::size_t i = 0; i < std::size_t(p.k); ++i) {
      found.indices.push_back(i < all.size() ? all[i].second : -1);
      if (p.rest) { found.distances.push_back(i < all.size() ? all[i].first : infinity); }
    }
  }
  return found;
}

}  // namespace test::oracle
