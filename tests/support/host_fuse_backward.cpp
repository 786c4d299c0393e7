// SPDX-License-Identifier: Apache-2.0
#include "fuse_backward.hpp"

namespace test {

template <class Stamp>
fused_gradients fuse_backward(fuse_backward_problem<Stamp> const& p) {
  return fuse_backward_on_host(p);
}

template fused_gradients fuse_backward(fuse_backward_problem<float> const&);
template fused_gradients fuse_backward(fuse_backward_problem<double> const&);
template fused_gradients fuse_backward(fuse_backward_problem<std::int64_t> const&);

}  // namespace test
