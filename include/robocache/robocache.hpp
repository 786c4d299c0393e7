// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <robocache/append.hpp>
#include <robocache/camera.hpp>
#include <robocache/cleaning.hpp>
#include <robocache/cropping.hpp>
#include <robocache/dtype.hpp>
#include <robocache/grid.hpp>
#include <robocache/options.hpp>
#include <robocache/points.hpp>
#include <robocache/policy_input.hpp>
#include <robocache/sampling.hpp>
#include <robocache/scratch.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>
#include <robocache/stream.hpp>
#include <robocache/summary.hpp>
#include <robocache/timeline.hpp>
#include <robocache/voxels.hpp>
#include <robocache/windows.hpp>

// CUDA's own declaration of its stream handle, repeated so that no CUDA header is needed.
struct CUstream_st;

namespace robocache {

/// What the compiled API throws: the text of the `status` that the header API returns.
class error : public std::runtime_error {
 public:
  explicit error(status const& cause)
      : std::runtime_error(cause.message()), code_(cause.code()), argument_(cause.argument()) {}

  status_code code() const noexcept { return code_; }
  /// The argument's name, such as "options.max_gap".
  std::string const& argument() const noexcept { return argument_; }

 private:
  status_code code_;
  std::string argument_;
};

/// The compiled API: value and result types as run-time values, any C++17 compiler, no CUDA headers. Link
/// `robocache::robocache`. Each function throws `robocache::error` where its header counterpart returns a failure.
namespace compiled {

/// A CUDA stream: a `cudaStream_t` converts to it as it is. Null is the default stream.
using stream_handle = CUstream_st*;

/// Where the memory of a call is, and so which side does the work.
enum class place : std::uint8_t { host, device };

/// Times, or the rules for them, whose stamp type is known only at run time. Converts from `View<Stamp>` of each type
/// of stamps. One call has one type of stamps.
template <template <class> class View>
struct any_stamped {
  any_stamped(View<float> const& view) noexcept : type(stamp_dtype::float32), as_float32(view) {}     // NOLINT
  any_stamped(View<double> const& view) noexcept : type(stamp_dtype::float64), as_float64(view) {}    // NOLINT
  any_stamped(View<std::int64_t> const& view) noexcept : type(stamp_dtype::int64), as_int64(view) {}  // NOLINT
  any_stamped(View<detail::other_int64> const& view) noexcept                                         // NOLINT
      : any_stamped(detail::plain(view)) {}

  stamp_dtype type;
  union {
    View<float> as_float32;
    View<double> as_float64;
    View<std::int64_t> as_int64;
  };
};

using any_timeline = any_stamped<timeline>;
using any_options = any_stamped<resample_options>;
using any_policy_rows = any_stamped<policy_rows>;

/// An array of streams whose stamp type is known only at run time. Made of an array of `stream<Stamp>`.
struct any_streams {
  template <class Stamp>
  any_streams(stream<Stamp> const* streams, std::int64_t n) noexcept
      : type(stamp_dtype_of<Stamp>::value),
        count(n),
        first(static_cast<stream<detail::plain_type<Stamp>> const*>(streams)) {}

  stamp_dtype type;
  std::int64_t count;
  void const* first;  ///< `stream<Stamp> const*`, of stamps of `type`
};

/// An array of the fusions of a policy input whose stamp type is known only at run time. Made of an array of
/// `policy_fusion<Stamp>`.
struct any_fusions {
  template <class Stamp>
  any_fusions(policy_fusion<Stamp> const* fusions, std::int64_t n) noexcept
      : type(stamp_dtype_of<Stamp>::value),
        count(n),
        first(static_cast<policy_fusion<detail::plain_type<Stamp>> const*>(fusions)) {}

  stamp_dtype type;
  std::int64_t count;
  void const* first;  ///< `policy_fusion<Stamp> const*`, of stamps of `type`
};

/// An array of the streams of an `append` whose stamp type is known only at run time. Made of an array of
/// `append_stream<Stamp>`.
struct any_append_streams {
  template <class Stamp>
  any_append_streams(append_stream<Stamp> const* streams, std::int64_t n) noexcept
      : type(stamp_dtype_of<Stamp>::value),
        count(n),
        first(static_cast<append_stream<detail::plain_type<Stamp>> const*>(streams)) {}

