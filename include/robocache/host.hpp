// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/append.hpp>
#include <robocache/camera.hpp>
#include <robocache/cleaning.hpp>
#include <robocache/cropping.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/grid.hpp>
#include <robocache/options.hpp>
#include <robocache/points.hpp>
#include <robocache/policy_input.hpp>
#include <robocache/sampling.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/stream.hpp>
#include <robocache/summary.hpp>
#include <robocache/timeline.hpp>
#include <robocache/voxels.hpp>
#include <robocache/windows.hpp>

/// What the functions of `robocache::host` call, once they know that the types are the library's own: the compiled
/// library has these.
namespace robocache::host::exact {

template <class Value, class Stamp, class Result>
status resample(series<Value, Stamp> const& source, timeline<Stamp> const& target, output<Result> const& out,
                resample_options<Stamp> const& options);
template <class Stamp>
status locate(timeline<Stamp> const& source, timeline<Stamp> const& target, located const& out,
              resample_options<Stamp> const& options);
template <class Value, class Stamp, class Result>
status resample_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                         result_gradients<Result> const& results, source_gradients<Value> const& out,
                         resample_options<Stamp> const& options, target_order order);
template <class Stamp, class Result>
status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
            fused_output<Result> const& out);
template <class Stamp>
status policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count);
template <class Stamp>
status append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch, std::uint8_t const* resets);
template <class Stamp, class Result>
status fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<Stamp> const& target,
                     result_gradients<Result> const& results, stream_gradients const* out, float* targets,
                     target_order order);
template <class Stamp>
status inspect(timeline<Stamp> const& when, trajectory_report* reports);
template <class Stamp>
status inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports);
template <class Value, class Stamp>
status inspect_rotations(series<Value, Stamp> const& source, rotation_report* reports);
template <class Value, class Result>
status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                voxel_output<Result> const& out, voxel_options const& options);
template <class Value, class Result>
status voxelize_backward(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         voxel_gradients<Result> const& gradients, channel_order channels,
                         feature_gradients<Value> const& out);
template <class Value, class Result>
status voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                       sparse_output<Result> const& out, sparse_options const& options);
template <class Value, class Result>
status voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         gathered_output<Result> const& out, gather_options const& options);
template <class Value, class Result>
status filter_voxels(point_clouds const& clouds, point_features<Value> const& features, filter_options const& options,
                     filtered_output<Result> const& out);
template <class Value, class Result>
status voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                feature_gradients<Value> const& out);
template <class Value, class Result>
status voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels, std::int64_t const* point_slots,
                                  Result const* gradients, feature_gradients<Value> const& out, std::int64_t slots);
template <class Value, class Stamp>
status clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out, clean_options const& options);
template <class Depth, class Value>
status unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                 unproject_options const& options, unprojected_output<Value> const& out);
template <class Depth>
status unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                       dense_unprojected_output const& out);
template <class Value>
status crop_points(point_clouds const& clouds, point_features<Value> const& features, crop_options const& options,
                   cropped_output<Value> const& out);
template <class Value>
status summarize(value_rows<Value> const& rows, summary_state<Value> const& state);
template <class Value>
status add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass);
template <class Value>
status end_summary_pass(summary_state<Value> const& state, int pass);
template <class Stamp>
status summarize_policy_input(policy_rows<Stamp> const& rows, summary_state<float> const& state);
template <class Stamp>
status add_policy_input_to_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass);

}  // namespace robocache::host::exact

