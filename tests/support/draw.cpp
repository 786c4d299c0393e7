// SPDX-License-Identifier: Apache-2.0
#include "support/draw.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "support/oracle.hpp"
#include "support/scenario.hpp"

namespace test {
namespace {

template <class Stamp>
Stamp fraction_of(Stamp step, double factor) {
  return static_cast<Stamp>(static_cast<double>(step) * factor);
}

/// A time at, between, before or after the samples.
template <class Stamp>
Stamp draw_time(generator& random, std::vector<Stamp> const& samples, time_scale<Stamp> const& s) {
  if (samples.empty()) { return s.start + fraction_of(s.step, 8 * random.unit()); }
  Stamp const low = samples.front();
  Stamp const high = samples.back();
  double const kind = random.unit();
  auto const at = std::size_t(random.between(0, std::int64_t(samples.size()) - 1));
  if (kind < 0.25) { return samples[at]; }
  if (kind < 0.35 && at + 1 < samples.size()) { return samples[at] + (samples[at + 1] - samples[at]) / 2; }
  if (kind < 0.80) { return low + fraction_of<Stamp>(high - low, random.unit()); }
  if (kind < 0.88) { return low - fraction_of(s.step, 3 * random.unit()); }
  if (kind < 0.96) { return high + fraction_of(s.step, 3 * random.unit()); }
  if constexpr (std::is_integral_v<Stamp>) {
    return random.one_of<Stamp>({INT64_MIN, INT64_MAX});
  } else {
    using limits = std::numeric_limits<Stamp>;
    return random.one_of<Stamp>({limits::quiet_NaN(), limits::infinity(), -limits::infinity()});
  }
}

/// Ascending offsets; now and then the first and last rows belong to nobody, or an offset points outside.
std::vector<std::int64_t> draw_offsets(generator& random, std::vector<std::int64_t> const& counts, std::int64_t& rows) {
  rows = 0;
  if (counts.empty()) { return {0}; }  // an empty batch: nothing to do, however many rows there are
  std::vector<std::int64_t> offsets{random.chance(0.2) ? random.between(0, 3) : 0};
  for (auto count : counts) { offsets.push_back(offsets.back() + count); }
  rows = offsets.back() + (random.chance(0.2) ? random.between(0, 3) : 0);
  if (random.chance(0.1)) { offsets.front() = -random.between(1, 1000); }
  if (random.chance(0.1)) { offsets.back() = rows + random.between(1, 1000); }
  return offsets;
}

template <class Stamp>
timeline_data<Stamp> draw_uniform(generator& random, shape kind, std::int64_t batch, std::int64_t length,
                                  time_scale<Stamp> const& s, Stamp start) {
  Stamp num = std::max(fraction_of(s.step, 0.5 + random.unit()), std::is_integral_v<Stamp> ? Stamp(1) : Stamp(0));
  Stamp den = 1;
  if (random.chance(0.5)) {
    den = random.one_of<Stamp>({3, 7, 30});
    num = num * random.one_of<Stamp>({2, 10, 31});
  }
  std::vector<Stamp> starts;
  for (std::int64_t b = 0; b < batch; ++b) { starts.push_back(start + fraction_of(s.step, 4 * random.unit() - 2)); }
  if (kind == shape::uniform) { return uniform(start, num, den, batch, length); }
  if (kind == shape::uniform_each) { return uniform_each(starts, num, den, length); }
  std::vector<std::int64_t> counts;
  for (std::int64_t b = 0; b < batch; ++b) { counts.push_back(random.between(0, length)); }
  std::int64_t rows = 0;
  auto offsets = draw_offsets(random, counts, rows);
  return uniform_ragged(start, random.chance(0.5) ? starts : std::vector<Stamp>{}, num, den, std::move(offsets), rows);
}

template <class Stamp>
void draw_rules(generator& random, problem<Stamp>& p, time_scale<Stamp> const& s) {
  auto& o = p.options;
  o.method = random.one_of(all_methods);
  if (o.method == interpolation::slerp) { p.channels = 4; }
  o.before = random.one_of({edge::clamp, edge::fill, edge::extrapolate});
  o.after = random.one_of({edge::clamp, edge::fill, edge::extrapolate, edge::hold});
  if (random.chance(0.5)) { o.max_gap = fraction_of(s.step, random.one_of({0.0, 0.5, 0.9, 1.25, 4.0})); }
  o.fill = random.one_of({0.0, -1.0, 7.0, 100.0});
  if (o.method == interpolation::previous && random.chance(0.3)) {
    o.causal = true;
    o.before = edge::fill;
  }
  dtype const floats[] = {dtype::float32, dtype::float16, dtype::bfloat16};
  p.value_type = floats[random.between(0, 2)];
  p.result_type = floats[random.between(0, 2)];
  if (is_hold(o.method) && random.chance(0.5)) {
    p.value_type = p.result_type = random.one_of({dtype::uint8, dtype::int32, dtype::int64});
  }
  if (p.value_type == dtype::uint8) { o.fill = std::max(o.fill, 0.0); }
  if (!is_integer(p.value_type)) { o.fill = random.one_of({o.fill, 0.1, 1e6, -1e-7, std::nan("")}); }
}

template <class Stamp>
void draw_strides(generator& random, problem<Stamp>& p) {
  if (random.chance(0.4)) {
    p.first_channel = random.between(0, 9);
    p.row_stride = p.channels + random.between(0, 9);
  }
  std::int64_t const row = p.row_stride == contiguous ? p.channels : p.row_stride;
  // Trajectories of a ring have slots of their own: they share no rows.
  double const shared = p.source.kind == timeline_kind::ring ? 0.0 : 0.4;
  if (random.chance(0.3)) { p.batch_stride = random.chance(shared) ? 0 : p.source.length * row + random.between(0, 9); }
  if (random.chance(0.3)) {
    p.result_first = random.between(0, 9);
    p.result_row_stride = p.channels + random.between(0, 9);
    if (random.chance(0.5)) { p.result_batch_stride = p.target.length * p.result_row_stride + random.between(0, 9); }
  } else if (!p.target.packed() && random.chance(0.2)) {  // [T, B, D]
    p.result_batch_stride = p.channels + random.between(0, 3);
    p.result_row_stride = std::max<std::int64_t>(p.target.batch, 1) * p.result_batch_stride;
  }
  p.misaligned = random.chance(0.4) ? random.between(0, 15) : 0;
  p.mask = random.chance(0.8);
}

}  // namespace

template <class Stamp>
time_scale<Stamp> draw_scale(generator& random) {
  if constexpr (std::is_integral_v<Stamp>) {
    return random.one_of<time_scale<Stamp>>(
        {{0, 4}, {-1'000, 40}, {1'700'000'000'000'000'000, 5'000'000}, {-1'700'000'000'000'000'000, 33'333'333}});
  } else if constexpr (std::is_same_v<Stamp, double>) {
    return random.one_of<time_scale<Stamp>>({{0.0, 1.0}, {-5.5, 0.01}, {1.7e9, 0.005}});
  } else {
    return random.one_of<time_scale<Stamp>>({{0.0f, 1.0f}, {-3.25f, 0.01f}, {100.0f, 0.25f}});
  }
}

template <class Stamp>
timeline_data<Stamp> draw_source(generator& random, shape kind, std::int64_t batch, std::int64_t length,
                                 time_scale<Stamp> const& s) {
  auto const rows_of_stamps = [&](std::int64_t rows, std::int64_t stride) {
    std::vector<Stamp> stamps(std::size_t(rows == 0 ? 0 : (rows - 1) * stride + length), Stamp(-1));
    for (std::int64_t b = 0; b < rows; ++b) {
      auto const row = draw_stamps(random, length, Stamp(s.start + fraction_of(s.step, 2 * random.unit())), s.step);
      std::copy(row.begin(), row.end(), stamps.begin() + b * stride);
    }
    return stamps;
  };
  switch (kind) {
    case shape::dense_one_row: {
      auto t = dense(rows_of_stamps(1, length), 1);
      t.batch = batch;
      t.stride = 0;
      return t;
    }
    case shape::shared: return shared(rows_of_stamps(1, length), batch);
    case shape::ragged: {
      std::vector<std::int64_t> counts;
      for (std::int64_t b = 0; b < batch; ++b) { counts.push_back(random.between(0, length)); }
      std::int64_t rows = 0;
      auto offsets = draw_offsets(random, counts, rows);
      std::vector<Stamp> stamps(std::size_t(rows), s.start);
      for (std::int64_t b = 0; b < batch; ++b) {
        auto const begin = std::clamp<std::int64_t>(offsets[b], 0, rows);
        auto const count = std::max<std::int64_t>(0, std::clamp<std::int64_t>(offsets[b + 1], 0, rows) - begin);
        auto const row = draw_stamps(random, count, s.start, s.step);
        std::copy(row.begin(), row.end(), stamps.begin() + begin);
      }
      return ragged(std::move(stamps), std::move(offsets));
    }
    case shape::uniform:
    case shape::uniform_each:
    case shape::uniform_ragged: return draw_uniform(random, kind, batch, length, s, s.start);
    case shape::dense:
    case shape::dense_lengths:
    case shape::ring: {
      std::int64_t const stride = length + (random.chance(0.3) ? random.between(1, 5) : 0);
      auto t = dense(rows_of_stamps(batch, stride), batch);
      t.length = length;
      t.stride = stride;
      if (kind == shape::ring) {
        t.kind = timeline_kind::ring;
        for (std::int64_t b = 0; b < batch; ++b) {
          t.lengths.push_back(random.one_of({random.between(-1, length + 1), random.between(0, 3 * length + 1),
                                             random.between(0, 1'000'000'000'000)}));
        }
      }
      if (kind == shape::dense_lengths) {
        for (std::int64_t b = 0; b < batch; ++b) { t.lengths.push_back(random.between(-1, length + 1)); }
      }
      return t;
    }
    case shape::windows:
    case shape::windows_trajectory:
    case shape::windows_as_of: break;  // of targets
  }
  throw std::logic_error("no shape of a source");
}

template <class Stamp>
timeline_data<Stamp> draw_target(generator& random, shape kind, timeline_data<Stamp> const& source, std::int64_t length,
                                 time_scale<Stamp> const& s) {
  std::int64_t const batch = source.batch;
  bool const sorted = random.chance(0.5);
  auto const times = [&](std::int64_t b, std::int64_t count) {
    auto const samples = b < batch ? oracle::stamps_of(source, b) : std::vector<Stamp>{};
    std::vector<Stamp> result;
    for (std::int64_t k = 0; k < count; ++k) { result.push_back(draw_time(random, samples, s)); }
    // NaN last: comparing with it would not be an order.
    if (sorted) {
      std::sort(result.begin(), result.end(), [](Stamp x, Stamp y) { return y != y ? x == x : x < y; });
    }
    return result;
  };
  auto const append = [](std::vector<Stamp>& to, std::vector<Stamp> const& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  std::vector<Stamp> stamps;
  switch (kind) {
    case shape::shared: return shared(times(0, length), batch);
    case shape::dense_one_row: {
      auto t = dense(times(0, length), 1);
      t.batch = batch;
      t.stride = 0;
      return t;
    }
    case shape::ragged: {
      std::vector<std::int64_t> counts;
      for (std::int64_t b = 0; b < batch; ++b) { counts.push_back(random.between(0, length)); }
      std::int64_t rows = 0;
      auto offsets = draw_offsets(random, counts, rows);
      stamps.assign(std::size_t(rows), s.start);
      for (std::int64_t b = 0; b < batch; ++b) {
        auto const begin = std::clamp<std::int64_t>(offsets[b], 0, rows);
        auto const count = std::max<std::int64_t>(0, std::clamp<std::int64_t>(offsets[b + 1], 0, rows) - begin);
        auto const row = times(b, count);
        std::copy(row.begin(), row.end(), stamps.begin() + begin);
      }
      return ragged(std::move(stamps), std::move(offsets));
    }
    case shape::uniform:
    case shape::uniform_each:
    case shape::uniform_ragged: return draw_uniform(random, kind, batch, length, s, s.start);
    case shape::windows:
    case shape::windows_trajectory:
    case shape::windows_as_of: {
      bool const choose = kind == shape::windows_trajectory || (kind == shape::windows_as_of && random.chance(0.5));
      std::int64_t const count = choose ? random.between(1, 7) : batch;
      std::vector<std::int64_t> trajectory;
      std::vector<Stamp> anchors;
      std::vector<Stamp> deltas;
      for (std::int64_t b = 0; b < count; ++b) {
        trajectory.push_back(random.chance(0.15) ? random.one_of<std::int64_t>({-1, batch, INT64_MIN, INT64_MAX})
                                                 : random.between(0, std::max<std::int64_t>(batch, 1) - 1));
        anchors.push_back(s.start + fraction_of(s.step, random.unit() * double(source.length + 1)));
      }
      for (std::int64_t k = 0; k < length; ++k) { deltas.push_back(fraction_of(s.step, 8 * random.unit() - 6)); }
      std::vector<Stamp> as_of;
      if (kind == shape::windows_as_of) {
        as_of = anchors;
        for (std::int64_t b = 0; b < count && random.chance(0.9); ++b) {
          std::int64_t const read = choose ? trajectory[std::size_t(b)] : b;
          bool const exists = read >= 0 && read < batch;
          as_of[std::size_t(b)] = draw_time(random, exists ? oracle::stamps_of(source, read) : std::vector<Stamp>{}, s);
        }
      }
      return windows(std::move(anchors), std::move(deltas), choose ? trajectory : std::vector<std::int64_t>{},
                     std::move(as_of));
    }
    case shape::ring: break;  // of sources
    case shape::dense:
    case shape::dense_lengths: {
      for (std::int64_t b = 0; b < batch; ++b) { append(stamps, times(b, length)); }
      auto t = dense(std::move(stamps), batch);
      t.length = length;
      t.stride = length;
      if (kind == shape::dense_lengths) {
        for (std::int64_t b = 0; b < batch; ++b) { t.lengths.push_back(random.between(-1, length + 1)); }
      }
      return t;
    }
  }
  throw std::logic_error("no shape of targets");
}

template <class Stamp>
std::vector<Stamp> draw_stamps(generator& random, std::int64_t count, Stamp start, Stamp step) {
  std::vector<Stamp> stamps;
  for (std::int64_t i = 0; i < count; ++i) {
    stamps.push_back(start);
    if (!random.chance(0.12)) { start += fraction_of(step, 0.25 + 1.5 * random.unit()); }
  }
  return stamps;
}

std::int64_t draw_length(generator& random, draw_limits const& limits) {
  return random.chance(0.25) ? random.between(0, 2) : random.between(0, limits.length);
}

template <class Stamp>
problem<Stamp> draw_problem(generator& random, shape source, shape target, draw_limits const& limits) {
  problem<Stamp> p;
  auto const s = draw_scale<Stamp>(random);
  std::int64_t const batch = random.chance(0.05) ? 0 : random.between(1, limits.batch);
  p.source = draw_source(random, source, batch, draw_length(random, limits), s);
  p.target = draw_target(random, target, p.source, draw_length(random, limits), s);
  draw_series(random, p, s, limits);
  return p;
}

template <class Stamp>
void draw_series(generator& random, problem<Stamp>& p, time_scale<Stamp> const& s, draw_limits const& limits) {
  p.channels = random.chance(0.5) ? random.between(1, limits.channels)
                                  : std::min<std::int64_t>(limits.channels, std::int64_t(1) << random.between(0, 8));
  draw_rules(random, p, s);
  draw_strides(random, p);
  p.draw_values(random, random.chance(0.5) ? limits.odd_values : 0);
  p.place = random.chance(0.25) ? value_place::pinned : value_place::device;
}

template <class Stamp>
std::string describe(problem<Stamp> const& p) {
  std::ostringstream text;
  auto const one = [&](char const* name, timeline_data<Stamp> const& t) {
    text << name << ": kind " << int(t.kind) << (t.packed() ? " packed" : "") << (t.lengths.empty() ? "" : " lengths")
         << ", batch " << t.batch << ", length " << t.length << ", rows " << t.rows << ", stride " << t.stride << "; ";
  };
  one("source", p.source);
  one("target", p.target);
  text << "channels " << p.channels << ", " << robocache::name_of(p.value_type) << " -> "
       << robocache::name_of(p.result_type) << ", strides " << p.batch_stride << " " << p.row_stride << " -> "
       << p.result_batch_stride << " " << p.result_row_stride << ", misaligned " << p.misaligned << ", method "
       << int(p.options.method) << ", edges " << int(p.options.before) << " " << int(p.options.after) << ", max_gap "
       << p.options.max_gap << ", fill " << p.options.fill << (p.options.causal ? ", causal" : "")
       << (p.place == value_place::pinned ? ", pinned" : "");
  return text.str();
}

std::array<double, 4> draw_rotation(generator& random) {
  std::array<double, 4> q{};
  double square = 0;
  do {
    square = 0;
    for (double& x : q) {
      x = 2 * random.unit() - 1;
      square += x * x;
    }
  } while (square > 1 || square < 0.01);
  for (double& x : q) { x /= std::sqrt(square); }
  return q;
}

std::uint64_t seed_or(std::uint64_t otherwise) {
  char const* const text = std::getenv("ROBOCACHE_SEED");
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

int count_draws(int usual) {
  char const* const text = std::getenv("ROBOCACHE_DRAWS");
  if (text != nullptr) { return std::atoi(text); }
  return std::getenv("ROBOCACHE_THOROUGH") == nullptr ? usual : 10 * usual;
}

template std::vector<float> draw_stamps(generator&, std::int64_t, float, float);
template std::vector<double> draw_stamps(generator&, std::int64_t, double, double);
template std::vector<std::int64_t> draw_stamps(generator&, std::int64_t, std::int64_t, std::int64_t);
template timeline_data<float> draw_source(generator&, shape, std::int64_t, std::int64_t, time_scale<float> const&);
template timeline_data<double> draw_source(generator&, shape, std::int64_t, std::int64_t, time_scale<double> const&);
template timeline_data<std::int64_t> draw_source(generator&, shape, std::int64_t, std::int64_t,
                                                 time_scale<std::int64_t> const&);
template timeline_data<float> draw_target(generator&, shape, timeline_data<float> const&, std::int64_t,
                                          time_scale<float> const&);
template timeline_data<double> draw_target(generator&, shape, timeline_data<double> const&, std::int64_t,
                                           time_scale<double> const&);
template timeline_data<std::int64_t> draw_target(generator&, shape, timeline_data<std::int64_t> const&, std::int64_t,
                                                 time_scale<std::int64_t> const&);
template time_scale<float> draw_scale(generator&);
template time_scale<double> draw_scale(generator&);
template time_scale<std::int64_t> draw_scale(generator&);
template void draw_series(generator&, problem<float>&, time_scale<float> const&, draw_limits const&);
template void draw_series(generator&, problem<double>&, time_scale<double> const&, draw_limits const&);
template void draw_series(generator&, problem<std::int64_t>&, time_scale<std::int64_t> const&, draw_limits const&);
template problem<float> draw_problem(generator&, shape, shape, draw_limits const&);
template problem<double> draw_problem(generator&, shape, shape, draw_limits const&);
template problem<std::int64_t> draw_problem(generator&, shape, shape, draw_limits const&);
template std::string describe(problem<float> const&);
template std::string describe(problem<double> const&);
template std::string describe(problem<std::int64_t> const&);

}  // namespace test
