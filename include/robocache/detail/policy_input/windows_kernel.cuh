// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/detail/policy_input/values.cuh>
#include <robocache/detail/policy_input/windows_locate.cuh>
#include <robocache/detail/policy_input/windows_params.hpp>
#include <robocache/device/policy_value.cuh>

// Policy inputs of windows: each warp has a tile of one window, all rows of all fusions where there are at most 32.
// Rows are located clock by clock, however many streams read it; references once for the whole tile.
namespace robocache::detail {

/// Where the samples of a stream are that a tile reads.
struct window_samples {
  char const* first;  ///< of the tile's trajectory
  int stride;         ///< in bytes

  template <class Stamp>
  __device__ window_samples(window_values const& from, window_source<Stamp> const& source)
      : first(static_cast<char const*>(from.values) +
              (source.batch_index * from.batch_stride + source.first_row * from.row_stride)),
        stride(from.row_stride) {}

  __device__ char const* at(int sample) const { return first + std::int64_t(sample) * stride; }

  __device__ sample_pair pair(window_row const& row) const {
    bool const backwards = row.near > row.far;
    return {at(backwards ? row.far : row.near), at(backwards ? row.near : row.far), row.weight, row.near != row.far};
  }
};

/// A stream's rotation or position in a row of the tile, for `whole_value`.
struct window_origin {
  window_values const& from;
  sample_pair pair;

  __device__ bool is_rotation() const { return from.is_rotation; }
  __device__ bool is_slerp() const { return from.is_slerp; }
  __device__ bool blends() const { return pair.blends; }
  __device__ device::rotation_channels left() const {
    return input_sample(from.type, channels_of(from.layout.format), pair.left);
  }
  __device__ device::quaternion rotation() const { return rotation_of_pair(from.type, from.layout, pair); }
  __device__ device::quaternion plain_quaternion() const { return quaternion_of_pair(from.type, pair); }
  __device__ device::vector3 position() const { return position_of_pair(from.type, pair); }
};

/// A reference in a tile: the same for all of its rows, so rotations are made once.
template <class Stamp>
struct window_origin_of_reference {
  window_params<Stamp> const& p;
  window_memory<Stamp> const& memory;
  int i;

  __device__ device::quaternion rotation() const { return memory.reference_rotations()[i]; }
  __device__ device::vector3 position() const {
    window_values const& from = p.reference[i].from;
    window_samples const samples(from, memory.sources()[from.clock]);
    return position_of_pair(from.type, samples.pair(memory.reference_rows()[i]));
  }
};

/// Makes the references that are rotations, a lane each. Called by a warp.
template <class Stamp>
__device__ void make_reference_rotations(window_params<Stamp> const& p, window_memory<Stamp> const& memory) {
  int const i = lane_of_warp();
  if (i < p.references && p.reference[i].from.is_rotation && memory.reference_flags()[i] == row_is_valid) {
    window_values const& from = p.reference[i].from;
    window_samples const samples(from, memory.sources()[from.clock]);
    memory.reference_rotations()[i] =
        rotation_of_pair(from.type, from.layout, samples.pair(memory.reference_rows()[i]));
  }
  __syncwarp();
}

/// What a stream writes of a tile.
struct window_part {
  rows_in_tile rows;
  unsigned filled;  ///< a bit a row
  bool all_filled;
};

/// Whether the references of a stream are valid.
template <class Stamp>
__device__ bool has_references(input_stream<Stamp> const& of, window_memory<Stamp> const& memory) {
  return (of.to < 0 || memory.reference_flags()[of.to] == row_is_valid) &&
         (of.frame < 0 || memory.reference_flags()[of.frame] == row_is_valid);
}

/// Which rows of a tile a stream has, and which it fills. Called by a warp.
/// @param usual  as `locate_window`
template <class Stamp>
__device__ window_part part_of(window_tile const& tile, window_stream<Stamp> const& stream,
                               window_memory<Stamp> const& memory, bool usual) {
  window_part part{{tile, stream.first_row, stream.end_row}, 0, false};
  if (usual) { return part; }
  int const lane = lane_of_warp();
  int const clock = stream.from.clock;
  int const flags = part.rows.has(lane) ? memory.flags(clock)[lane] : 0;
  part.filled = __ballot_sync(all_lanes, (flags & row_is_filled) != 0);
  part.all_filled = memory.sources()[clock].length == 0 || !has_references(stream.of, memory);
  if (part.all_filled) { part.filled = ~0u; }
  return part;
}

/// How the lanes share the rows of a stream: neighbouring lanes have neighbouring channels, as many as there are, and
/// each keeps its own from row to row.
struct lane_share {
  int step;  ///< rows side by side
  int row;
  int channel;

