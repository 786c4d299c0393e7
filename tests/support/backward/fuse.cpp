// SPDX-License-Identifier: Apache-2.0
#include "support/backward/fuse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <robocache/host.hpp>

#include "support/bits.hpp"
#include "support/fuse/oracle.hpp"
#include "support/host_space.hpp"
#include "support/replay.hpp"
#include "support/typed.hpp"

namespace test {
namespace {

/// One stream's share of the replay.
template <class Stamp>
class stream_replay {
 public:
  stream_replay(fuse_backward_problem<Stamp> const& p, std::size_t i)
      : of_(p),
        stream_(p.forward.streams[i]),
        place_(p.forward.places()[i]),
        alone_(oracle::as_resample(stream_, p.forward.target)),
        records_(oracle::locate(stream_, p.forward.target, alone_)) {}

  /// The gradient that comes in.
  float incoming(std::int64_t target, std::int64_t c) const {
    fuse_problem<Stamp> const& f = of_.forward;
    return replay::number_of(f.result_type, of_.results, f.result_layout(), target, place_ + c);
  }

  std::vector<float> values() const {
    auto sums =
        replay::value_sums(alone_, records_, [&](std::int64_t target, std::int64_t c) { return incoming(target, c); });
    for (std::size_t i = 0; i < sums.size() && !stream_.scale.empty(); ++i) {
      sums[i] = stream_.scale[i % stream_.scale.size()] * sums[i];
    }
    return sums;
  }

  /// @param with_value  scale's gradient, else shift's
  std::vector<float> factors(bool with_value) const {
    std::vector<float> sums;
    for (std::int64_t c = 0; c < alone_.channels; ++c) {
      std::vector<float> terms;
      for (std::size_t row = 0; row < records_.size(); ++row) {
        oracle::record const& r = records_[row];
        float term = 0;
        if (r.first >= 0) {
          term = incoming(std::int64_t(row), c);
          if (with_value) { term = term * float(decode(dtype::float32, oracle::blend(alone_, r, c).low)); }
        }
        terms.push_back(term);
      }
      sums.push_back(replay::tree_sum(std::move(terms)));
    }
    return sums;
  }

  std::vector<float> targets() const {
    return replay::time_slopes(alone_, [&](std::int64_t target, std::int64_t c, float rise) {
      float const term = incoming(target, c) * rise;
      return stream_.scale.empty() ? term : term * stream_.scale[std::size_t(c)];
    });
  }

 private:
  fuse_backward_problem<Stamp> const& of_;
  stream_data<Stamp> const& stream_;
  std::int64_t place_;
  problem<Stamp> alone_;
  std::vector<oracle::record> records_;
};

/// The first number that is wrong, or was written although nobody asked for it.
std::string compare_floats(char const* name, std::vector<float> const& found, bool asked,
                           std::vector<float> const& wanted) {
  if (!asked) { return all_poison(found) ? "" : text_of(name, " that nobody asked for was written"); }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!same_float(found[i], wanted[i])) { return text_of(name, " ", i, ": ", found[i], ", wanted ", wanted[i]); }
  }
  return {};
}

template <class Stamp>
std::string compare_values(fuse_backward_problem<Stamp> const& p, std::size_t i, std::vector<std::byte> const& found,
                           std::vector<float> const& wanted) {
  if (!p.out[i].values) { return all_poison(found) ? "" : "values that nobody asked for were written"; }
  dtype const type = p.forward.streams[i].series.value_type;
  auto const layout = p.out_layout(i);
  std::vector<std::byte> whole(found.size(), std::byte(poison));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      std::int64_t const at = layout.begin(row) + c;
      auto const bits = encode(type, double(wanted[std::size_t(row * layout.channels + c)]));
      auto const here = load_bits(type, found.data(), at);
      if (!same(type, here, bits)) {
        return text_of("row ", row, " channel ", c, ": ", bits_text(type, here), ", wanted ", bits_text(type, bits));
      }
      store_bits(type, whole.data(), at, here);
    }
  }
  return whole == found ? "" : "something was written between the rows of the gradients";
}

