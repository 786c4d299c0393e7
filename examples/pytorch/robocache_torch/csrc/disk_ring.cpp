// SPDX-License-Identifier: Apache-2.0
#include "disk_ring.hpp"

#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>
#include <c10/util/ParallelGuard.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <limits>
#include <optional>
#include <utility>

#include <robocache/device/windows.cuh>

#ifdef ROBOCACHE_TORCH_CUDA
#include <c10/cuda/CUDAGraphsC10Utils.h>
#endif

namespace robocache_torch {

namespace {

// How long a thread sleeps before it asks the GPU again whether it is done with a slot.
constexpr std::chrono::microseconds patience{50};

std::int64_t sum_or_limit(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) { return sum; }
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

std::int64_t const* read_of(at::Tensor const& tensor) { return tensor.const_data_ptr<std::int64_t>(); }
std::int64_t* write_of(at::Tensor const& tensor) { return tensor.mutable_data_ptr<std::int64_t>(); }

char* row_of(at::Tensor const& values, std::int64_t row) {
  auto const bytes = values.size(1) * static_cast<std::int64_t>(values.element_size());
  return static_cast<char*>(values.mutable_data_ptr()) + row * bytes;
}

}  // namespace

std::int64_t most_rows(at::Tensor const& stamps, at::Tensor const& offsets, std::int64_t span) {
  std::int64_t most = 0;
  for (std::int64_t episode = 0; episode + 1 < offsets.numel(); ++episode) {
    std::int64_t const last = read_of(offsets)[episode + 1];
    std::int64_t behind = read_of(offsets)[episode];
    for (std::int64_t first = behind; first < last; ++first) {
      std::int64_t const end = sum_or_limit(read_of(stamps)[first], span);
      while (behind < last && read_of(stamps)[behind] <= end) { ++behind; }
      most = std::max(most, behind - first);
    }
  }
  return most;
}

struct disk_ring::slot {
  enum class state { idle, wanted, locating, reading, filled, taken };

  std::vector<slot_rows> of;                    ///< by modality
  std::vector<std::int64_t> episodes, anchors;  ///< of its windows
  std::shared_ptr<drawn_windows const> drawn;   ///< null: they were given
  std::int64_t step = 0;                        ///< of what is drawn, and so is the seed
  std::int64_t seed = 0;
  std::vector<std::vector<std::int64_t>> first;  ///< by modality and window: of all rows of the modality, the first
  std::int64_t claimed = 0;                      ///< windows that a thread locates or has located; or reads
  std::int64_t left = 0;                         ///< that are not located; or read
  std::string trouble;
  c10::Event done;  ///< the GPU has read it
  state now = state::idle;