  stamp_dtype type;
  std::int64_t count;
  void const* first;  ///< `append_stream<Stamp> const*`, of stamps of `type`
};

/// `series`, the types of its values and stamps values. Strides count elements of `type`.
struct any_series {
  void const* values;
  dtype type;
  any_timeline when;
  std::int64_t channels;
  std::int64_t batch_stride = contiguous;
  std::int64_t row_stride = contiguous;
  value_place place = value_place::device;
};

/// A view whose type is a value: the fields of `View`, with `void` instead of the type, and the type. Strides
/// count elements of `type`.
///
/// @code
/// compiled::any_output out{values, dtype::bfloat16, valid};  // values, their type, the other fields in their order
/// compiled::any_voxel_output cells;                          // or field by field
/// cells.type = dtype::float16;
/// cells.mean = mean;
/// @endcode
template <template <class> class View>
struct any_view : View<void> {
  dtype type = dtype::float32;

  any_view() = default;
  // Both copy an aggregate: clang's analyzer believes that a base made in braces has unset fields.
  /// @param first   the first field of `View`
  /// @param fields  the others, in their order; those left out have their defaults
  template <class First, class... Fields>
  any_view(First first, dtype values_type, Fields... fields) noexcept
      : View<void>(View<void>{first, fields...}), type(values_type) {}
  /// @param fields  all fields of `View`, in their order; those left out have their defaults
  template <class... Fields>
  any_view(dtype values_type, Fields... fields) noexcept  // NOLINT
      : View<void>(View<void>{fields...}), type(values_type) {}
};

using any_output = any_view<output>;
using any_result_gradients = any_view<result_gradients>;
using any_source_gradients = source_gradients<void>;  ///< of the source's type
using any_fused_output = any_view<fused_output>;
using any_point_features = any_view<point_features>;
using any_feature_gradients = feature_gradients<void>;  ///< of the features' type
using any_voxel_output = any_view<voxel_output>;
using any_voxel_gradients = any_view<voxel_gradients>;
using any_sparse_output = any_view<sparse_output>;
using any_gathered_output = any_view<gathered_output>;
using any_filtered_output = any_view<filtered_output>;
/// Values of the source's type, and stamps of its timeline's.
struct any_clean_output {
  void* values;
  void* stamps;
  std::int64_t* offsets;
  std::int64_t* source_rows = nullptr;
  clean_report* reports = nullptr;
};
/// `depth_images`, the type of its values a value. Converts from `depth_images<Depth>` of each type.
struct any_depth_images : depth_images<void> {
  depth_dtype type = depth_dtype::uint16;

  any_depth_images() = default;
  template <class Depth>
  any_depth_images(depth_images<Depth> const& images) noexcept  // NOLINT
      : depth_images<void>(detail::untyped(images)), type(detail::depth_dtype_of<Depth>) {}
};
using any_image_features = any_view<image_features>;
using any_unprojected_output = unprojected_output<void>;  ///< of the features' type
using any_cropped_output = cropped_output<void>;          ///< of the features' type
using any_value_rows = any_view<value_rows>;
using any_summary_state = summary_state<void>;  ///< of the rows' type

/// `robocache::resample` (place::device) or `robocache::host::resample` (place::host) for types known at run time.
///
/// @param where        device: all pointers are to memory of the current device, and the call returns once the work is
///                     enqueued on `cuda_stream`; host: all pointers are host pointers, the results are written on
///                     return
/// @param cuda_stream  used with place::device only
/// @throws error  where the header API returns a failure, with the same text; nothing was written then
void resample(place where, any_series const& source, any_timeline const& target, any_output const& out,
              any_options const& options, stream_handle cuda_stream = nullptr);

/// `robocache::locate` or `robocache::host::locate`, as `compiled::resample`.
void locate(place where, any_timeline const& source, any_timeline const& target, located const& out,
            any_options const& options, stream_handle cuda_stream = nullptr);

/// `robocache::resample_backward` or `robocache::host::resample_backward`, as `compiled::resample`. Types are floats.
void resample_backward(place where, any_series const& source, any_timeline const& target,
                       any_result_gradients const& results, any_source_gradients const& out, any_options const& options,
                       target_order order = target_order::any, stream_handle cuda_stream = nullptr);

/// `robocache::fuse` or `robocache::host::fuse`, as `compiled::resample`.
void fuse(place where, any_streams const& streams, any_timeline const& target, any_fused_output const& out,
          stream_handle cuda_stream = nullptr);

/// `robocache::policy_input` or `robocache::host::policy_input`, as `compiled::resample`.
void policy_input(place where, any_fusions const& fusions, stream_handle cuda_stream = nullptr);

/// `robocache::append` or `robocache::host::append`, as `compiled::resample`.
void append(place where, any_append_streams const& streams, std::int64_t batch, std::uint8_t const* resets = nullptr,
            stream_handle cuda_stream = nullptr);

/// `robocache::fuse_backward_scratch`; 0 with place::host.
std::int64_t fuse_backward_scratch(place where, any_streams const& streams, any_timeline const& target,
                                   stream_gradients const* out);

/// `robocache::fuse_backward` or `robocache::host::fuse_backward`, as `compiled::resample`. The scratch is used with
/// place::device only.
void fuse_backward(place where, any_streams const& streams, any_timeline const& target,
                   any_result_gradients const& results, stream_gradients const* out, float* targets,
                   target_order order = target_order::any, scratch const& memory = {},
                   stream_handle cuda_stream = nullptr);

/// `robocache::inspect` or `robocache::host::inspect`, as `compiled::resample`.
void inspect(place where, any_timeline const& when, trajectory_report* reports, stream_handle cuda_stream = nullptr);
void inspect(place where, any_timeline const& when, std::int64_t source_batch, trajectory_report* reports,
             stream_handle cuda_stream = nullptr);

/// `robocache::inspect_rotations` or `robocache::host::inspect_rotations`, as `compiled::resample`.
void inspect_rotations(place where, any_series const& source, rotation_report* reports,
                       stream_handle cuda_stream = nullptr);

/// `robocache::voxelize_scratch`; 0 with place::host.
std::int64_t voxelize_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                              grid const& lattice, any_voxel_output const& out, voxel_options const& options);

/// `robocache::voxelize` or `robocache::host::voxelize`, as `compiled::resample`. The scratch is used with
/// place::device only.
void voxelize(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
              any_voxel_output const& out, voxel_options const& options, scratch const& memory = {},
              stream_handle cuda_stream = nullptr);

/// `robocache::voxelize_backward_scratch`; 0 with place::host.
std::int64_t voxelize_backward_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                       grid const& lattice, any_voxel_gradients const& gradients);

