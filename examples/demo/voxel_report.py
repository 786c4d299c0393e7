# SPDX-License-Identifier: Apache-2.0
"""The report for the user on a voxelized cloud, and on a filtered one."""

from report import timing


def report_voxels(voxels, gpu):
    """`gpu`: its name, empty for the CPU."""
    cloud, values = voxels.cloud, voxels.values
    points, width = cloud.points.shape
    print(f"{cloud.name}: {points:,} points of {width} floats")
    for remark in cloud.remarks:
        print(f"  {remark}")
    spans = zip("xyz", voxels.low + cloud.offset, voxels.high + cloud.offset)
    print("  bounds   " + ", ".join(f"{name} {low:.7g} to {high:.7g}" for name, low, high in spans))
    nx, ny, nz = voxels.grid.cells
    chosen = ", a size that suits the bounds" if voxels.size_was_chosen else ""
    print(f"  grid     {nx} x {ny} x {nz} cells of {voxels.grid.size[0]:g}{chosen}")
    kept, broken = points - values.dropped, points - voxels.finite
    print(f"  dropped  {values.dropped:,} points: {broken:,} not finite, {values.dropped - broken:,} outside the grid")
    if kept == 0:
        faces = zip("xyz", map(voxels.faces, range(3)))
        spans = ", ".join(f"{name} {begin:.7g} to {end:.7g}" for name, (begin, end) in faces)
        print(f"           nothing is left, because no point is inside the grid, {spans}: look at --bounds")
    occupied, cells = voxels.occupied, values.count.size
    each = f"{kept / max(occupied, 1):.1f} points each, {values.count.max():,} at most"
    print(f"  occupied {occupied:,} of {cells:,} cells ({100.0 * occupied / cells:.2g} %), {each}")
    print(timing(values.microseconds, gpu))


def report_filtered(filtered, gpu):
    """`gpu`: its name, empty for the CPU."""
    cloud, values = filtered.voxels.cloud, filtered.values
    points, left = len(cloud.points), len(values.points)
    broken = points - filtered.voxels.finite
    print(f"{cloud.name}, one point for each voxel of {filtered.leaf:g}, voxels from the cloud's lower corner on")
    print(f"  dropped  {values.dropped:,} points: {broken:,} not finite, {values.dropped - broken:,} beyond reach")
    if values.dropped > broken:
        some = "nothing is left, because all points" if left == 0 else "points"
        print(f"           {some} are more than 2^20 voxels from the cloud's lower corner: make --leaf larger")
    each = f"{(points - values.dropped) / max(left, 1):.1f} became one, {values.merged.max(initial=0):,} at most"
    print(f"  left     {left:,} of {points:,} points; {each}")
    print(timing(values.microseconds, gpu))
