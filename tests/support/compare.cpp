// SPDX-License-Identifier: Apache-2.0
#include "support/compare.hpp"

#include <cstring>

#include "support/backend.hpp"
#include "support/bits.hpp"
#include "support/oracle.hpp"

namespace test {

template <class Stamp>
std::string difference(problem<Stamp> const& p, outcome const& a, outcome const& b) {
  if (a.state.code() != b.state.code() || std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  std::string const unlike = unlike_results(p.result_type, a.results, b.results);
  if (!unlike.empty()) { return unlike; }
  for (std::size_t i = 0; i < a.valid.size(); ++i) {
    if (a.valid[i] != b.valid[i]) {
      return text_of("valid ", i, ": ", int(a.valid[i]), " here, ", int(b.valid[i]), " on the host");
    }
  }
  return {};
}

std::string difference(located_outcome const& a, located_outcome const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("locate's status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  for (std::size_t i = 0; i < a.valid.size(); ++i) {
    if (a.rows[2 * i] != b.rows[2 * i] || a.rows[2 * i + 1] != b.rows[2 * i + 1] ||
        !same_float(a.weights[i], b.weights[i]) || a.valid[i] != b.valid[i]) {
      return text_of("locate ", i, ": rows ", a.rows[2 * i], " ", a.rows[2 * i + 1], " weight ", a.weights[i],
                     " valid ", int(a.valid[i]), " here, ", b.rows[2 * i], " ", b.rows[2 * i + 1], " ", b.weights[i],
                     " ", int(b.valid[i]), " on the host");
    }
  }
  return {};
}

template <class Stamp>
std::string against_oracle(problem<Stamp> const& p, outcome const& o) {
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  auto const records = oracle::locate(p);
  auto const layout = p.result_layout();
  std::vector<std::byte> wanted(o.results.size(), std::byte(poison));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < p.channels; ++c) {
      auto const expected = oracle::blend(p, records[row], c);
      auto const found = load_bits(p.result_type, o.results.data(), layout.begin(row) + c);
      if (!meets(p.result_type, found, expected)) {
        return text_of("target ", row, " channel ", c, ": ", bits_text(p.result_type, found), ", wanted ",
                       bits_text(p.result_type, expected.low), " to ", bits_text(p.result_type, expected.high),
                       " of rows ", records[row].first, " ", records[row].second, " weight ", records[row].weight);
      }
      store_bits(p.result_type, wanted.data(), layout.begin(row) + c, found);
    }
    if (p.mask && o.valid[row] != (records[row].valid ? 1 : 0)) {
      return text_of("target ", row, ": valid is ", int(o.valid[row]), ", wanted ", records[row].valid ? 1 : 0);
    }
  }
  if (wanted != o.results) { return "something was written between the rows of the results"; }
  if (!p.mask && !all_poison(o.valid)) { return "a mask that was not asked for was written"; }
  return {};
}

template <class Stamp>
std::string against_oracle(problem<Stamp> const& p, located_outcome const& o) {
  if (!o.state.ok()) { return text_of("locate's status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  auto const records = oracle::locate(p);
  for (std::size_t row = 0; row < records.size(); ++row) {
    oracle::record const& r = records[row];
    if (o.rows[2 * row] != r.first || o.rows[2 * row + 1] != r.second || !same_float(o.weights[row], r.weight) ||
        o.valid[row] != (r.valid ? 1 : 0)) {
      return text_of("locate, target ", row, ": rows ", o.rows[2 * row], " ", o.rows[2 * row + 1], " weight ",
                     o.weights[row], " valid ", int(o.valid[row]), ", wanted ", r.first, " ", r.second, " ", r.weight,
                     " ", r.valid ? 1 : 0);
    }
  }
  return {};
}

template <class Stamp>
std::string verify(problem<Stamp> const& p) {
  if (auto text = against_oracle(p, resample(p)); !text.empty()) { return text; }
  return against_oracle(p, locate(p));
}

template <class Stamp>
std::string refused(problem<Stamp> const& p, std::string const& argument, std::vector<std::string> const& words) {
  outcome const o = resample(p);
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  return all_poison(o.results) && all_poison(o.valid) ? std::string{} : "something was written";
}

template std::string difference(problem<float> const&, outcome const&, outcome const&);
template std::string difference(problem<double> const&, outcome const&, outcome const&);
template std::string difference(problem<std::int64_t> const&, outcome const&, outcome const&);
template std::string against_oracle(problem<float> const&, outcome const&);
template std::string against_oracle(problem<double> const&, outcome const&);
template std::string against_oracle(problem<std::int64_t> const&, outcome const&);
template std::string against_oracle(problem<float> const&, located_outcome const&);
template std::string against_oracle(problem<double> const&, located_outcome const&);
template std::string against_oracle(problem<std::int64_t> const&, located_outcome const&);
template std::string verify(problem<float> const&);
template std::string verify(problem<double> const&);
template std::string verify(problem<std::int64_t> const&);
template std::string refused(problem<float> const&, std::string const&, std::vector<std::string> const&);
template std::string refused(problem<double> const&, std::string const&, std::vector<std::string> const&);
template std::string refused(problem<std::int64_t> const&, std::string const&, std::vector<std::string> const&);

}  // namespace test
