// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/float_stores.cuh>
#include <robocache/detail/common/timed/blend_tile.cuh>
#include <robocache/detail/common/timed/method_rows.cuh>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/detail/config.hpp>
#include <robocache/detail/fuse/locate.cuh>
#include <robocache/detail/fuse/method_vectors.cuh>
#include <robocache/detail/fuse/params.hpp>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/intrinsics.cuh>

namespace robocache::detail {

/// `N` values from memory that is aligned to `Part` of them.
template <int Part, int N>
__device__ void load_floats(float const* from, float (&out)[N]) {
#pragma unroll
  for (int begin = 0; begin < N; begin += Part) {
    vector<float, Part> const few = load<float, Part>(from + begin);
#pragma unroll
    for (int i = 0; i < Part; ++i) { out[begin + i] = few.element[i]; }
  }
}

inline __device__ int store_alignment(stream_blend const& p) { return p.aligned; }

/// Normalises `N` channels from `channel` on. Product and sum are each rounded.
/// @tparam Part  how many of a row's factors can be read at once, by their alignment
template <int N, int Part = (N < 4 ? N : 4)>
__device__ void scale_and_shift(stream_blend const& p, std::int64_t channel, float (&values)[N]) {
  float factor[N];
  if (p.scale != nullptr) {
    load_floats<Part>(p.scale + channel, factor);
#pragma unroll
    for (int i = 0; i < N; ++i) { values[i] = device::mul_rn(values[i], factor[i]); }
  }
  if (p.shift != nullptr) {
    load_floats<Part>(p.shift + channel, factor);
#pragma unroll
    for (int i = 0; i < N; ++i) { values[i] = device::add_rn(values[i], factor[i]); }
  }
}

/// Rows are in global memory.
struct global_rows {
  template <int N, int Word, class Value>
  __device__ static packed_floats<Value, N, Word> load(Value const* from) {
    return load_words<N, Word>(from);
  }
};

/// Vectors of `N` channels of values whose type is known.
/// @tparam Word  bytes of one load
template <class Value, int N, int Word>
struct typed_vectors {
  static constexpr int channels = N;
  using packed = packed_floats<Value, N, Word>;

  template <class Rows>
  __device__ static packed load(char const* row, unsigned channel) {
    return Rows::template load<N, Word>(reinterpret_cast<Value const*>(row) + channel);
  }
  __device__ static void unpack(packed const& from, float (&out)[N]) { detail::unpack(from, out); }
};

/// Single values of any type. With a loop for each type, rows this narrow were no faster, with more to compile.
struct single_channels {
  static constexpr int channels = 1;
  using packed = unsigned;
  dtype type;

