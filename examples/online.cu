// SPDX-License-Identifier: Apache-2.0
// While a robot runs: eight sensors of 50 Hz to 1 kHz, with jitter and dropouts, a policy at 200 Hz. A tick is one
// launch of one CUDA graph: what the sensors have sent is appended to rings out of pinned host memory, the rings are
// fused at the clock's time, a small policy reads the result, and its action is in pinned memory again. At 5 ms from
// tick to tick the graph is launched ahead, and its first kernel waits until the host opens a gate: a processor that
// has slept launches slowly. At the end, what the policy has seen is compared, bit for bit, with windows out of the
// whole recording as of the ticks' clocks.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <robocache/append.cuh>
#include <robocache/fuse.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t ms = 1'000'000;  // stamps are nanoseconds
constexpr std::int64_t period = 5 * ms;
constexpr std::int64_t capacity = 64, history = 8, most_rows = 16, actions = 7;
constexpr int sensors = 8;
constexpr std::int64_t rates[sensors] = {1000, 500, 400, 200, 200, 200, 100, 50};  // the first is force
constexpr std::int64_t widths[sensors] = {6, 14, 6, 2, 3, 4, 16, 32};
constexpr std::int64_t all_channels = 6 + 14 + 6 + 2 + 3 + 4 + 16 + 32;

struct pinned_free {
  void operator()(void* memory) const noexcept { cudaFreeHost(memory); }
};
template <class T>
using pinned_array = std::unique_ptr<T[], pinned_free>;

template <class T>
pinned_array<T> pinned_allocate(std::int64_t count) {
  void* memory = nullptr;
  example::check(cudaMallocHost(&memory, count * sizeof(T)));
  std::memset(memory, 0, count * sizeof(T));
  return pinned_array<T>(static_cast<T*>(memory));
}

/// One sensor: what it sends, its ring, and the recording.
struct sensor {
  std::int64_t rate, width;
  std::int64_t number_of_next = 0, next = 0;  ///< the next sample, and its stamp
  std::vector<std::int64_t> all_stamps;
  std::vector<float> all_values;

  pinned_array<std::int64_t> new_stamps = pinned_allocate<std::int64_t>(most_rows);
  pinned_array<std::int64_t> count = pinned_allocate<std::int64_t>(1);
  pinned_array<float> new_values;
  example::device_array<std::int64_t> stamps = example::device_allocate<std::int64_t>(capacity);
  example::device_array<std::int64_t> written = example::to_device(std::vector<std::int64_t>{0});
  example::device_array<float> values;
  example::device_array<rc::append_report> reports = example::to_device(std::vector<rc::append_report>(1));

  sensor(std::int64_t its_rate, std::int64_t its_width)
      : rate(its_rate),
        width(its_width),
        new_values(pinned_allocate<float>(most_rows * its_width)),
        values(example::device_allocate<float>(capacity * its_width)) {}

  /// What it has sent until `now`: each sample up to a fifth of a period early or late, a few not at all.
  void sense(std::int64_t now, std::mt19937& random) {
    std::int64_t const step = 1000 * ms / rate;
    std::uniform_int_distribution<std::int64_t> jitter(-step / 5, step / 5);
    std::uniform_real_distribution<float> number(-1.0f, 1.0f);
    std::int64_t rows = 0;
    for (; next <= now && rows < most_rows; next = step * ++number_of_next + jitter(random)) {
      if (random() % 100 == 0) { continue; }
      new_stamps[rows] = next;
      for (std::int64_t c = 0; c < width; ++c) { new_values[rows * width + c] = number(random); }
      ++rows;
    }
    *count.get() = rows;
    all_stamps.insert(all_stamps.end(), new_stamps.get(), new_stamps.get() + rows);
    all_values.insert(all_values.end(), new_values.get(), new_values.get() + rows * width);
  }

