// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "support/points/unproject.hpp"

namespace test::oracle {

/// What becomes of one pixel.
struct pixel {
  float point[3];
  bool deep;  ///< it has depth
  bool kept;
};

/// All pixels, by the specification: each operation in double and then rounded to float, which is the same as rounding
/// it once.
std::vector<pixel> unproject(depth_problem const& p);

/// A point of three floats by a pose of twelve; a direction by its rotation.
void transform(float const* pose, float const (&x)[3], float (&out)[3]);
void rotate(float const* pose, float const (&x)[3], float (&out)[3]);

/// Whether a point is in the half-open box, or, without one, not NaN.
bool is_kept(crop_box const* box, float const (&x)[3]);

}  // namespace test::oracle