  template <class Rows>
  __device__ packed load(char const* row, unsigned channel) const {
    return type == dtype::float32
               ? Rows::template load<1, 4>(reinterpret_cast<float const*>(row) + channel).words[0]
               : static_cast<unsigned>(
                     Rows::template load<1, 2>(reinterpret_cast<__half const*>(row) + channel).words[0]);
  }
  __device__ void unpack(packed from, float (&out)[1]) const {
    unsigned const bits = type == dtype::bfloat16 ? from << 16 : from;
    out[0] = type == dtype::float16 ? device::to_float(__ushort_as_half(static_cast<unsigned short>(from)))
                                    : __uint_as_float(bits);
  }
};

/// Does the rows of `blend_straight` that blend once more, channel by channel: called where a difference was not
/// finite.
/// @param channels  of a vector
inline __device__ __noinline__ void blend_straight_again(stream_blend const& p, method_row const* rows, int count,
                                                         thread_share share, int channels) {
  vector_run const run(p, count);
  int const bytes = p.result_type == dtype::float32 ? 4 : 2;
  for (int i = share.first; i < run.total; i += share.step) {
    int slot;
    int column;
    if (!run.find(p.chunk, i, slot, column) || rows[slot].kind < method_row::blend) { continue; }
    method_row const& row = rows[slot];
    std::int64_t const first = (run.begin + column) * channels;
    for (std::int64_t c = first; c < min(first + channels, p.channels); ++c) {
      float out[1];
      with_float_type(p.value_type, [&](auto zero) {
        auto const* const near = reinterpret_cast<decltype(zero) const*>(row.from) + c;
        auto const* const far = reinterpret_cast<decltype(zero) const*>(row.from + row.far) + c;
        out[0] = device::detail::part_way(device::to_float(*near), device::to_float(*far), row.weight);
      });
      scale_and_shift(p, c, out);
      store_floats<1>(p.result_type, row.to + c * bytes, 0, out);
    }
  }
}

/// Rows of previous, next, nearest and linear. Several vectors of each sample are loaded before the first is used. A
/// row that is only moved is read twice, the second time from the cache, instead of branching.
/// @tparam Rows     says where rows are, and so how they are read
/// @tparam Vectors  `typed_vectors` or `single_channels`
template <class Rows, class Vectors>
__device__ void blend_straight(Vectors const& vectors, stream_blend const& p, method_row const* rows, int count,
                               thread_share share) {
  constexpr int N = Vectors::channels;
  constexpr int loads = N == 1 ? 4 : 2;
  constexpr int factors = N < 4 ? 1 : 4;
  // Read before any store: the compiler must assume that stores change it.
  divisor const chunk = p.chunk;
  vector_run const run(p, count);
  auto const begin = static_cast<unsigned>(run.begin) * N;
  dtype const type = p.result_type;
  int const bytes = type == dtype::float32 ? 4 : 2;
  int const aligned = p.aligned;
  bool const normalised = p.scale != nullptr || p.shift != nullptr;
  float const fill = p.fill;
  float none = 0.0f;  // stays 0 as long as differences are finite
  for (int base = share.first; base < run.total; base += share.step * loads) {
    typename Vectors::packed near[loads];
    typename Vectors::packed far[loads];
    int slot[loads];
    unsigned channel[loads];
#pragma unroll
    for (int u = 0; u < loads; ++u) {
      int const i = base + u * share.step;
      int column;
      near[u] = {};
      far[u] = {};
      if (!run.find(chunk, i, slot[u], column) || i >= run.total) { slot[u] = -1; }
      channel[u] = begin + static_cast<unsigned>(column) * N;
      method_row const& row = rows[max(slot[u], 0)];
      if (slot[u] >= 0 && row.kind != method_row::fill) {
        near[u] = vectors.template load<Rows>(row.from, channel[u]);
        far[u] = vectors.template load<Rows>(row.from + row.far, channel[u]);
      }
    }
#pragma unroll
    for (int u = 0; u < loads; ++u) {
      if (slot[u] < 0) { continue; }
      method_row const& row = rows[slot[u]];
      float out[N];
      if (row.kind == method_row::fill) {
#pragma unroll
        for (int e = 0; e < N; ++e) { out[e] = fill; }
      } else {
        vectors.unpack(near[u], out);
        if (row.kind >= method_row::blend) {
          float const of_far = row.weight;
          float b[N];
          vectors.unpack(far[u], b);
#pragma unroll
          for (int e = 0; e < N; ++e) {
            float const d = device::sub_rn(b[e], out[e]);
            none = device::fma_rn(d, 0.0f, none);
            out[e] = device::add_rn(out[e], device::mul_rn(of_far, d));
          }
        }
        if (normalised) { scale_and_shift<N, factors>(p, channel[u], out); }
      }
      store_floats<N>(type, row.to + std::int64_t(channel[u]) * bytes, 0, out, aligned);
    }
  }
  if (none != 0.0f) { blend_straight_again(p, rows, count, share, N); }
}

/// All rows of one stream by previous, next, nearest or linear.
/// @tparam Rows  as for `blend_straight`
template <class Rows>
__device__ void blend_straight_stream(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  if (!p.wide) { return blend_straight<Rows>(single_channels{p.value_type}, p, rows, count, share); }
  with_float_type(p.value_type, [&](auto zero) {
    using Value = decltype(zero);
    blend_straight<Rows>(typed_vectors<Value, 16 / static_cast<int>(sizeof(Value)), 16>{}, p, rows, count, share);
  });
}

/// All rows of one stream.
inline __device__ void blend_stream(stream_blend const& p, method_row const* rows, int count, thread_share share) {
  if (__builtin_expect(!device::is_straight(p.method), false)) {
    blend_beyond_linear(p, rows, count, share);
  } else {
    blend_straight_stream<global_rows>(p, rows, count, share);
  }
}

/// The masks of the tile's rows.
/// @param share     of the rows of all streams
/// @param is_valid  called with a stream and a row of the tile
template <class Stamp, class IsValid>
__device__ __noinline__ void store_masks(fuse_params<Stamp> const& p, fused_tile tile, thread_share share,
                                         IsValid is_valid) {
  if (p.valid != nullptr) {
    // Streams of a row lie next to each other.
    for (int i = share.first; i < tile.rows * p.count; i += share.step) {
      int const slot = i / p.count;
      int const s = i - slot * p.count;
      int const mask = p.streams[s].mask;
      if (mask >= 0) {
        p.valid[(tile.first_row + slot) * p.valid_stride + mask] = static_cast<std::uint8_t>(is_valid(s, slot));
      }
    }
  }
  if (p.all_valid != nullptr && share.first < tile.rows) {
    std::uint8_t* const to = p.all_valid + (tile.first_row + share.first);
    unsigned all = p.continues ? *to : 1;
    for (int s = 0; s < p.count; ++s) {
      if (p.streams[s].mask >= 0) { all &= is_valid(s, share.first); }
    }
    *to = static_cast<std::uint8_t>(all);
  }
}

/// The same for rows that a block has located. Called by the whole block, after a barrier.
template <class Stamp>
__device__ void store_masks(fuse_params<Stamp> const& p, method_row const* records, fused_tile const& tile) {
  thread_share const share{static_cast<int>(threadIdx.x), static_cast<int>(blockDim.x)};
  store_masks(p, tile, share,
              [records, rows = p.tiles.rows](int s, int slot) { return records[s * rows + slot].valid; });
}

/// Which of the next stream's first 32 vectors belong to a warp: the vectors of all streams of a tile are dealt out
/// as one run.
class dealt_share {
 public:
  __device__ explicit dealt_share(int warp) : turn_(warp) {}

