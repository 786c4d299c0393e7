// SPDX-License-Identifier: Apache-2.0
#include "online/case.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "support/device_case.cuh"
#include "support/harness.cuh"

namespace robocache::bench {

namespace {

using Stamp = std::int64_t;

constexpr std::int64_t capacity = 128;
constexpr std::int64_t targets = 8;
constexpr Stamp us = 1'000;          // stamps are nanoseconds
constexpr Stamp period = 5000 * us;  // of the policy: 200 Hz
constexpr Stamp now = 10'000'000 * us;

/// What a sensor gives.
struct sensor {
  std::int64_t channels;
  std::int64_t rate;  ///< Hz
  interpolation method = interpolation::linear;

  Stamp step() const { return 1'000'000'000 / rate; }
  std::int64_t rows() const { return std::max<std::int64_t>(1, rate / 200); }  ///< of a tick
};

constexpr sensor sensors[] = {
    {6, 1000}, {14, 500}, {6, 400}, {2, 200, interpolation::previous}, {3, 200}, {4, 200, interpolation::slerp},
    {16, 100}, {32, 50}};
constexpr int count = 8;

/// One stream of all robots: the ring, half a turn on, and its samples one after the other.
struct stream_memory {
  std::vector<Stamp> stamps, flat_stamps, new_stamps;
  std::vector<float> values, flat_values, new_values;
  std::vector<std::int64_t> written;

  stream_memory(sensor const& of, std::int64_t batch, bool moves, int seed) {
    std::uint32_t state = static_cast<std::uint32_t>(seed) * 2654435761u + 1;
    auto const draw = [&state] {
      state = state * 1664525u + 1013904223u;
      return static_cast<float>(state >> 8) * 0x1p-24f;
    };
    stamps.resize(batch * capacity);
    values.resize(batch * capacity * of.channels);
    for (std::int64_t b = 0; b < batch; ++b) {
      std::int64_t const all = capacity + 1 + static_cast<std::int64_t>(draw() * (capacity - 2));
      written.push_back(all);
      for (std::int64_t i = 0; i < capacity; ++i) {
        auto const jitter = static_cast<Stamp>(0.4f * draw() * static_cast<float>(of.step()));
        flat_stamps.push_back(now - of.step() * (capacity - i) + jitter);
        std::int64_t const slot = b * capacity + (all + i) % capacity;
        stamps[slot] = flat_stamps.back();
        for (std::int64_t c = 0; c < of.channels; ++c) {
          flat_values.push_back(draw());
          values[slot * of.channels + c] = flat_values.back();
        }
      }
      for (std::int64_t i = 0; i < of.rows(); ++i) {
        // Without a clock that moves on rows of one time, which are accepted however often they are appended.
        new_stamps.push_back(now - (moves ? (of.rows() - 1 - i) * of.step() : 0));
        for (std::int64_t c = 0; c < of.channels; ++c) { new_values.push_back(draw()); }
      }
    }
  }
};

/// Moves a clock and stamps on by a period.
__global__ void advance_kernel(Stamp* at, std::int64_t length) {
  std::int64_t const i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < length) { at[i] += period; }
}

class online_calls final : public prepared_case {
 public:
  online_calls(online_case const& one, cudaStream_t cuda_stream) : case_(one) {
    std::int64_t const batch = one.batch;
    bool const fuses = one.does == tick::fuse || one.does == tick::both;
    bool const appends = one.does != tick::fuse;
    for (sensor const& each : sensors) {
      host_.emplace_back(each, batch, one.does == tick::both, static_cast<int>(host_.size()));
      if (fuses) { bytes_ += batch * (targets + each.rate * 35 / 1000 + 2) * each.channels * 4; }
      if (appends) { bytes_ += batch * each.rows() * (each.channels * 8 + 16); }
      channels_ += each.channels;
    }
    turns_ = rotation_of(bytes_, one.does != tick::fuse || batch == 1);
    int const sets = turns_.sets;
    for (stream_memory const& from : host_) {
      stamps_.emplace_back(from.stamps, sets, cuda_stream);
      values_.emplace_back(from.values, sets, cuda_stream);
      written_.emplace_back(from.written, sets, cuda_stream);
      flat_stamps_.emplace_back(from.flat_stamps, sets, cuda_stream);
      flat_values_.emplace_back(from.flat_values, sets, cuda_stream);
      new_values_.emplace_back(from.new_values, sets, cuda_stream);
      first_new_.push_back(static_cast<std::int64_t>(times_.size()));
      times_.insert(times_.end(), from.new_stamps.begin(), from.new_stamps.end());
      pinned_values_.emplace_back(static_cast<std::int64_t>(from.new_values.size()));
      std::copy(from.new_values.begin(), from.new_values.end(), pinned_values_.back().data());
    }
    first_clock_ = static_cast<std::int64_t>(times_.size());
    times_.insert(times_.end(), batch, now);
    device_times_ = rotated_array<Stamp>(times_, sets, cuda_stream);
    pinned_times_ = pinned_array<Stamp>(static_cast<std::int64_t>(times_.size()));
    std::copy(times_.begin(), times_.end(), pinned_times_.data());
    for (std::int64_t k = 0; k < targets; ++k) { deltas_.push_back((k + 1 - targets) * period); }
    device_deltas_ = rotated_array<Stamp>(deltas_, 1, cuda_stream);
    result_ = rotated_array<float>(batch * targets * channels_, sets);
    check(cudaStreamSynchronize(cuda_stream), "filling");
  }

