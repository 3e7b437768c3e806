# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The points of a cloud as values: from rclpy, from a bag, and from other machines."""

from __future__ import annotations

import math
import struct

from anyloc_ros.errors import SourceError
from anyloc_ros.localize.recognizer import Candidate
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
from anyloc_ros.ros.matches import Match, MATCH_POINT, points_of, read_matches
from anyloc_ros.ros.messages import matches_cloud
import pytest
from rclpy.serialization import serialize_message
from rosbags.typesys import get_typestore, Stores
from sensor_msgs.msg import PointField

FIELDS = (
    ('x', 'FLOAT32'),
    ('y', 'FLOAT32'),
    ('z', 'FLOAT32'),
    ('yaw', 'FLOAT32'),
    ('reference_id', 'UINT32'),
    ('index', 'UINT32'),
    ('route', 'UINT32'),
    ('similarity', 'FLOAT32'),
    ('probability', 'FLOAT32'),
    ('inliers', 'INT32'),
    ('shift_px', 'FLOAT32'),
    ('heading_rad', 'FLOAT32'),
    ('heading_sigma', 'FLOAT32'),
    ('accepted', 'UINT8'),
)
STAMP_NS = 1_700_000_000_123_456_789


@pytest.fixture
def cloud(recognition):
    """Return a message with a match and a candidate without a pose."""
    references = (
        Keyframe(7, 1, 5, 0, Pose.from_xy_yaw(1.5, -2.0, 0.5, z=0.25), None, (4, 4)),
        Keyframe(4_000_000_000, 0, 3, 0, None, None, (4, 4)),
    )
    checked = {'inliers': 40, 'shift_px': -12.5, 'heading_rad': 0.125, 'heading_sigma': 0.0625}
    candidates = (
        Candidate(references[0], 0.75, 0.9375, **checked),
        Candidate(references[1], 0.5),
    )
    answer = recognition(candidates=candidates, accepted=True)
    return matches_cloud(answer, STAMP_NS, 'map')


def test_the_fields_are_those_of_the_interface(cloud):
    assert [(f.name, f.datatype, f.count) for f in cloud.fields] == [
        (name, getattr(PointField, kind), 1) for name, kind in FIELDS
    ]
    assert (cloud.header.stamp.sec, cloud.header.stamp.nanosec) == (1_700_000_000, 123_456_789)
    assert (cloud.width, cloud.height, cloud.row_step) == (2, 1, len(cloud.data))
    assert cloud.point_step == MATCH_POINT.itemsize == 56
    assert not cloud.is_dense
    # As a C++ struct reads it.
    first = struct.unpack_from('<4f3I2fi3fB', bytes(cloud.data))
    assert first[:3] == (1.5, -2.0, 0.25) and first[4:8] == (7, 5, 1, 0.75)
    assert first[8:] == (0.9375, 40, -12.5, 0.125, 0.0625, 1)


def check(matches):
    """Compare the values with what was put in."""
    match, other = matches
    assert (match.x, match.y, match.z) == (1.5, -2.0, 0.25)
    assert match.yaw == pytest.approx(0.5)
    assert (match.reference_id, match.index, match.route) == (7, 5, 1)
    assert (match.similarity, match.probability, match.accepted) == (0.75, 0.9375, True)
    assert (match.inliers, match.shift_px) == (40, -12.5)
    assert (match.heading_rad, match.heading_sigma) == (0.125, 0.0625)
    unknown = (other.probability, other.shift_px, other.heading_rad, other.heading_sigma)
    assert all(map(math.isnan, unknown)) and other.inliers == -1
    assert all(map(math.isnan, (other.x, other.y, other.z, other.yaw)))
    assert (other.reference_id, other.accepted) == (4_000_000_000, False)


def test_read_from_rclpy_and_from_a_bag(cloud):
    check(read_matches(cloud))
    store = get_typestore(Stores.ROS2_JAZZY)
    raw = serialize_message(cloud)
    check(read_matches(store.deserialize_cdr(raw, 'sensor_msgs/msg/PointCloud2')))


def test_another_byte_order_and_further_fields(cloud):
    values = points_of(cloud)
    swapped = values.astype(values.dtype.newbyteorder('>'))
    cloud.is_bigendian = True
    cloud.data = swapped.tobytes()
    check(read_matches(cloud))


def test_an_answer_without_candidates_has_no_point_but_all_fields():
    empty = matches_cloud(None, 0, 'map')
    assert read_matches(empty) == []
    assert len(empty.fields) == len(FIELDS)


def test_what_is_no_such_message_is_refused(cloud):
    cloud.fields = cloud.fields[:-1]
    with pytest.raises(SourceError, match='accepted are missing'):
        read_matches(cloud)
    cloud.data = cloud.data[:-1]
    with pytest.raises(SourceError, match='expected 112 bytes, got 111'):
        read_matches(cloud)


def test_a_match_is_a_value():
    names = tuple(Match.__dataclass_fields__)
    assert names == tuple(name for name, _ in FIELDS)