  __device__ thread_share next(int vectors) {
    thread_share const share{turn_ * 32 + lane_of_warp(), fuse_threads};
    int const taken = (vectors + 31) / 32;
    turn_ = static_cast<int>(static_cast<unsigned>(turn_ - taken) % (fuse_threads / 32u));
    return share;
  }

 private:
  int turn_;
};

/// One block: one tile of target rows, one chunk of the channels of each stream.
///
/// Each warp locates the rows for its streams; then the streams' vectors are dealt out to the warps, so that narrow
/// streams travel side by side. Where there are so few targets that a tile has one row, a warp handles that row of one
/// stream from beginning to end, without waiting for other warps.
template <class Stamp>
__global__ void __maxnreg__(64) fuse_kernel(__grid_constant__ fuse_params<Stamp> const p) {
  extern __shared__ sector dynamic_shared[];
  constexpr int tile_warps = fuse_threads / 32;
  auto* const records = reinterpret_cast<method_row*>(dynamic_shared);
  auto const warp = static_cast<int>(threadIdx.x / 32);
  auto const stage_of = [&](int w) { return reinterpret_cast<Stamp*>(records + p.tiles.rows * p.count) + w * p.slots; };
  bool const has_masks = blockIdx.y == 0 && (p.valid != nullptr || p.all_valid != nullptr);
  let_next_launch_begin();
  wait_for_launch_before();  // of rings what appends to them
  int rows = 1;
  if (!p.one_row) {
    fused_tile const tile = fused_tile_of(p, blockIdx.x);
    rows = tile.rows;
    for (int s = warp; s < p.count; s += tile_warps) {
      locate_stream(p, p.streams[s], tile, stage_of(warp), records + s * p.tiles.rows);
    }
    __syncthreads();
    if (has_masks) { store_masks(p, records, tile); }
  }
  dealt_share deal(warp);
  for (int s = p.one_row ? warp : 0; s < p.count; s += p.one_row ? static_cast<int>(blockDim.x / 32) : 1) {
    stream_blend const& blend = p.streams[s].blend;
    if (std::int64_t(blockIdx.y) * blend.chunk.value >= blend.vectors_each) { continue; }
    thread_share share{lane_of_warp(), 32};
    if (p.one_row) {
      // None of this is kept while values travel: they need the registers.
      unsigned const block = blockIdx.x + unknown_zero();
      locate_one_row(p, p.streams[s], fused_tile_of(p, block), stage_of(s % static_cast<int>(blockDim.x / 32)),
                     records + s);
      __syncwarp();
    } else {
      share = deal.next(rows * static_cast<int>(blend.chunk.value));
    }
    blend_stream(blend, records + s * p.tiles.rows, rows, share);
  }
  if (p.one_row && has_masks) {
    __syncthreads();
    store_masks(p, records, fused_tile_of(p, blockIdx.x + unknown_zero()));
  }
}

}  // namespace robocache::detail