  rc::append_stream<std::int64_t> appended() const {
    rc::append_stream<std::int64_t> one;
    one.stamps = stamps.get();
    one.values = values.get();
    one.written = written.get();
    one.capacity = capacity;
    one.channels = width;
    one.new_stamps = new_stamps.get();
    one.new_values = new_values.get();
    one.rows = most_rows;
    one.counts = count.get();
    one.reports = reports.get();
    return one;
  }
};

/// Rules of a stream, the same for rings and for the recording.
rc::stream<std::int64_t> stream_of(float const* values, rc::timeline<std::int64_t> const& when, std::int64_t width) {
  rc::stream<std::int64_t> one(rc::series<float, std::int64_t>{values, when, width});
  one.options.method = width == 4 ? rc::interpolation::slerp : rc::interpolation::linear;
  one.options.after = rc::edge::hold;  // the newest sample counts, for 100 ms
  one.options.max_gap = 100 * ms;
  return one;
}

/// What a tick leaves in pinned memory, and what is kept of it.
struct tick_results {
  float* action;
  std::int64_t volatile* done;
  float* log;  ///< what the policy has seen, tick after tick
};

/// Ends when the host has opened the gate for this tick.
__global__ void gate_kernel(std::int64_t* tick, std::int64_t const volatile* open) {
  std::int64_t const number = ++*tick;
  while (*open < number) {}
  __threadfence_system();  // what the host wrote before is seen
}

/// Says that what was launched before has ended.
__global__ void done_kernel(std::int64_t* tick, std::int64_t volatile* done) {
  __threadfence_system();
  *done = ++*tick;
}

/// A policy of one layer, an action a warp.
__global__ void policy_kernel(float const* seen, float const* weights, std::int64_t* tick, tick_results out) {
  constexpr auto inputs = static_cast<int>(history * all_channels);
  int const warp = static_cast<int>(threadIdx.x / 32);
  float sum = 0.0f;
#pragma unroll 8
  for (int i = static_cast<int>(threadIdx.x % 32); i < inputs; i += 32) { sum += weights[warp * inputs + i] * seen[i]; }
  for (int half = 16; half > 0; half /= 2) { sum += __shfl_down_sync(~0u, sum, half); }
  if (threadIdx.x % 32 == 0) {
    out.action[warp] = tanhf(sum);
    __threadfence_system();
  }
  std::int64_t const number = *tick;
  __syncthreads();
  if (threadIdx.x == 0) { *out.done = *tick = number + 1; }
  for (int i = static_cast<int>(threadIdx.x); i < inputs; i += static_cast<int>(blockDim.x)) {
    out.log[number * inputs + i] = seen[i];  // the action is out by now
  }
}

/// The graph of everything that `enqueue` enqueues.
template <class Enqueue>
cudaGraphExec_t make_graph(cudaStream_t cuda_stream, Enqueue&& enqueue) {
  cudaGraph_t graph = nullptr;
  example::check(cudaStreamBeginCapture(cuda_stream, cudaStreamCaptureModeThreadLocal));
  enqueue();
  example::check(cudaStreamEndCapture(cuda_stream, &graph));
  cudaGraphExec_t ready = nullptr;
  example::check(cudaGraphInstantiate(&ready, graph, 0));
  cudaGraphDestroy(graph);
  return ready;
}

void print_latencies(char const* what, std::vector<double> us) {
  std::sort(us.begin(), us.end());
  auto const at = [&](double share) {
    return us[static_cast<std::size_t>(share * static_cast<double>(us.size() - 1))];
  };
  std::printf("%s: %zu ticks, p50 %.1f us, p99 %.1f us, max %.1f us\n", what, us.size(), at(0.5), at(0.99), us.back());
  for (int low = 0; low < 40; low += 2) {
    bool const last = low == 38;
    auto const count = std::count_if(us.begin(), us.end(), [&](double t) { return t >= low && (last || t < low + 2); });
    if (count == 0) { continue; }
    auto const stars = static_cast<int>(60 * count / static_cast<long>(us.size()));
    std::printf("  %2d us%s %6ld %s\n", low, last ? "+" : " ", static_cast<long>(count),
                std::string(static_cast<std::size_t>(stars), '*').c_str());
  }
}

