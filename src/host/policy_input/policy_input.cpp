// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <robocache/detail/policy_input/check.hpp>
#include <robocache/device/curve.cuh>
#include <robocache/device/policy_value.cuh>
#include <robocache/device/velocity.cuh>
#include <robocache/dtype.hpp>
#include <robocache/host.hpp>

#include "host/common/isa.hpp"
#include "host/common/parallel.hpp"
#include "host/common/timed/stream_rows.hpp"
#include "host/instantiate.hpp"

namespace robocache::host {
namespace detail {
namespace {

/// The value of a stream at a located time, before anything is done to it.
template <class Stamp>
class stream_reader {
 public:
  explicit stream_reader(policy_stream<Stamp> const& one)
      : one_(one), job_(job_of<Stamp>(one, dtype::float32)), rules_(rules_of<Stamp>(one)) {
    rules_.latencies = one.latencies;
  }

  policy_stream<Stamp> const& of() const { return one_; }
  stream_rules<Stamp> const& rules() const { return rules_; }

  /// All channels by the stream's method.
  void read(device::trajectory<Stamp> const& from, device::location const& at, float* row) const {
    take(record_of(job_, from, at, one_.options.method), one_.options.method, row);
  }

  /// A rotation.
  device::quaternion read_rotation(device::trajectory<Stamp> const& from, device::location const& at) const {
    rotation_layout const& layout = one_.rotation.source;
    char const* const first = sample_of(job_, from, at);
    device::rotation_channels const a = sample(first);
    if (!at.blends) { return device::read_rotation(layout, a); }
    return device::rotation_between(layout, a, sample(first + from.step_from(at.row) * job_.row_bytes), at.weight);
  }

  /// A sample as it is stored.
  device::rotation_channels sample(char const* first) const {
    device::rotation_channels row{};
    take({first, false, {}, INT32_MAX, 0}, interpolation::previous, row.c);
    return row;
  }
  device::rotation_channels sample(device::trajectory<Stamp> const& from, device::location const& at) const {
    return sample(sample_of(job_, from, at));
  }

  /// All channels of sample `row`.
  void read_sample(device::trajectory<Stamp> const& from, std::int64_t row, float* channels) const {
    take({sample_of(job_, from, {row, 0.0f, false, true}), false, {}, INT32_MAX, 0}, interpolation::previous, channels);
  }

 private:
  void take(method_record const& record, interpolation method, float* row) const {
    job_.by_method(&record, 1, row, {method, job_.row_bytes, {one_.channels, 0, nullptr}});
  }

  policy_stream<Stamp> const& one_;
  stream_job job_;
  stream_rules<Stamp> rules_;
};

/// The value of a stream at one time of a window.
template <class Stamp>
class reference {
 public:
  reference(policy_stream<Stamp> const& one, timeline<Stamp> const& target, Stamp at)
      : reader_(one), target_(target), at_(at), row_(static_cast<std::size_t>(one.channels)) {}

  /// Moves to window `b`. False where the value is not valid there.
  bool move(std::int64_t b) {
    if (b == b_) { return valid_; }
    b_ = b;
    auto const from = device::source_trajectory(reader_.of().when, target_, b);
    auto const sought = reader_.rules().seek(device::stamp_sum(target_.starts[b], at_), b);
    device::location const where = device::locate(from, sought, reader_.rules().locate);
    valid_ = where.valid && where.row >= 0;
    if (!valid_) { return false; }
    if (reader_.of().rotation.wanted) {
      rotation_ = reader_.read_rotation(from, where);
    } else {
      reader_.read(from, where, row_.data());
    }
    return true;
  }

  float const* row() const { return row_.data(); }
  device::quaternion const& rotation() const { return rotation_; }

 private:
  stream_reader<Stamp> reader_;
  timeline<Stamp> const& target_;
  Stamp at_;
  std::int64_t b_ = -1;
  bool valid_ = false;
  std::vector<float> row_;
  device::quaternion rotation_{};
};

/// One fusion of a call.
template <class Stamp>
struct input_job {
  robocache::detail::fusion_list<Stamp> list;
  std::int64_t own;
  policy_fusion<Stamp> const& fusion;
  robocache::detail::strides step;
  std::int64_t channels;  ///< C
  blend_function narrow;  ///< from float to the type of the results
  std::int64_t bytes;     ///< of one result
};

template <class Stamp>
void write_floats(input_job<Stamp> const& job, float const* row, char* to, std::int64_t channels) {
  blend_record const record{row, nullptr, 0.0f};
  job.narrow(&record, 1, to, {channels, 0, nullptr});
}

/// One stream's channels.
template <class Stamp>
class stream_writer {
 public:
  stream_writer(input_job<Stamp> const& job, policy_stream<Stamp> const& one)
      : job_(job),
        reader_(one),
        one_(one),
        channels_(result_channels(one)),
        fill_(static_cast<std::size_t>(channels_), static_cast<float>(one.options.fill)),
        row_(static_cast<std::size_t>(std::max(channels_, one.channels))),
        next_(one.derivative == derivative_order::velocity ? row_.size() : 0) {
    relative_rules<Stamp> const& rules = one.relative;
    if (!rules.wanted) { return; }
    add_reference(rules.to.stream == stream_index::none ? one : job.list.at(rules.to, job.own), rules.to);
    if (rules.frame.stream != stream_index::none) { add_reference(job.list.at(rules.frame, job.own), rules.frame); }
  }

