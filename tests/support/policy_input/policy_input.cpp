// SPDX-License-Identifier: Apache-2.0
#include "support/policy_input/policy_input.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/host_space.hpp"
#include "support/policy_input/oracle.hpp"
#include "support/scenario.hpp"

namespace test {
namespace {

bool is_between(dtype type, std::uint64_t found, float low, float high) {
  std::uint64_t const a = encode(type, double(low));
  std::uint64_t const b = encode(type, double(high));
  if (same(type, found, a) || same(type, found, b)) { return true; }
  double const x = decode(type, found), from = decode(type, a), to = decode(type, b);
  return std::isinf(low) ? true : std::min(from, to) <= x && x <= std::max(from, to);
}

/// The problem with rotations that are not scaled, shifted or clamped, in FP32.
template <class Stamp>
policy_problem<Stamp> bare(policy_problem<Stamp> p) {
  for (auto& f : p) {
    f.result_type = dtype::float32;
    for (auto& s : f.streams) {
      if (!s.is_rotation()) { continue; }
      s.scale.clear();
      s.shift.clear();
      s.low.clear();
      s.high.clear();
      s.affine_stride = 0;
    }
  }
  return p;
}

/// The ages of a stream's results.
template <class Stamp>
std::string unlike_ages(policy_fusion_data<Stamp> const& fusion, std::size_t i,
                        std::vector<oracle::policy_row> const& rows, std::vector<std::byte> const& ages) {
  using limits = std::numeric_limits<Stamp>;
  auto const& source = fusion.streams[i].series.source;
  auto const targets = oracle::rows_of(fusion.target);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Stamp found;
    std::memcpy(&found, ages.data() + (row * fusion.streams.size() + i) * sizeof(Stamp), sizeof found);
    Stamp wanted = limits::has_infinity ? limits::infinity() : limits::max();
    if (rows[row].valid) {
      std::int64_t const b = targets[row].trajectory;
      auto const at = std::size_t(rows[row].newest - oracle::first_row(source, b));
      wanted = oracle::sought(targets[row].at, Stamp(-oracle::stamps_of(source, b)[at]));
    }
    if (std::memcmp(&found, &wanted, sizeof found) != 0) {
      return text_of("target ", row, " stream ", i, ": age ", found, ", wanted ", wanted);
    }
  }
  return {};
}

/// One row of a rotation stream against the oracle.
template <class Stamp>
std::string unlike_rotation(policy_stream_data<Stamp> const& s, oracle::policy_row const& wanted,
                            std::vector<double> const& found) {
  std::array<double, 9> row{};
  std::copy(found.begin(), found.end(), row.begin());
  double const turned = oracle::angle_between(wanted.rotation, oracle::matrix_of(s.rotation.result, row));
  if (!(turned <= wanted.turn)) { return text_of("turned by ", turned, ", allowed ", wanted.turn); }
  auto const format = s.rotation.result.format;
  bool const is_quaternion = format == robocache::rotation_format::wxyz || format == robocache::rotation_format::xyzw;
  if (is_quaternion && s.rotation.sign == robocache::quaternion_sign::positive &&
      row[format == robocache::rotation_format::wxyz ? 0 : 3] < 0) {
    return "a quaternion below 0";
  }
  return {};
}

template <class Stamp>
std::string unlike_fusion(policy_problem<Stamp> const& p, std::size_t f, policy_results const& found,
                          policy_results const& unfinished) {
  auto const& fusion = p[f];
  auto const type = fusion.result_type;
  auto const layout = fusion.result_layout();
  auto const places = fusion.places();
  std::vector<std::byte> wanted(found.results.size(), std::byte(poison));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      store_bits(type, wanted.data(), layout.begin(row) + c, encode(type, double(float(fusion.fill))));
    }
  }
  std::vector<std::uint8_t> all(std::size_t(layout.total), 1);
  for (std::size_t i = 0; i < fusion.streams.size(); ++i) {
    auto const& s = fusion.streams[i];
    auto const rows = oracle::rows_of(p, f, i);
    if (auto const text = fusion.ages ? unlike_ages(fusion, i, rows, found.ages) : std::string{}; !text.empty()) {
      return text_of("fusion ", f, " ", text);
    }
    for (std::int64_t row = 0; row < layout.total; ++row) {
      auto const& one = rows[std::size_t(row)];
      std::int64_t const k = fusion.target.packed() || fusion.target.length == 0 ? 0 : row % fusion.target.length;
      auto const name = [&] { return text_of("fusion ", f, " target ", row, " stream ", i, ": "); };
      std::vector<double> bare_row;
      for (std::int64_t c = 0; c < s.result_channels(); ++c) {
        std::int64_t const at = layout.begin(row) + places[i] + c;
        auto const bits = load_bits(type, found.results.data(), at);
        store_bits(type, wanted.data(), at, bits);
        bool good = false;
        if (!one.written) {
          good = same(type, bits, encode(type, double(float(s.series.options.fill))));
        } else if (s.is_rotation()) {
          // What becomes of it, bit for bit; itself below.
          auto const v = float(decode(dtype::float32, load_bits(dtype::float32, unfinished.results.data(), at)));
          bare_row.push_back(double(v));
          good = same(type, bits, encode(type, double(oracle::finished(s, v, c, k))));
        } else {
          auto const& v = one.values[std::size_t(c)];
          bool const anything = std::isinf(v.low) && std::isinf(v.high) && v.low < v.high;  // nothing is said
          good =
              anything || is_between(type, bits, oracle::finished(s, v.low, c, k), oracle::finished(s, v.high, c, k));
        }
        if (!good) {
          auto const v = s.is_rotation() || !one.written ? oracle::bounds{} : one.values[std::size_t(c)];
          return text_of(name(), "channel ", c, ": ", bits_text(type, bits), ", of ", v.low, " to ", v.high);
        }
      }
      if (one.written && s.is_rotation()) {
        auto const text = unlike_rotation(s, one, bare_row);
        if (!text.empty()) { return name() + text; }
      }
      if (fusion.mask && found.valid[std::size_t(row) * fusion.streams.size() + i] != (one.valid ? 1 : 0)) {
        return name() + "its valid byte";
      }
      if (!one.valid) { all[std::size_t(row)] = 0; }
    }
  }
  if (fusion.all_mask && found.all_valid != all) { return text_of("fusion ", f, ": all_valid"); }
  auto const unlike = unlike_results(type, found.results, wanted);
  return unlike.empty() ? unlike : text_of("fusion ", f, ", channels without a stream or between rows: ", unlike);
}

}  // namespace