/// The operations on CPU memory, compiled into `robocache::robocache`: the same arguments, the same bits as on the
/// GPU. Plain C++17; link the compiled library.
namespace robocache::host {

/// `robocache::resample` on CPU memory: all pointers, offsets and stamps included, are host pointers.
///
/// Uses all cores (OpenMP: `OMP_NUM_THREADS` and `omp_set_num_threads` are heeded) and the widest vectors the CPU
/// has; neither changes a bit of the result. Returns when the results are written. On cores that others want too,
/// `OMP_WAIT_POLICY=passive` keeps the threads from spinning for each other. A process that was forked from the one
/// that loaded the library computes with one thread: OpenMP's threads stayed with the parent.
///
/// All functions of this namespace throw `std::bad_alloc` where memory is short, on whichever thread; results are then
/// unspecified.
///
/// Compiled for every combination of `Value` and `Result` in float, `__half`, `__nv_bfloat16`, for `std::uint8_t`,
/// `std::int32_t`, `std::int64_t` unchanged, and for all three stamp types.
///
/// @return as `robocache::resample`; on failure nothing was written
template <class Value, class Stamp, class Result, class TargetStamp = Stamp, class OptionStamp = Stamp>
status resample(series<Value, Stamp> const& source, timeline<TargetStamp> const& target, output<Result> const& out,
                resample_options<OptionStamp> const& options) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp, TargetStamp, OptionStamp> &&
                robocache::detail::values_are_sound<Value, Result>) {
    return exact::resample(robocache::detail::plain(source), robocache::detail::plain(target),
                           robocache::detail::plain(out), robocache::detail::plain(options));
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp, TargetStamp, OptionStamp>) > 0);
    static_assert(sizeof(robocache::detail::value_rule<Value, Result>) > 0);
    return {};
  }
}

/// `robocache::locate` on CPU memory. Compiled for all three stamp types.
template <class Stamp, class TargetStamp = Stamp, class OptionStamp = Stamp>
status locate(timeline<Stamp> const& source, timeline<TargetStamp> const& target, located const& out,
              resample_options<OptionStamp> const& options) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp, TargetStamp, OptionStamp>) {
    return exact::locate(robocache::detail::plain(source), robocache::detail::plain(target), out,
                         robocache::detail::plain(options));
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp, TargetStamp, OptionStamp>) > 0);
    return {};
  }
}

/// `robocache::resample_backward` on CPU memory. Compiled for every combination of `Value` and `Result` in float,
/// `__half`, `__nv_bfloat16`, and for all three stamp types.
template <class Value, class Stamp, class Result, class Gradient = Value, class TargetStamp = Stamp,
          class OptionStamp = Stamp>
status resample_backward(series<Value, Stamp> const& source, timeline<TargetStamp> const& target,
                         result_gradients<Result> const& results, source_gradients<Gradient> const& out,
                         resample_options<OptionStamp> const& options, target_order order) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp, TargetStamp, OptionStamp> &&
                robocache::detail::gradients_are_sound<Value, Result, Gradient>) {
    return exact::resample_backward(robocache::detail::plain(source), robocache::detail::plain(target), results, out,
                                    robocache::detail::plain(options), order);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp, TargetStamp, OptionStamp>) > 0);
    static_assert(sizeof(robocache::detail::gradient_rule<Value, Result, Gradient>) > 0);
    return {};
  }
}

/// `robocache::fuse` on CPU memory: what the streams point to, scale and shift included, are host pointers. Compiled
/// for all three stamp types and all three result types.
template <class Stamp, class Result, class TargetStamp = Stamp>
status fuse(stream<Stamp> const* streams, std::int64_t count, timeline<TargetStamp> const& target,
            fused_output<Result> const& out) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp, TargetStamp> &&
                robocache::detail::floats_are_sound<Result, Result>) {
    return exact::fuse<robocache::detail::plain_type<Stamp>>(streams, count, robocache::detail::plain(target), out);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp, TargetStamp>) > 0);
    static_assert(sizeof(robocache::detail::float_rule<Result, Result>) > 0);
    return {};
  }
}