  /// Writes rows `[begin, end)`, whose first channel is `place`.
  /// @param mask  the stream's place in the valid mask
  void write(std::int64_t place, std::int64_t mask, std::int64_t begin, std::int64_t end) {
    policy_output const& out = job_.fusion.out;
    auto const& target = job_.fusion.target;
    auto const take = [&](target_run const& run, device::trajectory<Stamp> const& from,
                          device::location const* locations) {
      std::int64_t const at = place_of(target, run, job_.step.batch, job_.step.row) + place;
      for (std::int64_t i = 0; i < run.count; ++i) {
        bool const refers = refers_to(run);
        bool written = refers && locations[i].row >= 0;
        bool valid = refers && locations[i].valid;
        std::int64_t newest = locations[i].row;
        if (!next_.empty()) {
          device::slope along;
          if (run.owned) {
            Stamp const t = device::target_stamp(target, run.b, run.k + i);
            along = device::slope_at(from, reader_.rules().seek(t, run.b), reader_.rules().locate);
          }
          written = along.row >= 0;
          valid = along.valid;
          newest = along.row + 1;
          if (written) { compute_velocity(from, along, run.k + i); }
        } else if (written) {
          compute(from, locations[i], run.k + i);
        }
        char* const to = static_cast<char*>(out.values) + (at + i * job_.step.row) * job_.bytes;
        write_floats(job_, written ? row_.data() : fill_.data(), to, channels_);
        if (out.valid != nullptr) { out.valid[(run.row + i) * job_.fusion.count + mask] = valid ? 1 : 0; }
        if (out.all_valid != nullptr && !valid) { out.all_valid[run.row + i] = 0; }
        if (Stamp* const ages = job_.fusion.ages; ages != nullptr) {
          if (next_.empty() && locations[i].blends) {
            newest = device::newest_read(locations[i], device::curve_at(from, locations[i], one_.options.method).right);
          }
          ages[(run.row + i) * job_.fusion.count + mask] =
              valid ? device::age_of(device::target_stamp(target, run.b, run.k + i), from.stamp(newest))
                    : device::no_age<Stamp>;
        }
      }
    };
    locate_rows(one_.when, target, reader_.rules(), begin, end, take);
  }

 private:
  void add_reference(policy_stream<Stamp> const& of, stream_index const& named) {
    auto const& target = job_.list.fusions[job_.list.fusion_of(named, job_.own)].target;
    references_.emplace_back(of, target, one_.relative.at);
  }

  /// Moves the references to a run's window. False where one is not valid.
  bool refers_to(target_run const& run) {
    return std::all_of(references_.begin(), references_.end(), [&](auto& one) { return one.move(run.b); });
  }

  /// Everything up to the rounding.
  void compute(device::trajectory<Stamp> const& from, device::location const& at, std::int64_t k) {
    float* const row = row_.data();
    if (one_.rotation.wanted) {
      rotate(from, at);
    } else {
      reader_.read(from, at, row);
      if (!references_.empty()) { subtract(); }
    }
    if (one_.sin_cos) {
      for (std::int64_t c = 0; c < one_.channels; ++c) {
        device::sine_and_cosine const of = device::sincos_rn(row[c]);
        row[c] = of.sine;
        row[one_.channels + c] = of.cosine;
      }
    }
    finish(k);
  }

  void compute_velocity(device::trajectory<Stamp> const& from, device::slope const& along, std::int64_t k) {
    float const rate = device::per_second(static_cast<float>(one_.ticks_per_second), along);
    reader_.read_sample(from, along.row, row_.data());
    reader_.read_sample(from, along.row + 1, next_.data());
    if (one_.rotation.wanted) {
      device::rotation_channels a{}, b{};
      std::copy_n(row_.data(), one_.channels, a.c);
      std::copy_n(next_.data(), one_.channels, b.c);
      device::vector3 const v =
          device::angular_velocity(device::read_rotation(one_.rotation.source, a),
                                   device::read_rotation(one_.rotation.source, b), rate, one_.rotation.world_frame);
      row_[0] = v.x;
      row_[1] = v.y;
      row_[2] = v.z;
    } else {
      bool const is_angle = one_.options.method == interpolation::angle;
      for (std::int64_t c = 0; c < one_.channels; ++c) {
        auto const at = static_cast<std::size_t>(c);
        row_[at] = device::velocity(row_[at], next_[at], rate, is_angle);
      }
    }
    finish(k);
  }

