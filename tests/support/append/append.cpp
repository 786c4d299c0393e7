// SPDX-License-Identifier: Apache-2.0
#include "support/append/append.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/host_space.hpp"

namespace test {
namespace {

template <class T>
bool same_bytes(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// One trajectory of one stream: all rows since the reset, of which the last ones are in their slots.
template <class Stamp>
void expect(append_data<Stamp>& s, std::int64_t b, bool is_reset) {
  std::int64_t written = is_reset ? 0 : std::max<std::int64_t>(s.written[std::size_t(b)], 0);
  std::vector<std::int64_t> accepted;
  bool known = written > 0;
  Stamp newest = known ? s.stamps[std::size_t(b * s.capacity + (written - 1) % s.capacity)] : Stamp(0);
  append_report report{};
  for (std::int64_t i = 0; i < s.rows; ++i) {
    std::int64_t const row = b * s.rows + i;
    if (!s.counts.empty() && i >= s.counts[std::size_t(b)]) { continue; }
    if (!s.present.empty() && s.present[std::size_t(row)] == 0) { continue; }
    Stamp const t = s.new_stamps[std::size_t(row)];
    if (!std::isfinite(static_cast<long double>(t))) {
      ++report.not_finite;
    } else if (known && t < newest) {
      ++report.older;
    } else {
      accepted.push_back(row);
      newest = t;
      known = true;
    }
  }
  for (std::size_t j = 0; j < accepted.size(); ++j) {
    std::int64_t const slot = b * s.capacity + (written + std::int64_t(j)) % s.capacity;
    s.stamps[std::size_t(slot)] = s.new_stamps[std::size_t(accepted[j])];
    std::copy_n(s.new_values.begin() + accepted[j] * s.row_bytes(), s.row_bytes(),
                s.values.begin() + slot * s.row_bytes());
  }
  s.written[std::size_t(b)] = written + std::int64_t(accepted.size());
  if (!s.reports.empty()) {
    s.reports[std::size_t(b)].older += report.older;
    s.reports[std::size_t(b)].not_finite += report.not_finite;
  }
}

template <class T>
void fill_randomly(generator& random, std::vector<T>& bytes) {
  for (auto& byte : bytes) { byte = T(random.next()); }
}

}  // namespace

template <class Stamp>
append_data<Stamp> empty_ring(std::int64_t batch, std::int64_t capacity, std::int64_t channels, dtype type) {
  append_data<Stamp> s;
  s.capacity = capacity;
  s.channels = channels;
  s.type = type;
  s.stamps.assign(std::size_t(batch * capacity), Stamp(-1));
  s.values.assign(std::size_t(batch * capacity * s.row_bytes()), std::byte(0xFF));
  s.written.assign(std::size_t(batch), 0);
  s.reports.assign(std::size_t(batch), {});
  return s;
}

template <class Stamp>
void draw_offer(generator& random, append_problem<Stamp>& p) {
  p.resets.clear();
  if (random.chance(0.3)) {
    for (std::int64_t b = 0; b < p.batch; ++b) { p.resets.push_back(random.chance(0.3) ? random.one_of({1, 255}) : 0); }
  }
  for (auto& s : p.streams) {
    s.rows = random.one_of({random.between(0, 3), random.between(0, 3 * s.capacity), random.between(30, 70)});
    std::int64_t const all = p.batch * s.rows;
    s.new_stamps.clear();
    s.present.clear();
    s.counts.clear();
    double const wild = random.one_of({0.0, 0.1, 0.5});
    for (std::int64_t b = 0; b < p.batch; ++b) {
      std::int64_t const written = s.written[std::size_t(b)];
      Stamp t = written > 0 ? s.stamps[std::size_t(b * s.capacity + (written - 1) % s.capacity)] : Stamp(0);
      for (std::int64_t i = 0; i < s.rows; ++i) {
        t += Stamp(random.between(0, 3));
        Stamp found = t;
        if (random.chance(wild)) {
          found = t + Stamp(random.between(-9, 9));
          if constexpr (std::numeric_limits<Stamp>::has_infinity) {
            constexpr Stamp infinity = std::numeric_limits<Stamp>::infinity();
            if (random.chance(0.4)) { found = random.one_of({infinity, -infinity, Stamp(std::nan(""))}); }
          }
        }
        s.new_stamps.push_back(found);
      }
    }
    s.new_values.resize(std::size_t(all * s.row_bytes()));
    fill_randomly(random, s.new_values);
    if (random.chance(0.4)) {
      for (std::int64_t b = 0; b < p.batch; ++b) { s.counts.push_back(random.between(-1, s.rows + 1)); }
    }
    if (random.chance(0.4)) {
      for (std::int64_t i = 0; i < all; ++i) { s.present.push_back(random.chance(0.6) ? random.one_of({1, 255}) : 0); }
    }
  }
}

template <class Stamp>
append_problem<Stamp> draw_append(generator& random, std::int64_t streams) {
  append_problem<Stamp> p;
  p.batch = random.one_of({random.between(0, 3), random.between(1, 40)});
  for (std::int64_t i = 0; i < streams; ++i) {
    auto const type =
        random.one_of({dtype::float32, dtype::float16, dtype::bfloat16, dtype::uint8, dtype::int32, dtype::int64});
    auto s = empty_ring<Stamp>(p.batch, random.one_of({std::int64_t(1), random.between(1, 9), random.between(1, 90)}),
                               random.one_of({random.between(1, 9), random.between(1, 70)}), type);
    fill_randomly(random, s.values);
    // Counts from the ring's first row to beyond 32 bits.
    for (auto& written : s.written) {
      written =
          random.one_of({std::int64_t(0), random.between(-1, 2 * s.capacity), random.between(0, 1'000'000'000'000)});
    }
    if (random.chance(0.3)) { s.reports.clear(); }
    s.place = random.chance(0.3) ? value_place::pinned : value_place::device;
    s.misaligned = random.chance(0.4) ? random.between(0, 15) : 0;
    p.streams.push_back(std::move(s));
  }
  draw_offer(random, p);
  return p;
}

template <class Stamp>
append_outcome<Stamp> append_on_host(append_problem<Stamp> const& p) {
  return run_append<host_space>(
      p, [](auto const* streams, std::int64_t count, std::int64_t batch, std::uint8_t const* resets) {
        return robocache::host::append(streams, count, batch, resets);
      });
}

template <class Stamp>
std::string difference(append_outcome<Stamp> const& a, append_outcome<Stamp> const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' there");
  }
  for (std::size_t i = 0; i < a.streams.size(); ++i) {
    auto const& x = a.streams[i];
    auto const& y = b.streams[i];
    char const* const unlike = !same_bytes(x.written, y.written)   ? "written"
                               : !same_bytes(x.stamps, y.stamps)   ? "stamps"
                               : !same_bytes(x.values, y.values)   ? "values"
                               : !same_bytes(x.reports, y.reports) ? "reports"
                                                                   : nullptr;
    if (unlike != nullptr) { return text_of("stream ", i, ": ", unlike); }
  }
  return {};
}

template <class Stamp>
std::string verify(append_problem<Stamp>& p) {
  append_outcome<Stamp> const found = append(p);
  if (!found.trouble.empty()) { return found.trouble; }
  append_outcome<Stamp> wanted;
  for (auto& s : p.streams) {
    for (std::int64_t b = 0; b < p.batch; ++b) { expect(s, b, !p.resets.empty() && p.resets[std::size_t(b)] != 0); }
  }
  wanted.streams = p.streams;
  return difference(found, wanted);
}

#define TEST_INSTANTIATE(Stamp)                                                                \
  template append_data<Stamp> empty_ring(std::int64_t, std::int64_t, std::int64_t, dtype);     \
  template void draw_offer(generator&, append_problem<Stamp>&);                                \
  template append_problem<Stamp> draw_append(generator&, std::int64_t);                        \
  template append_outcome<Stamp> append_on_host(append_problem<Stamp> const&);                 \
  template std::string difference(append_outcome<Stamp> const&, append_outcome<Stamp> const&); \
  template std::string verify(append_problem<Stamp>&)
TEST_INSTANTIATE(float);
TEST_INSTANTIATE(double);
TEST_INSTANTIATE(std::int64_t);
#undef TEST_INSTANTIATE

}  // namespace test
