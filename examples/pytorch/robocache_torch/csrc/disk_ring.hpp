// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <c10/core/Device.h>
#include <c10/core/Event.h>
#include <c10/core/ScalarType.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common.hpp"
#include "disk_files.hpp"

// Rows that windows need, read by threads from the files of a store into slots of pinned memory.
namespace robocache_torch {

/// A modality of all episodes, whose values are in files. Tensors are int64 and on the CPU.
struct stored_modality {
  std::string name;
  at::Tensor stamps;      ///< [rows]
  at::Tensor offsets;     ///< [episodes + 1]
  at::Tensor first_rows;  ///< [files + 1]: file f has rows first_rows[f] to first_rows[f + 1]
  at::Tensor places;      ///< [files]: bytes before its values
  at::ScalarType stored;  ///< their type there
  std::int64_t first;     ///< the earliest time that a window needs, from its anchor
  std::int64_t last;      ///< the latest
  std::int64_t beside;    ///< samples on either side of these two's brackets
};

/// Where the rows of one modality go, of all windows of a slot: window w gets rows offsets[w] to offsets[w + 1].
struct slot_rows {
  at::Tensor values;         ///< [capacity, width], read by kernels where they are; of any type
  at::Tensor stamps;         ///< int64 [capacity], on the host
  at::Tensor offsets;        ///< int64 [windows + 1], on the host
  at::Tensor device_stamps;  ///< copies of the two for the kernels; the same tensors where these run on the host
  at::Tensor device_offsets;
};

/// Windows that threads draw.
struct drawn_windows {
  std::vector<at::Tensor> memory;  ///< of the plan
  rc::window_plan plan;
  rc::window_draw draw;  ///< of a slot; its step and seed are those of each call
};

/// The most rows of any window [t, t + span] of an episode.
std::int64_t most_rows(at::Tensor const& stamps, at::Tensor const& offsets, std::int64_t span);

/// Slots are filled in the order in which they are asked for.
class disk_ring : public torch::CustomClassHolder {
 public:
  /// @param slots  by slot, then by modality
  disk_ring(std::vector<stored_modality> modalities, std::vector<std::string> files,
            std::vector<std::vector<slot_rows>> const& slots, std::int64_t threads, c10::Device device);
  ~disk_ring() override;

  /// Asks for the rows of windows, instead of what was asked for before and not waited for. An episode that is not
  /// there has no rows.
  void want(std::int64_t slot, at::Tensor const& episodes, at::Tensor const& anchors);

  /// What `want_drawn` draws from, from now on.
  void draw_from(drawn_windows from);

  /// As `want`, of the windows from batch `step` on, which the threads draw.
  void want_drawn(std::int64_t slot, std::int64_t step, std::int64_t seed);

  /// Whether the slot is filled, or cannot be; waits for up to so many milliseconds.
  bool wait(std::int64_t slot, std::int64_t milliseconds);

  /// Of a slot that is filled: gives the current stream its stamps and offsets. Returns "", or why it is not filled.
  std::string take(std::int64_t slot);

  /// The slot may be filled again when the current stream has done what it has been given until now.
  void done(std::int64_t slot);

  /// Ends the threads.
  void close();

  std::int64_t bytes_read();

 private:
  struct slot;
  struct share;

  void work();
  void work_once(std::unique_lock<std::mutex>& lock, shard_files::last_read& last);
  share claim(slot& one) const;
  void locate_some(slot& one, std::unique_lock<std::mutex>& lock);
  void read_some(slot& one, std::unique_lock<std::mutex>& lock, shard_files::last_read& last);
  void fill(slot& one);
  void locate(slot& one, std::int64_t window) const;
  void lay_out(slot& one) const;
  std::string read(slot const& from, std::int64_t window, std::int64_t& bytes, shard_files::last_read& last);
  slot& at(std::int64_t number);
  slot& wanted(std::int64_t number, std::unique_lock<std::mutex>& lock);

  std::vector<stored_modality> const modalities_;
  shard_files files_;
  c10::Device const device_;
  int const process_;

  std::mutex lock_;
  std::condition_variable work_there_, slot_filled_;
  std::deque<slot> slots_;
  std::deque<slot*> wanted_;  ///< those that are not filled yet, in the order of asking
  std::shared_ptr<drawn_windows const> drawn_;
  std::int64_t bytes_read_ = 0;
  bool asking_ = false;  ///< a thread asks again and again whether the GPU is done with a slot
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace robocache_torch
