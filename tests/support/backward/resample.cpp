// SPDX-License-Identifier: Apache-2.0
#include "support/backward/resample.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/host_space.hpp"
#include "support/oracle.hpp"
#include "support/replay.hpp"
#include "support/typed.hpp"

namespace test {
namespace {

template <class Stamp>
float incoming(backward_problem<Stamp> const& p, std::int64_t target, std::int64_t c) {
  return replay::number_of(p.forward.result_type, p.results, p.forward.result_layout(), target, c);
}

template <class Stamp>
std::string against_replay(backward_problem<Stamp> const& p, gradients const& o) {
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  if (p.wants_values) {
    auto const type = p.forward.value_type;
    auto const layout = p.out_layout();
    auto const sums = replay::value_sums(p.forward, oracle::locate(p.forward),
                                         [&](std::int64_t target, std::int64_t c) { return incoming(p, target, c); });
    std::vector<std::byte> wanted(o.values.size(), std::byte(poison));
    for (std::int64_t row = 0; row < layout.total; ++row) {
      for (std::int64_t c = 0; c < layout.channels; ++c) {
        std::int64_t const at = layout.begin(row) + c;
        auto const bits = encode(type, double(sums[row * layout.channels + c]));
        auto const found = load_bits(type, o.values.data(), at);
        if (!same(type, found, bits)) {
          return text_of("row ", row, " channel ", c, ": ", decode(type, found), ", wanted ", decode(type, bits));
        }
        store_bits(type, wanted.data(), at, found);
      }
    }
    if (wanted != o.values) { return "something was written between the rows of the gradients"; }
  } else if (!all_poison(o.values)) {
    return "gradients that were not asked for were written";
  }
  if (!p.wants_targets) { return all_poison(o.targets) ? "" : "gradients of times that nobody asked for were written"; }
  auto const slopes = replay::time_slopes(
      p.forward, [&](std::int64_t target, std::int64_t c, float rise) { return incoming(p, target, c) * rise; });
  for (std::size_t target = 0; target < slopes.size(); ++target) {
    if (!same_float(o.targets[target], slopes[target])) {
      return text_of("time of target ", target, ": ", o.targets[target], ", wanted ", slopes[target]);
    }
  }
  return {};
}

}  // namespace

template <class Stamp>
void backward_problem<Stamp>::draw_results(generator& random, double odd_chance) {
  auto const layout = forward.result_layout();
  auto const type = forward.result_type;
  results.assign(std::size_t(layout.extent() * std::int64_t(robocache::size_of(type))), std::byte(0xFF));
  double const infinity = std::numeric_limits<double>::infinity();
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < forward.channels; ++c) {
      double x = double(float(8 * random.unit() - 4));
      if (random.chance(odd_chance)) { x = random.one_of({infinity, std::nan(""), 0.0, -0.0, 3e38, 1e-40, -6e-8}); }
      store_bits(type, results.data(), layout.begin(row) + c, encode(type, double(float(x))));
    }
  }
}

template <class Stamp>
void backward_problem<Stamp>::set_results(std::vector<double> const& numbers) {
  auto const layout = forward.result_layout();
  auto const type = forward.result_type;
  results.assign(std::size_t(layout.extent() * std::int64_t(robocache::size_of(type))), std::byte(0xFF));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < forward.channels; ++c) {
      double const x = numbers.at(std::size_t(row * forward.channels + c));
      store_bits(type, results.data(), layout.begin(row) + c, encode(type, double(float(x))));
    }
  }
}

template <class Stamp>
gradients backward_on_host(backward_problem<Stamp> const& p) {
  return run_backward<host_space>(p, [](backward_arguments<Stamp> const& a) {
    return with_float_types(a.of.forward.value_type, a.of.forward.result_type, [&](auto value, auto result) {
      return call_backward<typename decltype(value)::type, typename decltype(result)::type>(
          a, [](auto const&... arguments) { return robocache::host::resample_backward(arguments...); });
    });
  });
}

template <class Stamp>
std::string difference(backward_problem<Stamp> const& p, gradients const& a, gradients const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  auto const type = p.forward.value_type;
  for (std::int64_t i = 0; i < std::int64_t(a.values.size() / robocache::size_of(type)); ++i) {
    auto const x = load_bits(type, a.values.data(), i);
    auto const y = load_bits(type, b.values.data(), i);
    if (!same(type, x, y)) {
      return text_of("element ", i, ": ", decode(type, x), " here, ", decode(type, y), " on the host");
    }
  }
  for (std::size_t i = 0; i < a.targets.size(); ++i) {
    if (!same_float(a.targets[i], b.targets[i])) {
      return text_of("time of target ", i, ": ", a.targets[i], " here, ", b.targets[i], " on the host");
    }
  }
  return {};
}