  __device__ explicit lane_share(int lanes_log2)
      : step(32 >> lanes_log2), row(lane_of_warp() >> lanes_log2), channel(lane_of_warp() & ((1 << lanes_log2) - 1)) {}
};

/// Finishes and stores the values of a stream in a tile. Called by a warp. Lanes without a row of their own repeat the
/// last one.
/// @param read  has `begin(channel)`, `load(i, slot)` for `window_batch` rows, and `value(i)`
template <class Stamp, class Read>
__device__ void write_window_rows(window_stream<Stamp> const& stream, window_part const& part,
                                  window_memory<Stamp> const& memory, Read& read) {
  input_stream<Stamp> const& of = stream.of;
  lane_share const share(stream.lanes_log2);
  auto const channels = static_cast<int>(of.result_channels);
  dtype const type = of.result_type;
  for (int before = 0; before < channels; before += 32) {
    bool const exists = before + share.channel < channels;
    int const c = min(before + share.channel, channels - 1);
    read.begin(c);
    input_factors const factors(of, 0, c);
    int const at = stream.place + (type == dtype::float32 ? 4 : 2) * c;
    auto const write = [&](auto count, int above) {
      constexpr int rows = decltype(count)::value;  // of each lane
      int slot[rows];
#pragma unroll
      for (int i = 0; i < rows; ++i) {
        slot[i] = min(above + i * share.step + share.row, part.rows.end - 1);
        read.load(i, slot[i]);
      }
      float out[rows];
#pragma unroll
      for (int i = 0; i < rows; ++i) { out[i] = read.value(i); }
      if (of.affine_stride != 0) {
#pragma unroll
        for (int i = 0; i < rows; ++i) { out[i] = input_factors(of, memory.targets()[slot[i]], c).finish(out[i]); }
      } else if (stream.finishes) {
#pragma unroll
        for (int i = 0; i < rows; ++i) { out[i] = factors.finish(out[i]); }
      }
      if (part.filled != 0) {
#pragma unroll
        for (int i = 0; i < rows; ++i) { out[i] = (part.filled >> slot[i] & 1) != 0 ? of.fill : out[i]; }
      }
      with_float_type(type, [&](auto zero) {
        using Result = decltype(zero);
#pragma unroll
        for (int i = 0; i < rows; ++i) {
          float const one[1] = {out[i]};
          if (exists) { store_floats<1>(dtype_of<Result>::value, memory.places()[slot[i]] + at, 0, one); }
        }
      });
    };
    int above = part.rows.begin;
    int left = (part.rows.end - above + share.step - 1) >> (5 - stream.lanes_log2);  // rows of a lane
    for (; left >= window_batch - 1; left -= window_batch, above += window_batch * share.step) {
      write(std::integral_constant<int, window_batch>{}, above);
    }
    if (left == 2) {
      write(std::integral_constant<int, 2>{}, above);
    } else if (left == 1) {
      write(std::integral_constant<int, 1>{}, above);
    }
  }
}

/// Values by a straight method.
/// @tparam Exact  whatever differences are; else `none` tells that one was not finite
template <class Stamp, class Value, bool Exact>
class straight_values {
 public:
  __device__ straight_values(window_params<Stamp> const& p, window_stream<Stamp> const& stream,
                             window_memory<Stamp> const& memory, float& none)
      : p_(p),
        memory_(memory),
        samples_(stream.from, memory.sources()[stream.from.clock]),
        channel_(samples_),
        rows_(memory.rows(stream.from.clock)),
        to_(stream.of.to),
        none_(none) {}

