// SPDX-License-Identifier: Apache-2.0
#include "support/backward/resample.hpp"

namespace test {

template <class Stamp>
gradients resample_backward(backward_problem<Stamp> const& p) {
  return backward_on_host(p);
}

template gradients resample_backward(backward_problem<float> const&);
template gradients resample_backward(backward_problem<double> const&);
template gradients resample_backward(backward_problem<std::int64_t> const&);

}  // namespace test