template <class Stamp>
std::string against_replay(fuse_backward_problem<Stamp> const& p, fused_gradients const& o) {
  if (!o.state.ok()) { return text_of("status: ", o.state.message()); }
  if (!o.trouble.empty()) { return o.trouble; }
  std::vector<float> slopes;
  for (std::size_t i = 0; i < p.out.size(); ++i) {
    wanted_gradients const& w = p.out[i];
    stream_outcome const& found = o.streams[i];
    stream_replay<Stamp> const one(p, i);
    std::string text = compare_values(p, i, found.values, w.values ? one.values() : std::vector<float>{});
    if (text.empty()) {
      text = compare_floats("scale", found.scale, w.scale, w.scale ? one.factors(true) : std::vector<float>{});
    }
    if (text.empty()) {
      text = compare_floats("shift", found.shift, w.shift, w.shift ? one.factors(false) : std::vector<float>{});
    }
    if (!text.empty()) { return text_of("stream ", i, ": ", text); }
    if (!p.wants_targets) { continue; }
    auto const more = one.targets();
    for (std::size_t k = 0; k < slopes.size(); ++k) { slopes[k] = slopes[k] + more[k]; }
    if (i == 0) { slopes = more; }
  }
  return compare_floats("time of target", o.targets, p.wants_targets, slopes);
}

/// Whether the times asked of each stream ascend: with the targets, unless integers wrap.
template <class Stamp>
bool times_ascend(fuse_problem<Stamp> const& p) {
  for (auto const& s : p.streams) {
    for (std::int64_t b = 0; b < p.target.batch; ++b) {
      auto const stamps = oracle::stamps_of(p.target, b);
      for (std::size_t k = 1; k < stamps.size(); ++k) {
        if (!(oracle::sought(stamps[k], s.latency) >= oracle::sought(stamps[k - 1], s.latency))) { return false; }
      }
    }
  }
  return true;
}

}  // namespace

template <class Stamp>
void fuse_backward_problem<Stamp>::draw_results(generator& random, double odd_chance) {
  double const infinity = std::numeric_limits<double>::infinity();
  auto const layout = forward.result_layout();
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < layout.total * layout.channels; ++i) {
    double const usual = 8 * random.unit() - 4;
    numbers.push_back(random.chance(odd_chance) ? random.one_of({infinity, std::nan(""), 0.0, -0.0, 3e38, 1e-40, -6e-8})
                                                : usual);
  }
  set_results(numbers);
}

template <class Stamp>
void fuse_backward_problem<Stamp>::set_results(std::vector<double> const& numbers) {
  auto const layout = forward.result_layout();
  auto const type = forward.result_type;
  results.assign(std::size_t(layout.extent() * std::int64_t(robocache::size_of(type))), std::byte(0xFF));
  for (std::int64_t row = 0; row < layout.total; ++row) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      double const x = numbers.at(std::size_t(row * layout.channels + c));
      store_bits(type, results.data(), layout.begin(row) + c, encode(type, double(float(x))));
    }
  }
}

template <class Stamp>
fused_gradients fuse_backward_on_host(fuse_backward_problem<Stamp> const& p) {
  using arguments = fuse_backward_arguments<Stamp>;
  return run_fuse_backward<host_space>(
      p, [](arguments const&) { return std::int64_t(0); },
      [](arguments const& a) {
        return with_float_types(dtype::float32, a.of.forward.result_type, [&](auto, auto result) {
          return robocache::host::fuse_backward(a.streams.data(), a.count(), a.target,
                                                a.template gradients<typename decltype(result)::type>(), a.out.data(),
                                                a.targets, a.of.order);
        });
      });
}

template <class Stamp>
std::string difference(fuse_backward_problem<Stamp> const& p, fused_gradients const& a, fused_gradients const& b) {
  if (std::strcmp(a.state.message(), b.state.message()) != 0) {
    return text_of("status: '", a.state.message(), "' here, '", b.state.message(), "' on the host");
  }
  auto const unlike = [](std::vector<float> const& x, std::vector<float> const& y) {
    return !std::equal(x.begin(), x.end(), y.begin(), y.end(), same_float);
  };
  for (std::size_t i = 0; i < a.streams.size(); ++i) {
    dtype const type = p.forward.streams[i].series.value_type;
    stream_outcome const& x = a.streams[i];
    stream_outcome const& y = b.streams[i];
    for (std::int64_t k = 0; k < std::int64_t(x.values.size() / robocache::size_of(type)); ++k) {
      auto const here = load_bits(type, x.values.data(), k);
      auto const there = load_bits(type, y.values.data(), k);
      if (!same(type, here, there)) {
        return text_of("stream ", i, " element ", k, ": ", bits_text(type, here), " here, ", bits_text(type, there),
                       " on the host");
      }
    }
    if (unlike(x.scale, y.scale)) { return text_of("stream ", i, ": scale is not the host's"); }
    if (unlike(x.shift, y.shift)) { return text_of("stream ", i, ": shift is not the host's"); }
  }
  return unlike(a.targets, b.targets) ? "times of targets are not the host's" : "";
}

