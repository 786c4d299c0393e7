// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <robocache/append.hpp>

#include "support/draw.hpp"
#include "support/guarded.hpp"

namespace test {

using robocache::append_report;

/// One stream of an `append` with everything it reads and what is there before. An empty vector is an absent pointer.
template <class Stamp>
struct append_data {
  std::int64_t capacity = 1;
  std::int64_t channels = 1;
  dtype type = dtype::float32;
  std::int64_t rows = 0;

  std::vector<Stamp> stamps{};  ///< `[B, capacity]`, slots
  std::vector<std::byte> values{};
  std::vector<std::int64_t> written{};
  std::vector<append_report> reports{};

  std::vector<Stamp> new_stamps{};
  std::vector<std::byte> new_values{};
  std::vector<std::int64_t> counts{};
  std::vector<std::uint8_t> present{};
  value_place place = value_place::device;  ///< of what is appended
  std::int64_t misaligned = 0;              ///< elements by which values are off a 16-byte boundary

  std::int64_t row_bytes() const { return channels * std::int64_t(robocache::size_of(type)); }
};

template <class Stamp>
struct append_problem {
  std::int64_t batch = 1;
  std::vector<append_data<Stamp>> streams{};
  std::vector<std::uint8_t> resets{};
};

/// What one call left behind: the streams as they are then.
template <class Stamp>
struct append_outcome {
  status state{};
  std::vector<append_data<Stamp>> streams{};
  std::string trouble{};
};

/// A ring without rows, its values made of bits that are no number.
template <class Stamp>
append_data<Stamp> empty_ring(std::int64_t batch, std::int64_t capacity, std::int64_t channels,
                              dtype type = dtype::float32);

template <class Stamp>
append_problem<Stamp> draw_append(generator& random, std::int64_t streams);

/// Offers other rows, as `draw_append` does.
template <class Stamp>
void draw_offer(generator& random, append_problem<Stamp>& p);

/// On the side under test, compared with the host's bits.
template <class Stamp>
append_outcome<Stamp> append(append_problem<Stamp> const& p);
template <class Stamp>
append_outcome<Stamp> append_on_host(append_problem<Stamp> const& p);

/// A call with views.
status append_views(robocache::append_stream<float> const* streams, std::int64_t count, std::int64_t batch);

/// What is not as the chapter's sentences have it; moves the rings of the problem on.
template <class Stamp>
std::string verify(append_problem<Stamp>& p);

/// The first difference; empty if there is none.
template <class Stamp>
std::string difference(append_outcome<Stamp> const& a, append_outcome<Stamp> const& b);

/// The ring that a call left, as the source of a resample.
template <class Stamp>
void read_ring(append_data<Stamp> const& from, problem<Stamp>& p) {
  p.source = ring(from.stamps, from.written);
  p.values = from.values;
  auto const stamps = from.stamps;
  std::int64_t const bytes = from.row_bytes();
  for (std::int64_t b = 0; b < p.source.batch; ++b) {
    for (std::int64_t i = 0; i < from.capacity; ++i) {
      std::int64_t const row = b * from.capacity + i;
      std::int64_t const slot = b * from.capacity + p.source.slot(b, i);
      p.source.stamps[std::size_t(row)] = stamps[std::size_t(slot)];
      std::copy_n(from.values.begin() + slot * bytes, bytes, p.values.begin() + row * bytes);
    }
  }
}

/// A view of the problem's streams in memory of `Space`.
template <class Space, class Stamp>
class append_memory {
 public:
  explicit append_memory(append_problem<Stamp> const& p) : of_(p), resets_(put(p.resets)) {
    for (auto const& s : p.streams) {
      auto const off = std::size_t(s.misaligned) * robocache::size_of(s.type);
      robocache::append_stream<Stamp> view;
      view.stamps = keep(s.stamps);
      view.values = keep(s.values, off);
      view.written = keep(s.written);
      view.reports = s.reports.empty() ? nullptr : keep(s.reports);
      view.capacity = s.capacity;
      view.channels = s.channels;
      view.type = s.type;
      view.rows = s.rows;
      view.new_stamps = put(s.new_stamps, s.place);
      view.new_values = put(s.new_values, s.place, off);
      view.counts = put(s.counts, s.place);
      view.present = put(s.present, s.place);
      views_.push_back(view);
    }
  }

  std::vector<robocache::append_stream<Stamp>> const& views() const { return views_; }
  std::uint8_t const* resets() const { return resets_; }

  std::vector<append_data<Stamp>> read(std::string& trouble) const {
    auto now = of_.streams;
    std::size_t at = 0;
    auto const fetch = [&](auto& to) {
      auto const bytes = kept_[at++]->read("a ring", trouble);
      if (!bytes.empty()) { std::memcpy(static_cast<void*>(to.data()), bytes.data(), bytes.size()); }
    };
    for (auto& s : now) {
      fetch(s.stamps);
      fetch(s.values);
      fetch(s.written);
      if (!s.reports.empty()) { fetch(s.reports); }
    }
    for (auto const& one : inputs_) { one->read("what is appended", trouble); }
    return now;
  }

 private:
  template <class T>
  T* keep(std::vector<T> const& data, std::size_t off = 0) {
    kept_.push_back(std::make_unique<guarded<Space>>(nullptr, data.size() * sizeof(T), off));
    if (!data.empty()) { Space::write(kept_.back()->data(), data.data(), data.size() * sizeof(T)); }
    return static_cast<T*>(kept_.back()->data());
  }
  template <class T>
  T const* put(std::vector<T> const& data, value_place place = value_place::device, std::size_t off = 0) {
    if (data.empty()) { return nullptr; }
    inputs_.push_back(std::make_unique<guarded<Space>>(data.data(), data.size() * sizeof(T), off, place));
    return static_cast<T const*>(inputs_.back()->data());
  }

  append_problem<Stamp> const& of_;
  std::vector<std::unique_ptr<guarded<Space>>> kept_;
  std::vector<std::unique_ptr<guarded<Space>>> inputs_;
  std::uint8_t const* resets_;
  std::vector<robocache::append_stream<Stamp>> views_;
};

/// @param call  `status(append_stream<Stamp> const*, count, batch, resets)`, which returns when the rings are written
template <class Space, class Stamp, class Call>
append_outcome<Stamp> run_append(append_problem<Stamp> const& p, Call call) {
  append_memory<Space, Stamp> const memory(p);
  append_outcome<Stamp> o;
  o.state = call(memory.views().data(), std::int64_t(memory.views().size()), p.batch, memory.resets());
  o.streams = memory.read(o.trouble);
  return o;
}

}  // namespace test
