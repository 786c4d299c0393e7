// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/points/sampling.hpp"

/// Samples and neighbours by the words of the specification, without the library.
namespace test::oracle {

sampled sample_farthest(sampling const& p);
sampled sample_uniform(sampling const& p);
found_neighbours find_neighbours(neighbourhood const& p);

}  // namespace test::oracle