int main() {
  if (!example::has_device()) { return 0; }
  constexpr std::int64_t warming = 200, bare_ticks = 2200, policy_ticks = 2000, ticks = bare_ticks + policy_ticks + 200;
  example::stream const cuda_stream = example::make_stream();
  std::mt19937 random(1);
  std::vector<sensor> all;
  for (int i = 0; i < sensors; ++i) { all.emplace_back(rates[i], widths[i]); }

  auto const clock = pinned_allocate<std::int64_t>(1);
  auto const action = pinned_allocate<float>(actions);
  auto const done = pinned_allocate<std::int64_t>(1);
  auto const device_clock = example::device_allocate<std::int64_t>(1);
  auto const tick_number = example::to_device(std::vector<std::int64_t>{0});
  auto const bare_done = pinned_allocate<std::int64_t>(1);
  auto const bare_number = example::to_device(std::vector<std::int64_t>{0});
  auto const gate = pinned_allocate<std::int64_t>(1);
  auto const gate_number = example::to_device(std::vector<std::int64_t>{0});
  auto const seen = example::device_allocate<float>(history * all_channels);
  auto const log = example::device_allocate<float>(ticks * history * all_channels);
  std::vector<float> weights(actions * history * all_channels);
  for (float& w : weights) { w = static_cast<float>(random() % 2001) * 1e-4f - 0.1f; }
  auto const device_weights = example::to_device(weights);
  std::vector<std::int64_t> deltas(history);
  for (std::int64_t k = 0; k < history; ++k) { deltas[k] = (k + 1 - history) * period; }  // the last is now
  auto const device_deltas = example::to_device(deltas);

  std::vector<rc::append_stream<std::int64_t>> appended;
  std::vector<rc::stream<std::int64_t>> fused;
  for (sensor const& each : all) {
    appended.push_back(each.appended());
    fused.push_back(stream_of(each.values.get(), appended.back().when(1), each.width));
  }
  cudaStream_t const on = cuda_stream.get();
  // The clock is one stream more, a ring of one sample whose stamp is now: it comes with the same launch.
  auto const nothing = pinned_allocate<std::uint8_t>(1);
  auto const device_nothing = example::device_allocate<std::uint8_t>(1);
  auto const clock_ticks = example::to_device(std::vector<std::int64_t>{0});
  rc::append_stream<std::int64_t> time;
  time.stamps = device_clock.get();
  time.values = device_nothing.get();
  time.written = clock_ticks.get();
  time.capacity = time.channels = time.rows = 1;
  time.type = rc::dtype::uint8;
  time.new_stamps = clock.get();
  time.new_values = nothing.get();
  appended.push_back(time);
  auto const append_and_fuse = [&](float* results) {
    example::check(rc::append(appended.data(), sensors + 1, 1, nullptr, on));
    auto const target = rc::timeline<std::int64_t>::windows(device_clock.get(), device_deltas.get(), 1, history);
    example::check(rc::fuse(fused.data(), sensors, target, rc::fused_output{results}, on));
  };
  auto const results = pinned_allocate<float>(history * all_channels);
  cudaGraphExec_t const bare = make_graph(on, [&] {
    append_and_fuse(results.get());
    done_kernel<<<1, 1, 0, on>>>(bare_number.get(), bare_done.get());
    example::check(cudaGetLastError());
  });
  auto const all_of_it = [&] {
    append_and_fuse(seen.get());
    policy_kernel<<<1, 32 * actions, 0, on>>>(seen.get(), device_weights.get(), tick_number.get(),
                                              {action.get(), done.get(), log.get()});
    example::check(cudaGetLastError());
  };
  cudaGraphExec_t const tick = make_graph(on, all_of_it);
  cudaGraphExec_t const gated = make_graph(on, [&] {
    gate_kernel<<<1, 1, 0, on>>>(gate_number.get(), gate.get());
    example::check(cudaGetLastError());
    all_of_it();
  });

  std::vector<std::int64_t> clocks;
  std::vector<float> bare_log;
  std::vector<double> bare_us, policy_us, paced_us;
  auto wake = std::chrono::steady_clock::now();
  for (std::int64_t n = 0; n < ticks; ++n) {
    bool const is_bare = n < bare_ticks;
    bool const waits = n >= bare_ticks + policy_ticks;
    if (waits) { example::check(cudaGraphLaunch(gated, on)); }  // it needs nothing of this tick yet
    std::int64_t const now = n * period;
    clocks.push_back(now);
    *clock.get() = now;
    for (sensor& each : all) { each.sense(now, random); }
    if (waits) { std::this_thread::sleep_until(wake += std::chrono::milliseconds(5)); }
    auto const start = std::chrono::steady_clock::now();
    if (waits) {
      *static_cast<std::int64_t volatile*>(gate.get()) = n + 1 - bare_ticks - policy_ticks;
    } else {
      example::check(cudaGraphLaunch(is_bare ? bare : tick, on));
    }
    std::int64_t const volatile* const ended = is_bare ? bare_done.get() : done.get();
    while (*ended != (is_bare ? n + 1 : n + 1 - bare_ticks)) {}
    std::chrono::duration<double, std::micro> const took = std::chrono::steady_clock::now() - start;
    if (is_bare) { bare_log.insert(bare_log.end(), results.get(), results.get() + history * all_channels); }
    if (!waits) { wake = std::chrono::steady_clock::now(); }
    bool const warm = n >= warming && n != bare_ticks;
    if (warm) { (waits ? paced_us : is_bare ? bare_us : policy_us).push_back(took.count()); }
  }
  example::check(cudaStreamSynchronize(on));
  cudaGraphExecDestroy(bare);
  cudaGraphExecDestroy(gated);
  cudaGraphExecDestroy(tick);
  print_latencies("append and fuse, results in pinned memory", bare_us);
  print_latencies("and a policy", policy_us);
  print_latencies("the same at 200 Hz, launched ahead", paced_us);

  // The recording, as a training loop would read it: a window for each tick, as of its clock.
  std::vector<example::device_array<std::int64_t>> stamps;
  std::vector<example::device_array<float>> values;
  std::vector<rc::stream<std::int64_t>> recorded;
  for (sensor const& each : all) {
    stamps.push_back(example::to_device(each.all_stamps));
    values.push_back(example::to_device(each.all_values));
    auto const length = static_cast<std::int64_t>(each.all_stamps.size());
    auto const when = rc::timeline<std::int64_t>::dense(stamps.back().get(), 1, length);
    recorded.push_back(stream_of(values.back().get(), when, each.width));
  }
  auto const device_clocks = example::to_device(clocks);
  auto const episode = example::to_device(std::vector<std::int64_t>(ticks, 0));
  auto const windows = rc::timeline<std::int64_t>::windows(device_clocks.get(), device_deltas.get(), ticks, history,
                                                           episode.get(), device_clocks.get());
  auto const offline = example::device_allocate<float>(ticks * history * all_channels);
  example::check(rc::fuse(recorded.data(), sensors, windows, rc::fused_output{offline.get()}, on));
  auto const trained = example::to_host(offline, ticks * history * all_channels);
  auto saw = bare_log;
  auto const seen_by_policy = example::to_host(log, (ticks - bare_ticks) * history * all_channels);
  saw.insert(saw.end(), seen_by_policy.begin(), seen_by_policy.end());
  bool const same = std::memcmp(trained.data(), saw.data(), saw.size() * sizeof(float)) == 0;
  std::printf("online %s offline, bit for bit, in %zu numbers of %d ticks\n", same ? "equals" : "is not", saw.size(),
              static_cast<int>(ticks));
  return same ? 0 : 1;
}
