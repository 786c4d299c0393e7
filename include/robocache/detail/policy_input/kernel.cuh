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
#include <robocache/device/policy_value.cuh>
#include <robocache/device/velocity.cuh>

namespace robocache::detail {

/// The masks of the tile's rows, and their ages. Called by the whole block, after a barrier.
template <class Stamp>
__device__ void store_input_masks(input_params<Stamp> const& p, input_fusion<Stamp> const& fusion,
                                  input_rows const& rows, method_row* records) {
  auto const thread = static_cast<int>(threadIdx.x);
  bool const asked = fusion.valid != nullptr || fusion.ages != nullptr;
  for (int i = thread; asked && i < rows.count * fusion.streams; i += input_threads) {
    int const slot = i / fusion.streams;
    int const s = i - slot * fusion.streams;
    int const mask = p.stream[fusion.first_stream + s].mask;
    if (mask < 0) { continue; }
    method_row& row = records[s * fusion.tile_rows + slot];
    std::int64_t const place = (rows.first + slot) * fusion.valid_stride + mask;
    if (fusion.valid != nullptr) { fusion.valid[place] = static_cast<std::uint8_t>(row.valid); }
    if (fusion.ages != nullptr) { fusion.ages[place] = row.valid != 0 ? age_in<Stamp>(row) : device::no_age<Stamp>; }
  }
  if (fusion.all_valid != nullptr && thread < rows.count) {
    std::uint8_t* const to = fusion.all_valid + (rows.first + thread);
    unsigned all = fusion.continues ? *to : 1;
    for (int s = 0; s < fusion.streams; ++s) {
      if (p.stream[fusion.first_stream + s].mask >= 0) { all &= records[s * fusion.tile_rows + thread].valid; }
    }
    *to = static_cast<std::uint8_t>(all);
  }
}

/// Scale, shift and clamp of `N` channels from `channel` on, for target `k` of its trajectory.
template <int N, class Stamp>
__device__ void finish_input(input_stream<Stamp> const& of, std::int64_t k, std::int64_t channel, float (&values)[N]) {
  std::int64_t const affine = k * of.affine_stride + channel;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    float v = values[i];
    if (of.scale != nullptr) { v = device::mul_rn(v, __ldg(of.scale + affine + i)); }
    if (of.shift != nullptr) { v = device::add_rn(v, __ldg(of.shift + affine + i)); }
    if (of.low != nullptr && v < __ldg(of.low + channel + i)) {
      v = __ldg(of.low + channel + i);
    } else if (of.high != nullptr && v > __ldg(of.high + channel + i)) {
      v = __ldg(of.high + channel + i);
    }
    values[i] = v;
  }
}

/// One channel of a row that is not filled, by any method but slerp.
template <class Stamp>
__device__ __noinline__ float input_value(input_reader<Stamp> const& reader, method_row const& row,
                                          std::int64_t channel) {
  float value = 0.0f;
  with_float_type(reader.type, [&](auto type) {
    auto const* const from = reinterpret_cast<decltype(type) const*>(row.from) + channel;
    float doubt = 0.0f;
    value = value_of(reader.rules.method, row, from, reader.row_stride, doubt);
    if (doubt != 0.0f) {
      value = unusual_value(reader.type, row, reinterpret_cast<char const*>(from), reader.row_stride);
    }
  });
  return value;
}

/// The velocity of one channel of a row that is not filled.
template <class Stamp>
__device__ float input_velocity(input_reader<Stamp> const& reader, method_row const& row, std::int64_t channel) {
  float a = 0.0f;
  float b = 0.0f;
  with_float_type(reader.type, [&](auto type) {
    auto const* const from = reinterpret_cast<decltype(type) const*>(row.from) + channel;
    a = device::to_float(from[0]);
    b = device::to_float(from[steps_of(row, reader.row_stride).to(1)]);
  });
  return device::velocity(a, b, row.weight, reader.rules.method == interpolation::angle);
}

/// A sample of a rotation, as it is stored.
template <class Stamp>
__device__ device::rotation_channels input_sample(input_reader<Stamp> const& reader, char const* from) {
  device::rotation_channels row;
  with_float_type(reader.type, [&](auto type) {
    auto const* const channels = reinterpret_cast<decltype(type) const*>(from);
#pragma unroll
    for (int c = 0; c < 9; ++c) { row.c[c] = c < reader.channels ? device::to_float(channels[c]) : 0.0f; }
  });
  return row;
}

