// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "support/append/append.hpp"
#include "support/backend.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/scenario.hpp"

// The semantics' chapter "Rings": online equals offline.
using namespace test;

namespace {

constexpr std::int64_t batch = 3;
constexpr std::int64_t capacity = 24;
constexpr std::int64_t samples = 120;

/// A recording and the ring that it is fed to, tick after tick, each trajectory with a clock of its own.
template <class Stamp>
void replay(std::uint64_t seed) {
  generator random(seed);
  auto const scale = draw_scale<Stamp>(random);
  problem<Stamp> offline;
  offline.source = draw_source(random, shape::dense, batch, samples, scale);
  offline.source.stamps.resize(std::size_t(batch * offline.source.stride));
  offline.options.method = random.one_of(all_methods);
  offline.channels = channels_for(offline.options.method, random.between(1, 9));
  offline.options.before = random.one_of({edge::clamp, edge::fill, edge::extrapolate});
  offline.options.after = random.one_of({edge::clamp, edge::fill, edge::extrapolate, edge::hold});
  if (random.chance(0.5)) { offline.options.max_gap = Stamp(double(scale.step) * 1.4); }
  offline.draw_values(random);
  problem<Stamp> online = offline;

  append_problem<Stamp> p;
  p.batch = batch;
  p.streams = {empty_ring<Stamp>(batch, capacity, offline.channels)};
  auto& stream = p.streams[0];
  std::vector<std::int64_t> sent(batch, 0);
  std::vector<Stamp> deltas;
  for (int k = 5; k >= 0; --k) { deltas.push_back(Stamp(double(scale.step) * (-k + 0.25))); }
  for (int tick = 0; tick < 40; ++tick) {
    stream.rows = random.between(0, 7);
    stream.new_stamps.assign(std::size_t(batch * stream.rows), Stamp(0));
    stream.new_values.assign(std::size_t(batch * stream.rows * stream.row_bytes()), std::byte(0));
    stream.counts.assign(batch, 0);
    std::vector<Stamp> clocks;
    for (std::int64_t b = 0; b < batch; ++b) {
      std::int64_t& first = sent[std::size_t(b)];
      std::int64_t const count = std::min(random.between(0, stream.rows), samples - first);
      stream.counts[std::size_t(b)] = count;
      for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t const from = b * offline.source.stride + first + i;
        stream.new_stamps[std::size_t(b * stream.rows + i)] = offline.source.stamps[std::size_t(from)];
        std::copy_n(offline.values.begin() + (b * samples + first + i) * stream.row_bytes(), stream.row_bytes(),
                    stream.new_values.begin() + (b * stream.rows + i) * stream.row_bytes());
      }
      first += count;
      // Now is between the newest sample that came and the next one.
      Stamp const start = offline.source.stamps[std::size_t(b * offline.source.stride)];
      Stamp now =
          first == 0 ? start - scale.step : offline.source.stamps[std::size_t(b * offline.source.stride + first - 1)];
      if (first < samples) {
        Stamp const next = offline.source.stamps[std::size_t(b * offline.source.stride + first)];
        Stamp const later = now + (next - now) / 2;
        now = later < next ? later : now;
        // Of duplicates all have come.
        if (!(now < next)) { now -= std::max(Stamp(scale.step / 8), std::is_integral_v<Stamp> ? Stamp(1) : Stamp(0)); }
      }
      clocks.push_back(now);
    }
    auto const o = append(p);
    REQUIRE(o.trouble == "");
    REQUIRE(o.state.ok());
    p.streams = o.streams;
    read_ring(stream, online);
    offline.target = windows(clocks, deltas, {}, clocks);
    online.target = windows(clocks, deltas, {}, clocks);
    auto const wanted = resample(offline);
    auto const found = resample(online);
    CAPTURE(seed, tick, describe(offline));
    REQUIRE(found.trouble == "");
    REQUIRE(difference(offline, found, wanted) == "");
  }
}

}  // namespace

TEST_CASE("Rings: online equals offline, by every method, tick after tick", "[append]") {
  int const draws = count_draws(12);
  for (int i = 0; i < draws; ++i) {
    std::uint64_t const seed = seed_or(5300) + std::uint64_t(i);
    replay<float>(3 * seed);
    replay<double>(3 * seed + 1);
    replay<std::int64_t>(3 * seed + 2);
  }
}