/// `robocache::voxelize_backward` or `robocache::host::voxelize_backward`, as `compiled::voxelize`.
void voxelize_backward(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                       any_voxel_gradients const& gradients, channel_order channels, any_feature_gradients const& out,
                       scratch const& memory = {}, stream_handle cuda_stream = nullptr);

/// `robocache::voxelize_sparse_scratch`; 0 with place::host.
std::int64_t voxelize_sparse_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                     grid const& lattice, any_sparse_output const& out, sparse_options const& options);

/// `robocache::voxelize_sparse` or `robocache::host::voxelize_sparse`, as `compiled::voxelize`.
void voxelize_sparse(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                     any_sparse_output const& out, sparse_options const& options, scratch const& memory = {},
                     stream_handle cuda_stream = nullptr);

/// `robocache::voxelize_sparse_backward_scratch`; 0 with place::host.
std::int64_t voxelize_sparse_backward_scratch(place where, point_clouds const& clouds,
                                              any_point_features const& features, sparse_voxels const& voxels,
                                              any_voxel_gradients const& gradients);

/// `robocache::voxelize_sparse_backward` or `robocache::host::voxelize_sparse_backward`, as `compiled::voxelize`.
void voxelize_sparse_backward(place where, point_clouds const& clouds, any_point_features const& features,
                              sparse_voxels const& voxels, any_voxel_gradients const& gradients,
                              any_feature_gradients const& out, scratch const& memory = {},
                              stream_handle cuda_stream = nullptr);

/// `robocache::voxelize_gathered_scratch`; 0 with place::host.
std::int64_t voxelize_gathered_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                       grid const& lattice, any_gathered_output const& out,
                                       gather_options const& options);

/// `robocache::voxelize_gathered` or `robocache::host::voxelize_gathered`, as `compiled::voxelize`.
void voxelize_gathered(place where, point_clouds const& clouds, any_point_features const& features, grid const& lattice,
                       any_gathered_output const& out, gather_options const& options, scratch const& memory = {},
                       stream_handle cuda_stream = nullptr);

/// `robocache::voxelize_gathered_backward` or `robocache::host::voxelize_gathered_backward`, as `compiled::resample`.
/// @param gradients  `[capacity, P, C]`
/// @param out_type   that of the features
void voxelize_gathered_backward(place where, point_clouds const& clouds, std::int64_t channels,
                                std::int64_t const* point_slots, void const* gradients, dtype gradients_type,
                                any_feature_gradients const& out, dtype out_type, stream_handle cuda_stream = nullptr,
                                std::int64_t slots = INT64_MAX);

/// `robocache::filter_voxels_scratch`; 0 with place::host.
std::int64_t filter_voxels_scratch(place where, point_clouds const& clouds, any_point_features const& features,
                                   filter_options const& options, any_filtered_output const& out);

/// `robocache::filter_voxels` or `robocache::host::filter_voxels`, as `compiled::voxelize`.
void filter_voxels(place where, point_clouds const& clouds, any_point_features const& features,
                   filter_options const& options, any_filtered_output const& out, scratch const& memory = {},
                   stream_handle cuda_stream = nullptr);

/// `robocache::find_bounds` or `robocache::host::find_bounds`, as `compiled::resample`.
void find_bounds(place where, point_clouds const& clouds, cloud_bounds* bounds, stream_handle cuda_stream = nullptr);