template <class Stamp>
policy_outcome policy_input_on_host(policy_problem<Stamp> const& p) {
  return run_policy_input<host_space>(
      p, [](auto const* fusions, std::int64_t count) { return robocache::host::policy_input(fusions, count); });
}

template <class Stamp>
std::string difference(policy_problem<Stamp> const& p, policy_outcome const& a, policy_outcome const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  for (std::size_t f = 0; f < p.size(); ++f) {
    auto const unlike = unlike_results(p[f].result_type, a.fusions[f].results, b.fusions[f].results);
    if (!unlike.empty()) { return text_of("fusion ", f, ": ", unlike); }
    if (a.fusions[f].valid != b.fusions[f].valid) { return text_of("fusion ", f, ": valid is not the host's"); }
    if (a.fusions[f].all_valid != b.fusions[f].all_valid) {
      return text_of("fusion ", f, ": all_valid is not the host's");
    }
    if (a.fusions[f].ages != b.fusions[f].ages) { return text_of("fusion ", f, ": ages are not the host's"); }
  }
  return {};
}

template <class Stamp>
std::string verify(policy_problem<Stamp> const& p) {
  policy_outcome const o = policy_input(p);
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  policy_outcome const unfinished = policy_input(bare(p));
  if (auto const trouble = o.trouble + unfinished.trouble; !trouble.empty()) { return trouble; }
  for (std::size_t f = 0; f < p.size(); ++f) {
    auto const text = unlike_fusion(p, f, o.fusions[f], unfinished.fusions[f]);
    if (!text.empty()) { return text; }
  }
  return {};
}

#define TEST_INSTANTIATE(Stamp)                                                                                \
  template policy_outcome policy_input_on_host(policy_problem<Stamp> const&);                                  \
  template std::string difference(policy_problem<Stamp> const&, policy_outcome const&, policy_outcome const&); \
  template std::string verify(policy_problem<Stamp> const&)
TEST_INSTANTIATE(float);
TEST_INSTANTIATE(double);
TEST_INSTANTIATE(std::int64_t);
#undef TEST_INSTANTIATE

}  // namespace test