  std::int64_t windows() const { return static_cast<std::int64_t>(episodes.size()); }
};

/// Windows that a thread has claimed.
struct disk_ring::share {
  std::int64_t first, count;
};

disk_ring::disk_ring(std::vector<stored_modality> modalities, std::vector<std::string> files,
                     std::vector<std::vector<slot_rows>> const& slots, std::int64_t threads, c10::Device device)
    : modalities_(std::move(modalities)), files_(std::move(files)), device_(device), process_(::getpid()) {
  for (auto const& of : slots) {
    slots_.push_back({of, {}, {}, {}, 0, 0, {}, 0, 0, {}, c10::Event(device.type()), slot::state::idle});
  }
  for (std::int64_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

disk_ring::~disk_ring() { close(); }

void disk_ring::close() {
  {
    std::lock_guard<std::mutex> const guard(lock_);
    closed_ = true;
  }
  work_there_.notify_all();
  slot_filled_.notify_all();
  for (std::thread& one : threads_) {
    // Threads do not survive a fork.
    if (::getpid() == process_) {
      one.join();
    } else {
      one.detach();
    }
  }
  threads_.clear();
}

disk_ring::slot& disk_ring::at(std::int64_t number) {
  TORCH_CHECK(number >= 0 && number < static_cast<std::int64_t>(slots_.size()), "slot: found ", number,
              ", want less than ", slots_.size());
  TORCH_CHECK(!closed_, "slot: found a ring that is closed");
  return slots_[static_cast<std::size_t>(number)];
}

void disk_ring::want(std::int64_t number, at::Tensor const& episodes, at::Tensor const& anchors) {
  std::unique_lock<std::mutex> lock(lock_);
  slot& one = wanted(number, lock);
  one.drawn.reset();
  one.episodes.assign(read_of(episodes), read_of(episodes) + episodes.numel());
  one.anchors.assign(read_of(anchors), read_of(anchors) + anchors.numel());
}

void disk_ring::draw_from(drawn_windows from) {
  auto made = std::make_shared<drawn_windows const>(std::move(from));
  std::lock_guard<std::mutex> const guard(lock_);
  drawn_ = std::move(made);  // what is being located keeps its own
}

void disk_ring::want_drawn(std::int64_t number, std::int64_t step, std::int64_t seed) {
  std::unique_lock<std::mutex> lock(lock_);
  TORCH_CHECK(drawn_, "slot: found nothing to draw from, want draw_from first");
  slot& one = wanted(number, lock);
  one.drawn = drawn_;
  one.step = step;
  one.seed = seed;
  one.episodes.resize(static_cast<std::size_t>(drawn_->draw.rows()));
  one.anchors.resize(one.episodes.size());
}

/// A slot that is wanted from now on. The caller says what for, before it gives the lock away.
disk_ring::slot& disk_ring::wanted(std::int64_t number, std::unique_lock<std::mutex>& lock) {
  slot& one = at(number);
  TORCH_CHECK(one.now != slot::state::taken, "slot: found ", number, ", which is being read, want one that is done");
  if (one.now == slot::state::locating || one.now == slot::state::reading) {
    one.trouble = "not wanted any more";  // what is left of it is not read
    slot_filled_.wait(lock, [&] { return one.now == slot::state::filled || closed_; });
  }
  wanted_.erase(std::remove(wanted_.begin(), wanted_.end(), &one), wanted_.end());
  one.trouble.clear();
  one.now = slot::state::wanted;
  wanted_.push_back(&one);
  work_there_.notify_one();
  return one;
}

bool disk_ring::wait(std::int64_t number, std::int64_t milliseconds) {
  std::unique_lock<std::mutex> lock(lock_);
  slot const& one = at(number);
  TORCH_CHECK(one.now != slot::state::idle && one.now != slot::state::taken, "slot: found ", number,
              ", which nobody asked for");
  return slot_filled_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                               [&] { return one.now == slot::state::filled || closed_; });
}

std::string disk_ring::take(std::int64_t number) {
  std::unique_lock<std::mutex> lock(lock_);
  slot& one = at(number);
  TORCH_CHECK(one.now == slot::state::filled, "slot: found ", number, ", which is not filled");
  one.now = slot::state::taken;
  lock.unlock();
  if (!one.trouble.empty() || device_.is_cpu()) { return one.trouble; }
  for (slot_rows const& to : one.of) {
    std::int64_t const rows = read_of(to.offsets)[to.offsets.numel() - 1];
    to.device_offsets.copy_(to.offsets, /*non_blocking=*/true);
    to.device_stamps.narrow(0, 0, rows).copy_(to.stamps.narrow(0, 0, rows), /*non_blocking=*/true);
  }
  return {};
}

void disk_ring::done(std::int64_t number) {
  {
    std::lock_guard<std::mutex> const guard(lock_);
    slot& one = at(number);
    TORCH_CHECK(one.now == slot::state::taken, "slot: found ", number, ", which was not waited for");
    if (!device_.is_cpu()) { one.done.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_)); }
    one.now = slot::state::idle;
  }
}

std::int64_t disk_ring::bytes_read() {
  std::lock_guard<std::mutex> const guard(lock_);
  return bytes_read_;
}

