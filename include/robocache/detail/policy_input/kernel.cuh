// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/locate.cuh>
#include <robocache/detail/policy_input/params.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/detail/policy_input/values.cuh>

namespace robocache::detail {

/// The masks of the tile's rows, and their ages. Called by the whole block, after a barrier.
template <class Stamp>
__device__ void store_input_masks() {
  input_tile<Stamp> const& tile = tile_of_block<Stamp>();
  input_fusion<Stamp> const& fusion = tile.fusion();
  input_rows const& rows = tile.rows;
  auto const thread = static_cast<int>(threadIdx.x);
  bool const asked = fusion.valid != nullptr || fusion.ages != nullptr;
  for (int i = thread; asked && i < rows.count * fusion.streams; i += input_threads) {
    int const slot = i / fusion.streams;
    int const s = i - slot * fusion.streams;
    int const mask = tile.stream(s).mask;
    if (mask < 0) { continue; }
    method_row& row = tile.records(s)[slot];
    std::int64_t const place = (rows.first + slot) * fusion.valid_stride + mask;
    if (fusion.valid != nullptr) { fusion.valid[place] = static_cast<std::uint8_t>(row.valid); }
    if (fusion.ages != nullptr) { fusion.ages[place] = row.valid != 0 ? age_in<Stamp>(row) : device::no_age<Stamp>; }
  }
  if (fusion.all_valid != nullptr && thread < rows.count) {
    std::uint8_t* const to = fusion.all_valid + (rows.first + thread);
    unsigned all = fusion.continues ? *to : 1;
    for (int s = 0; s < fusion.streams; ++s) {
      if (tile.stream(s).mask >= 0) { all &= tile.records(s)[thread].valid; }
    }
    *to = static_cast<std::uint8_t>(all);
  }
}

/// One stream of a tile, and what it refers to.
template <class Stamp>
struct tile_stream {
  input_stream<Stamp> const& of;
  input_reader<Stamp> const& reader;
  input_reader<Stamp> const& to_reader;
  input_reader<Stamp> const& frame_reader;
  method_row const* rows;
  method_row const* to_rows;
  method_row const* frame_rows;

  __device__ tile_stream(input_tile<Stamp> const& tile, int s)
      : of(tile.stream(s)),
        reader(tile.reader(s)),
        to_reader(tile.reader(tile.stream_count + max(0, int(of.to)))),
        frame_reader(tile.reader(tile.stream_count + max(0, int(of.frame)))),
        rows(tile.records(s)),
        to_rows(tile.records(tile.stream_count + max(0, int(of.to)))),
        frame_rows(tile.records(tile.stream_count + max(0, int(of.frame)))) {}