  __device__ void begin(int channel) {
    channel_.first = samples_.first + channel * static_cast<int>(sizeof(Value));
    channel_.stride = samples_.stride;
    if (to_ < 0) { return; }
    window_values const& from = p_.reference[to_].from;
    window_samples const samples(from, memory_.sources()[from.clock]);
    window_row const row = memory_.reference_rows()[to_];
    with_float_type(from.type, [&](auto zero) {
      using Other = decltype(zero);
      float const near = device::to_float(__ldg(reinterpret_cast<Other const*>(samples.at(row.near)) + channel));
      float const far = device::to_float(__ldg(reinterpret_cast<Other const*>(samples.at(row.far)) + channel));
      reference_ = row.near == row.far ? near : device::detail::part_way(near, far, row.share);
    });
  }

  __device__ void load(int i, int slot) {
    window_row const row = rows_[slot];
    share_[i] = row.share;
    if constexpr (Exact) { alone_[i] = row.near == row.far; }
    near_[i] = __ldg(reinterpret_cast<Value const*>(channel_.at(row.near)));
    far_[i] = __ldg(reinterpret_cast<Value const*>(channel_.at(row.far)));
  }

  __device__ float value(int i) {
    float const near = device::to_float(near_[i]);
    float const far = device::to_float(far_[i]);
    float v;
    if constexpr (Exact) {
      v = alone_[i] ? near : device::detail::part_way(near, far, share_[i]);
    } else {
      float const d = device::sub_rn(far, near);
      none_ = device::fma_rn(d, 0.0f, none_);
      v = device::add_rn(near, device::mul_rn(share_[i], d));
    }
    return device::sub_rn(v, reference_);  // to take 0 off leaves each bit
  }

 private:
  window_params<Stamp> const& p_;
  window_memory<Stamp> const& memory_;
  window_samples samples_;
  window_samples channel_;  ///< the same in one channel
  window_row const* rows_;
  int to_;
  float reference_ = 0.0f;
  float share_[window_batch];
  bool alone_[window_batch];
  Value near_[window_batch];
  Value far_[window_batch];
  float& none_;
};

/// Values that lie in the warp's shared memory, row after row.
class made_values {
 public:
  __device__ made_values(float const* made, int channels) : made_(made), channels_(channels) {}
  __device__ void begin(int channel) { at_ = channel; }
  __device__ void load(int i, int slot) { values_[i] = made_[slot * channels_ + at_]; }
  __device__ float value(int i) const { return values_[i]; }

