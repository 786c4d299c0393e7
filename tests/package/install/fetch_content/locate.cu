// SPDX-License-Identifier: Apache-2.0
#include <robocache/resample.cuh>

namespace rc = robocache;

// The header library beside the compiled one in the same program.
rc::status locate_on_device(rc::timeline<double> const& source, rc::timeline<double> const& target,
                            rc::located const& out) {
  return rc::locate(source, target, out, rc::resample_options<double>{}, nullptr);
}
