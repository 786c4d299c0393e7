#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PCHIP and Akima as they are written in CuPy, on the GPU and on the inputs of bench_resample.

cupyx.scipy.interpolate has SciPy's interface: one vector of stamps per interpolator, so a batch is a loop over its
trajectories, and FP64 throughout. A time is the wall time of the whole batch with the data on the device: making and
evaluating the interpolators, and waiting for the GPU; the median of five runs. Where SciPy is installed, results are
compared with it.
"""

from scipy_resample import METHODS, make_inputs, measure, resample, run


def compare_with_scipy(cupy, ours, inputs):
    try:
        from scipy import interpolate
    except ImportError:
        return
    for name in METHODS.values():
        first = [x[:1] for x in inputs]
        wanted = resample(getattr(interpolate, name), *first)[0]
        found = cupy.asnumpy(resample(getattr(ours, name), *(cupy.asarray(x) for x in first))[0])
        assert abs(found - wanted).max() <= 1e-9, f"{name} differs from SciPy's"


def measured_here():
    import cupy
    from cupyx.scipy import interpolate

    inputs, checksum = make_inputs()
    compare_with_scipy(cupy, interpolate, inputs)
    chip = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(f"{chip}, CuPy {cupy.__version__}, FP64, one trajectory at a time")
    on_device = [cupy.asarray(x) for x in inputs]
    cases = measure(interpolate, on_device, checksum, cupy.cuda.Device().synchronize)
    return {"chip": chip, "cupy": cupy.__version__, "cases": cases}


if __name__ == "__main__":
    run({"benchmark": "cupy_resample"}, measured_here)