  __device__ input_origin<Stamp> own(int slot) const { return {reader, rows[slot]}; }
  __device__ input_origin<Stamp> to(int slot) const { return {to_reader, to_rows[slot]}; }
  __device__ input_origin<Stamp> frame(int slot) const { return {frame_reader, frame_rows[slot]}; }
};

/// Rows whose channels are made together: rotations, quaternions, positions in a frame.
template <class Stamp>
__device__ __noinline__ void write_whole_rows(int s, int first) {
  tile_stream<Stamp> const tile(tile_of_block<Stamp>(), s);
  input_rows const& rows = tile_of_block<Stamp>().rows;
  input_stream<Stamp> const& of = tile.of;
  for (int slot = first; slot < rows.count; slot += input_threads) {
    method_row const& row = tile.rows[slot];
    bool const fills = row.kind == method_row::fill;
    device::rotation_channels all{};
    if (!fills) { all = whole_row(of, tile.own(slot), tile.to(slot), tile.frame(slot)); }
#pragma unroll
    for (int c = 0; c < 9; ++c) {
      if (c >= of.result_channels) { break; }
      float out[1] = {fills ? of.fill : input_factors(of, rows.k[slot], c).finish(all.c[c])};
      store_floats<1>(of.result_type, row.to, c, out);
    }
  }
}

/// Rows of previous, next, nearest and linear to which nothing is relative, in vectors of `N` channels.
template <class Value, int N, class Stamp>
__device__ __noinline__ void write_vectors(int s, int first) {
  tile_stream<Stamp> const tile(tile_of_block<Stamp>(), s);
  input_rows const& rows = tile_of_block<Stamp>().rows;
  input_stream<Stamp> const& of = tile.of;
  auto const each = static_cast<int>(of.line.value);
  std::int64_t const stride = tile.reader.row_stride;
  for (int i = first; i < rows.count * each; i += input_threads) {
    auto const slot = static_cast<int>(of.line.quotient(i));
    unsigned const channel = static_cast<unsigned>(i - slot * each) * N;
    method_row const& row = tile.rows[slot];
    float out[N];
    if (row.kind == method_row::fill) {
#pragma unroll
      for (int e = 0; e < N; ++e) { out[e] = of.fill; }
    } else {
      auto const* const from = reinterpret_cast<Value const*>(row.from) + channel;
      bool const blends = row.kind >= method_row::blend;
      vector<Value, N> const a = load<Value, N>(from);
      vector<Value, N> const b = load<Value, N>(from + (blends ? steps_of(row, stride).to(1) : 0));
#pragma unroll
      for (int e = 0; e < N; ++e) {
        float const left = channel_of(a, e);
        out[e] = blends ? device::linear(left, channel_of(b, e), row.weight) : left;
      }
#pragma unroll
      for (int e = 0; e < N; ++e) { out[e] = input_factors(of, rows.k[slot], channel + e).finish(out[e]); }
    }
    store_floats<N>(of.result_type, row.to, channel, out, of.aligned);
  }
}

/// A value as it is in memory: loads of any type are alike, and none waits for another.
inline __device__ unsigned load_raw(bool is_wide, char const* row, int channel) {
  if (is_wide) { return __ldg(reinterpret_cast<unsigned const*>(row) + channel); }
  return __ldg(reinterpret_cast<unsigned short const*>(row) + channel);
}

inline __device__ float to_float(dtype type, unsigned raw) {
  float const half = __half2float(__ushort_as_half(static_cast<unsigned short>(raw)));
  float const other = __uint_as_float(type == dtype::float32 ? raw : raw << 16);
  return type == dtype::float16 ? half : other;
}

/// What is read of a channel of a row.
struct raw_pair {
  unsigned left = 0;
  unsigned right = 0;

  template <class Stamp>
  __device__ void load(input_origin<Stamp> const& of, int channel) {
    bool const is_wide = of.reader.type == dtype::float32;
    left = load_raw(is_wide, of.row.from, channel);
    if (of.row.kind < method_row::blend) { return; }
    right = load_raw(is_wide, next_sample(of.reader, of.row), channel);
  }

