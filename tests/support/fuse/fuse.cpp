// SPDX-License-Identifier: Apache-2.0
#include "support/fuse/fuse.hpp"

#include <algorithm>
#include <cstring>

#include <robocache/host.hpp>

#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/fuse/oracle.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

namespace test {
namespace {

std::uint64_t fill_bits(dtype type, double fill) { return encode(type, double(float(fill))); }

/// The expected bytes, except for what is not compared: `expected(row, stream, channel)` gives bits, or bounds.
template <class Stamp, class Expected, class Valid>
std::string compare(fuse_problem<Stamp> const& p, fused const& o, Expected expected, Valid valid) {
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  auto const layout = p.result_layout();
  auto const places = p.places();
  auto const type = p.result_type;
  std::vector<std::byte> wanted(o.results.size(), std::byte(poison));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {  // what streams write is written over
      store_bits(type, wanted.data(), layout.begin(row) + c, fill_bits(type, p.fill));
    }
    bool all = true;
    for (std::int64_t i = 0; i < p.count(); ++i) {
      auto const& s = p.streams[std::size_t(i)];
      for (std::int64_t c = 0; c < s.series.channels; ++c) {
        std::int64_t const at = layout.begin(row) + places[std::size_t(i)] + c;
        auto const found = load_bits(type, o.results.data(), at);
        oracle::expectation const e = expected(row, i, c);
        if (!meets(type, found, e)) {
          return text_of("target ", row, " stream ", i, " channel ", c, ": ", bits_text(type, found), ", wanted ",
                         bits_text(type, e.low), " to ", bits_text(type, e.high));
        }
        store_bits(type, wanted.data(), at, found);
      }
      bool const backed = valid(row, i);
      all = all && backed;
      auto const index = std::size_t(row * p.count() + i);
      if (p.mask && o.valid[index] != (backed ? 1 : 0)) {
        return text_of("target ", row, " stream ", i, ": valid is ", int(o.valid[index]), ", wanted ", int(backed));
      }
    }
    if (p.all_mask && o.all_valid[std::size_t(row)] != (all ? 1 : 0)) {
      return text_of("target ", row, ": all_valid is ", int(o.all_valid[std::size_t(row)]), ", wanted ", int(all));
    }
  }
  auto const size = std::int64_t(robocache::size_of(type));
  for (std::int64_t i = 0; i < std::int64_t(wanted.size()) / size; ++i) {
    auto const found = load_bits(type, o.results.data(), i);
    auto const fixed = load_bits(type, wanted.data(), i);
    if (!same(type, found, fixed)) {
      return text_of("element ", i, ", of a channel without a stream or between the rows: ", bits_text(type, found),
                     ", wanted ", bits_text(type, fixed));
    }
  }
  if (!p.mask && !all_poison(o.valid)) { return "a mask that was not asked for was written"; }
  if (!p.all_mask && !all_poison(o.all_valid)) { return "a conjunction that was not asked for was written"; }
  return {};
}

/// A stream by itself, on the side under test. A late causal stream is asked for the newest sample that it may use,
/// whose age is another one: it has no gap limit here.
template <class Stamp>
struct separate_result {
  problem<Stamp> call;
  outcome found;
  located_outcome records;

  separate_result(stream_data<Stamp> const& stream, timeline_data<Stamp> const& target) {
    bool const late = stream.latency != Stamp(0) && target.total() > 0;
    call = oracle::as_resample(stream, target);
    if (!late) { call.target = target; }
    if (late && call.options.causal) {
      auto const rows = oracle::rows_of(target);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        call.target.starts[i] = std::min(call.target.starts[i], rows[i].at);
      }
    }
    found = resample(call);
    records = locate(call);
  }
};

}  // namespace

template <class Stamp>
fused fuse_on_host(fuse_problem<Stamp> const& p) {
  return run_fuse<host_space>(p, [](fuse_arguments<Stamp> const& a) {
    return with_float_types(dtype::float32, a.of.result_type, [&](auto, auto result) {
      return robocache::host::fuse(a.streams.data(), std::int64_t(a.streams.size()), a.target,
                                   a.template output<typename decltype(result)::type>());
    });
  });
}

