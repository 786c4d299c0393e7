// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <robocache/stream.hpp>

#include "support/problem.hpp"
#include "support/runner.hpp"

/// A fusion with everything it reads, as problem.hpp is for a resample.
namespace test {

using robocache::next_channel;

template <class Stamp>
struct stream_data {
  problem<Stamp> series{};     ///< source, values and rules, as of a resample; targets and results are the fusion's
  std::int64_t slice_of = -1;  ///< the stream in whose buffer the values lie; the series holds a copy; -1: in its own
  Stamp latency = Stamp(0);
  std::vector<Stamp> latencies{};  ///< of a policy input; empty: null
  std::vector<float> scale{};      ///< empty: null
  std::vector<float> shift{};
  std::int64_t scale_misaligned = 0;  ///< elements by which it is off a 16-byte boundary
  std::int64_t shift_misaligned = 0;
  std::int64_t first_channel = next_channel;
};

template <class Stamp>
struct fuse_problem {
  std::vector<stream_data<Stamp>> streams{};
  timeline_data<Stamp> target{};

  dtype result_type = dtype::float32;
  std::int64_t channels = 0;  ///< as `fused_output::channels`
  double fill = 0;            ///< of channels that no stream writes
  std::int64_t result_first = 0;
  std::int64_t result_batch_stride = contiguous;
  std::int64_t result_row_stride = contiguous;
  bool mask = true;
  bool all_mask = true;
  std::int64_t misaligned = 0;  ///< elements by which the results are off a 16-byte boundary
  bool ascends = true;          ///< as `problem::ascends`

  std::int64_t count() const { return std::int64_t(streams.size()); }

  /// Where the channels of each stream begin in a row of the result.
  std::vector<std::int64_t> places() const {
    std::vector<std::int64_t> begins;
    std::int64_t end = 0;
    for (auto const& s : streams) {
      begins.push_back(s.first_channel == next_channel ? end : s.first_channel);
      end = begins.back() + s.series.channels;
    }
    return begins;
  }

  /// C.
  std::int64_t width() const {
    std::int64_t end = channels;
    auto const begins = places();
    for (std::size_t i = 0; i < streams.size(); ++i) { end = std::max(end, begins[i] + streams[i].series.channels); }
    return end;
  }

  row_layout result_layout() const { return {target, width(), result_first, result_batch_stride, result_row_stride}; }
};

/// The streams' memory in `Space`.
template <class Space, class Stamp>
class streams_memory {
 public:
  explicit streams_memory(std::vector<stream_data<Stamp>> const& streams) {
    for (auto const& s : streams) {
      problem<Stamp> const& p = s.series;
      timelines_.push_back(std::make_unique<timeline_memory<Space, Stamp>>(p.source));
      auto const size = std::int64_t(robocache::size_of(p.value_type));
      auto const held = values_in_memory(p);
      values_.push_back(s.slice_of >= 0 ? nullptr : put(held.data(), held.size(), p.misaligned * size, p.place));
      auto const& owner = s.slice_of >= 0 ? values_[std::size_t(s.slice_of)] : values_.back();

      robocache::stream<Stamp> view;
      view.values = static_cast<std::byte const*>(owner->data()) + p.first_channel * size;
      view.type = p.value_type;
      view.when = timelines_.back()->view();
      view.channels = p.channels;
      view.batch_stride = p.batch_stride;
      view.row_stride = p.row_stride;
      view.place = p.place;
      view.options = p.options;
      view.latency = s.latency;
      view.scale = factors(s.scale, s.scale_misaligned);
      view.shift = factors(s.shift, s.shift_misaligned);
      view.first_channel = s.first_channel;
      views_.push_back(view);
    }
  }

  std::vector<robocache::stream<Stamp>> const& views() const { return views_; }

  void check(std::string& trouble) const {
    for (auto const& t : timelines_) { t->check("streams.when", trouble); }
    for (auto const& v : values_) {
      if (v != nullptr) { v->read("streams.values", trouble); }
    }
    for (auto const& f : factors_) { f->read("streams.scale or shift", trouble); }
  }

 private:
  using buffer = std::unique_ptr<guarded<Space>>;

  static buffer put(void const* data, std::size_t bytes, std::int64_t misaligned,
                    value_place place = value_place::device) {
    static std::byte const nothing{};
    return std::make_unique<guarded<Space>>(bytes == 0 ? &nothing : data, bytes, std::size_t(misaligned), place);
  }

  float const* factors(std::vector<float> const& data, std::int64_t misaligned) {
    if (data.empty()) { return nullptr; }
    factors_.push_back(put(data.data(), data.size() * sizeof(float), misaligned * std::int64_t(sizeof(float))));
    return static_cast<float const*>(factors_.back()->data());
  }

  std::vector<std::unique_ptr<timeline_memory<Space, Stamp>>> timelines_;
  std::vector<buffer> values_;
  std::vector<buffer> factors_;
  std::vector<robocache::stream<Stamp>> views_;
};

}  // namespace test