template <class Stamp>
std::string verify(fuse_backward_problem<Stamp> const& p) {
  auto one = p;
  one.order = target_order::any;
  if (auto text = against_replay(one, fuse_backward(one)); !text.empty()) { return "any order: " + text; }
  if (!times_ascend(p.forward)) { return {}; }
  one.order = target_order::ascending;
  auto const text = against_replay(one, fuse_backward(one));
  return text.empty() ? text : "ascending: " + text;
}

template <class Stamp>
std::string refused(fuse_backward_problem<Stamp> const& p, std::string const& argument,
                    std::vector<std::string> const& words) {
  fused_gradients const o = fuse_backward(p);
  if (auto text = unlike_refusal(o.state, argument, words); !text.empty()) { return text; }
  if (!o.trouble.empty()) { return o.trouble; }
  bool const untouched = all_poison(o.targets) && std::all_of(o.streams.begin(), o.streams.end(), [](auto const& s) {
                           return all_poison(s.values) && all_poison(s.scale) && all_poison(s.shift);
                         });
  return untouched ? std::string{} : "something was written";
}

template <class Stamp>
fuse_backward_problem<Stamp> draw_fuse_backward(generator& random, shape target, std::int64_t count,
                                                draw_limits const& limits) {
  fuse_backward_problem<Stamp> p;
  fuse_problem<Stamp>& f = p.forward;
  draw_limits without_rings = limits;
  without_rings.rings = false;
  f = draw_fuse<Stamp>(random, target, count, without_rings);
  for (auto& s : f.streams) { s.series.place = value_place::device; }  // as gradients want them
  if (f.channels > 0 && f.result_row_stride == contiguous) { f.result_row_stride = f.width(); }
  if (random.chance(0.5)) { std::sort(f.target.deltas.begin(), f.target.deltas.end()); }
  p.wants_targets = random.chance(0.3);
  for (auto& s : f.streams) {
    wanted_gradients w;
    w.values = random.chance(0.8);
    w.scale = random.chance(0.4);
    w.shift = random.chance(0.4);
    auto& rules = s.series.options;
    bool const asked = w.values || w.scale || w.shift;
    if (p.wants_targets || (asked && rules.method > interpolation::linear)) {
      rules.method = interpolation::linear;
      rules.causal = false;
    }
    std::int64_t const channels = s.series.channels;
    if (random.chance(0.3)) {
      w.first = random.between(0, 9);
      w.row_stride = channels + random.between(0, 9);
      if (random.chance(0.5)) { w.batch_stride = s.series.source.length * w.row_stride + random.between(0, 9); }
    } else if (!s.series.source.packed() && random.chance(0.2)) {  // [N, B, D]
      w.batch_stride = channels + random.between(0, 3);
      w.row_stride = std::max<std::int64_t>(s.series.source.batch, 1) * w.batch_stride;
    }
    p.out.push_back(w);
  }
  p.draw_results(random, random.chance(0.5) ? limits.odd_values : 0);
  return p;
}

template struct fuse_backward_problem<float>;
template struct fuse_backward_problem<double>;
template struct fuse_backward_problem<std::int64_t>;
template fused_gradients fuse_backward_on_host(fuse_backward_problem<float> const&);
template fused_gradients fuse_backward_on_host(fuse_backward_problem<double> const&);
template fused_gradients fuse_backward_on_host(fuse_backward_problem<std::int64_t> const&);
template std::string difference(fuse_backward_problem<float> const&, fused_gradients const&, fused_gradients const&);
template std::string difference(fuse_backward_problem<double> const&, fused_gradients const&, fused_gradients const&);
template std::string difference(fuse_backward_problem<std::int64_t> const&, fused_gradients const&,
                                fused_gradients const&);
template std::string verify(fuse_backward_problem<float> const&);
template std::string verify(fuse_backward_problem<double> const&);
template std::string verify(fuse_backward_problem<std::int64_t> const&);
template std::string refused(fuse_backward_problem<float> const&, std::string const&, std::vector<std::string> const&);
template fuse_backward_problem<float> draw_fuse_backward(generator&, shape, std::int64_t, draw_limits const&);
template fuse_backward_problem<double> draw_fuse_backward(generator&, shape, std::int64_t, draw_limits const&);
template fuse_backward_problem<std::int64_t> draw_fuse_backward(generator&, shape, std::int64_t, draw_limits const&);

}  // namespace test