/// What a thread does.
void disk_ring::work() {
  c10::InferenceMode const no_gradients;
  c10::ParallelGuard const alone(true);  // a conversion uses this thread only
#ifdef ROBOCACHE_TORCH_CUDA
  // Whether an event is done may be asked while another thread captures a graph.
  std::optional<c10::cuda::CUDAStreamCaptureModeGuard> relaxed;
  if (device_.is_cuda()) { relaxed.emplace(cudaStreamCaptureModeRelaxed); }
#endif
  shard_files::last_read last;
  std::unique_lock<std::mutex> lock(lock_);
  while (!closed_) { work_once(lock, last); }
}

/// What is most urgent; without anything to do, waits for it.
void disk_ring::work_once(std::unique_lock<std::mutex>& lock, shard_files::last_read& last) {
  for (slot* const one : wanted_) {
    if (one->now == slot::state::wanted) {
      try {
        if (!device_.is_cpu() && !one->done.query()) {  // those behind it are done later
          if (asking_) {  // one thread is enough, and leaves the driver to the one that launches
            work_there_.wait(lock);
          } else {
            asking_ = true;
            work_there_.wait_for(lock, patience);
            asking_ = false;
          }
          return;
        }
      } catch (std::exception const& cause) {  // of work that the GPU did before
        one->trouble = cause.what();
        fill(*one);
        return;
      }
      one->now = slot::state::locating;
      one->claimed = 0;
      one->left = one->windows();
      one->first.resize(modalities_.size());
      for (auto& rows : one->first) { rows.resize(one->episodes.size()); }
      work_there_.notify_all();
    }
    if (one->claimed < one->windows()) {
      if (one->now == slot::state::locating) {
        locate_some(*one, lock);
      } else {
        read_some(*one, lock, last);
      }
      return;
    }
    if (one->now == slot::state::locating && one->left == 0) {
      lay_out(*one);
      one->now = slot::state::reading;
      one->claimed = 0;
      one->left = one->windows();
      work_there_.notify_all();
      if (one->left == 0) { fill(*one); }
      return;
    }
  }
  work_there_.wait(lock);
}

/// Several windows at once, so that small ones do not wait for the lock.
disk_ring::share disk_ring::claim(slot& one) const {
  std::int64_t const each = one.windows() / (4 * static_cast<std::int64_t>(threads_.size()) + 1) + 1;
  share const mine{one.claimed, std::min(each, one.windows() - one.claimed)};
  one.claimed += mine.count;
  return mine;
}

void disk_ring::locate_some(slot& one, std::unique_lock<std::mutex>& lock) {
  share const mine = claim(one);
  lock.unlock();
  rc::window_draw draw = one.drawn ? one.drawn->draw : rc::window_draw{};
  draw.seed = one.seed;
  for (std::int64_t window = mine.first; window < mine.first + mine.count; ++window) {
    if (one.drawn) {
      auto const drawn = rc::device::draw_row(one.drawn->plan, draw, one.step, window);
      one.episodes[window] = drawn.trajectory;
      one.anchors[window] = drawn.anchor;
    }
    locate(one, window);
  }
  lock.lock();
  one.left -= mine.count;
}

void disk_ring::read_some(slot& one, std::unique_lock<std::mutex>& lock, shard_files::last_read& last) {
  share const mine = claim(one);
  std::string trouble = one.trouble;
  std::int64_t bytes = 0;
  lock.unlock();
  for (std::int64_t window = mine.first; trouble.empty() && window < mine.first + mine.count; ++window) {
    trouble = read(one, window, bytes, last);
  }
  lock.lock();
  bytes_read_ += bytes;
  if (one.trouble.empty()) { one.trouble = trouble; }
  one.left -= mine.count;
  if (one.left == 0) { fill(one); }
}

/// All of it is read, or will not be.
void disk_ring::fill(slot& one) {
  one.now = slot::state::filled;
  wanted_.erase(std::find(wanted_.begin(), wanted_.end(), &one));
  slot_filled_.notify_all();
}

