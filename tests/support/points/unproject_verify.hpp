// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "support/points/unproject.hpp"

namespace test {

/// What differs from the oracle, of packed and of dense points.
std::string verify(depth_problem const& p);

/// Images of whole numbers, from cameras of focal length 2.
depth_problem images_of(std::int64_t batch, std::int64_t views, std::int64_t height, std::int64_t width,
                        depth_dtype type = depth_dtype::float32);

}  // namespace test
