// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <robocache/scratch.hpp>

#include "support/backward/resample.hpp"
#include "support/fuse/fuse.hpp"

/// `fuse_backward` under test: as resample.hpp is for `resample_backward`.
namespace test {

/// Which gradients of a stream are wanted, and how those of its values are laid out.
struct wanted_gradients {
  bool values = true;
  bool scale = false;
  bool shift = false;
  std::int64_t first = 0;
  std::int64_t batch_stride = contiguous;
  std::int64_t row_stride = contiguous;
};

/// One call: the fusion whose backward pass it is; its results are the incoming gradients.
template <class Stamp>
struct fuse_backward_problem {
  fuse_problem<Stamp> forward{};
  std::vector<std::byte> results{};  ///< gradients, in the layout of the forward results
  std::vector<wanted_gradients> out{};
  bool wants_targets = false;
  target_order order = target_order::any;
  std::int64_t scratch_missing = 0;  ///< bytes by which the scratch is too small
  std::int64_t scratch_offset = 0;   ///< bytes by which it is off a 16-byte boundary
  bool scratch_null = false;

  /// The call gets the scratch that it asks for, which the host's does without.
  bool has_scratch() const { return scratch_missing == 0 && scratch_offset == 0 && !scratch_null; }

  row_layout out_layout(std::size_t i) const {
    auto const& s = forward.streams[i].series;
    return {s.source, s.channels, out[i].first, out[i].batch_stride, out[i].row_stride};
  }

  /// Random gradients in (-4, 4); what no row owns is NaN.
  void draw_results(generator& random, double odd_chance = 0);
  /// One number for each channel of each row, in order.
  void set_results(std::vector<double> const& numbers);
};

/// What one call left of one stream; empty where nothing was asked for.
struct stream_outcome {
  std::vector<std::byte> values{};
  std::vector<float> scale{};
  std::vector<float> shift{};
};

struct fused_gradients {
  status state{};
  std::vector<stream_outcome> streams{};
  std::vector<float> targets{};
  std::string trouble{};
};

/// On the side under test; on a device it also compares every bit with the host's.
template <class Stamp>
fused_gradients fuse_backward(fuse_backward_problem<Stamp> const& p);

/// The call alone, with views that a test made by hand: for calls that are refused.
status fuse_backward_views(robocache::stream<float> const* streams, std::int64_t count, timeline<float> const& target,
                           robocache::result_gradients<float> const& results, robocache::stream_gradients const* out,
                           float* targets);

/// `host::fuse_backward`, in guarded memory.
template <class Stamp>
fused_gradients fuse_backward_on_host(fuse_backward_problem<Stamp> const& p);

/// Two sides' gradients of one problem, as `difference` of compare.hpp.
template <class Stamp>
std::string difference(fuse_backward_problem<Stamp> const& p, fused_gradients const& a, fused_gradients const& b);

/// Makes the call with every promise that holds of its targets, and compares all bits with a replay of the semantics.
template <class Stamp>
std::string verify(fuse_backward_problem<Stamp> const& p);

/// The call fails as it should, as `refused` of compare.hpp.
template <class Stamp>
std::string refused(fuse_backward_problem<Stamp> const& p, std::string const& argument,
                    std::vector<std::string> const& words);

/// What `draw_fuse` draws, made into something that has gradients.
template <class Stamp>
fuse_backward_problem<Stamp> draw_fuse_backward(generator& random, shape target, std::int64_t count,
                                                draw_limits const& limits = {});

/// The gradient of element `c` of source row `row` of stream `i`, as a number.
template <class Stamp>
double gradient_at(fuse_backward_problem<Stamp> const& p, fused_gradients const& o, std::size_t i, std::int64_t row,
                   std::int64_t c = 0) {
  dtype const type = p.forward.streams[i].series.value_type;
  return decode(type, load_bits(type, o.streams[i].values.data(), p.out_layout(i).begin(row) + c));
}

/// The arguments of one call, in the memory of one side.
template <class Stamp>
struct fuse_backward_arguments {
  fuse_backward_problem<Stamp> const& of;
  std::vector<robocache::stream<Stamp>> const& streams;
  timeline<Stamp> target;
  void const* results;
  std::vector<robocache::stream_gradients> out;
  float* targets;
  robocache::scratch memory;

