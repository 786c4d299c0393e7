// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

namespace robocache {

/// How a rotation is stored in the channels of a row.
enum class rotation_format : std::uint8_t {
  wxyz,     ///< quaternion, 4 channels, the real part first
  xyzw,     ///< quaternion, 4 channels, the real part last, as SciPy and ROS have it
  vector,   ///< rotation vector, 3 channels: the axis times the angle in radians
  matrix,   ///< 3 x 3 matrix, 9 channels, row by row
  columns,  ///< 6 channels: the matrix's first column, then its second (Zhou et al. 2019)
  rows,     ///< 6 channels: the matrix's first row, then its second (PyTorch3D)
  euler,    ///< 3 angles in radians, in an `euler_order`
};

/// "wxyz" for `rotation_format::wxyz`, and so on.
ROBOCACHE_HOST_DEVICE constexpr char const* name_of(rotation_format format) noexcept {
  switch (format) {
    case rotation_format::wxyz: return "wxyz";
    case rotation_format::xyzw: return "xyzw";
    case rotation_format::vector: return "vector";
    case rotation_format::matrix: return "matrix";
    case rotation_format::columns: return "columns";
    case rotation_format::rows: return "rows";
    case rotation_format::euler: return "euler";
  }
  return "no rotation_format";
}

/// Channels of a row in this format; 0 if there is no such format.
ROBOCACHE_HOST_DEVICE constexpr int channels_of(rotation_format format) noexcept {
  switch (format) {
    case rotation_format::wxyz:
    case rotation_format::xyzw: return 4;
    case rotation_format::vector:
    case rotation_format::euler: return 3;
    case rotation_format::matrix: return 9;
    case rotation_format::columns:
    case rotation_format::rows: return 6;
  }
  return 0;
}

/// The axes of Euler angles, in the order of the angles. `euler("xyz")` makes one of SciPy's name.
struct euler_order {
  std::uint8_t axes[3] = {0, 1, 2};  ///< 0, 1 and 2 for x, y and z; no two neighbours are the same
  bool intrinsic = false;            ///< each rotation is about the axes that the ones before it turned
};

/// The order that SciPy gives this name: three letters, lower case for rotations about fixed axes (extrinsic), upper
/// case for axes that turn along (intrinsic). Any other text gives an order that every call refuses.
ROBOCACHE_HOST_DEVICE constexpr euler_order euler(char const* name) noexcept {
  euler_order order;
  bool known = name != nullptr;
  int upper = 0;
  for (int i = 0; i < 3; ++i) {
    char const letter = known ? name[i] : '\0';
    bool const capital = letter >= 'X' && letter <= 'Z';
    known = capital || (letter >= 'x' && letter <= 'z');
    upper += capital ? 1 : 0;
    order.axes[i] = static_cast<std::uint8_t>(known ? letter - (capital ? 'X' : 'x') : 3);
  }
  if (!known || name[3] != '\0' || (upper != 0 && upper != 3)) { order.axes[0] = 3; }
  order.intrinsic = upper == 3;
  return order;
}

/// True for the 24 orders that there are.
ROBOCACHE_HOST_DEVICE constexpr bool is_euler_order(euler_order const& order) noexcept {
  return order.axes[0] < 3 && order.axes[1] < 3 && order.axes[2] < 3 && order.axes[0] != order.axes[1] &&
         order.axes[1] != order.axes[2];
}

/// A format, and for Euler angles their order.
struct rotation_layout {
  rotation_format format = rotation_format::xyzw;
  euler_order order{};  ///< `euler` alone
};

/// Which of the two quaternions of a rotation a result is.
enum class quaternion_sign : std::uint8_t {
  any,       ///< whichever comes out: of slerp that of the left sample, of other formats that of the conversion
  positive,  ///< the real part is 0 or more; where it is 0, the first other component that is not 0 is above 0
};

}  // namespace robocache
