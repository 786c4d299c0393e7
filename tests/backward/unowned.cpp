// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/backward/fuse.hpp"
#include "support/backward/resample.hpp"
#include "support/catch.hpp"
#include "support/fuse/fusion.hpp"
#include "support/owners.hpp"
#include "support/scenario.hpp"

// Packed rows that no trajectory owns are fill, not valid, and 0 in gradients: rows around all trajectories, all rows
// of a batch of 0, and rows that descending offsets leave to nobody. And null is fine
// for what has no element.
namespace test {
namespace {

using numbers = std::vector<double>;

/// Packed timelines with `offsets` over `rows` rows, of both kinds.
std::vector<timeline_data<float>> packed_timelines(std::vector<std::int64_t> const& offsets, std::int64_t rows) {
  std::vector<float> stamps;
  for (std::int64_t row = 0; row < rows; ++row) { stamps.push_back(float(row)); }
  return {ragged<float>(stamps, offsets), uniform_ragged<float>(0, {}, 1, 1, offsets, rows)};
}

template <class Stamp>
void draw_offsets(generator& random, timeline_data<Stamp>& t) {
  for (auto& offset : t.offsets) { offset = random.between(-5, t.rows + 5); }
  if (random.chance(0.1) && !t.offsets.empty()) { t.offsets.back() = random.one_of({INT64_MIN, INT64_MAX}); }
}

}  // namespace

TEST_CASE("Owners: each row has one at most, which claims it; owners ascend, and ascending offsets are taken literally",
          "[timelines]") {
  generator random(9000);
  for (int round = 0; round < 300; ++round) {
    std::int64_t const batch = random.between(0, 9);
    std::int64_t const total = random.between(0, 30);
    std::vector<std::int64_t> offsets;
    for (std::int64_t b = 0; b <= batch; ++b) { offsets.push_back(random.between(-3, total + 3)); }
    bool const ascends = round % 3 == 0;
    if (ascends) { std::sort(offsets.begin(), offsets.end()); }
    auto const owners = owners_of(offsets, total);
    for (std::int64_t row = 0, last = -1; row < total; ++row) {
      std::int64_t const b = owners[std::size_t(row)];
      if (b < 0) { continue; }
      CHECK((offsets[std::size_t(b)] <= row && row < offsets[std::size_t(b) + 1]));
      CHECK(b >= last);
      last = b;
    }
    for (std::int64_t b = 0; b < batch; ++b) {
      auto const [begin, end] = rows_owned(offsets, total, b);
      CHECK(end - begin == std::count(owners.begin(), owners.end(), b));
      if (begin < end) { CHECK((owners[std::size_t(begin)] == b && owners[std::size_t(end - 1)] == b)); }
      if (ascends) {
        auto const clamped = [&](std::int64_t i) {
          return std::clamp<std::int64_t>(offsets[std::size_t(i)], 0, total);
        };
        CHECK(end - begin == clamped(b + 1) - clamped(b));
      }
    }
  }
}

TEST_CASE("Unowned rows: of a batch of 0 all packed rows are fill, for every method", "[timelines]") {
  for (auto const& source : packed_timelines({0}, 2)) {
    for (auto const& target : packed_timelines({0}, 5)) {
      for (auto method : all_methods) {
        problem<float> p;
        p.source = source;
        p.target = target;
        p.options.method = method;
        p.options.fill = 7;
        p.channels = channels_for(method, 3);
        p.result_row_stride = p.channels + 1;  // what is between rows stays
        p.set_values(numbers(std::size_t(2 * p.channels), 1));
        CHECK(verify(p) == "");
        CHECK(results_of(p) == numbers(5, 7));
        CHECK(valid_of(p) == std::vector<int>(5, 0));
      }
    }
    problem<float> p;  // windows that name trajectories of nothing
    p.source = source;
    p.target = windows<float>({0, 1}, {0, 1}, {0, 1});
    p.set_values({1, 2});
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Unowned rows: of a batch of 0 all packed rows of a fusion are fill", "[fuse]") {
  auto p =
      fusion<float>({one_stream<float>({0, 1}, {1, 2}), one_stream<float>({0, 1}, {1, 2}, interpolation::pchip)}, {});
  for (auto const& when : packed_timelines({0}, 2)) {
    for (auto& s : p.streams) { s.series.source = when; }
    p.streams[0].series.options.fill = 7;
    p.streams[1].first_channel = 3;
    p.target = packed_timelines({0}, 5)[0];
    p.all_mask = true;
    CHECK(verify(p) == "");
    CHECK(rows_of(p) == rows(5, numbers{7, 0, 0, 0}));
    CHECK(masks_of(p) == masks(5, mask{0, 0}));
  }
}

TEST_CASE("Unowned rows: gradients of values and of target times are 0", "[backward]") {
  // All rows of a batch of 0; rows behind all trajectories, as many as a tile has and more; offsets far outside.
  for (auto const& offsets : std::vector<std::vector<std::int64_t>>{
           {0}, {0, 2, 5}, {3, 5, 5}, {INT64_MIN, 2, 3}, {2, 3, INT64_MAX}, {INT64_MIN, INT64_MIN, 4}}) {
    for (std::int64_t count : {8, 1000}) {
      for (auto const& when : packed_timelines(offsets, count)) {
        backward_problem<float> p;
        p.forward.source = p.forward.target = when;
        p.forward.channels = 3;
        generator random(9001);
        p.forward.draw_values(random);
        p.draw_results(random);
        p.wants_targets = true;
        CAPTURE(offsets.size(), offsets[0], count);
        CHECK(verify(p) == "");
        if (offsets.size() > 1 && offsets[0] == 0) {
          auto const o = resample_backward(p);
          for (std::int64_t row = 5; row < 8; ++row) { CHECK(gradient_at(p, o, row, 2) == 0); }
        }
      }
    }
  }
}

TEST_CASE("Unowned rows: gradients of a fusion", "[fuse_backward]") {
  for (auto const& offsets : std::vector<std::vector<std::int64_t>>{{0}, {0, 2, 5}, {INT64_MIN, 2, 3}}) {
    for (auto const& when : packed_timelines(offsets, 8)) {
      fuse_backward_problem<float> p;
      auto s = one_stream<float>({0}, {1});
      s.series.source = when;
      s.series.channels = 2;
      s.scale = {2, 3};
      generator random(9002);
      s.series.draw_values(random);
      p.forward = fusion<float>({s, s}, {});
      p.forward.target = when;
      p.out.assign(2, {true, true, true});
      p.wants_targets = true;
      p.draw_results(random);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Unowned rows: a fusion's target offsets that descend", "[fuse]") {
  generator random(9003);
  for (int round = 0; round < 40; ++round) {
    auto p = draw_fuse<double>(random, random.one_of({shape::ragged, shape::uniform_ragged}), 4);
    draw_offsets(random, p.target);
    p.all_mask = true;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Unowned rows: gradients by target offsets that descend, and by source offsets that do", "[backward]") {
  generator random(9004);
  for (int round = 0; round < 60; ++round) {
    draw_limits const limits = round % 10 == 9 ? draw_limits{300, 4, 5, 0} : draw_limits{4, 60, 9, 0};
    auto const source = random.one_of({shape::ragged, shape::uniform_ragged});
    auto p = draw_backward<double>(random, source, random.one_of({shape::ragged, shape::uniform_ragged}), limits);
    p.wants_targets = p.forward.options.method == interpolation::linear;
    draw_offsets(random, p.forward.target);
    CHECK(verify(p) == "");
    // A sample that two trajectories claim gets its owner's share alone, which the replay does not know.
    draw_offsets(random, p.forward.source);
    std::sort(p.forward.source.stamps.begin(), p.forward.source.stamps.end());
    p.order = target_order::any;
    auto const o = resample_backward(p);
    CHECK(o.trouble + o.state.message() == "");
  }
}

TEST_CASE("Unowned rows: gradients of a fusion by target offsets that descend", "[fuse_backward]") {
  generator random(9005);
  for (int round = 0; round < 30; ++round) {
    auto p = draw_fuse_backward<float>(random, random.one_of({shape::ragged, shape::uniform_ragged}), 3, {4, 50, 9, 0});
    draw_offsets(random, p.forward.target);
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Nothing to do: what has no element may be null, and is no error", "[call]") {
  using when = timeline<float>;
  float const stamps[4] = {0, 1, 2, 3};
  // Zero windows that name trajectories: their array has no element.
  status s = resample_views<float>({stamps, when::dense(stamps, 2, 2), 1},
                                   when::windows(nullptr, stamps, 0, 4, nullptr), {nullptr, nullptr}, {});
  CHECK(std::string(s.message()) == "");
  // No targets, whatever else is null.
  s = resample_views<float>({nullptr, when::dense(nullptr, 1, 4), 3}, when::dense(nullptr, 1, 0), {nullptr, nullptr},
                            {});
  CHECK(std::string(s.message()) == "");
  s = resample_views<float>({nullptr, when::dense(nullptr, 0, 4), 3}, when::dense(nullptr, 0, 4), {nullptr, nullptr},
                            {});
  CHECK(std::string(s.message()) == "");
}

TEST_CASE("Nothing to do: gradients of a resampling with a 0 in each place of its shape", "[backward]") {
  struct sizes {
    std::int64_t batch, length, targets;
  };
  for (sizes const& n : {sizes{0, 5, 4}, {2, 0, 4}, {2, 5, 0}, {0, 0, 0}, {2, 0, 0}}) {
    for (bool values : {true, false}) {
      for (bool targets : {true, false}) {
        backward_problem<float> p;
        p.forward.source = dense(std::vector<float>(std::size_t(n.batch * n.length), 1.0f), n.batch);
        p.forward.target = dense(std::vector<float>(std::size_t(n.batch * n.targets), 1.0f), n.batch);
        p.forward.source.length = p.forward.source.stride = n.length;
        p.forward.target.length = p.forward.target.stride = n.targets;
        p.forward.channels = 3;
        p.wants_values = values;
        p.wants_targets = targets;
        generator random(9006);
        p.forward.draw_values(random);
        p.draw_results(random);
        CAPTURE(n.batch, n.length, n.targets, values, targets);
        CHECK(verify(p) == "");
      }
    }
  }
  backward_problem<float> packed;
  packed.forward.source = packed.forward.target = ragged<float>({}, {0, 0});
  packed.wants_targets = true;
  CHECK(verify(packed) == "");
}

}  // namespace test