/// `robocache::sample_windows` or `robocache::host::sample_windows`, as `compiled::resample`.
void sample_windows(place where, window_plan const& plan, window_draw const& draw, window_output const& out,
                    stream_handle cuda_stream = nullptr);

/// `robocache::unproject_scratch`; 0 with place::host.
std::int64_t unproject_scratch(place where, any_depth_images const& images);

/// `robocache::unproject` or `robocache::host::unproject`, as `compiled::voxelize`.
void unproject(place where, any_depth_images const& images, any_image_features const& features,
               unproject_options const& options, any_unprojected_output const& out, scratch const& memory = {},
               stream_handle cuda_stream = nullptr);

/// `robocache::unproject_dense` or `robocache::host::unproject_dense`, as `compiled::resample`.
void unproject_dense(place where, any_depth_images const& images, unproject_options const& options,
                     dense_unprojected_output const& out, stream_handle cuda_stream = nullptr);

/// `robocache::crop_points_scratch`; 0 with place::host.
std::int64_t crop_points_scratch(place where, point_clouds const& clouds);

/// `robocache::crop_points` or `robocache::host::crop_points`, as `compiled::voxelize`.
void crop_points(place where, point_clouds const& clouds, any_point_features const& features,
                 crop_options const& options, any_cropped_output const& out, scratch const& memory = {},
                 stream_handle cuda_stream = nullptr);

/// `robocache::clean_scratch`; 0 with place::host.
std::int64_t clean_scratch(place where, any_series const& source, clean_options const& options);

/// `robocache::clean` or `robocache::host::clean`, as `compiled::resample`.
void clean(place where, any_series const& source, any_clean_output const& out, clean_options const& options,
           scratch const& memory = {}, stream_handle cuda_stream = nullptr);

/// `robocache::summarize_scratch`; 0 with place::host.
std::int64_t summarize_scratch(place where, any_value_rows const& rows);

/// `robocache::summarize` or `robocache::host::summarize`, as `compiled::voxelize`.
void summarize(place where, any_value_rows const& rows, any_summary_state const& state, scratch const& memory = {},
               stream_handle cuda_stream = nullptr);

/// `robocache::add_to_summary` or `robocache::host::add_to_summary`, as `compiled::voxelize`.
void add_to_summary(place where, any_value_rows const& rows, any_summary_state const& state, int pass,
                    scratch const& memory = {}, stream_handle cuda_stream = nullptr);

/// `robocache::end_summary_pass` or `robocache::host::end_summary_pass`, as `compiled::resample`.
/// @param type  of the rows
void end_summary_pass(place where, dtype type, any_summary_state const& state, int pass,
                      stream_handle cuda_stream = nullptr);

/// `robocache::summarize_policy_input_scratch`; 0 with place::host.
std::int64_t summarize_policy_input_scratch(place where, any_policy_rows const& rows);

/// `robocache::summarize_policy_input` or `robocache::host::summarize_policy_input`, as `compiled::voxelize`. The state
/// is one of float32.
void summarize_policy_input(place where, any_policy_rows const& rows, any_summary_state const& state,
                            scratch const& memory = {}, stream_handle cuda_stream = nullptr);

/// `robocache::add_policy_input_to_summary` or `robocache::host::add_policy_input_to_summary`, likewise.
void add_policy_input_to_summary(place where, any_policy_rows const& rows, any_summary_state const& state, int pass,
                                 scratch const& memory = {}, stream_handle cuda_stream = nullptr);

/// `robocache::sample_farthest_scratch`; 0 with place::host.
std::int64_t sample_farthest_scratch(place where, point_clouds const& clouds, std::int64_t samples);

/// `robocache::sample_farthest` or `robocache::host::sample_farthest`, as `compiled::resample`.
void sample_farthest(place where, point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                     farthest_options const& options = {}, scratch const& memory = {},
                     stream_handle cuda_stream = nullptr);

/// `robocache::sample_uniform` or `robocache::host::sample_uniform`, as `compiled::resample`.
void sample_uniform(place where, point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                    uniform_options const& options, stream_handle cuda_stream = nullptr);

/// `robocache::nearest_neighbours` or `robocache::host::nearest_neighbours`, as `compiled::resample`.
void nearest_neighbours(place where, point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                        neighbour_output const& out, stream_handle cuda_stream = nullptr);

/// `robocache::within_radius` or `robocache::host::within_radius`, as `compiled::resample`.
void within_radius(place where, point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                   neighbour_output const& out, stream_handle cuda_stream = nullptr);

/// How many CUDA devices this process can use; 0 without a driver. Never throws.
int device_count() noexcept;

}  // namespace compiled
}  // namespace robocache