/// `robocache::policy_input` on CPU memory: what fusions and streams point to are host pointers. Compiled for all three
/// stamp types.
template <class Stamp>
status policy_input(policy_fusion<Stamp> const* fusions, std::int64_t count) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp>) {
    return exact::policy_input<robocache::detail::plain_type<Stamp>>(fusions, count);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

/// `robocache::append` on CPU memory. Compiled for all three stamp types.
template <class Stamp>
status append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch, std::uint8_t const* resets) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp>) {
    return exact::append<robocache::detail::plain_type<Stamp>>(streams, count, batch, resets);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

/// `robocache::fuse_backward` on CPU memory, without scratch. Compiled as `fuse`.
template <class Stamp, class Result, class TargetStamp = Stamp>
status fuse_backward(stream<Stamp> const* streams, std::int64_t count, timeline<TargetStamp> const& target,
                     result_gradients<Result> const& results, stream_gradients const* out, float* targets,
                     target_order order) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp, TargetStamp> &&
                robocache::detail::floats_are_sound<Result, Result>) {
    return exact::fuse_backward<robocache::detail::plain_type<Stamp>>(streams, count, robocache::detail::plain(target),
                                                                      results, out, targets, order);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp, TargetStamp>) > 0);
    static_assert(sizeof(robocache::detail::float_rule<Result, Result>) > 0);
    return {};
  }
}

/// `robocache::inspect` on CPU memory. Compiled for all three stamp types.
template <class Stamp>
status inspect(timeline<Stamp> const& when, trajectory_report* reports) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp>) {
    return exact::inspect(robocache::detail::plain(when), reports);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}
template <class Stamp>
status inspect(timeline<Stamp> const& when, std::int64_t source_batch, trajectory_report* reports) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp>) {
    return exact::inspect(robocache::detail::plain(when), source_batch, reports);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

/// `robocache::inspect_rotations` on CPU memory. Compiled for float, `__half`, `__nv_bfloat16` and for all three stamp
/// types.
template <class Value, class Stamp>
status inspect_rotations(series<Value, Stamp> const& source, rotation_report* reports) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp> && robocache::detail::is_float_value<Value>) {
    return exact::inspect_rotations(robocache::detail::plain(source), reports);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    static_assert(sizeof(robocache::detail::quaternion_rule<Value>) > 0);
    return {};
  }
}

/// `robocache::voxelize` on CPU memory, without scratch. Sums are always in the stated order. Compiled for every
/// combination of `Value` and `Result` in float, `__half`, `__nv_bfloat16`.
template <class Value, class Result>
status voxelize(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                voxel_output<Result> const& out, voxel_options const& options) {
  if constexpr (robocache::detail::floats_are_sound<Value, Result>) {
    return exact::voxelize(clouds, features, lattice, out, options);
  } else {
    static_assert(sizeof(robocache::detail::float_rule<Value, Result>) > 0);
    return {};
  }
}
template <class Result = float>
status voxelize(point_clouds const& clouds, grid const& lattice, voxel_output<Result> const& out,
                voxel_options const& options) {
  return voxelize(clouds, point_features<float>{}, lattice, out, options);
}

/// `robocache::voxelize_backward` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result, class Gradient = Value>
status voxelize_backward(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         voxel_gradients<Result> const& gradients, channel_order channels,
                         feature_gradients<Gradient> const& out) {
  if constexpr (robocache::detail::gradients_are_sound<Value, Result, Gradient>) {
    return exact::voxelize_backward(clouds, features, lattice, gradients, channels, out);
  } else {
    static_assert(sizeof(robocache::detail::gradient_rule<Value, Result, Gradient>) > 0);
    return {};
  }
}

/// `robocache::voxelize_sparse` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_sparse(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                       sparse_output<Result> const& out, sparse_options const& options) {
  if constexpr (robocache::detail::floats_are_sound<Value, Result>) {
    return exact::voxelize_sparse(clouds, features, lattice, out, options);
  } else {
    static_assert(sizeof(robocache::detail::float_rule<Value, Result>) > 0);
    return {};
  }
}
template <class Result = float>
status voxelize_sparse(point_clouds const& clouds, grid const& lattice, sparse_output<Result> const& out,
                       sparse_options const& options) {
  return voxelize_sparse(clouds, point_features<float>{}, lattice, out, options);
}