/// Which rows a window needs: from the sample at or before the first time to the one behind the last, and those beside
/// them. So a sample is the first one that is here only if it is the first of its episode, or if no time is near it;
/// likewise the last. Their number goes to where `lay_out` makes offsets of it.
void disk_ring::locate(slot& one, std::int64_t window) const {
  std::int64_t const episode = one.episodes[window];
  for (std::size_t m = 0; m < modalities_.size(); ++m) {
    auto const& from = modalities_[m];
    std::int64_t const* const stamps = read_of(from.stamps);
    std::int64_t begin = 0;
    std::int64_t end = 0;
    if (episode >= 0 && episode + 1 < from.offsets.numel()) {
      std::int64_t const* const bounds = read_of(from.offsets) + episode;
      auto const behind = [&](std::int64_t time) {
        return std::upper_bound(stamps + bounds[0], stamps + bounds[1], sum_or_limit(one.anchors[window], time)) -
               stamps;
      };
      begin = std::max(bounds[0], behind(from.first) - 1 - from.beside);
      end = std::min(bounds[1], behind(from.last) + 1 + from.beside);
    }
    one.first[m][window] = begin;
    write_of(one.of[m].offsets)[window + 1] = end - begin;
  }
}

/// Window after window.
void disk_ring::lay_out(slot& one) const {
  for (slot_rows const& to : one.of) {
    std::int64_t const capacity = to.stamps.numel();
    std::int64_t* const offsets = write_of(to.offsets);
    offsets[0] = 0;
    for (std::int64_t window = 0; window < one.windows(); ++window) {
      // Stamps that descend may give anything: results are unspecified then, but nothing is written out of bounds.
      offsets[window + 1] =
          offsets[window] + std::clamp<std::int64_t>(offsets[window + 1], 0, capacity - offsets[window]);
    }
    std::fill(offsets + one.windows() + 1, offsets + to.offsets.numel(), offsets[one.windows()]);
  }
}

/// Returns what is wrong, or "".
std::string disk_ring::read(slot const& one, std::int64_t window, std::int64_t& bytes, shard_files::last_read& last) {
  thread_local std::vector<char> buffer;
  for (std::size_t m = 0; m < modalities_.size(); ++m) {
    auto const& from = modalities_[m];
    auto const& to = one.of[m];
    std::int64_t const begin = read_of(to.offsets)[window];
    std::int64_t const count = read_of(to.offsets)[window + 1] - begin;
    if (count == 0) { continue; }
    std::int64_t const first = one.first[m][window];
    std::copy_n(read_of(from.stamps) + first, count, write_of(to.stamps) + begin);
    std::int64_t const* const first_rows = read_of(from.first_rows);
    auto const file = std::upper_bound(first_rows, first_rows + from.first_rows.numel(), first) - first_rows - 1;
    std::int64_t const width = to.values.size(1);
    auto const row_bytes = width * static_cast<std::int64_t>(c10::elementSize(from.stored));
    std::int64_t const place = read_of(from.places)[file] + (first - first_rows[file]) * row_bytes;
    bool const as_it_is = from.stored == to.values.scalar_type();
    try {
      if (as_it_is) {
        files_.read(static_cast<std::size_t>(file), place, count * row_bytes, row_of(to.values, begin), last);
      } else {
        buffer.resize(std::max(buffer.size(), static_cast<std::size_t>(count * row_bytes)));
        files_.read(static_cast<std::size_t>(file), place, count * row_bytes, buffer.data(), last);
        auto const like = at::TensorOptions().dtype(from.stored);
        to.values.narrow(0, begin, count).copy_(at::from_blob(buffer.data(), {count, width}, like));
      }
    } catch (std::exception const& cause) {
      return c10::str(cause.what(), ", for ", from.name, " of episode ", one.episodes[window]);
    }
    bytes += count * row_bytes;
  }
  return {};
}

}  // namespace robocache_torch
