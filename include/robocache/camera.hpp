// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/cropping.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/detail/types.hpp>
#include <robocache/grid.hpp>

namespace robocache {

/// The type of depth values, where it is known only at run time.
enum class depth_dtype : std::uint8_t { uint16, float32, float16 };

/// The name used in messages and benchmarks: "uint16", "fp32", "fp16".
ROBOCACHE_HOST_DEVICE constexpr char const* name_of(depth_dtype type) noexcept {
  switch (type) {
    case depth_dtype::uint16: return "uint16";
    case depth_dtype::float32: return "fp32";
    case depth_dtype::float16: return "fp16";
  }
  return "no depth_dtype";
}

namespace detail {

template <class T>
inline constexpr bool is_depth =
    std::is_same_v<T, std::uint16_t> || std::is_same_v<T, float> || std::is_same_v<T, __half>;

/// The rule of depth images.
template <class T>
struct depth_type {
  static_assert(is_depth<T>, "depth is std::uint16_t, float or __half");
};
/// Used inside the library, for images whose type is known only at run time.
template <>
struct depth_type<void> {};

template <class T>
inline constexpr depth_dtype depth_dtype_of = std::is_same_v<T, float>    ? depth_dtype::float32
                                              : std::is_same_v<T, __half> ? depth_dtype::float16
                                                                          : depth_dtype::uint16;

}  // namespace detail

/// What a depth is the length of.
enum class depth_kind : std::uint8_t {
  axis,  ///< the way along the optical axis, z, as depth cameras and renderers have it
  ray,   ///< the way along the pixel's ray, as lidars and some simulators have it
};

/// Depth images of a batch of clouds, each from V pinhole cameras without distortion: a view, nothing is owned.
/// Contiguous. All pointers are to memory of the side that computes.
///
/// @tparam Depth  `std::uint16_t`, `float`, `__half`
template <class Depth>
struct depth_images {
  static_assert(sizeof(detail::depth_type<Depth>) > 0);

  Depth const* values = nullptr;      ///< `[B, V, H, W]`
  std::int64_t batch = 0;             ///< B, clouds
  std::int64_t views = 0;             ///< V, images of a cloud
  std::int64_t height = 0;            ///< H, rows
  std::int64_t width = 0;             ///< W, columns
  float const* intrinsics = nullptr;  ///< `[B, V, 4]`: fx, fy, cx, cy in pixels; the first pixel's centre is (0, 0)
  float const* poses = nullptr;       ///< optional `[B, V, 3, 4]`, row by row: from the camera (x to the right, y down,
                                      ///< z forward) to the world. Null: points stay in the camera's frame

  /// Pixels of all images together.
  ROBOCACHE_HOST_DEVICE constexpr std::int64_t total() const noexcept { return batch * views * height * width; }
};

/// What pixels carry besides their depth, such as a colour: moved unchanged. A view, nothing is owned. Contiguous.
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`, `std::uint8_t`, `std::int32_t`, `std::int64_t`
template <class Value>
struct image_features {
  static_assert(sizeof(detail::value_type<Value>) > 0);

  Value const* values = nullptr;              ///< `[B, V, H, W, C]` or `[B, V, C, H, W]`
  std::int64_t channels = 0;                  ///< C; 0: no features
  channel_order order = channel_order::last;  ///< which of both
};

/// The rules of `unproject` and `unproject_dense`. Pointers are to memory of the side that computes.
struct unproject_options {
  float scale = 1.0f;                             ///< what depth is multiplied by: 0.001f for millimetres in metres
  depth_kind kind = depth_kind::axis;             ///< of the scaled depth
  float near = 0.0f;                              ///< the smallest z that counts; 0 or more
  float far = std::numeric_limits<float>::max();  ///< the largest
  crop_box const* boxes = nullptr;                ///< optional `[B]`, in the world
};

/// How many pixels of one cloud did not become a point, each counted once.
struct unprojection_report {
  std::int64_t no_depth;  ///< z is 0, NaN, infinite, below `near` or above `far`
  std::int64_t cropped;   ///< the point is NaN, or outside of the box
};

/// Where `unproject` puts points: packed, cloud behind cloud, of a cloud in the order view, row, column. There is room
/// for all pixels; memory behind the last point is not touched. Apart from the input, and from each other.
///
/// @tparam Value  of the features
template <class Value>
struct unprojected_output {
  static_assert(sizeof(detail::result_type<Value>) > 0);

  float* points = nullptr;                 ///< `[B * V * H * W, 3]`
  Value* features = nullptr;               ///< `[B * V * H * W, C]`; null without features
  std::int64_t* offsets = nullptr;         ///< `[B + 1]`: cloud b owns rows `offsets[b]` to `offsets[b + 1]`
  unprojection_report* reports = nullptr;  ///< optional `[B]`
};

/// Where `unproject_dense` puts points: each in the place of its pixel. Apart from the input, and from each other.
struct dense_unprojected_output {
  float* points = nullptr;                 ///< `[B, V, H, W, 3]`: 0 where the mask is
  std::uint8_t* valid = nullptr;           ///< optional `[B, V, H, W]`: 1 where there is a point
  unprojection_report* reports = nullptr;  ///< optional `[B]`
};

}  // namespace robocache
