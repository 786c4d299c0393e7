# SPDX-License-Identifier: Apache-2.0
"""The reader of bags, against what rosbags reads and writes."""

import numpy as np
import pytest

pytest.importorskip("safetensors")

from data_sets import recorded, same_rows, stored

from robocache_torch import data


@pytest.mark.parametrize("time", ["header", "log"])
def test_bags_of_others(tmp_path, time):
    highlevel = pytest.importorskip("rosbags.highlevel")
    folder = recorded("datasets", "bags")
    store = data.convert(folder, tmp_path / "store", time=time)
    assert [one["name"] for one in store.episodes] == ["cdr_test.mcap", "fake_joint_state.bag", "jointstate_imu.mcap"]
    with highlevel.AnyReader([folder / "fake_joint_state.bag"]) as reader:
        messages = [(logged, reader.deserialize(raw, one.msgtype)) for one, logged, raw in reader.messages()]
    for word in ("position", "velocity", "effort"):
        values, stamps = stored(store, f"/fake_joints_state/{word}", 1)
        assert same_rows(values, np.array([getattr(message, word) for _, message in messages]))
        ofheader = [message.header.stamp.sec * 10**9 + message.header.stamp.nanosec for _, message in messages]
        assert stamps.tolist() == (ofheader if time == "header" else [logged for logged, _ in messages])
    assert store.schemas["/fake_joints_state/position"]["names"] == [f"joint_{i}" for i in range(6)]
    # Its headers have no time: the log's.
    values, stamps = stored(store, "/one_shot/imu", 2)
    assert values.tolist() == [[0, 0, 0, 1, 0.1, 0.2, 0.3, *values[0, 7:].tolist()]]
    assert stamps.tolist() == [1754489469740737342]
    assert store.schemas["/one_shot/imu"]["names"][4:] == [
        f"{word}.{axis}" for word in ("angular_velocity", "linear_acceleration") for axis in "xyz"
    ]
    assert store.schemas["/one_shot/imu"]["units"][4:] == ["rad/s"] * 3 + ["m/s^2"] * 3
    assert stored(store, "/one_shot/joint_state/position", 2)[0].tolist() == [[1.5, -0.5, 0.8]]
    assert store.rows("/array_topic") == 4 and "/array_topic: string_values is not read" in store.episodes[0]["notes"]


@pytest.mark.parametrize("storage", ["SQLITE3", "MCAP"])
def test_bags_of_rosbags(tmp_path, storage):
    pytest.importorskip("rosbags")
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    types = get_typestore(Stores.ROS2_HUMBLE)
    known = {name.rsplit("/", 1)[-1]: kind for name, kind in types.types.items() if name.count("/") == 2}

    def header(stamp):
        return known["Header"](stamp=known["Time"](sec=stamp // 10**9, nanosec=stamp % 10**9), frame_id="")

    def vector(*xyz):
        return known["Vector3"](*xyz)

    def pose(i):
        return known["Pose"](known["Point"](i, i + 0.5, -i), known["Quaternion"](0.0, 0.0, 0.0, 1.0))

    nothing = np.zeros(36)
    start, messages = 1_700_000_000_123_456_789, []
    for i in range(6):
        stamp = start + (i - 2 * (i == 4)) * 10**7  # one steps back
        names = ["b", "a"] if i == 1 else ["a", "c"] if i == 2 else ["a", "b"]
        ab = np.array([2.0, 1.0] if i == 1 else [1.0, 2.0]) * i
        twist = known["TwistWithCovariance"](known["Twist"](vector(1.0, 2.0, 3.0), vector(0.0, 0.0, 9.0 * i)), nothing)
        layout = known["MultiArrayLayout"]([], 0)
        of_topics = {
            "/joints": known["JointState"](header(stamp), names, ab, np.zeros(0), ab),
            "/pose": known["PoseStamped"](header(stamp), pose(float(i))),
            "/odom": known["Odometry"](header(stamp), "", known["PoseWithCovariance"](pose(float(i)), nothing), twist),
            "/force": known["WrenchStamped"](
                header(stamp), known["Wrench"](vector(float(i), 0.0, 0.0), vector(0.0, 0.0, 1.0))
            ),
            "/array": known["Float32MultiArray"](layout, np.arange(3 + (i == 5), dtype=np.float32) + i),
            "/image": known["Image"](header(stamp), 1, 2, "rgb8", 0, 6, np.arange(6, dtype=np.uint8) + i),
        }
        messages += [(topic, start + i * 10**7 + 5, message) for topic, message in of_topics.items()]
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin[storage]) as writer:
        connections = {}
        for topic, logged, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, message.__msgtype__, typestore=types)
            writer.write(connections[topic], logged, types.serialize_cdr(message, message.__msgtype__))

    store = data.convert(
        tmp_path / "bag", tmp_path / "store", fields={"/image": ["data"], "/odom": ["pose.pose.position"]}
    )
    stamps = [start + (i - 2 * (i == 4)) * 10**7 for i in range(6)]
    found = {name: stored(store, name, 0) for name in store.names}
    assert set(found) == {"/joints/position", "/joints/effort", "/pose", "/odom", "/force", "/array", "/image"}
    for word in ("position", "effort"):  # by the joints' names; one message is of other joints
        assert found[f"/joints/{word}"][0].tolist() == [[i, 2 * i] for i in range(6) if i != 2]
    assert found["/pose"][0].tolist() == [[i, i + 0.5, -i, 0, 0, 0, 1] for i in range(6)]
    assert found["/pose"][1].tolist() == stamps
    assert store.episodes[0]["problems"]["/pose"] == {"backward": 1}
    assert found["/odom"][0].tolist() == [[i, i + 0.5, -i] for i in range(6)]
    assert store.schemas["/odom"]["names"] == [f"pose.pose.position.{axis}" for axis in "xyz"]
    assert store.schemas["/force"]["units"] == ["N"] * 3 + ["N m"] * 3
    assert store.schemas["/array"]["names"][-3:] == ["data[0]", "data[1]", "data[2]"]
    assert found["/array"][0][:, -3:].tolist() == [[i, i + 1, i + 2] for i in range(5)]
    assert found["/image"][0].dtype == np.uint8 and found["/image"][0][2].tolist() == [2, 3, 4, 5, 6, 7]
    problems = store.episodes[0]["problems"]
    assert problems["/joints/position"]["corrupt"] == 1 and problems["/array"]["corrupt"] == 1
    whole = data.convert(tmp_path / "bag", tmp_path / "whole")
    assert whole.rows("/odom") == 6 and len(whole.schemas["/odom"]["names"]) == 13  # without covariances
    assert any(note.startswith("/image: images and clouds") for note in whole.episodes[0]["notes"])


def test_a_bag_that_is_none(tmp_path):
    pytest.importorskip("rosbags")
    (tmp_path / "bags").mkdir()
    (tmp_path / "bags" / "a.bag").write_bytes(b"#ROSBAG V2.0\nnothing")
    store = data.convert(tmp_path / "bags", tmp_path / "store")
    assert len(store) == 0 and store.left_out[0].episode.endswith("a.bag")