template <class Stamp>
bool targets_ascend(problem<Stamp> const& p) {
  for (std::int64_t b = 0; b < p.target.batch; ++b) {
    auto const stamps = oracle::stamps_of(p.target, b);
    for (std::size_t k = 1; k < stamps.size(); ++k) {
      if (!(stamps[k] >= stamps[k - 1])) { return false; }
    }
  }
  return true;
}

template <class Stamp>
std::string verify(backward_problem<Stamp> const& p) {
  auto one = p;
  one.order = target_order::any;
  if (auto text = against_replay(one, resample_backward(one)); !text.empty()) { return "any order: " + text; }
  if (!targets_ascend(p.forward)) { return {}; }
  one.order = target_order::ascending;
  auto const text = against_replay(one, resample_backward(one));
  return text.empty() ? text : "ascending: " + text;
}

template <class Stamp>
std::string refused(backward_problem<Stamp> const& p, std::string const& argument,
                    std::vector<std::string> const& words) {
  gradients const o = resample_backward(p);
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  return all_poison(o.values) && all_poison(o.targets) ? std::string{} : "something was written";
}

/// What `draw_problem` draws, made into something that has a gradient.
template <class Stamp>
backward_problem<Stamp> draw_backward(generator& random, shape source, shape target, draw_limits const& limits) {
  backward_problem<Stamp> p;
  problem<Stamp>& f = p.forward;
  f = draw_problem<Stamp>(random, source, target, limits);
  f.place = value_place::device;
  if (f.options.method > interpolation::linear) { f.options.method = interpolation::linear; }
  if (is_integer(f.value_type)) {
    f.value_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});
    f.result_type = random.one_of({dtype::float32, dtype::float16, dtype::bfloat16});
  }
  if (random.chance(0.3)) {  // vectors of every type
    f.channels = 8 * random.between(1, 9);
    f.row_stride = f.result_row_stride = f.batch_stride = f.result_batch_stride = contiguous;
    f.first_channel = f.result_first = 0;
    f.misaligned = random.chance(0.2) ? random.between(0, 15) : 0;
  }
  f.draw_values(random, random.chance(0.5) ? limits.odd_values : 0);
  p.draw_results(random, random.chance(0.5) ? limits.odd_values : 0);
  if (random.chance(0.5)) { std::sort(f.target.deltas.begin(), f.target.deltas.end()); }
  if (random.chance(0.3)) {
    p.out_first = random.between(0, 9);
    p.out_row_stride = f.channels + random.between(0, 9);
    if (random.chance(0.5)) { p.out_batch_stride = f.source.length * p.out_row_stride + random.between(0, 9); }
  } else if (!f.source.packed() && random.chance(0.2)) {  // [N, B, D]
    p.out_batch_stride = f.channels + random.between(0, 3);
    p.out_row_stride = std::max<std::int64_t>(f.source.batch, 1) * p.out_batch_stride;
  }
  p.wants_targets = f.options.method == interpolation::linear && random.chance(0.6);
  p.wants_values = !p.wants_targets || random.chance(0.8);
  return p;
}

template struct backward_problem<float>;
template struct backward_problem<double>;
template struct backward_problem<std::int64_t>;
template gradients backward_on_host(backward_problem<float> const&);
template gradients backward_on_host(backward_problem<double> const&);
template gradients backward_on_host(backward_problem<std::int64_t> const&);
template std::string difference(backward_problem<float> const&, gradients const&, gradients const&);
template std::string difference(backward_problem<double> const&, gradients const&, gradients const&);
template std::string difference(backward_problem<std::int64_t> const&, gradients const&, gradients const&);
template bool targets_ascend(problem<float> const&);
template bool targets_ascend(problem<double> const&);
template bool targets_ascend(problem<std::int64_t> const&);
template std::string verify(backward_problem<float> const&);
template std::string verify(backward_problem<double> const&);
template std::string verify(backward_problem<std::int64_t> const&);
template backward_problem<float> draw_backward(generator&, shape, shape, draw_limits const&);
template backward_problem<double> draw_backward(generator&, shape, shape, draw_limits const&);
template backward_problem<std::int64_t> draw_backward(generator&, shape, shape, draw_limits const&);
template std::string refused(backward_problem<float> const&, std::string const&, std::vector<std::string> const&);
template std::string refused(backward_problem<double> const&, std::string const&, std::vector<std::string> const&);

}  // namespace test
