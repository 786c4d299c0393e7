// SPDX-License-Identifier: Apache-2.0
#include "support/voxels/backward.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/cells/oracle.hpp"
#include "support/host_space.hpp"
#include "support/typed.hpp"
#include "support/voxels/draw.hpp"

namespace test {
namespace {

voxel_result reduction_of(sparse_result r) {
  return voxel_result(int(voxel_result::sum) + int(r) - int(sparse_result::sum));
}

/// The formula of the semantics for the points of voxel `at`.
void add_shares(sparse_backward_problem const& p, oracle::listed_voxel const& voxel, std::int64_t at,
                std::vector<float>& gradients) {
  std::int64_t const channels = p.forward.from.channels;
  for (std::int64_t c = 0; c < channels; ++c) {
    each_result<bool> wants;
    each_result<float> incoming;
    for (auto r : p.gradients()) {
      if (!p.forward.wants[r]) { continue; }
      wants[reduction_of(r)] = true;
      incoming[reduction_of(r)] = p.gradient(r, at * channels + c);
    }
    auto const shares = shares_of(oracle::terms_of(p.forward.from, voxel.rows, c), wants, incoming);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      gradients[std::size_t(voxel.rows[i] * channels + c)] = shares[i];
    }
  }
}

/// One number for each channel of each row.
std::vector<float> expected(sparse_backward_problem const& p) {
  std::int64_t const channels = p.forward.from.channels;
  std::vector<float> gradients(std::size_t(p.forward.from.clouds.total() * channels), 0.0f);
  auto const listed = oracle::list_voxels(p.forward);
  if (p.forward.call != voxel_call::gathered) {
    for (std::size_t i = 0; i < listed.kept.size(); ++i) { add_shares(p, listed.kept[i], std::int64_t(i), gradients); }
    return gradients;
  }
  for (std::size_t row = 0; row < listed.slot_of.size(); ++row) {
    std::int64_t const slot = listed.slot_of[row];
    for (std::int64_t c = 0; c < (slot < 0 ? 0 : channels); ++c) {
      gradients[row * std::size_t(channels) + std::size_t(c)] = p.gradient(sparse_result::values, slot * channels + c);
    }
  }
  return gradients;
}

}  // namespace

void sparse_backward_problem::draw_incoming(generator& random, double odd_chance) {
  double const infinity = std::numeric_limits<double>::infinity();
  auto const kept = std::int64_t(oracle::list_voxels(forward).kept.size());
  incoming = {};
  for (auto r : gradients()) {
    if (!forward.wants[r]) { continue; }
    incoming[r].assign(forward.bytes_of(r), std::byte(0xFF));
    for (std::int64_t i = 0; i < kept * forward.width_of(r); ++i) {
      double x = 8 * random.unit() - 4;
      if (random.chance(odd_chance)) { x = random.one_of({infinity, std::nan(""), 0.0, -0.0, 3e38, 1e-40, -6e-8}); }
      auto const type = forward.from.result_type;
      store_bits(type, incoming[r].data(), i, encode(type, double(float(x))));
    }
  }
}

feature_gradients voxelize_backward_on_host(sparse_backward_problem const& p) {
  return run_sparse_backward<host_space>(
      p, [](sparse_backward_arguments const&) { return std::int64_t(0); },
      [](sparse_backward_arguments const& a) {
        voxel_problem const& from = a.of.forward.from;
        return with_float_types(from.value_type, from.result_type, [&](auto value, auto result) {
          return call_sparse_backward<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::host::voxelize_sparse_backward(arguments...); },
              [](auto const&... arguments) { return robocache::host::voxelize_gathered_backward(arguments...); });
        });
      });
}

std::string difference(sparse_backward_problem const& p, feature_gradients const& a, feature_gradients const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  return unlike_results(p.forward.from.value_type, a.values, b.values);
}

std::string verify(sparse_backward_problem const& p) {
  return unlike_expected(voxelize_backward(p), p.forward.from.value_type, p.out_layout(), expected(p));
}

std::string refused(sparse_backward_problem const& p, std::string const& argument,
                    std::vector<std::string> const& words) {
  return unlike_refusal(voxelize_backward(p), argument, words);
}

sparse_backward_problem draw_sparse_backward(generator& random, voxel_limits const& limits) {
  sparse_backward_problem p;
  do { p.forward = draw_sparse(random, limits); } while (p.forward.from.channels == 0);
  if (p.forward.call == voxel_call::filter) { p.forward.call = voxel_call::sparse; }
  voxel_problem& from = p.forward.from;
  draw_equal_features(random, from);
  p.forward.wants = {};
  for (auto r : p.gradients()) { p.forward.wants[r] = r == sparse_result::values || random.chance(0.5); }
  p.with_count = random.chance(0.5);
  p.draw_place(random, from);
  p.draw_incoming(random, random.chance(0.5) ? 0.03 : 0);
  return p;
}

std::string describe(sparse_backward_problem const& p) {
  return describe(p.forward) + describe(static_cast<gradient_place const&>(p));
}

std::vector<double> gradients_of(sparse_backward_problem const& p) {
  return numbers_of(voxelize_backward(p), p.forward.from.value_type, p.out_layout());
}

}  // namespace test
