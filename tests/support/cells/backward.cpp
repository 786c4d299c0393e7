// SPDX-License-Identifier: Apache-2.0
#include "support/cells/backward.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/oracle.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"

namespace test {
namespace {

/// Which of a cell's points holds its maximum, or minimum: the first that is NaN, else the first with those bits.
std::size_t holder(std::vector<float> const& terms, float best) {
  for (std::size_t i = 0; i < terms.size(); ++i) {
    bool const is_best = std::isnan(best) ? std::isnan(terms[i]) : same_float(terms[i], best);
    if (is_best) { return i; }
  }
  return terms.size();
}

/// The formula of the semantics, for each channel of each row.
std::vector<float> expected(voxel_backward_problem const& p) {
  voxel_problem const& f = p.forward;
  std::vector<float> gradients(std::size_t(f.clouds.total() * f.channels), 0.0f);
  for (auto const& [where, rows] : oracle::sort_points(f).points) {
    for (std::int64_t c = 0; c < f.channels; ++c) {
      each_result<float> incoming;
      for (auto r : reductions) {
        if (f.wants[r]) { incoming[r] = p.gradient(r, where.first, where.second, c); }
      }
      auto const shares = shares_of(oracle::terms_of(f, rows, c), f.wants, incoming);
      for (std::size_t i = 0; i < rows.size(); ++i) { gradients[std::size_t(rows[i] * f.channels + c)] = shares[i]; }
    }
  }
  return gradients;
}

}  // namespace

std::vector<float> shares_of(std::vector<float> const& terms, each_result<bool> const& wants,
                             each_result<float> const& incoming) {
  std::size_t const top = holder(terms, oracle::largest(terms));
  std::size_t const bottom = holder(terms, oracle::smallest(terms));
  std::vector<float> shares;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    bool begun = false;
    float sum = 0;
    auto const add = [&](float term) {
      sum = begun ? sum + term : term;
      begun = true;
    };
    if (wants[voxel_result::sum]) { add(incoming[voxel_result::sum]); }
    if (wants[voxel_result::mean]) { add(incoming[voxel_result::mean] / float(terms.size())); }
    if (wants[voxel_result::max] && i == top) { add(incoming[voxel_result::max]); }
    if (wants[voxel_result::min] && i == bottom) { add(incoming[voxel_result::min]); }
    shares.push_back(sum);
  }
  return shares;
}

void voxel_backward_problem::draw_incoming(generator& random, double odd_chance) {
  double const infinity = std::numeric_limits<double>::infinity();
  incoming = {};
  for (auto r : reductions) {
    if (!forward.wants[r]) { continue; }
    incoming[r].resize(forward.bytes_of(r));
    for (std::int64_t i = 0; i < forward.elements_of(r); ++i) {
      double x = 8 * random.unit() - 4;
      if (random.chance(odd_chance)) { x = random.one_of({infinity, std::nan(""), 0.0, -0.0, 3e38, 1e-40, -6e-8}); }
      store_bits(forward.result_type, incoming[r].data(), i, encode(forward.result_type, double(float(x))));
    }
  }
}

feature_gradients voxelize_backward_on_host(voxel_backward_problem const& p) {
  return run_voxelize_backward<host_space>(
      p, [](voxel_backward_arguments const&) { return std::int64_t(0); },
      [](voxel_backward_arguments const& a) {
        voxel_problem const& f = a.forward.of;
        return with_float_types(f.value_type, f.result_type, [&](auto value, auto result) {
          return call_voxelize_backward<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::host::voxelize_backward(arguments...); });
        });
      });
}

std::string difference(voxel_backward_problem const& p, feature_gradients const& a, feature_gradients const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  return unlike_results(p.forward.value_type, a.values, b.values);
}

void gradient_place::draw_place(generator& random, voxel_problem const& p) {
  if (random.chance(0.3)) {
    out_first = random.between(0, 9);
    out_stride = p.channels + random.between(0, 9);
    if (random.chance(0.5)) { out_batch_stride = p.clouds.length * out_stride + random.between(0, 9); }
  } else if (!p.clouds.packed && random.chance(0.2)) {  // [N, B, C]
    out_batch_stride = p.channels + random.between(0, 3);
    out_stride = std::max<std::int64_t>(p.clouds.batch, 1) * out_batch_stride;
  }
}

std::string describe(gradient_place const& place) {
  return text_of("\ngradients at ", place.out_first, ", strides ", place.out_batch_stride, " and ", place.out_stride);
}

void draw_equal_features(generator& random, voxel_problem& p) {
  if (!random.chance(0.3)) { return; }
  std::vector<double> few;
  for (std::size_t i = 0; i < p.features.size(); ++i) { few.push_back(random.one_of({-1.0, -0.0, 0.0, 1.0})); }
  p.set_features(few, p.channels);
}

std::vector<double> numbers_of(feature_gradients const& o, dtype type, row_layout const& layout) {
  INFO(o.state.message() << o.trouble);
  REQUIRE(o.state.ok());
  REQUIRE(o.trouble.empty());
  std::vector<double> numbers;
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      numbers.push_back(decode(type, load_bits(type, o.values.data(), layout.begin(row) + c)));
    }
  }
  return numbers;
}

std::string unlike_expected(feature_gradients const& o, dtype type, row_layout const& layout,
                            std::vector<float> const& expected) {
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  std::vector<std::byte> wanted(o.values.size(), std::byte(poison));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      std::int64_t const at = layout.begin(row) + c;
      auto const bits = encode(type, double(expected[std::size_t(row * layout.channels + c)]));
      auto const found = load_bits(type, o.values.data(), at);
      if (!same(type, found, bits)) {
        return text_of("row ", row, " channel ", c, ": ", bits_text(type, found), ", wanted ", bits_text(type, bits));
      }
      store_bits(type, wanted.data(), at, found);
    }
  }
  return wanted == o.values ? "" : "something was written between the points' gradients";
}

std::string unlike_refusal(feature_gradients const& o, std::string const& argument,
                           std::vector<std::string> const& words) {
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  return all_poison(o.values) ? "" : "something was written";
}

std::string verify(voxel_backward_problem const& p) {
  return unlike_expected(voxelize_backward(p), p.forward.value_type, p.out_layout(), expected(p));
}

std::string refused(voxel_backward_problem const& p, std::string const& argument,
                    std::vector<std::string> const& words) {
  return unlike_refusal(voxelize_backward(p), argument, words);
}

voxel_backward_problem draw_voxel_backward(generator& random, voxel_limits const& limits) {
  voxel_backward_problem p;
  voxel_problem& f = p.forward;
  do { f = draw_voxels(random, limits); } while (f.channels == 0);
  draw_equal_features(random, f);
  f.options.accumulate = false;
  f.before = {};
  for (auto r : all_voxel_results) { f.wants[r] = is_reduction(r) && random.chance(0.5); }
  p.draw_place(random, f);
  p.draw_incoming(random, random.chance(0.5) ? 0.03 : 0);
  return p;
}

std::string describe(voxel_backward_problem const& p) {
  return describe(p.forward) + describe(static_cast<gradient_place const&>(p));
}

std::vector<double> gradients_of(voxel_backward_problem const& p) {
  return numbers_of(voxelize_backward(p), p.forward.value_type, p.out_layout());
}

}  // namespace test
