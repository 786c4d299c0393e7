// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/alignment.hpp>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/timed/tiling.hpp>
#include <robocache/detail/launch.cuh>
#include <robocache/detail/resample/check.hpp>
#include <robocache/detail/resample/kernel.cuh>
#include <robocache/detail/resample/method_kernel.cuh>
#include <robocache/detail/resample/policy.cuh>
#include <robocache/resample.cuh>

namespace robocache {
namespace detail {

/// True if rows of `Elements` can be read or written as vectors: address, strides and width are whole vectors.
template <int Elements, class T>
bool is_vectorizable(T const* pointer, strides step, std::int64_t channels) {
  static_assert(Elements * sizeof(T) <= 16);
  constexpr auto bytes = static_cast<std::int64_t>(sizeof(T));
  return common_alignment(address_of(pointer), step.batch * bytes, step.row * bytes, channels * bytes) >=
         Elements * bytes;
}

template <class Result>
Result fill_as(double fill) {
  if constexpr (std::is_integral_v<Result>) {
    return static_cast<Result>(fill);
  } else {
    return device::from_float<Result>(static_cast<float>(fill));
  }
}

/// True if all elements of `batch` times `rows` rows are less than 2^31 elements after the first one.
inline bool spans_few_elements(std::int64_t batch, strides step, std::int64_t rows, std::int64_t channels) {
  auto const last = [](std::int64_t count, std::int64_t stride) { return static_cast<double>(count) * stride; };
  return last(batch, step.batch) + last(rows, step.row) + static_cast<double>(channels) < 2147483648.0;
}

/// The vectors of a row that one block handles. Very wide rows are cut: a few rows of a million channels should fill
/// the chip, too.
struct row_cut {
  std::int64_t vectors_each;
  std::int64_t chunk;
  std::int64_t chunks;
};

/// For rows that `check_width` has checked.
inline row_cut cut_rows(std::int64_t vectors_each) {
  std::int64_t const chunk = vectors_each < widest_chunk ? vectors_each : widest_chunk;
  return {vectors_each, chunk, (vectors_each + chunk - 1) / chunk};
}

/// What `blend_params` and `method_blend` have in common.
template <class Value, class Stamp, class Result, class Blend>
void describe_blend(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                    strides from, strides to, row_cut const& cut, Blend& blend) {
  blend.values = source.values;
  blend.results = out.values;
  blend.valid = out.valid;
  blend.values_batch_stride = from.batch;
  blend.results_batch_stride = to.batch;
  blend.values_row_stride = from.row;
  blend.results_row_stride = to.row;
  blend.target_packed = target.packed();
  blend.chunk = divisor(static_cast<std::uint32_t>(cut.chunk));
  blend.vectors_each = cut.vectors_each;
}

/// The shared memory that a block takes for a whole trajectory.
struct trajectory_memory {
  int bytes;  ///< 0: it takes none
  int results_offset;
};

/// Whether a block takes a whole trajectory: its rows are short, contiguous, mostly needed anyway, and fit.
template <class Value, class Result, class Stamp>
trajectory_memory memory_of_trajectory(locate_plan<Stamp> const& plan, strides from, strides to,
                                       std::int64_t vectors_each, std::int64_t channels, resample_shape shape) {
  tiling const& tiles = plan.tiles;
  trajectory_memory memory{0, 0};
  if (plan.plain && tiles.aligned && tiles.tiles_each.value == 1 && from.row == channels && to.row == channels &&
      vectors_each <= shape.trajectory_vectors && plan.plain_length <= 2 * tiles.length &&
      tiles.length <= max_threads) {
    memory.bytes =
        trajectory_bytes<Value, Result>(plan.plain_length * channels, tiles.length * channels, memory.results_offset);
    if (memory.bytes > shape.trajectory_bytes) { memory.bytes = 0; }
  }
  return memory;
}

/// Whole warps, one thread for each of `rows`.
inline int threads_for(std::int64_t rows) { return static_cast<int>((rows + 31) / 32 * 32); }

/// Whether a trajectory that `memory_of_trajectory` gives to a block may be copied by two instructions, and how.
/// @return  bytes of shared memory; 0: it may not
template <class Value, class Stamp, class Result>
int bulk_of_trajectory(locate_plan<Stamp> const& plan, Value const* values, Result const* results, strides from,
                       strides to, std::int64_t channels, bulk_params& bulk) {
  std::int64_t const rows = plan.plain_length * channels;
  bulk.stamps_bytes = plan.plain_length * static_cast<int>(sizeof(Stamp));
  bulk.values_bytes = static_cast<int>(rows * sizeof(Value));
  bulk.results_bytes = static_cast<int>(plan.tiles.length * channels * sizeof(Result));
  bulk.results_word = common_alignment(address_of(results), to.batch * sizeof(Result), bulk.results_bytes);
  bulk.results_offset = room_for(bulk.values_bytes);
  bool const whole_units =
      common_alignment(address_of(plan.plain_stamps), plan.plain_stamps_stride * sizeof(Stamp), bulk.stamps_bytes,
                       address_of(values), plan.tiles.tiles * bulk.values_bytes) == copy_unit;
  return whole_units && from.batch == rows && bulk.results_word >= 4 && plan.plain_length <= stage_capacity
             ? bulk.results_offset + room_for(bulk.results_bytes)
             : 0;
}

/// Launches with `N` elements a vector and `Loads` vectors in flight.
template <int N, int Loads, class Value, class Stamp, class Result>
ROBOCACHE_HIDDEN status launch_resample(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                                        output<Result> const& out, resample_options<Stamp> const& options,
                                        resample_shape shape, int multiprocessors, cudaStream_t cuda_stream) {
  row_cut const cut = cut_rows(source.channels / N);
  tiling const tiles = tile_targets(target, cut.chunk, shape, multiprocessors);
  status const s = check_tiles(tiles);
  if (!s.ok()) { return s; }

  strides const from = strides_of(source, source.when, source.channels);
  strides const to = strides_of(out, target, source.channels);
  auto const plan = make_locate_plan(source.when, target, options, tiles);
  using stamp = kernel_stamp<Value, Stamp>;
  resample_params<Value, Result, stamp> params{
      resample_mode::tiles, options.method == interpolation::angle, 0, {}, {}, plan};
  describe_blend(source, target, out, from, to, cut, params.blend);
  params.blend.fill = fill_as<Result>(options.fill);

  int threads = shape.threads;
  int shared_bytes = tiles.rows * static_cast<int>(sizeof(blend_row));
  if (plan.plain && tiles.single && !params.turns && source.when.length <= stage_capacity + 1 &&
      spans_few_elements(source.when.batch, from, source.when.length, source.channels) &&
      spans_few_elements(target.batch, to, target.length, source.channels) &&
      spans_few_elements(source.when.batch, {source.when.stride, 1}, source.when.length, 1) &&
      spans_few_elements(target.batch, {target.stride, 1}, target.length, 1)) {
    params.mode = resample_mode::one_row;
    params.extra = prefetch_share_of(source.when.length * from.row * std::int64_t(sizeof(Value)), target.length);
    shared_bytes = 0;
  } else if (auto const memory =
                 memory_of_trajectory<Value, Result>(plan, from, to, cut.vectors_each, source.channels, shape);
             memory.bytes > 0 && !params.turns) {
    params.mode = resample_mode::trajectory;
    params.extra = memory.results_offset;
    shared_bytes = memory.bytes;
    threads = threads_for(target.length);
    int const bulk_bytes =
        shape.bulk ? bulk_of_trajectory(plan, source.values, out.values, from, to, source.channels, params.bulk) : 0;
    if (bulk_bytes > 0) {
      params.mode = resample_mode::bulk_trajectory;
      shared_bytes = bulk_bytes;
    }
  }
  dim3 const grid(static_cast<unsigned>(tiles.tiles), static_cast<unsigned>(cut.chunks));
  return launch(resample_kernel<Value, Result, stamp, N, Loads>, params, grid, threads, shared_bytes, cuda_stream);
}

/// Launches a method beyond linear.
template <class Value, class Stamp, class Result>
ROBOCACHE_HIDDEN status launch_method(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                                      output<Result> const& out, resample_options<Stamp> const& options, strides from,
                                      strides to, device_properties device, cudaStream_t cuda_stream) {
  constexpr int rest = 2048;  // tiles with several trajectories
  static_assert(
      sizeof(method_row) * max_threads + sizeof(Stamp) * (stage_capacity + 1) + rest + method_trajectory_bytes <=
          48 * 1024,
      "what the kernel declares and what is asked for fit a block");
  constexpr int elements = 16 / int(sizeof(Value));
  constexpr int stored = elements < 16 / int(sizeof(Result)) ? elements : 16 / int(sizeof(Result));
  bool const slerp = device::is_rotation(options.method);
  bool const wide = !slerp && is_vectorizable<elements>(source.values, from, source.channels) &&
                    is_vectorizable<stored>(out.values, to, source.channels);
  row_cut const cut = cut_rows(slerp ? 1 : wide ? source.channels / elements : source.channels);
  resample_shape const shape = method_shape_for(device, wide ? elements : 1);
  tiling const tiles = tile_targets(target, cut.chunk, shape, device.multiprocessors);
  status const s = check_tiles(tiles);
  if (!s.ok()) { return s; }

  method_params<Stamp> params{};
  params.mode = wide ? method_mode::vectors : method_mode::scalars;
  params.plan = make_locate_plan(source.when, target, options, tiles);
  describe_blend(source, target, out, from, to, cut, params.blend);
  params.blend.method = options.method;
  params.blend.result_type = dtype_of<Result>::value;
  params.blend.fill = static_cast<float>(options.fill);

  int threads = max_threads;
  int shared_bytes = 0;
  if (auto const memory =
          memory_of_trajectory<Value, Result>(params.plan, from, to, source.channels, source.channels, shape);
      memory.bytes > 0) {
    params.mode = method_mode::trajectory;
    params.results_offset = memory.results_offset;
    shared_bytes = memory.bytes;
    threads = threads_for(target.length);
  }
  dim3 const grid(static_cast<unsigned>(tiles.tiles), static_cast<unsigned>(cut.chunks));
  return launch(method_kernel<Stamp, Value>, params, grid, threads, shared_bytes, cuda_stream);
}

template <class Value, class Stamp, class Result>
ROBOCACHE_HIDDEN status resample(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                                 output<Result> const& out, resample_options<Stamp> const& options,
                                 cudaStream_t cuda_stream) {
  status const s = detail::check_resample(source, target, out, options);
  if (!s.ok() || target.total() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }

  constexpr int widest = 16 / (sizeof(Value) > sizeof(Result) ? sizeof(Value) : sizeof(Result));
  detail::strides const from = detail::strides_of(source, source.when, source.channels);
  detail::strides const to = detail::strides_of(out, target, source.channels);
  bool const wide = detail::is_vectorizable<widest>(source.values, from, source.channels) &&
                    detail::is_vectorizable<widest>(out.values, to, source.channels);
  if constexpr (!std::is_integral_v<Value>) {
    // Angles of whole vectors take the path of straight methods, unless rows are so short that a block may have a whole
    // trajectory.
    bool const turns = wide && options.method == interpolation::angle &&
                       source.channels > detail::resample_shape_for(device, widest).trajectory_vectors * widest;
    if (!device::is_straight(options.method) && !turns) {
      return detail::launch_method(source, target, out, options, from, to, device, cuda_stream);
    }
  }
  if (wide) {
    return detail::launch_resample<widest, 1>(source, target, out, options, detail::resample_shape_for(device, widest),
                                              device.multiprocessors, cuda_stream);
  }
  return detail::launch_resample<1, detail::scalar_loads>(
      source, target, out, options, detail::resample_shape_for(device, 1), device.multiprocessors, cuda_stream);
}

template <class Stamp>
ROBOCACHE_HIDDEN status locate(timeline<Stamp> const& source, timeline<Stamp> const& target, located const& out,
                               resample_options<Stamp> const& options, cudaStream_t cuda_stream) {
  status s = detail::check_locate("source", source, target, options);
  if (s.ok()) { s = detail::check_located(out); }
  if (!s.ok() || target.total() == 0) { return s; }
  device_properties device;
  if (status const read = detail::read_device(device); !read.ok()) { return read; }
  detail::tile_shape const shape = detail::locate_shape(device);
  detail::tiling const tiles = detail::tile_targets(target, 1, shape, device.multiprocessors);
  detail::locate_params<Stamp> const params{detail::make_locate_plan(source, target, options, tiles), out};
  s = detail::check_tiles(tiles);
  if (!s.ok()) { return s; }
  return detail::launch(detail::locate_kernel<Stamp>, params, dim3(static_cast<unsigned>(tiles.tiles)), shape.threads,
                        0, cuda_stream);
}

}  // namespace detail

template <class Value, class Stamp, class Result, class TargetStamp, class OptionStamp>
status resample(series<Value, Stamp> const& source, timeline<TargetStamp> const& target, output<Result> const& out,
                resample_options<OptionStamp> const& options, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp, TargetStamp, OptionStamp> && detail::values_are_sound<Value, Result>) {
    return detail::resample(detail::plain(source), detail::plain(target), detail::plain(out), detail::plain(options),
                            cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp, TargetStamp, OptionStamp>) > 0);
    static_assert(sizeof(detail::value_rule<Value, Result>) > 0);
    return {};
  }
}

template <class Stamp, class TargetStamp, class OptionStamp>
status locate(timeline<Stamp> const& source, timeline<TargetStamp> const& target, located const& out,
              resample_options<OptionStamp> const& options, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp, TargetStamp, OptionStamp>) {
    return detail::locate(detail::plain(source), detail::plain(target), out, detail::plain(options), cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp, TargetStamp, OptionStamp>) > 0);
    return {};
  }
}

}  // namespace robocache