/// The sample behind a row's left one.
template <class Stamp>
__device__ char const* next_sample(input_reader<Stamp> const& reader, method_row const& row) {
  return row.from + (steps_of(row, reader.row_stride).to(1) << (reader.type == dtype::float32 ? 2 : 1));
}

/// A rotation as a unit quaternion.
template <class Stamp>
__device__ __noinline__ device::quaternion input_rotation(input_reader<Stamp> const& reader, method_row const& row) {
  device::rotation_channels const a = input_sample(reader, row.from);
  if (row.kind < method_row::blend) { return device::read_rotation(reader.layout, a); }
  return device::rotation_between(reader.layout, a, input_sample(reader, next_sample(reader, row)), row.weight);
}

/// Writes a row's channels, scaled and clamped, or the fill value.
template <class Stamp>
__device__ void store_input_row(input_stream<Stamp> const& of, method_row const& row, std::int64_t k,
                                device::rotation_channels const& channels) {
#pragma unroll
  for (int c = 0; c < 9; ++c) {
    if (c >= of.result_channels) { break; }
    float out[1] = {channels.c[c]};
    if (row.kind == method_row::fill) {
      out[0] = of.fill;
    } else {
      finish_input(of, k, c, out);
    }
    store_floats<1>(of.result_type, row.to, c, out);
  }
}

/// What a stream refers to, as far as a tile is concerned.
struct tile_references {
  method_row const* to;
  method_row const* frame;
};

/// Rows whose channels are made together: rotations, quaternions, positions in a frame.
template <class Stamp>
__device__ __noinline__ void write_whole_rows(input_params<Stamp> const& p, input_fusion<Stamp> const& fusion,
                                              input_stream<Stamp> const& of, input_rows const& rows,
                                              method_row const* records, tile_references references, int first) {
  input_reference<Stamp> const* const others = p.reference + fusion.first_reference;
  for (int slot = first; slot < rows.count; slot += input_threads) {
    method_row const& row = records[slot];
    device::rotation_channels out{};
    if (row.kind == method_row::fill) {
      // stored as it is
    } else if (of.reader.is_rotation) {
      if (of.velocity) {
        device::quaternion const a = device::read_rotation(of.reader.layout, input_sample(of.reader, row.from));
        device::quaternion const b =
            device::read_rotation(of.reader.layout, input_sample(of.reader, next_sample(of.reader, row)));
        device::vector3 const v = device::angular_velocity(a, b, row.weight, of.world_frame);
        out = {{v.x, v.y, v.z}};
      } else if (of.passes && row.kind < method_row::blend) {
        out = input_sample(of.reader, row.from);
      } else {
        device::quaternion q = input_rotation(of.reader, row);
        if (of.to >= 0) { q = device::relative_rotation(input_rotation(others[of.to].reader, references.to[slot]), q); }
        out = device::write_result(of.layout, of.sign, q);
      }
    } else if (device::is_rotation(of.reader.rules.method)) {
      device::rotation_channels const a = input_sample(of.reader, row.from);
      device::quaternion q{{a.c[0], a.c[1], a.c[2], a.c[3]}};
      if (row.kind >= method_row::blend) {
        device::rotation_channels const b = input_sample(of.reader, next_sample(of.reader, row));
        q = device::slerp(q, {{b.c[0], b.c[1], b.c[2], b.c[3]}}, row.weight);
      }
      out = {{q.q[0], q.q[1], q.q[2], q.q[3]}};
    } else {
      float d[3];
#pragma unroll
      for (int c = 0; c < 3; ++c) {
        d[c] =
            device::sub_rn(input_value(of.reader, row, c), input_value(others[of.to].reader, references.to[slot], c));
      }
      device::quaternion const frame = input_rotation(others[of.frame].reader, references.frame[slot]);
      device::vector3 const seen = device::relative_vector(frame, {d[0], d[1], d[2]});
      out = {{seen.x, seen.y, seen.z}};
    }
    store_input_row(of, row, rows.k[slot], out);
  }
}

