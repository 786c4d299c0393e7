// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <robocache/detail/policy_input/check.hpp>
#include <robocache/device/curve.cuh>
#include <robocache/device/derivative.cuh>
#include <robocache/device/policy_value.cuh>
#include <robocache/dtype.hpp>

#include "host/common/timed/stream_rows.hpp"

/// What a stream of a policy input comes to in one row, before it is rounded.
namespace robocache::host::detail {

/// What a stream holds at a located time, before anything is made of it.
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

/// What is there in a row.
struct found_row {
  bool written = false;  ///< false: the fill value
  bool valid = false;
  std::int64_t newest = 0;  ///< sample that is read, where it is written
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

/// The values of one stream, a row at a time.
template <class Stamp>
class stream_values {
 public:
  /// @param own  the fusion of the stream
  stream_values(robocache::detail::fusion_list<Stamp> const& list, std::int64_t own, policy_stream<Stamp> const& one)
      : list_(list),
        own_(own),
        target_(list.fusions[own].target),
        reader_(one),
        one_(one),
        channels_(result_channels(one)),
        row_(static_cast<std::size_t>(std::max(channels_, one.channels))),
        samples_(one.derivative == derivative_order::value ? 0 : 6 * static_cast<std::size_t>(one.channels)) {
    relative_rules<Stamp> const& rules = one.relative;
    if (!rules.wanted) { return; }
    add_reference(rules.to.stream == stream_index::none ? one : list.at(rules.to, own), rules.to);
    if (rules.frame.stream != stream_index::none) { add_reference(list.at(rules.frame, own), rules.frame); }
  }

  stream_rules<Stamp> const& rules() const { return reader_.rules(); }
  std::int64_t channels() const { return channels_; }
  float const* row() const { return row_.data(); }

  /// What is there at target `k` of trajectory `b` of the targets: then `row` has its values.
  /// @param at  where that target lies in its trajectory `from`
  found_row find(device::trajectory<Stamp> const& from, device::location const& at, std::int64_t b, std::int64_t k) {
    if (!refers_to(b)) { return {}; }
    if (!samples_.empty()) {
      device::slope const along =
          device::slope_at(from, rules().seek(device::target_stamp(target_, b, k), b), rules().locate);
      if (along.row < 0) { return {}; }
      return {true, along.valid, derive(from, along, k)};
    }
    if (at.row < 0) { return {false, at.valid, 0}; }
    compute(from, at, k);
    int const right = at.blends ? device::curve_at(from, at, one_.options.method).right : 0;
    return {true, at.valid, device::newest_read(at, right)};
  }

  /// The same where the target was not located yet.
  found_row find(std::int64_t b, std::int64_t k) {
    auto const from = device::source_trajectory(one_.when, target_, b);
    device::location where;
    if (samples_.empty()) {
      where = device::locate(from, rules().seek(device::target_stamp(target_, b, k), b), rules().locate);
    }
    return find(from, where, b, k);
  }

 private:
  void add_reference(policy_stream<Stamp> const& of, stream_index const& named) {
    references_.emplace_back(of, list_.fusions[list_.fusion_of(named, own_)].target, one_.relative.at);
  }

  /// Moves the references to window `b`. False where one is not valid.
  bool refers_to(std::int64_t b) {
    return std::all_of(references_.begin(), references_.end(), [&](auto& one) { return one.move(b); });
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

  /// Returns the newest sample that is read.
  std::int64_t derive(device::trajectory<Stamp> const& from, device::slope const& along, std::int64_t k) {
    device::curve const c = device::derivative_curve(from, along, one_.options.method, one_.derivative);
    float const rate = device::rate_of(static_cast<float>(one_.ticks_per_second), along, c.method, one_.derivative);
    auto const of_sample = [&](int i) { return samples_.data() + (i + 2) * one_.channels; };
    for (int i = -c.left; i <= 1 + c.right; ++i) { reader_.read_sample(from, along.row + i, of_sample(i)); }
    if (one_.rotation.wanted) {
      device::rotation_channels a{}, b{};
      std::copy_n(of_sample(0), one_.channels, a.c);
      std::copy_n(of_sample(1), one_.channels, b.c);
      device::vector3 const v =
          device::angular_velocity(device::read_rotation(one_.rotation.source, a),
                                   device::read_rotation(one_.rotation.source, b), rate, one_.rotation.world_frame);
      row_[0] = v.x;
      row_[1] = v.y;
      row_[2] = v.z;
    } else {
      bool const is_angle = one_.options.method == interpolation::angle;
      for (std::int64_t channel = 0; channel < one_.channels; ++channel) {
        auto const at = [&](int i) { return of_sample(i)[channel]; };
        device::detail::curve_samples s{};
        s.a = at(0);
        s.b = at(1);
        s.p = c.left > 0 ? at(-1) : s.a;
        s.n = c.right > 0 ? at(2) : s.b;
        s.pp = c.left > 1 ? at(-2) : s.p;
        s.nn = c.right > 1 ? at(3) : s.n;
        row_[static_cast<std::size_t>(channel)] = device::derivative(c, rate, one_.derivative, is_angle, s);
      }
    }
    finish(k);
    return along.row + 1 + c.right;
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

  robocache::detail::fusion_list<Stamp> const& list_;
  std::int64_t own_;
  timeline<Stamp> const& target_;
  stream_reader<Stamp> reader_;
  policy_stream<Stamp> const& one_;
  std::int64_t channels_;
  std::vector<float> row_;
  std::vector<float> samples_;  ///< of derivatives: those that a curve may read, from the earliest on
  std::vector<reference<Stamp>> references_;
};

}  // namespace robocache::host::detail
