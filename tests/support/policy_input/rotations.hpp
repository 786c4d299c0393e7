// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include <robocache/rotation.hpp>

#include "support/random.hpp"

/// Rotations in double and as matrices, and nothing of the library's code.
namespace test::oracle {

using robocache::euler_order;
using robocache::rotation_format;
using robocache::rotation_layout;

/// Row by row.
using matrix3 = std::array<double, 9>;

/// The matrix of a row in any format; channels beyond the format's are not read.
matrix3 matrix_of(rotation_layout const& layout, std::array<double, 9> const& row);

matrix3 multiplied(matrix3 const& a, matrix3 const& b);
matrix3 transposed(matrix3 const& a);

/// The angle of the rotation from `a` to `b`.
double angle_between(matrix3 const& a, matrix3 const& b);

/// The rotation at `weight` along the shorter arc from `a` to `b`, which are less than half a turn apart.
matrix3 between(matrix3 const& a, matrix3 const& b, double weight);

/// A row that is a rotation: drawn in the format itself; of matrices with errors of FP32, of 6-D with vectors of any
/// length that are well apart.
std::array<double, 9> draw_row(generator& random, rotation_layout const& layout);

/// A layout by SciPy's name of an order, or by the format's name.
rotation_layout layout_of(std::string const& name);

/// The names of all formats, and of all 24 orders of Euler angles.
std::vector<std::string> const& all_layouts();

}  // namespace test::oracle
