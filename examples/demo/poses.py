# SPDX-License-Identifier: Apache-2.0
"""Files of poses as trajectories are published: position by linear, rotation by slerp."""

from recording import Stream

TUM = ("timestamp", "tx", "ty", "tz", "qx", "qy", "qz", "qw")  # seconds
POSITIONS = ({"tx", "ty", "tz"}, {"p_RS_R_x", "p_RS_R_y", "p_RS_R_z"})
ROTATIONS = ({"qx", "qy", "qz", "qw"}, {"q_RS_w", "q_RS_x", "q_RS_y", "q_RS_z"})


def is_tum(names):
    return tuple(name.lower() for name in names) == TUM


def split_pose(stream):
    """One stream for the position, one for the rotation, and one for what else there is, where the columns are those
    of a TUM or EuRoC trajectory; else the stream as it is."""
    bare = [name.split("[")[0].strip() for name in stream.channels]  # EuRoC names units too
    for position, rotation in zip(POSITIONS, ROTATIONS):
        if position | rotation <= set(bare):
            break
    else:
        return [stream]
    parts = {"_position": [], "_rotation": [], "_more": []}
    for column, name in enumerate(bare):
        parts["_position" if name in position else "_rotation" if name in rotation else "_more"].append(column)
    streams = [
        Stream(stream.name + end, [stream.channels[column] for column in columns], stream.unit, stream.stamps,
               stream.values[:, columns], "slerp" if end == "_rotation" else stream.method)
        for end, columns in parts.items() if columns
    ]  # fmt: skip
    streams[0].remarks = [*stream.remarks, "a file of poses: position by linear, rotation by slerp"]
    return streams