template <class Stamp>
std::string difference(fuse_problem<Stamp> const& p, fused const& a, fused const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  std::string const unlike = unlike_results(p.result_type, a.results, b.results);
  if (!unlike.empty()) { return unlike; }
  auto const first_unlike = [](auto const& x, auto const& y) {
    return std::mismatch(x.begin(), x.end(), y.begin()).first - x.begin();
  };
  if (a.valid != b.valid) { return text_of("valid ", first_unlike(a.valid, b.valid), " is not the host's"); }
  if (a.all_valid != b.all_valid) {
    return text_of("all_valid ", first_unlike(a.all_valid, b.all_valid), " is not the host's");
  }
  return {};
}

template <class Stamp>
std::string verify(fuse_problem<Stamp> const& p) {
  std::vector<problem<Stamp>> alone;
  std::vector<std::vector<oracle::record>> records;
  for (auto const& s : p.streams) {
    alone.push_back(oracle::as_resample(s, p.target));
    records.push_back(oracle::locate(s, p.target, alone.back()));
  }
  auto const expected = [&](std::int64_t row, std::int64_t i, std::int64_t c) {
    auto const at = std::size_t(i);
    return oracle::blend(p.streams[at], alone[at], records[at][std::size_t(row)], c, p.result_type);
  };
  return compare(p, fuse(p), expected,
                 [&](std::int64_t row, std::int64_t i) { return records[std::size_t(i)][std::size_t(row)].valid; });
}

template <class Stamp>
std::string verify_separately(fuse_problem<Stamp> const& p) {
  std::vector<separate_result<Stamp>> alone;
  for (auto const& s : p.streams) {
    alone.emplace_back(s, p.target);
    auto const& last = alone.back();
    if (!last.found.state.ok()) { return text_of("a stream alone: ", last.found.state.message()); }
    if (!last.found.trouble.empty()) { return "a stream alone: " + last.found.trouble; }
  }
  auto const expected = [&](std::int64_t row, std::int64_t i, std::int64_t c) {
    auto const& one = alone[std::size_t(i)];
    auto const& s = p.streams[std::size_t(i)];
    bool const is_fill = one.records.rows[std::size_t(2 * row)] < 0;
    float const v = float(result_at(one.call, one.found, row, c));
    double const x = is_fill ? double(float(s.series.options.fill)) : double(oracle::scaled(s, v, c));
    auto const bits = encode(p.result_type, x);
    return oracle::expectation{bits, bits};
  };
  return compare(p, fuse(p), expected, [&](std::int64_t row, std::int64_t i) {
    return alone[std::size_t(i)].found.valid[std::size_t(row)] != 0;
  });
}

template <class Stamp>
std::string refused(fuse_problem<Stamp> const& p, std::string const& argument, std::vector<std::string> const& words) {
  fused const o = fuse(p);
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  bool const untouched = all_poison(o.results) && all_poison(o.valid) && all_poison(o.all_valid);
  return untouched ? std::string{} : "something was written";
}

template fused fuse_on_host(fuse_problem<float> const&);
template fused fuse_on_host(fuse_problem<double> const&);
template fused fuse_on_host(fuse_problem<std::int64_t> const&);
template std::string difference(fuse_problem<float> const&, fused const&, fused const&);
template std::string difference(fuse_problem<double> const&, fused const&, fused const&);
template std::string difference(fuse_problem<std::int64_t> const&, fused const&, fused const&);
template std::string verify(fuse_problem<float> const&);
template std::string verify(fuse_problem<double> const&);
template std::string verify(fuse_problem<std::int64_t> const&);
template std::string verify_separately(fuse_problem<float> const&);
template std::string verify_separately(fuse_problem<double> const&);
template std::string verify_separately(fuse_problem<std::int64_t> const&);
template std::string refused(fuse_problem<float> const&, std::string const&, std::vector<std::string> const&);
template std::string refused(fuse_problem<double> const&, std::string const&, std::vector<std::string> const&);
template std::string refused(fuse_problem<std::int64_t> const&, std::string const&, std::vector<std::string> const&);

}  // namespace test