/// `robocache::voxelize_gathered` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_gathered(point_clouds const& clouds, point_features<Value> const& features, grid const& lattice,
                         gathered_output<Result> const& out, gather_options const& options) {
  if constexpr (robocache::detail::floats_are_sound<Value, Result>) {
    return exact::voxelize_gathered(clouds, features, lattice, out, options);
  } else {
    static_assert(sizeof(robocache::detail::float_rule<Value, Result>) > 0);
    return {};
  }
}
template <class Result = float>
status voxelize_gathered(point_clouds const& clouds, grid const& lattice, gathered_output<Result> const& out,
                         gather_options const& options) {
  return voxelize_gathered(clouds, point_features<float>{}, lattice, out, options);
}

/// `robocache::filter_voxels` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result>
status filter_voxels(point_clouds const& clouds, point_features<Value> const& features, filter_options const& options,
                     filtered_output<Result> const& out) {
  if constexpr (robocache::detail::floats_are_sound<Value, Result>) {
    return exact::filter_voxels(clouds, features, options, out);
  } else {
    static_assert(sizeof(robocache::detail::float_rule<Value, Result>) > 0);
    return {};
  }
}
template <class Result = float>
status filter_voxels(point_clouds const& clouds, filter_options const& options, filtered_output<Result> const& out) {
  return filter_voxels(clouds, point_features<float>{}, options, out);
}

/// `robocache::voxelize_sparse_backward` on CPU memory, without scratch. Compiled as `voxelize`.
template <class Value, class Result, class Gradient = Value>
status voxelize_sparse_backward(point_clouds const& clouds, point_features<Value> const& features,
                                sparse_voxels const& voxels, voxel_gradients<Result> const& gradients,
                                feature_gradients<Gradient> const& out) {
  if constexpr (robocache::detail::gradients_are_sound<Value, Result, Gradient>) {
    return exact::voxelize_sparse_backward(clouds, features, voxels, gradients, out);
  } else {
    static_assert(sizeof(robocache::detail::gradient_rule<Value, Result, Gradient>) > 0);
    return {};
  }
}

/// `robocache::voxelize_gathered_backward` on CPU memory. Compiled as `voxelize`.
template <class Value, class Result>
status voxelize_gathered_backward(point_clouds const& clouds, std::int64_t channels, std::int64_t const* point_slots,
                                  Result const* gradients, feature_gradients<Value> const& out,
                                  std::int64_t slots = INT64_MAX) {
  if constexpr (robocache::detail::gradients_are_sound<Value, Result>) {
    return exact::voxelize_gathered_backward(clouds, channels, point_slots, gradients, out, slots);
  } else {
    static_assert(sizeof(robocache::detail::gradient_rule<Value, Result>) > 0);
    return {};
  }
}

/// `robocache::clean` on CPU memory, without scratch. Compiled for all types of values and stamps.
template <class Value, class Stamp>
status clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out, clean_options const& options) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp> && robocache::detail::is_value<Value>) {
    return exact::clean(robocache::detail::plain(source), robocache::detail::plain(out), options);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    static_assert(sizeof(robocache::detail::value_type<Value>) > 0);
    return {};
  }
}

/// `robocache::summarize` on CPU memory, without scratch. Compiled for all types of values.
template <class Value>
status summarize(value_rows<Value> const& rows, summary_state<Value> const& state) {
  if constexpr (robocache::detail::is_value<Value>) {
    return exact::summarize(robocache::detail::plain(rows), robocache::detail::plain(state));
  } else {
    static_assert(sizeof(robocache::detail::value_type<Value>) > 0);
    return {};
  }
}

/// `robocache::add_to_summary` on CPU memory, without scratch.
template <class Value>
status add_to_summary(value_rows<Value> const& rows, summary_state<Value> const& state, int pass) {
  if constexpr (robocache::detail::is_value<Value>) {
    return exact::add_to_summary(robocache::detail::plain(rows), robocache::detail::plain(state), pass);
  } else {
    static_assert(sizeof(robocache::detail::value_type<Value>) > 0);
    return {};
  }
}

