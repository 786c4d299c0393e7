#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""RoboCache's building blocks inside a kernel that CuPy compiles while Python runs, with NVRTC.

    python3 examples/cupy_kernel.py [FOLDER OF THE HEADERS]

The speed of a robot at moments between its samples: each moment is located once, its channels are interpolated in
registers, and only the length of the vector is written. NumPy computes the same numbers. Needs CuPy, which brings
libcu++ along, and the CUDA Toolkit's headers, for BF16 and FP16.
"""

import sys
from pathlib import Path

KERNEL = r"""
#include <robocache/device/blend.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/device/timeline.cuh>

namespace rc = robocache;

// One thread per moment.
extern "C" __global__ void speeds(double const* stamps, float const* velocities, long long samples, long long channels,
                                  double const* moments, long long count, float* out) {
  long long const k = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x;
  if (k >= count) { return; }
  rc::series<float, double> const source{velocities, rc::timeline<double>::dense(stamps, 1, samples), channels};
  auto const robot = rc::device::trajectory_of(source.when, 0);
  auto const where = rc::device::locate(robot, moments[k], rc::device::rules_of(rc::resample_options<double>{}));
  float sum = 0.0f;
  for (long long channel = 0; channel < channels; ++channel) {
    float const v = rc::device::value_at(source, robot, where, channel, 0.0f);
    sum += v * v;
  }
  out[k] = sqrtf(sum);
}
"""


def main():
    headers = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "include"
    try:
        import cupy
        import numpy as np
    except ImportError:
        print("CuPy is not installed here: nothing was run")
        return
    if not cupy.cuda.is_available():
        print("no CUDA device here: nothing was run")
        return

    # A robot at about 100 Hz for ten seconds; 1000 moments, some of them before the first sample and after the last.
    random = np.random.default_rng(1)
    stamps = np.cumsum(random.uniform(0.008, 0.012, 1000))
    velocities = random.normal(size=(1000, 3)).astype(np.float32)
    moments = random.uniform(stamps[0] - 0.1, stamps[-1] + 0.1, 1000)

    module = cupy.RawModule(code=KERNEL, options=("-std=c++17", f"-I{headers}"), backend="nvrtc")
    results = cupy.empty(len(moments), cupy.float32)
    on_device = [cupy.asarray(x) for x in (stamps, velocities, moments)]
    sizes = [np.int64(n) for n in (*velocities.shape, len(moments))]
    module.get_function("speeds")((8,), (128,), (*on_device[:2], *sizes[:2], on_device[2], sizes[2], results))

    wanted = np.linalg.norm([np.interp(moments, stamps, channel) for channel in velocities.T], axis=0)
    error = np.abs(cupy.asnumpy(results) - wanted).max()
    print(f"{len(moments)} speeds, {wanted.min():.3f} to {wanted.max():.3f}: at most {error:.1e} beside NumPy's")
    if not error < 1e-5:
        sys.exit("the speeds are wrong")


if __name__ == "__main__":
    main()
