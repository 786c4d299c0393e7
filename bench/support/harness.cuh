// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Timing on the GPU: calls are captured into CUDA graphs, so that the host costs nothing, and replayed between
/// events. Every call of a rotation has its own buffers. All work of the process goes to one stream: once the legacy
/// default stream had been used eight times beside another, every kernel took 0.2 to 0.4 us longer (H100, driver 580).
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

/// Pinned host memory for `size` elements.
template <class T>
class pinned_array {
 public:
  pinned_array() = default;
  explicit pinned_array(std::int64_t size) {
    if (size > 0) { check(cudaMallocHost(reinterpret_cast<void**>(&data_), size * sizeof(T)), "cudaMallocHost"); }
  }
  pinned_array(pinned_array&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
  pinned_array& operator=(pinned_array&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  ~pinned_array() { cudaFreeHost(data_); }

  T* data() const { return data_; }

 private:
  T* data_ = nullptr;
};

/// `sets` arrays of `size` elements in device memory, each aligned to 512 bytes.
template <class T>
class rotated_array {
 public:
  rotated_array() = default;
  rotated_array(std::int64_t size, int sets) : size_(size), step_(padded(size)), memory_(step_ * sets) {}
  /// Each set holds a copy of `from`, once `cuda_stream` has got that far.
  rotated_array(std::vector<T> const& from, int sets, cudaStream_t cuda_stream)
      : rotated_array(static_cast<std::int64_t>(from.size()), sets) {
    for (int set = 0; set < sets; ++set) { write(set, from, cuda_stream); }
  }

  /// One set holds a copy of `from`, as many elements as it has, once `cuda_stream` has got that far.
  void write(int set, std::vector<T> const& from, cudaStream_t cuda_stream) const {
    if (static_cast<std::int64_t>(from.size()) != size_) { throw std::logic_error("sets have one size"); }
    if (from.empty()) { return; }
    check(cudaMemcpyAsync(at(set), from.data(), bytes(), cudaMemcpyHostToDevice, cuda_stream), "cudaMemcpyAsync");
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

/// Calls in one graph, at least: enough that launching it, which takes several microseconds, matters little even for
/// short calls.
inline constexpr int calls_at_least = 20, short_calls_at_least = 100;
inline constexpr std::int64_t short_call_bytes = 32 << 20;

/// How the buffers of a case rotate.
struct rotation {
  int sets = 1;
  bool swept = false;  ///< too short to clear L2 by itself: that is done before each replay, and no set is used twice
  bool slow = false;   ///< so long that one call is a replay
};

/// Enough sets for each replay of a short call to be one round.
inline constexpr int most_sets = 1000;

inline std::int64_t l2_cache_bytes() {
  int device = 0, bytes = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device), "cudaDeviceGetAttribute");
  return bytes;
}

/// The rotation in which four times the L2 cache is touched before any of it is touched again; hot: no rotation.
/// The number of its sets divides 20 or is a multiple of it: so the rotation continues evenly from replay to replay.
inline rotation rotation_of(std::int64_t bytes_a_call, bool hot) {
  if (hot) { return {}; }
  std::int64_t const least = 4 * l2_cache_bytes() / std::max<std::int64_t>(1, bytes_a_call) + 2;
  for (int sets : {2, 4, 5, 10, 20}) {
    if (sets >= least) { return {sets}; }
  }
  if (least > most_sets) { return {most_sets, true}; }
  return {static_cast<int>((least + calls_at_least - 1) / calls_at_least * calls_at_least)};
}

/// Events in pairs around pieces of work.
class stopwatch {
 public:
  static constexpr int laps = 8;

  stopwatch() {
    for (cudaEvent_t& event : events_) { check(cudaEventCreate(&event), "cudaEventCreate"); }
  }
  stopwatch(stopwatch const&) = delete;
  stopwatch& operator=(stopwatch const&) = delete;
  ~stopwatch() {
    for (cudaEvent_t event : events_) { cudaEventDestroy(event); }
  }

  void start(int lap, cudaStream_t cuda_stream) { check(cudaEventRecord(events_[2 * lap], cuda_stream), "start"); }
  void stop(int lap, cudaStream_t cuda_stream) { check(cudaEventRecord(events_[2 * lap + 1], cuda_stream), "stop"); }
  /// Microseconds between a lap's start and its stop; both have happened.
  double elapsed_us(int lap) const {
    float ms = 0.0f;
    check(cudaEventElapsedTime(&ms, events_[2 * lap], events_[2 * lap + 1]), "cudaEventElapsedTime");
    return ms * 1e3;
  }

 private:
  cudaEvent_t events_[2 * laps];
};

/// A rotation of calls, captured once and timed as often as wanted.
class replayed_calls {
 public:
  /// @param enqueue  called as `enqueue(set)`; must put all its work on `cuda_stream`
  /// @param sweep    clears L2; called before each replay if the rotation asks for it
  template <class Enqueue>
  replayed_calls(cudaStream_t cuda_stream, rotation const& turns, std::int64_t bytes_a_call,
                 std::function<void(cudaStream_t)> const& sweep, Enqueue&& enqueue)
      : stream_(cuda_stream) {
    if (turns.swept) { sweep_ = sweep; }
    enqueue(0);  // loads the kernel's code, which a capture may not do
    int const least = bytes_a_call < short_call_bytes ? short_calls_at_least : calls_at_least;
    calls_ = turns.slow ? turns.sets : (least + turns.sets - 1) / turns.sets * turns.sets;
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    for (int call = 0; call < calls_; ++call) { enqueue(call % turns.sets); }
    cudaGraph_t graph = nullptr;
    check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
    cudaError_t const made = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    check(made, "cudaGraphInstantiate");
    // Once to warm up, and once more to learn how many replays a run has time for.
    replay(1);
    replays_ = static_cast<int>(std::clamp(run_us / replay(1)[0], double(least_replays), double(most_replays)));
  }
  replayed_calls(replayed_calls const&) = delete;
  replayed_calls& operator=(replayed_calls const&) = delete;
  ~replayed_calls() { cudaGraphExecDestroy(graph_); }

  /// One run: microseconds per call, the median over its replays.
  double run() {
    std::vector<double> times = replay(replays_);
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2] / calls_;
  }

 private:
  static constexpr double run_us = 6000.0;  // of GPU time: short, so that what is compared is measured close together
  static constexpr int least_replays = 3, most_replays = 100;

  /// Microseconds of each of `count` replays. As many as the stopwatch has laps are queued at once, so that the
  /// GPU does not wait for the host.
  std::vector<double> replay(int count) {
    stopwatch watch;
    std::vector<double> times;
    while (count > 0) {
      int const laps = std::min(count, stopwatch::laps);
      for (int lap = 0; lap < laps; ++lap) {
        if (sweep_) { sweep_(stream_); }
        watch.start(lap, stream_);
        check(cudaGraphLaunch(graph_, stream_), "cudaGraphLaunch");
        watch.stop(lap, stream_);
      }
      check(cudaStreamSynchronize(stream_), "replaying");
      for (int lap = 0; lap < laps; ++lap) { times.push_back(watch.elapsed_us(lap)); }
      count -= laps;
    }
    return times;
  }

  cudaStream_t stream_;
  std::function<void(cudaStream_t)> sweep_;
  cudaGraphExec_t graph_ = nullptr;
  int calls_ = 0;
  int replays_ = 1;
};

}  // namespace robocache::bench
