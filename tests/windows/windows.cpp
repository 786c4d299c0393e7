// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/random.hpp"
#include "support/windows/oracle.hpp"
#include "support/windows/windows.hpp"

// The semantics' chapter "Windows".
using namespace test;

namespace {

using window = std::pair<std::int64_t, std::int64_t>;  // trajectory, anchor

/// Adds an episode to the last set.
void add_episode(window_problem& p, std::int64_t windows, std::int64_t start, std::int64_t last = 0) {
  p.offsets.push_back(p.offsets.back() + windows);
  p.starts.push_back(start);
  p.lasts.push_back(last);
  ++p.plan.episodes;
  p.set_offsets.back() = p.plan.episodes;
}

/// Ends the last set, which an epoch has `draws` windows of; -1: each of its windows once.
void end_set(window_problem& p, std::int64_t draws = -1) {
  std::int64_t const first = p.set_offsets[p.set_offsets.size() - 2];
  std::int64_t const windows = p.offsets.back() - p.offsets[std::size_t(first)];
  p.draws.push_back((p.draws.size() == 1 ? 0 : p.draws.back()) + (draws < 0 ? windows : draws));
  p.set_offsets.push_back(p.set_offsets.back());
}

/// A plan without sets yet.
window_problem empty_problem() {
  window_problem p;
  p.draws = {0};
  return p;
}

window_problem& finished(window_problem& p) {
  p.set_offsets.pop_back();
  p.plan.sets = std::int64_t(p.draws.size()) - 1;
  if (!p.plan.anywhere) { p.lasts.clear(); }
  return p;
}

/// Episodes of all lengths, none included, in up to four sets, of all kinds of anchors.
window_problem drawn(generator& random) {
  window_problem p = empty_problem();
  bool const sampled = random.chance(0.4);
  p.plan.anywhere = !sampled && random.chance(0.5);
  p.plan.num = sampled ? 1 : random.one_of<std::int64_t>({1, 3, 1000, 1'000'000'000});
  p.plan.den = sampled ? 1 : random.one_of<std::int64_t>({1, 1, 30, 7});
  std::int64_t const sets = random.between(1, 4);
  bool const weighted = random.chance(0.5);
  for (std::int64_t s = 0; s < sets; ++s) {
    std::int64_t const episodes = random.between(0, 5);
    for (std::int64_t e = 0; e < episodes; ++e) {
      std::int64_t const windows = random.chance(0.2) ? 0 : random.between(1, 30);
      if (sampled) {
        auto const rows = std::int64_t(p.stamps.size());
        for (std::int64_t i = 0; i < windows; ++i) { p.stamps.push_back(random.between(-1'000'000, 1'000'000)); }
        add_episode(p, windows, rows);
        continue;
      }
      std::int64_t const start = random.between(-5'000'000'000, 5'000'000'000);
      std::int64_t const cell = p.plan.num / p.plan.den;
      add_episode(p, windows, start, start + (windows - 1) * p.plan.num / p.plan.den + random.between(0, cell));
    }
    std::int64_t const of_set = p.offsets.back() - p.offsets[std::size_t(p.set_offsets[p.set_offsets.size() - 2])];
    end_set(p, weighted && of_set > 0 ? random.between(0, 60) : -1);
  }
  if (sampled && p.stamps.empty()) { p.stamps.push_back(0); }
  if (random.chance(0.3)) {
    for (std::int64_t e = 0; e < p.plan.episodes; ++e) { p.trajectory.push_back(1000 - e); }
  }
  finished(p);
  p.plan.rows = std::int64_t(p.stamps.size());
  p.draw.seed = std::int64_t(random.next());
  p.draw.ranks = random.between(1, 4);
  p.draw.batch = p.draw.ranks * random.between(1, 9);
  p.draw.rank = random.between(0, p.draw.ranks - 1);
  p.draw.batches = random.between(0, 6);
  p.step = random.chance(0.1) ? random.between(0, std::int64_t(1) << 40) : random.between(0, 50);
  return p;
}

found_windows drawn_by(window_problem const& p) {
  found_windows o = sample_windows(p);
  CHECK(o.trouble == "");
  REQUIRE(o.state.ok());
  return o;
}

/// The windows of an epoch without its padding, of all ranks.
std::vector<window> epoch_of(window_problem p, std::int64_t epoch) {
  std::int64_t const steps = (p.draws.back() + p.draw.batch - 1) / p.draw.batch;
  p.step = epoch * steps;
  p.draw.batches = steps;
  std::vector<window> all;
  for (p.draw.rank = 0; p.draw.rank < p.draw.ranks; ++p.draw.rank) {
    found_windows const o = drawn_by(p);
    for (std::size_t i = 0; i < o.anchors.size(); ++i) {
      if (o.padding[i] == 0) { all.emplace_back(o.trajectory[i], o.anchors[i]); }
    }
  }
  return all;
}

/// Three episodes with 5, 0 and 8 windows on a grid of 10.
window_problem small() {
  window_problem p = empty_problem();
  p.plan.num = 10;
  add_episode(p, 5, 100);
  add_episode(p, 0, 200);
  add_episode(p, 8, -300);
  end_set(p);
  return finished(p);
}

}  // namespace

TEST_CASE("Windows: each row is the one that the rule names", "[windows][sanitize]") {
  for (int i = 0; i < count_draws(60); ++i) {
    generator random(1000 + std::uint64_t(i));
    window_problem const p = drawn(random);
    CAPTURE(i, p.draw.batch, p.draw.rank, p.draw.ranks, p.step);
    found_windows const found = drawn_by(p);
    found_windows const wanted = oracle_windows(p);
    CHECK(found.trajectory == wanted.trajectory);
    CHECK(found.anchors == wanted.anchors);
    CHECK(found.padding == wanted.padding);
  }
}

TEST_CASE("Windows: an epoch has each once, whatever the ranks and the batch", "[windows]") {
  std::set<window> wanted;
  for (std::int64_t k = 0; k < 5; ++k) { wanted.emplace(0, 100 + 10 * k); }
  for (std::int64_t k = 0; k < 8; ++k) { wanted.emplace(2, -300 + 10 * k); }
  std::set<std::vector<window>> orders;
  for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
    for (auto const& [batch, ranks] : {std::pair{1, 1}, {6, 1}, {6, 2}, {6, 3}, {13, 1}, {13, 13}, {40, 4}}) {
      window_problem p = small();
      p.draw.batch = batch;
      p.draw.ranks = ranks;
      auto all = epoch_of(p, epoch);
      if (ranks == 1) { orders.insert(all); }
      CHECK(all.size() == wanted.size());
      CHECK(std::set<window>(all.begin(), all.end()) == wanted);
    }
  }
  CHECK(orders.size() == 4);  // one for each epoch, whatever the batch
}

TEST_CASE("Windows: ranks share the batches of one", "[windows]") {
  for (std::int64_t ranks : {2, 3, 6}) {
    window_problem p = small();
    p.draw.batch = 6;
    p.draw.batches = 7;
    p.step = 2;
    found_windows const alone = drawn_by(p);
    p.draw.ranks = ranks;
    for (p.draw.rank = 0; p.draw.rank < ranks; ++p.draw.rank) {
      found_windows const part = drawn_by(p);
      REQUIRE(part.anchors.size() == std::size_t(42 / ranks));
      for (std::size_t i = 0; i < part.anchors.size(); ++i) {
        auto const of_all = std::size_t(std::int64_t(i) * ranks + p.draw.rank);
        CHECK(part.trajectory[i] == alone.trajectory[of_all]);
        CHECK(part.anchors[i] == alone.anchors[of_all]);
        CHECK(part.padding[i] == alone.padding[of_all]);
      }
    }
  }
}

TEST_CASE("Windows: batches follow from their step alone", "[windows]") {
  window_problem p = small();
  p.draw.batch = 5;
  p.draw.batches = 12;
  found_windows const all = drawn_by(p);
  p.draw.batches = 1;
  for (p.step = 0; p.step < 12; ++p.step) {
    found_windows const one = drawn_by(p);
    for (std::size_t i = 0; i < 5; ++i) { CHECK(one.anchors[i] == all.anchors[std::size_t(5 * p.step) + i]); }
  }
}

TEST_CASE("Windows: the last batch of an epoch is filled up with its first one", "[windows]") {
  window_problem p = small();  // 13
  p.draw.batch = 5;
  p.step = 2;
  found_windows const o = drawn_by(p);
  CHECK(o.padding == std::vector<std::uint8_t>{0, 0, 0, 1, 1});
  for (std::size_t i = 3; i < 5; ++i) {
    CHECK(o.anchors[i] == o.anchors[0]);
    CHECK(o.trajectory[i] == o.trajectory[0]);
  }
}

TEST_CASE("Windows: sets have their share of each epoch, and each of their windows in turn", "[windows]") {
  window_problem p = empty_problem();
  p.plan.num = 10;
  add_episode(p, 7, 0);
  end_set(p, 20);  // nearly three times each
  add_episode(p, 50, 1000);
  end_set(p, 10);  // a fifth of them
  end_set(p, 0);
  finished(p);
  p.draw.batch = 4;
  std::map<window, int> counts;
  for (std::int64_t epoch = 0; epoch < 35; ++epoch) {
    int of_first = 0;
    for (auto const& one : epoch_of(p, epoch)) {
      of_first += one.first == 0;
      ++counts[one];
    }
    CHECK(of_first == 20);
    if (epoch == 4) {
      for (auto const& [one, count] : counts) { CHECK((one.first == 0 || count == 1)); }
      CHECK(counts.size() == 57);
    }
  }
  for (auto const& [one, count] : counts) { CHECK(count == (one.first == 0 ? 100 : 7)); }
}

TEST_CASE("Windows: anywhere is between the grid's times and not behind the end", "[windows]") {
  window_problem p = empty_problem();
  p.plan.anywhere = true;
  p.plan.num = 1000;
  p.plan.den = 3;
  add_episode(p, 4, 10, 10 + 1100);
  add_episode(p, 1, 50, 50);
  end_set(p);
  finished(p);
  p.draw.batch = 5;
  std::set<std::int64_t> times;
  for (std::int64_t epoch = 0; epoch < 200; ++epoch) {
    std::set<std::int64_t> cells;
    for (auto const& [trajectory, anchor] : epoch_of(p, epoch)) {
      if (trajectory == 1) {
        CHECK(anchor == 50);
        continue;
      }
      CHECK((anchor >= 10 && anchor <= 1110));
      cells.insert(((anchor - 10 + 1) * 3 - 1) / 1000);
      times.insert(anchor);
    }
    CHECK(cells == std::set<std::int64_t>{0, 1, 2, 3});
  }
  CHECK(times.size() > 400);
  CHECK(*times.begin() < 30);
  CHECK(*times.rbegin() > 1090);
}

TEST_CASE("Windows: where there is none, a window is an empty series", "[windows][sanitize]") {
  window_problem p = small();
  p.draw.batch = 3;
  SECTION("an empty plan") {
    p = empty_problem();
    end_set(p);
    finished(p);
    p.draw.batch = 3;
  }
  SECTION("a set without windows that is drawn") {
    p = empty_problem();
    add_episode(p, 0, 7);
    end_set(p, 5);
    finished(p);
    p.draw.batch = 3;
  }
  SECTION("a step before the first one") { p.step = -1; }
  SECTION("rows that are not there") {
    p.stamps = {1, 2, 3};
    p.plan.rows = 3;  // starts are 100 and -300
  }
  found_windows const o = drawn_by(p);
  CHECK(o.trajectory == std::vector<std::int64_t>(3, -1));
  CHECK(o.anchors == std::vector<std::int64_t>(3, 0));
  CHECK(o.padding == std::vector<std::uint8_t>(3, 1));
}

TEST_CASE("Windows: an episode that names more rows than there are", "[windows][sanitize]") {
  window_problem p = empty_problem();
  p.stamps = {10, 20, 30};
  p.plan.rows = 3;
  add_episode(p, 5, 0);
  end_set(p);
  finished(p);
  std::vector<window> const all = epoch_of(p, 0);
  CHECK(std::set<window>(all.begin(), all.end()) == std::set<window>{{0, 10}, {0, 20}, {0, 30}});
}

TEST_CASE("Windows: whatever a plan holds, nothing else is read", "[windows][sanitize]") {
  exact_memory const without_guards;
  for (int i = 0; i < count_draws(30); ++i) {
    generator random(7000 + std::uint64_t(i));
    window_problem p = drawn(random);
    auto const largest = std::numeric_limits<std::int64_t>::max();
    for (auto* const numbers : {&p.offsets, &p.starts, &p.set_offsets}) {
      for (auto& one : *numbers) {
        if (random.chance(0.3)) { one = random.one_of<std::int64_t>({-1, largest, -largest, one + 1, 0}); }
      }
    }
    found_windows const o = sample_windows(p);
    CHECK(o.state.ok());
    CHECK(o.trouble == "");
  }
}

TEST_CASE("Windows: refused arguments are named, and nothing is written", "[windows]") {
  std::vector<std::int64_t> const numbers(4, 0);
  window_plan plan;
  plan.episodes = 1;
  plan.offsets = plan.starts = plan.set_offsets = plan.draws = numbers.data();
  std::vector<std::int64_t> to(8, 77);
  window_draw draw;
  draw.step = numbers.data();
  draw.batch = 4;
  window_output out{to.data(), to.data() + 4, nullptr};
  auto const refusal = [&] {
    status const s = sample_windows_views(plan, draw, out);
    CHECK(s.code() == status_code::invalid_argument);
    CHECK(to == std::vector<std::int64_t>(8, 77));
    return std::string(s.message());
  };
  SECTION("episodes") {
    plan.episodes = -1;
    CHECK(refusal().find("plan.episodes: found -1, want 0") == 0);
  }
  SECTION("sets") {
    plan.sets = 1 << 20;
    CHECK(refusal() == "plan.sets: found 1048576, want 1 to 1048575");
  }
  SECTION("pointers") {
    plan.starts = nullptr;
    CHECK(refusal() == "plan.starts: found a null pointer, want 1 elements");
  }
  SECTION("the latest anchors") {
    plan.anywhere = true;
    CHECK(refusal() == "plan.lasts: found a null pointer, want 1 elements");
  }
  SECTION("anywhere between samples") {
    plan.anywhere = true;
    plan.lasts = plan.stamps = numbers.data();
    CHECK(refusal() == "plan.anywhere: found it with stamps, want one of the two");
  }
  SECTION("the period") {
    plan.den = 0;
    CHECK(refusal().find("plan.den: found 0, want 1 to ") == 0);
  }
  SECTION("the batch") {
    draw.batch = 0;
    CHECK(refusal().find("draw.batch: found 0, want 1 to ") == 0);
  }
  SECTION("the rank") {
    draw.rank = draw.ranks = 2;
    CHECK(refusal() == "draw.rank: found 2, want 0 to 1");
  }
  SECTION("ranks that do not divide it") {
    draw.ranks = 3;
    CHECK(refusal() == "draw.batch: found 4, want a multiple of the 3 ranks");
  }
  SECTION("the step") {
    draw.step = nullptr;
    CHECK(refusal() == "draw.step: found a null pointer, want 1 elements");
  }
  SECTION("results") {
    out.anchors = nullptr;
    CHECK(refusal() == "out.anchors: found a null pointer, want 4 elements");
  }
}

TEST_CASE("Windows: more rows than a grid has threads", "[windows]") {
  window_problem p = small();
  p.draw.batch = 997;
  p.draw.batches = 60;
  found_windows const found = drawn_by(p);
  CHECK(found.anchors == oracle_windows(p).anchors);
  p.draw.batches = 1;
  for (p.step = 57; p.step < 60; ++p.step) {
    found_windows const one = drawn_by(p);
    CHECK(std::equal(one.anchors.begin(), one.anchors.end(), found.anchors.begin() + 997 * p.step));
  }
}