/// `robocache::end_summary_pass` on CPU memory.
template <class Value>
status end_summary_pass(summary_state<Value> const& state, int pass) {
  if constexpr (robocache::detail::is_value<Value>) {
    return exact::end_summary_pass(robocache::detail::plain(state), pass);
  } else {
    static_assert(sizeof(robocache::detail::value_type<Value>) > 0);
    return {};
  }
}

/// `robocache::summarize_policy_input` on CPU memory, without scratch. Compiled for all three stamp types.
template <class Stamp>
status summarize_policy_input(policy_rows<Stamp> const& rows, summary_state<float> const& state) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp>) {
    return exact::summarize_policy_input<robocache::detail::plain_type<Stamp>>(rows, state);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

/// `robocache::add_policy_input_to_summary` on CPU memory, without scratch.
template <class Stamp>
status add_policy_input_to_summary(policy_rows<Stamp> const& rows, summary_state<float> const& state, int pass) {
  if constexpr (robocache::detail::stamps_are_sound<Stamp>) {
    return exact::add_policy_input_to_summary<robocache::detail::plain_type<Stamp>>(rows, state, pass);
  } else {
    static_assert(sizeof(robocache::detail::stamp_rule<Stamp>) > 0);
    return {};
  }
}

/// `robocache::unproject` on CPU memory, without scratch. Compiled for all types of depth and of values.
template <class Depth, class Value>
status unproject(depth_images<Depth> const& images, image_features<Value> const& features,
                 unproject_options const& options, unprojected_output<Value> const& out) {
  if constexpr (robocache::detail::is_depth<Depth> && robocache::detail::is_value<Value>) {
    return exact::unproject(images, robocache::detail::plain(features), options, robocache::detail::plain(out));
  } else {
    static_assert(sizeof(robocache::detail::depth_type<Depth>) > 0 && sizeof(robocache::detail::value_type<Value>) > 0);
    return {};
  }
}
template <class Depth, class Value = float>
status unproject(depth_images<Depth> const& images, unproject_options const& options,
                 unprojected_output<Value> const& out) {
  return unproject(images, image_features<Value>{}, options, out);
}

/// `robocache::unproject_dense` on CPU memory. Compiled for all types of depth.
template <class Depth>
status unproject_dense(depth_images<Depth> const& images, unproject_options const& options,
                       dense_unprojected_output const& out) {
  if constexpr (robocache::detail::is_depth<Depth>) {
    return exact::unproject_dense(images, options, out);
  } else {
    static_assert(sizeof(robocache::detail::depth_type<Depth>) > 0);
    return {};
  }
}

/// `robocache::crop_points` on CPU memory, without scratch. Compiled for all types of values.
template <class Value>
status crop_points(point_clouds const& clouds, point_features<Value> const& features, crop_options const& options,
                   cropped_output<Value> const& out) {
  if constexpr (robocache::detail::is_value<Value>) {
    return exact::crop_points(clouds, robocache::detail::plain(features), options, robocache::detail::plain(out));
  } else {
    static_assert(sizeof(robocache::detail::value_type<Value>) > 0);
    return {};
  }
}
template <class Value = float>
status crop_points(point_clouds const& clouds, crop_options const& options, cropped_output<Value> const& out) {
  return crop_points(clouds, point_features<Value>{}, options, out);
}

/// `robocache::sample_farthest` on CPU memory, without scratch.
status sample_farthest(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                       farthest_options const& options = {});

/// `robocache::sample_uniform` on CPU memory.
status sample_uniform(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                      uniform_options const& options);

/// `robocache::nearest_neighbours` on CPU memory.
status nearest_neighbours(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                          neighbour_output const& out);

/// `robocache::within_radius` on CPU memory.
status within_radius(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                     neighbour_output const& out);

/// `robocache::find_bounds` on CPU memory.
status find_bounds(point_clouds const& clouds, cloud_bounds* bounds);

/// `robocache::sample_windows` on CPU memory: the same windows.
status sample_windows(window_plan const& plan, window_draw const& draw, window_output const& out);

}  // namespace robocache::host
