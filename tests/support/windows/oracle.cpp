// SPDX-License-Identifier: Apache-2.0
#include "support/windows/oracle.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include <robocache/device/permutation.cuh>

// Lists of windows, of the sets' turns and of their passes, each shuffled whole. The bijection is the library's own,
// which has tests of its own.
namespace test {

namespace {

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

std::uint64_t split_mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

struct one_window {
  std::int64_t trajectory;
  std::int64_t first;  ///< anchor, and the last one that it may have
  std::int64_t last;
};

/// The windows of each set.
std::vector<std::vector<one_window>> sets_of(window_problem const& p) {
  std::vector<std::vector<one_window>> sets(std::size_t(p.plan.sets));
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (auto e = std::size_t(p.set_offsets[s]); e < std::size_t(p.set_offsets[s + 1]); ++e) {
      std::int64_t const trajectory = p.trajectory.empty() ? std::int64_t(e) : p.trajectory[e];
      for (std::int64_t k = 0; k < p.offsets[e + 1] - p.offsets[e]; ++k) {
        auto const tick = [&](std::int64_t i) { return p.starts[e] + std::int64_t(wide(i) * p.plan.num / p.plan.den); };
        std::int64_t const first =
            p.stamps.empty() || p.plan.rows == 0 ? tick(k) : p.stamps[std::size_t(p.starts[e] + k)];
        std::int64_t last = first;
        if (p.plan.anywhere) { last = tick(k + 1) <= p.lasts[e] ? tick(k + 1) - 1 : p.lasts[e]; }
        sets[s].push_back({trajectory, first, last});
      }
    }
  }
  return sets;
}

std::vector<std::int64_t> shuffled(std::int64_t count, std::int64_t seed, std::int64_t id) {
  auto const of = robocache::device::make_permutation(count, std::uint64_t(seed), id);
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < count; ++i) { order.push_back(robocache::device::permuted(of, i)); }
  return order;
}

}  // namespace

found_windows oracle_windows(window_problem const& p) {
  auto const sets = sets_of(p);
  std::int64_t const total = p.draws.back();
  std::int64_t const batch = p.draw.batch;
  found_windows o;
  for (std::int64_t step = p.step; step < p.step + p.draw.batches; ++step) {
    std::int64_t const steps = (total + batch - 1) / batch;
    std::int64_t const epoch = total == 0 ? 0 : step / steps;
    std::vector<std::int64_t> const turns = shuffled(total, p.draw.seed, epoch * (1 << 20));
    for (std::int64_t row = p.draw.rank; row < batch; row += p.draw.ranks) {
      std::int64_t place = total == 0 ? 0 : step % steps * batch + row;
      bool const padding = place >= total;
      if (padding && total > 0) { place -= row; }
      std::size_t s = 0;
      std::int64_t before = total == 0 ? 0 : turns[std::size_t(place)];  // how many turns of the epoch the set has had
      while (s < sets.size() && before >= p.draws[s + 1] - p.draws[s]) {
        before -= p.draws[s + 1] - p.draws[s];
        ++s;
      }
      if (s == sets.size() || sets[s].empty()) {
        o.trajectory.push_back(-1);
        o.anchors.push_back(0);
        o.padding.push_back(1);
        continue;
      }
      auto const windows = std::int64_t(sets[s].size());
      std::int64_t const drawn = epoch * (p.draws[s + 1] - p.draws[s]) + before;
      std::int64_t const pass = drawn / windows;
      std::int64_t const number =
          shuffled(windows, p.draw.seed, pass * (1 << 20) + std::int64_t(s) + 1)[std::size_t(drawn % windows)];
      one_window const& one = sets[s][std::size_t(number)];
      std::int64_t of_all = number;
      for (std::size_t other = 0; other < s; ++other) { of_all += std::int64_t(sets[other].size()); }
      constexpr std::uint64_t step_of_state = 0x9E3779B97F4A7C15;
      std::uint64_t bits = split_mix(std::uint64_t(p.draw.seed) + step_of_state);
      bits = split_mix(split_mix(bits ^ std::uint64_t(pass)) ^ std::uint64_t(of_all));
      auto const span = static_cast<unsigned_wide>(one.last) - static_cast<unsigned_wide>(one.first) + 1;
      o.trajectory.push_back(one.trajectory);
      o.anchors.push_back(one.first + (p.plan.anywhere ? std::int64_t(bits * span >> 64) : 0));
      o.padding.push_back(padding ? 1 : 0);
    }
  }
  return o;
}

}  // namespace test