 private:
  float const* made_;
  int channels_;
  int at_ = 0;
  float values_[window_batch];
};

/// Where nothing is read.
struct no_values {
  __device__ void begin(int) {}
  __device__ void load(int, int) {}
  __device__ float value(int) const { return 0.0f; }
};

/// Streams by straight methods, once more, where a difference was not finite. Called by a warp.
template <class Stamp>
__device__ __noinline__ void write_lines_again(window_params<Stamp> const& p, window_tile tile, char* shared,
                                               bool usual) {
  window_memory<Stamp> const memory(p, shared);
  for (int s = 0; s < p.streams; ++s) {
    window_stream<Stamp> const& stream = p.stream[s];
    window_part const part = part_of(tile, stream, memory, usual);
    if (stream.of.path == input_path::whole_rows || part.all_filled) { continue; }
    with_float_type(stream.from.type, [&](auto zero) {
      float none = 0.0f;
      straight_values<Stamp, decltype(zero), true> values(p, stream, memory, none);
      write_window_rows(stream, part, memory, values);
    });
  }
}

/// Rows whose channels are made together: a lane makes a row, then all lanes finish them.
template <class Stamp>
__device__ void write_whole_window_rows(window_params<Stamp> const& p, window_stream<Stamp> const& stream,
                                        window_part const& part, window_memory<Stamp> const& memory) {
  auto const channels = static_cast<int>(stream.of.result_channels);
  int const lane = lane_of_warp();
  if (part.rows.has(lane) && (part.filled >> lane & 1) == 0) {
    window_samples const samples(stream.from, memory.sources()[stream.from.clock]);
    window_origin const own{stream.from, samples.pair(memory.rows(stream.from.clock)[lane])};
    window_origin_of_reference<Stamp> const to{p, memory, stream.of.to}, frame{p, memory, stream.of.frame};
    device::rotation_channels const all = whole_value(stream.of, own, to, frame);
#pragma unroll
    for (int c = 0; c < 9; ++c) {
      if (c < channels) { memory.made()[lane * channels + c] = all.c[c]; }
    }
  }
  __syncwarp();
  made_values values(memory.made(), channels);
  write_window_rows(stream, part, memory, values);
  __syncwarp();
}

/// The masks of the tile's rows, a lane each. Called by a warp.
template <class Stamp>
__device__ void store_window_masks(window_params<Stamp> const& p, window_tile const& tile,
                                   window_memory<Stamp> const& memory) {
  int const lane = lane_of_warp();
  window_fusion<Stamp> const& fusion = p.fusion[fusion_of_lane(p, tile)];
  std::int64_t const row = std::int64_t{tile.b} * fusion.length + (tile.first_row + lane - fusion.first_row);
  bool all = true;
  for (int s = 0; s < p.streams; ++s) {
    window_stream<Stamp> const& stream = p.stream[s];
    int const mask = stream.of.mask;
    if (mask < 0 || !rows_in_tile(tile, stream.first_row, stream.end_row).has(lane)) { continue; }
    bool const valid = memory.flags(stream.from.clock)[lane] == row_is_valid && has_references(stream.of, memory);
    all = all && valid;
    if (fusion.valid != nullptr) { fusion.valid[row * fusion.valid_stride + mask] = valid ? 1 : 0; }
  }
  if (fusion.all_valid != nullptr && lane < tile.count) { fusion.all_valid[row] = all ? 1 : 0; }
}

/// Windows of fusions with the same anchors.
template <class Stamp>
__global__ void __launch_bounds__(window_threads, window_resident_blocks)
    policy_input_windows_kernel(__grid_constant__ window_params<Stamp> const p) {
  extern __shared__ sector dynamic_shared[];
  auto const warp = static_cast<int>(threadIdx.x / 32);
  char* const shared = reinterpret_cast<char*>(dynamic_shared) + warp * p.warp_bytes;
  window_memory<Stamp> const memory(p, shared);
  // Excess warps repeat the last tile.
  window_tile const tile = window_tile_of(p, min(blockIdx.x * (window_threads / 32) + warp, p.tiles - 1));
  bool const usual = locate_window(p, tile, memory);
  if (p.references > 0) { make_reference_rotations(p, memory); }
  if (p.has_masks) { store_window_masks(p, tile, memory); }
  float none = 0.0f;
  for (int s = 0; s < p.streams; ++s) {
    window_stream<Stamp> const& stream = p.stream[s];
    window_part const part = part_of(tile, stream, memory, usual);
    if (part.rows.begin >= part.rows.end) { continue; }
    if (part.all_filled) {
      no_values values;
      write_window_rows(stream, part, memory, values);
    } else if (stream.of.path == input_path::whole_rows) {
      write_whole_window_rows(p, stream, part, memory);
    } else {
      with_float_type(stream.from.type, [&](auto zero) {
        straight_values<Stamp, decltype(zero), false> values(p, stream, memory, none);
        write_window_rows(stream, part, memory, values);
      });
    }
  }
  if (__any_sync(all_lanes, none != 0.0f)) { write_lines_again(p, tile, shared, usual); }
}

}  // namespace robocache::detail
