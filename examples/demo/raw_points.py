# SPDX-License-Identifier: Apache-2.0
"""Point clouds that are only numbers, one point after the other: how many belong to a point, and of which type."""

import warnings

import numpy as np
from errors import DemoError

WIDTHS = range(3, 17)  # numbers per point that are tried
LAGS = np.arange(1, 2 * WIDTHS[-1] + 1)
SAMPLE = 2**17  # numbers by which the width is found
RELATED = 0.93  # share of the difference of unrelated numbers: below it, numbers one point apart are related
NEAR = 1 / 3, 1 / 2  # of the range from the difference of related numbers to that of unrelated ones: no border in it
LARGEST, SMALLEST = 1e9, 1e-20  # a coordinate's size, if it is not 0, in any unit that a map is in
FEW = 0.05  # of the points may be odd, and of the ends of mantissas are not


def read_raw(path, floats):
    """float64 [points, floats] of a .bin file, and remarks. `floats`: numbers per point, None: as the file suggests."""
    size = path.stat().st_size
    values = np.fromfile(path, np.float32)
    if values.size and size % 8 == 0 and _is_double(values):
        values = values.view(np.float64)
    values = _points(path, values, size, floats)
    odd = _odd_share(values[:, :3])
    if odd > FEW:
        raise DemoError(
            f"{path}: {odd:.0%} of the points are no coordinates (beyond {LARGEST:g}, below {SMALLEST:g}, or NaN in "
            f"only some of x y z), read as {values.shape[1]} {_name(values)} numbers per point; add another "
            "--point-floats, or save the cloud as a NumPy array in .npy"
        )
    return values.astype(np.float64), _remarks(values, floats)


def _is_double(values):
    """Of FP64 numbers every other FP32 number is the end of a mantissa: 0, or of any size."""
    bits = values.view(np.uint32)
    if not bits[::2].any():
        return bool(bits.any())
    with np.errstate(invalid="ignore"):  # ends that are NaN
        size = np.abs(values[::2])
        return np.mean(np.isfinite(size) & (size > LARGEST)) > FEW


def _name(values):
    return f"FP{8 * values.itemsize}"


def _remarks(values, floats):
    remarks = []
    if floats is None:
        remarks.append(f"{values.shape[1]} numbers per point, as the file suggests; else say --point-floats")
    if values.dtype == np.float64:
        remarks.append("FP64 numbers, as the file suggests")
    return remarks


def _points(path, values, size, floats):
    tried = WIDTHS if floats is None else (floats,)
    fitting = [width for width in tried if size % (values.itemsize * width) == 0]
    if not fitting:
        wanted = f"{tried[0]} to {tried[-1]}" if len(tried) > 1 else f"{floats}"
        raise DemoError(f"{path}: {size:,} bytes are no whole number of points of {wanted} {_name(values)} numbers")
    width = fitting[0] if len(fitting) == 1 or size == 0 else _period(values)
    if width not in fitting:
        some = [str(each) for each in fitting]
        raise DemoError(f"{path}: {', '.join(some[:-1])} or {some[-1]} numbers per point would fit, and the file does "
                        "not tell which; add --point-floats")  # fmt: skip
    return values.reshape(-1, width)


def _period(values):
    """Numbers per point, 0 where the file does not tell: x is more like the next point's x than like y.

    How far numbers are apart from those so many places behind them is told by their ranks, so that units do not
    matter. It is clearly less for places that are whole points away, even where points come in no order.
    """
    values = values[np.argmax(np.isfinite(values)) :][:SAMPLE]
    if values.size < 2 * LAGS[-1]:
        return 0
    found, ranks, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - times / 2)[ranks.ravel()] / values.size
    ranks[~np.isfinite(values)] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lags at which one of two numbers is always NaN
        apart = np.array([np.nanmean(np.abs(ranks[lag:] - ranks[:-lag])) for lag in LAGS])
    least, usual = apart.min(), np.median(apart)
    if not least < RELATED * usual:
        return 0
    nears = [LAGS[apart < least + border * (usual - least)] for border in NEAR]
    width = nears[0][0]
    return int(width) if all(np.array_equal(near, LAGS[LAGS % width == 0]) for near in nears) else 0


def _odd_share(points):
    """The share of points that no sensor gives: too large, too small, or NaN along one axis but not another."""
    if not len(points):
        return 0.0
    size = np.abs(points)
    odd = (np.isfinite(size) & (size > LARGEST)) | ((size > 0) & (size < SMALLEST))
    broken = np.isnan(points)
    return np.mean(odd.any(axis=1) | (broken.any(axis=1) & ~broken.all(axis=1)))