/// Rows of previous, next, nearest and linear to which nothing is relative, in vectors of `N` channels.
template <class Value, int N, class Stamp>
__device__ void write_vectors(input_stream<Stamp> const& of, input_rows const& rows, method_row const* records,
                              int first) {
  auto const each = static_cast<int>(of.vectors_each.value);
  std::int64_t const stride = of.reader.row_stride;
  for (int i = first; i < rows.count * each; i += input_threads) {
    auto const slot = static_cast<int>(of.vectors_each.quotient(i));
    unsigned const channel = static_cast<unsigned>(i - slot * each) * N;
    method_row const& row = records[slot];
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
      finish_input(of, rows.k[slot], channel, out);
    }
    store_floats<N>(of.result_type, row.to, channel, out, of.aligned);
  }
}

/// Rows of any method but slerp, a channel after the other.
template <class Stamp>
__device__ __noinline__ void write_channels(input_params<Stamp> const& p, input_fusion<Stamp> const& fusion,
                                            input_stream<Stamp> const& of, input_rows const& rows,
                                            method_row const* records, tile_references references, int first) {
  auto const each = static_cast<int>(of.vectors_each.value);
  bool const is_angle = of.reader.rules.method == interpolation::angle;
  for (int i = first; i < rows.count * each; i += input_threads) {
    auto const slot = static_cast<int>(of.vectors_each.quotient(i));
    int const channel = i - slot * each;
    method_row const& row = records[slot];
    bool const fills = row.kind == method_row::fill;
    float out[1] = {of.fill};
    float cosine[1] = {of.fill};
    if (!fills) {
      out[0] = of.velocity ? input_velocity(of.reader, row, channel) : input_value(of.reader, row, channel);
      if (of.to >= 0) {
        float const reference =
            input_value(p.reference[fusion.first_reference + of.to].reader, references.to[slot], channel);
        out[0] = device::relative_value(out[0], reference, is_angle);
      }
      if (of.sin_cos) {
        device::sine_and_cosine const both = device::sincos_rn(out[0]);
        out[0] = both.sine;
        cosine[0] = both.cosine;
        finish_input(of, rows.k[slot], of.reader.channels + channel, cosine);
      }
      finish_input(of, rows.k[slot], channel, out);
    }
    store_floats<1>(of.result_type, row.to, channel, out);
    if (of.sin_cos) {
      store_floats<1>(of.result_type, row.to, static_cast<unsigned>(of.reader.channels) + channel, cosine);
    }
  }
}

/// One block: a tile of rows of one fusion, all of its channels. Each warp locates the rows for its streams and
/// references; then the streams' values are dealt out to the threads.
template <class Stamp>
__global__ void __launch_bounds__(input_threads, input_resident_blocks)
    policy_input_kernel(__grid_constant__ input_params<Stamp> const p) {
  extern __shared__ sector dynamic_shared[];
  __shared__ input_rows rows;
  auto* const records = reinterpret_cast<method_row*>(dynamic_shared);
  input_fusion<Stamp> const& fusion = p.fusion[find_input_rows(p, rows)];
  __syncthreads();
  locate_inputs(p, fusion, rows, records,
                reinterpret_cast<Stamp*>(records + fusion.tile_rows * (fusion.streams + fusion.references)));
  __syncthreads();
  if (fusion.references > 0) {
    settle_references(p, fusion, rows.count, records);
    __syncthreads();
  }
  store_input_masks(p, fusion, rows, records);
  method_row const* const references = records + fusion.streams * fusion.tile_rows;
  int turn = static_cast<int>(threadIdx.x);  // narrow streams travel side by side: each begins with another warp
  for (int s = 0; s < fusion.streams; ++s) {
    input_stream<Stamp> const& of = p.stream[fusion.first_stream + s];
    method_row const* const own = records + s * fusion.tile_rows;
    tile_references const refers{references + max(0, int(of.to)) * fusion.tile_rows,
                                 references + max(0, int(of.frame)) * fusion.tile_rows};
    int items = rows.count;
    if (of.reader.is_rotation || of.frame >= 0 || device::is_rotation(of.reader.rules.method)) {
      write_whole_rows(p, fusion, of, rows, own, refers, turn);
    } else if (of.wide) {
      items *= static_cast<int>(of.vectors_each.value);
      with_float_type(of.reader.type, [&](auto type) {
        write_vectors<decltype(type), 16 / static_cast<int>(sizeof type)>(of, rows, own, turn);
      });
    } else {
      items *= static_cast<int>(of.vectors_each.value);
      write_channels(p, fusion, of, rows, own, refers, turn);
    }
    turn = static_cast<int>(static_cast<unsigned>(turn - (items + 31) / 32 * 32) % input_threads);
  }
}

}  // namespace robocache::detail