  /// Scale, shift and clamp, for target `k` of a trajectory.
  void finish(std::int64_t k) {
    float* const row = row_.data();
    std::int64_t const step = k * one_.affine_stride;
    scale_row(row, one_.scale == nullptr ? nullptr : one_.scale + step,
              one_.shift == nullptr ? nullptr : one_.shift + step, channels_);
    for (std::int64_t c = 0; c < channels_; ++c) {
      row[c] = device::clamped(row[c], one_.low == nullptr ? -INFINITY : one_.low[c],
                               one_.high == nullptr ? INFINITY : one_.high[c]);
    }
  }

  void rotate(device::trajectory<Stamp> const& from, device::location const& at) {
    rotation_rules const& rules = one_.rotation;
    device::rotation_channels written;
    if (!at.blends && device::passes(rules.source, rules.result, rules.sign, one_.relative.wanted)) {
      written = reader_.sample(from, at);
    } else {
      device::quaternion q = reader_.read_rotation(from, at);
      if (one_.relative.wanted) { q = device::relative_rotation(references_[0].rotation(), q); }
      written = device::write_result(rules.result, rules.sign, q);
    }
    std::copy_n(written.c, channels_, row_.data());
  }

  void subtract() {
    float* const row = row_.data();
    bool const is_angle = one_.options.method == interpolation::angle;
    for (std::int64_t c = 0; c < one_.channels; ++c) {
      row[c] = device::relative_value(row[c], references_[0].row()[c], is_angle);
    }
    if (references_.size() < 2) { return; }
    device::vector3 const seen = device::relative_vector(references_[1].rotation(), {row[0], row[1], row[2]});
    row[0] = seen.x;
    row[1] = seen.y;
    row[2] = seen.z;
  }

  input_job<Stamp> const& job_;
  stream_reader<Stamp> reader_;
  policy_stream<Stamp> const& one_;
  std::int64_t channels_;
  std::vector<float> fill_;
  std::vector<float> row_;
  std::vector<float> next_;  ///< of velocities
  std::vector<reference<Stamp>> references_;
};

/// Rows `[begin, end)` of one fusion.
template <class Stamp>
void input_rows(input_job<Stamp> const& job, std::int64_t begin, std::int64_t end) {
  policy_output const& out = job.fusion.out;
  if (out.all_valid != nullptr) { std::fill(out.all_valid + begin, out.all_valid + end, std::uint8_t(1)); }
  robocache::detail::place_walk places;
  for (std::int64_t i = 0; i < job.fusion.count; ++i) {
    policy_stream<Stamp> const& one = job.fusion.streams[i];
    stream_writer<Stamp>(job, one).write(places.next(one), i, begin, end);
  }
  static_cast<void>(robocache::detail::for_each_gap(
      job.fusion.streams, job.fusion.count, job.channels, [&](std::int64_t place, std::int64_t width) {
        std::vector<float> const fill(static_cast<std::size_t>(width), static_cast<float>(out.fill));
        target_runs<Stamp> runs(job.fusion.target, begin, end);
        for (std::int64_t row = begin; row < end;) {
          target_run const run = runs.next();
          row += run.count;
          std::int64_t const at = place_of(job.fusion.target, run, job.step.batch, job.step.row) + place;
          for (std::int64_t k = 0; k < run.count; ++k) {
            write_floats(job, fill.data(), static_cast<char*>(out.values) + (at + k * job.step.row) * job.bytes, width);
          }
        }
        return status();
      }));
}

}  // namespace
}  // namespace detail

template <class Stamp>
status exact::policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count) {
  status const checked = robocache::detail::check_policy_input(fusions, count);
  if (!checked.ok()) { return checked; }
  for (std::int64_t i = 0; i < count; ++i) {
    policy_fusion<Stamp> const& one = fusions[i];
    if (one.target.total() == 0) { continue; }
    std::int64_t const channels =
        one.out.channels != 0 ? one.out.channels : robocache::detail::channels_of(one.streams, one.count);
    auto const bytes = static_cast<std::int64_t>(size_of(one.out.type));
    detail::input_job<Stamp> const job{{fusions, count},
                                       i,
                                       one,
                                       robocache::detail::strides_of(one.out, one.target, channels),
                                       channels,
                                       detail::best_blend_function(dtype::float32, one.out.type, channels),
                                       bytes};
    detail::for_each_piece(one.target.total(), channels * bytes,
                           [&](std::int64_t begin, std::int64_t end) { detail::input_rows(job, begin, end); });
  }
  return checked;
}

#define ROBOCACHE_INSTANTIATE(Stamp) template status exact::policy_input(policy_fusion<Stamp> const*, std::int64_t)
ROBOCACHE_FOR_STAMPS(ROBOCACHE_INSTANTIATE);
#undef ROBOCACHE_INSTANTIATE

}  // namespace robocache::host