  std::int64_t count() const { return std::int64_t(streams.size()); }
  template <class Result>
  robocache::result_gradients<Result> gradients() const {
    fuse_problem<Stamp> const& f = of.forward;
    return {static_cast<Result const*>(results), f.result_batch_stride, f.result_row_stride};
  }
};

/// Puts the problem into guarded memory of `Space`, makes the call, and reads back what it left.
/// @param scratch_bytes  `std::int64_t(fuse_backward_arguments<Stamp> const&)`: what the call needs
/// @param call           `status(fuse_backward_arguments<Stamp> const&)`, which returns when all is written
template <class Space, class Stamp, class ScratchBytes, class Call>
fused_gradients run_fuse_backward(fuse_backward_problem<Stamp> const& p, ScratchBytes scratch_bytes, Call call) {
  fuse_problem<Stamp> const& f = p.forward;
  using buffer = std::unique_ptr<guarded<Space>>;
  auto const room = [](std::int64_t bytes, std::int64_t misaligned) {
    return std::make_unique<guarded<Space>>(nullptr, std::size_t(bytes), std::size_t(misaligned));
  };
  auto const result_size = std::int64_t(robocache::size_of(f.result_type));
  constexpr auto float_bytes = std::int64_t(sizeof(float));
  streams_memory<Space, Stamp> const streams(f.streams);
  timeline_memory<Space, Stamp> const target(f.target);
  static std::byte const nothing{};
  guarded<Space> const results(p.results.empty() ? &nothing : p.results.data(), p.results.size(),
                               std::size_t(f.misaligned * result_size));
  fuse_backward_arguments<Stamp> arguments{p,
                                           streams.views(),
                                           target.view(),
                                           static_cast<std::byte const*>(results.data()) + f.result_first * result_size,
                                           {},
                                           nullptr,
                                           {}};

  struct stream_buffers {
    buffer values, scale, shift;
  };
  std::vector<stream_buffers> buffers;
  for (std::size_t i = 0; i < f.streams.size(); ++i) {
    stream_data<Stamp> const& stream = f.streams[i];
    problem<Stamp> const& s = stream.series;
    auto const size = std::int64_t(robocache::size_of(s.value_type));
    buffers.push_back({room(p.out_layout(i).extent() * size, s.misaligned * size),
                       room(s.channels * float_bytes, stream.scale_misaligned * float_bytes),
                       room(s.channels * float_bytes, stream.shift_misaligned * float_bytes)});
    auto const& b = buffers.back();
    wanted_gradients const& w = p.out[i];
    arguments.out.push_back({w.values ? static_cast<std::byte*>(b.values->data()) + w.first * size : nullptr,
                             w.scale ? static_cast<float*>(b.scale->data()) : nullptr,
                             w.shift ? static_cast<float*>(b.shift->data()) : nullptr, w.batch_stride, w.row_stride});
  }
  buffer const times = room(f.target.total() * float_bytes, f.misaligned * float_bytes);
  if (p.wants_targets) { arguments.targets = static_cast<float*>(times->data()); }
  std::int64_t const bytes = std::max<std::int64_t>(0, scratch_bytes(arguments) - p.scratch_missing);
  buffer const memory = room(bytes, p.scratch_offset);
  arguments.memory = {p.scratch_null || bytes == 0 ? nullptr : memory->data(), bytes};

  fused_gradients o;
  o.state = call(arguments);
  auto const floats = [&](buffer const& from, char const* name) {
    auto const raw = from->read(name, o.trouble);
    std::vector<float> numbers(raw.size() / sizeof(float));
    if (!raw.empty()) { std::memcpy(numbers.data(), raw.data(), raw.size()); }
    return numbers;
  };
  for (auto const& b : buffers) {
    o.streams.push_back(
        {b.values->read("out.values", o.trouble), floats(b.scale, "out.scale"), floats(b.shift, "out.shift")});
  }
  o.targets = floats(times, "targets");
  memory->read("memory", o.trouble);
  results.read("results", o.trouble);
  streams.check(o.trouble);
  target.check("target", o.trouble);
  return o;
}

}  // namespace test
