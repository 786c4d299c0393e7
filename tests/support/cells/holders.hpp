// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace test {

/// The rule of maxima and minima: the gradient goes to the point that holds it, of several the first.
/// @param shares_of  `std::vector<double>(std::vector<double> const& features, bool of_max)`: the gradients of points
/// in
///                   one cell, where that of its maximum or minimum is 1
template <class SharesOf>
void check_holders(SharesOf shares_of) {
  using numbers = std::vector<double>;
  double const infinity = std::numeric_limits<double>::infinity();
  double const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(shares_of(numbers{1, 3, 2}, true) == numbers{0, 1, 0});
  CHECK(shares_of(numbers{1, 3, 2}, false) == numbers{1, 0, 0});
  CHECK(shares_of(numbers{3, 1, 3, 1}, true) == numbers{1, 0, 0, 0});
  CHECK(shares_of(numbers{3, 1, 3, 1}, false) == numbers{0, 1, 0, 0});
  CHECK(shares_of(numbers{-0.0, 0.0, 0.0}, true) == numbers{0, 1, 0});  // -0 is below +0
  CHECK(shares_of(numbers{0.0, -0.0, -0.0}, false) == numbers{0, 1, 0});
  CHECK(shares_of(numbers{5, nan, infinity, nan}, true) == numbers{0, 1, 0, 0});
  CHECK(shares_of(numbers{5, nan, -infinity, nan}, false) == numbers{0, 1, 0, 0});
  CHECK(shares_of(numbers{5, infinity, infinity}, true) == numbers{0, 1, 0});
  for (std::size_t count : {64, 65, 200, 4097, 5000}) {  // in crowds too
    numbers features(count, 1.0);
    features[count - 1] = features[count / 2] = 2;
    numbers wanted(count, 0.0);
    wanted[count / 2] = 1;
    CAPTURE(count);
    CHECK(shares_of(features, true) == wanted);
  }
}

}  // namespace test
