// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Timing on the GPU: calls are captured into CUDA graphs, so that the host costs nothing, and replayed between
/// events. Every call of a rotation has buffers of its own.
namespace robocache::bench {

inline void check(cudaError_t code, char const* what) {
  if (code != cudaSuccess) { throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(code)); }
}

/// Device memory for `size` elements.
template <class T>
class device_array {
 public:
  device_array() = default;
  explicit device_array(std::int64_t size) : size_(size) {
    if (size > 0) { check(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)), "cudaMalloc"); }
  }
  device_array(device_array&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  device_array& operator=(device_array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~device_array() { cudaFree(data_); }

  T* data() const { return data_; }
  std::int64_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

/// `sets` arrays of `size` elements in device memory, each aligned to 512 bytes.
template <class T>
class rotated_array {
 public:
  rotated_array() = default;
  rotated_array(std::int64_t size, int sets) : size_(size), step_(padded(size)), memory_(step_ * sets) {}
  /// Each set holds a copy of `from`.
  rotated_array(std::vector<T> const& from, int sets) : rotated_array(static_cast<std::int64_t>(from.size()), sets) {
    for (int set = 0; set < sets && !from.empty(); ++set) {
      check(cudaMemcpy(at(set), from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
  }

  /// The array of one set; null if it is empty.
  T* at(int set) const { return size_ == 0 ? nullptr : memory_.data() + set * step_; }
  std::int64_t size() const { return size_; }
  std::int64_t bytes() const { return size_ * static_cast<std::int64_t>(sizeof(T)); }

 private:
  static std::int64_t padded(std::int64_t size) {
    constexpr auto unit = static_cast<std::int64_t>(512 / sizeof(T));
    return (size + unit - 1) / unit * unit;
  }

  std::int64_t size_ = 0;
  std::int64_t step_ = 0;
  device_array<T> memory_;
};

/// Calls in one graph, at least: so many that launching it, several microseconds, weighs little even on short calls.
inline constexpr int calls_at_least = 20, short_calls_at_least = 100;
inline constexpr std::int64_t short_call_bytes = 32 << 20;

/// How many sets of buffers a rotation needs so that four times the L2 cache is touched before one is touched again.
/// Divides 20 or is a multiple of it: so the rotation runs on evenly from replay to replay.
inline int sets_in_rotation(std::int64_t bytes_a_call, std::int64_t l2_bytes, bool hot) {
  if (hot) { return 1; }
  std::int64_t const least = 4 * l2_bytes / std::max<std::int64_t>(1, bytes_a_call) + 2;
  for (int sets : {2, 4, 5, 10, 20}) {
    if (sets >= least) { return sets; }
  }
  return static_cast<int>((least + calls_at_least - 1) / calls_at_least * calls_at_least);
}

/// A rotation of calls, captured once and timed as often as wanted.
class replayed_calls {
 public:
  /// @param enqueue  called as `enqueue(set)`; must put all its work on `cuda_stream`
  template <class Enqueue>
  replayed_calls(cudaStream_t cuda_stream, int sets, std::int64_t bytes_a_call, Enqueue&& enqueue)
      : stream_(cuda_stream) {
    enqueue(0);  // loads the kernel's code, which a capture may not do
    int const least = bytes_a_call < short_call_bytes ? short_calls_at_least : calls_at_least;
    calls_ = (least + sets - 1) / sets * sets;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    for (int call = 0; call < calls_; ++call) { enqueue(call % sets); }
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
    cudaError_t const made = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    check(made, "cudaGraphInstantiate");
    warm_up();
  }
  replayed_calls(replayed_calls const&) = delete;
  replayed_calls& operator=(replayed_calls const&) = delete;
  ~replayed_calls() {
    cudaGraphExecDestroy(graph_);
    for (cudaEvent_t event : events_) { cudaEventDestroy(event); }
  }

  /// One run: microseconds a call, the median over its replays.
  double run() {
    for (std::size_t i = 0; i + 1 < events_.size(); i += 2) {
      check(cudaEventRecord(events_[i], stream_), "cudaEventRecord");
      check(cudaGraphLaunch(graph_, stream_), "cudaGraphLaunch");
      check(cudaEventRecord(events_[i + 1], stream_), "cudaEventRecord");
    }
    check(cudaStreamSynchronize(stream_), "replaying");
    std::vector<double> times;
    for (std::size_t i = 0; i + 1 < events_.size(); i += 2) { times.push_back(elapsed_us(i) / calls_); }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }

 private:
  static constexpr double run_us = 6000.0;  // of GPU time: short, so that what is compared is measured close together
  static constexpr int least_replays = 3, most_replays = 100;

  double elapsed_us(std::size_t first) const {
    float ms = 0.0f;
    check(cudaEventElapsedTime(&ms, events_[first], events_[first + 1]), "cudaEventElapsedTime");
    return ms * 1e3;
  }

  void add_events(int count) {
    for (int i = 0; i < count; ++i) {
      events_.push_back(nullptr);
      check(cudaEventCreate(&events_.back()), "cudaEventCreate");
    }
  }

  /// Replays the graph once, and once more to learn how many replays a run has time for.
  void warm_up() {
    check(cudaGraphLaunch(graph_, stream_), "cudaGraphLaunch");
    add_events(2);
    run();
    double const replay_us = elapsed_us(0);
    int const replays = static_cast<int>(std::clamp(run_us / replay_us, double(least_replays), double(most_replays)));
    add_events(2 * (replays - 1));
  }

  cudaStream_t stream_;
  cudaGraphExec_t graph_ = nullptr;
  int calls_ = 0;
  std::vector<cudaEvent_t> events_;  // start and end of each replay of a run
};

}  // namespace robocache::bench