  /// The value by a straight method.
  template <class Stamp>
  __device__ float value(input_origin<Stamp> const& of) const {
    float const a = to_float(of.reader.type, left);
    return of.row.kind < method_row::blend ? a : device::linear(a, to_float(of.reader.type, right), of.row.weight);
  }
};

/// The same rows where they are not whole vectors, also relative to a stream of these methods. A thread keeps its
/// channel from row to row, and with it what the channel is scaled by; the loads of some rows are under way at a time.
template <class Stamp>
__device__ __noinline__ void write_lines(int s, int first) {
  tile_stream<Stamp> const tile(tile_of_block<Stamp>(), s);
  input_rows const& rows = tile_of_block<Stamp>().rows;
  input_stream<Stamp> const& of = tile.of;
  auto const channels = static_cast<int>(tile.reader.channels);
  auto const width = static_cast<int>(of.line.value);
  int const step = input_threads / width;  // rows side by side
  auto const begin = static_cast<int>(of.line.quotient(first));
  if (begin >= step) { return; }
  bool const refers = of.to >= 0;
  for (int channel = first - begin * width; channel < channels; channel += width) {
    input_factors factors(of, 0, channel);
    for (int from = begin; from < rows.count; from += input_batch * step) {
      raw_pair own[input_batch], to[input_batch];
#pragma unroll
      for (int i = 0; i < input_batch; ++i) {
        int const slot = from + i * step;
        if (slot >= rows.count || tile.rows[slot].kind == method_row::fill) { continue; }
        own[i].load(tile.own(slot), channel);
        if (refers) { to[i].load(tile.to(slot), channel); }
      }
#pragma unroll
      for (int i = 0; i < input_batch; ++i) {
        int const slot = from + i * step;
        if (slot >= rows.count) { break; }
        method_row const& row = tile.rows[slot];
        float out[1] = {of.fill};
        if (row.kind != method_row::fill) {
          float v = own[i].value(tile.own(slot));
          if (refers) { v = device::sub_rn(v, to[i].value(tile.to(slot))); }
          if (of.affine_stride != 0) { factors = input_factors(of, rows.k[slot], channel); }
          out[0] = factors.finish(v);
        }
        store_floats<1>(of.result_type, row.to, channel, out);
      }
    }
  }
}

/// Rows of any method but slerp, a channel after the other.
template <class Stamp>
__device__ __noinline__ void write_channels(int s, int first) {
  tile_stream<Stamp> const tile(tile_of_block<Stamp>(), s);
  input_rows const& rows = tile_of_block<Stamp>().rows;
  input_stream<Stamp> const& of = tile.of;
  auto const each = static_cast<int>(of.line.value);
  for (int i = first; i < rows.count * each; i += input_threads) {
    auto const slot = static_cast<int>(of.line.quotient(i));
    int const channel = i - slot * each;
    method_row const& row = tile.rows[slot];
    bool const fills = row.kind == method_row::fill;
    float out[1] = {of.fill};
    float cosine[1] = {of.fill};
    int const second = channel + each;
    if (!fills) {
      out[0] = one_channel(of, tile.own(slot), tile.to(slot), channel);
      if (of.sin_cos) {
        device::sine_and_cosine const both = device::sincos_rn(out[0]);
        out[0] = both.sine;
        cosine[0] = input_factors(of, rows.k[slot], second).finish(both.cosine);
      }
      out[0] = input_factors(of, rows.k[slot], channel).finish(out[0]);
    }
    store_floats<1>(of.result_type, row.to, channel, out);
    if (of.sin_cos) { store_floats<1>(of.result_type, row.to, second, cosine); }
  }
}

/// One block: a tile of rows of one fusion, all of its channels. Each warp locates the rows for its streams and
/// references; then the streams' values are dealt out to the threads.
template <class Stamp>
__global__ void __launch_bounds__(input_threads, input_resident_blocks)
    policy_input_kernel(__grid_constant__ input_params<Stamp> const p) {
  begin_tile(p);
  locate_inputs<Stamp>();
  __syncthreads();
  input_tile<Stamp> const& tile = tile_of_block<Stamp>();
  if (tile.reference_count > 0) {
    settle_references<Stamp>();
    __syncthreads();
  }
  store_input_masks<Stamp>();
  unsigned turn = threadIdx.x;  // narrow streams travel side by side: each begins with another warp
  for (int s = 0; s < tile.stream_count; ++s) {
    auto const first = static_cast<int>(turn);
    int items = tile.rows.count;
    switch (tile.stream(s).path) {
      case input_path::whole_rows: write_whole_rows<Stamp>(s, first); break;
      case input_path::vectors:
        with_float_type(tile.reader(s).type, [&](auto type) {
          write_vectors<decltype(type), 16 / static_cast<int>(sizeof type), Stamp>(s, first);
        });
        break;
      case input_path::lines: write_lines<Stamp>(s, first); break;
      case input_path::channels: write_channels<Stamp>(s, first); break;
    }
    if (tile.stream(s).path != input_path::whole_rows) { items *= static_cast<int>(tile.stream(s).line.value); }
    turn = (turn - static_cast<unsigned>(items + 31) / 32 * 32) % input_threads;
  }
}

}  // namespace robocache::detail