  void enqueue(int set, cudaStream_t cuda_stream) const override {
    switch (case_.does) {
      case tick::append:
      case tick::append_pinned: return enqueue_append(set, cuda_stream);
      case tick::fuse: return enqueue_fuse(set, false, cuda_stream);
      case tick::both:
        advance(set, cuda_stream);
        enqueue_append(set, cuda_stream);
        return enqueue_fuse(set, false, cuda_stream);
    }
  }

  std::vector<rival> rivals() const override {
    if (case_.does == tick::fuse) {
      return {{rival_kind::in_turn, [this](int set, cudaStream_t to) { enqueue_fuse(set, true, to); }}};
    }
    if (case_.does == tick::both) {
      return {{rival_kind::in_turn, [this](int set, cudaStream_t to) {
                 advance(set, to);
                 enqueue_fuse(set, false, to);
               }}};
    }
    return {};
  }

  /// Of a fusion: the rings' results and those of the samples one after the other are the host's.
  std::string find_difference(cudaStream_t cuda_stream) const override {
    if (case_.does != tick::fuse) { return {}; }
    std::vector<stream<Stamp>> streams;
    for (int i = 0; i < count; ++i) {
      streams.push_back(stream_of(i, host_[i].flat_values.data(),
                                  timeline<Stamp>::dense(host_[i].flat_stamps.data(), case_.batch, capacity)));
    }
    std::vector<float> expected(result_.size());
    auto const target = timeline<Stamp>::windows(times_.data() + first_clock_, deltas_.data(), case_.batch, targets);
    require(host::fuse(streams.data(), count, target, fused_output<float>{expected.data()}));
    for (bool flat : {false, true}) {
      enqueue_poison(result_, cuda_stream);
      enqueue_fuse(0, flat, cuda_stream);
      check(cudaStreamSynchronize(cuda_stream), "fusing");
      std::string const unlike = find_unlike(expected, result_, flat ? "flat result" : "result", cuda_stream);
      if (!unlike.empty()) { return unlike; }
    }
    return {};
  }

 private:
  static stream<Stamp> stream_of(int i, float const* values, timeline<Stamp> const& when) {
    stream<Stamp> made;
    made.values = values;
    made.when = when;
    made.channels = sensors[i].channels;
    made.options.method = sensors[i].method;
    made.options.after = edge::hold;
    return made;
  }

  void advance(int set, cudaStream_t cuda_stream) const {
    auto const length = static_cast<std::int64_t>(times_.size());
    advance_kernel<<<static_cast<unsigned>((length + 255) / 256), 256, 0, cuda_stream>>>(device_times_.at(set), length);
  }

  void enqueue_append(int set, cudaStream_t cuda_stream) const {
    bool const pinned = case_.does == tick::append_pinned;
    append_stream<Stamp> streams[count];
    for (int i = 0; i < count; ++i) {
      append_stream<Stamp>& one = streams[i];
      one.stamps = stamps_[i].at(set);
      one.values = values_[i].at(set);
      one.written = written_[i].at(set);
      one.capacity = capacity;
      one.channels = sensors[i].channels;
      one.rows = sensors[i].rows();
      one.new_stamps = (pinned ? pinned_times_.data() : device_times_.at(set)) + first_new_[i];
      one.new_values = pinned ? pinned_values_[i].data() : new_values_[i].at(set);
    }
    compiled::append(compiled::place::device, compiled::any_append_streams(streams, count), case_.batch, nullptr,
                     cuda_stream);
  }

  void enqueue_fuse(int set, bool flat, cudaStream_t cuda_stream) const {
    stream<Stamp> streams[count];
    for (int i = 0; i < count; ++i) {
      auto const when = flat ? timeline<Stamp>::dense(flat_stamps_[i].at(set), case_.batch, capacity)
                             : timeline<Stamp>::ring(stamps_[i].at(set), case_.batch, capacity, written_[i].at(set));
      streams[i] = stream_of(i, flat ? flat_values_[i].at(set) : values_[i].at(set), when);
    }
    auto const target =
        timeline<Stamp>::windows(device_times_.at(set) + first_clock_, device_deltas_.at(0), case_.batch, targets);
    compiled::fuse(compiled::place::device, compiled::any_streams(streams, count), target,
                   {result_.at(set), dtype::float32}, cuda_stream);
  }

  online_case case_;
  std::int64_t channels_ = 0;
  std::int64_t first_clock_ = 0;
  std::vector<stream_memory> host_;
  std::vector<Stamp> times_, deltas_;
  std::vector<std::int64_t> first_new_;
  std::vector<rotated_array<Stamp>> stamps_, flat_stamps_;
  std::vector<rotated_array<float>> values_, flat_values_, new_values_;
  std::vector<rotated_array<std::int64_t>> written_;
  std::vector<pinned_array<float>> pinned_values_;
  pinned_array<Stamp> pinned_times_;
  rotated_array<Stamp> device_times_, device_deltas_;
  rotated_array<float> result_;
};

}  // namespace

std::unique_ptr<prepared_case> prepare(online_case const& one, cudaStream_t cuda_stream) {
  return std::make_unique<online_calls>(one, cuda_stream);
}

}  // namespace robocache::bench
