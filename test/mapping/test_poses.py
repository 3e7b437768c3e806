# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Poses at the stamp of an image."""

import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.poses import interpolate, PoseBuffer
from anyloc_ros.pose import Pose
import pytest

S = 10**9


def buffer(*poses, **config):
    """Return a buffer with poses given as (seconds, Pose)."""
    made = PoseBuffer(TeachConfig(**config))
    for seconds, pose in poses:
        made.add(round(seconds * S), pose)
    return made


def at_x(x):
    return Pose.from_xy_yaw(x, 0.0, 0.0)


def test_no_pose_at_all():
    lookup = buffer().at(0)
    assert (lookup.pose, lookup.cause, lookup.reason) == (None, 'no pose', 'no pose yet')


def test_between_two_poses():
    poses = buffer(
        (1.0, Pose.from_xy_yaw(2.0, 4.0, 0.0, 1.0)), (1.1, Pose.from_xy_yaw(3.0, 2.0, 0.4, 2.0))
    )
    pose = poses.at(round(1.025 * S)).pose
    assert pose.position == pytest.approx((2.25, 3.5, 1.25))
    assert pose.yaw == pytest.approx(0.1)


def test_yaw_takes_the_short_way_over_pi():
    # From 179 to -179 degrees it is 2 degrees, not 358 through 0.
    start, end = (Pose.from_xy_yaw(0, 0, math.radians(a)) for a in (179, -179))
    assert math.degrees(interpolate(start, end, 0.25).yaw) == pytest.approx(179.5)
    assert math.degrees(interpolate(start, end, 0.75).yaw) == pytest.approx(-179.5)
    # The same orientation with the other sign of its quaternion.
    other = Pose(0, 0, 0, *(-value for value in end.quaternion))
    assert math.degrees(interpolate(start, other, 0.75).yaw) == pytest.approx(-179.5)


def test_a_large_turn_has_constant_speed():
    start, end = Pose.from_xy_yaw(0, 0, 0.0), Pose.from_xy_yaw(0, 0, 3.0)
    assert interpolate(start, end, 0.1).yaw == pytest.approx(0.3)
    assert math.hypot(*interpolate(start, end, 0.1).quaternion) == pytest.approx(1.0)


def test_a_pose_at_the_stamp_is_taken_whatever_is_around_it():
    poses = buffer((1.0, at_x(1)), (9.0, at_x(2)))
    assert poses.at(1 * S).pose == at_x(1)
    assert poses.at(9 * S).pose == at_x(2)


def test_nothing_is_extrapolated():
    poses = buffer((1.0, at_x(1)), (1.1, at_x(2)))
    before, after = poses.at(round(0.99 * S)), poses.at(round(1.11 * S))
    assert before.pose is None and before.reason == 'the first pose is 0.010 s later'
    assert after.pose is None and after.reason == 'the last pose is 0.010 s earlier'


def test_nothing_is_known_within_a_gap():
    poses = buffer((1.0, at_x(1)), (1.2, at_x(1)), (1.401, at_x(1)), pose_max_gap_s=0.2)
    assert poses.at(round(1.1 * S)).pose == at_x(1)
    lookup = poses.at(round(1.3 * S))
    assert (lookup.pose, lookup.cause) == (None, 'gap')
    assert lookup.reason == 'gap of 0.201 s between poses'


def test_nothing_is_known_within_a_jump():
    poses = buffer((1.0, at_x(0)), (1.1, at_x(2)), (1.2, at_x(2.5)), pose_max_speed_mps=10.0)
    lookup = poses.at(round(1.05 * S))
    assert (lookup.pose, lookup.cause) == (None, 'jump')
    assert lookup.reason == 'jump of 2.00 m in 0.100 s'
    assert poses.at(round(1.15 * S)).pose.x == pytest.approx(2.25)
    assert poses.jumps == 1


@pytest.mark.parametrize(
    'pose',
    [
        Pose(math.nan, 0.0),
        Pose(0.0, math.inf),
        Pose(0.0, 0.0, -math.inf),
        Pose(0, 0, 0, 0.0, 0.0, 0.0, 0.0),
        Pose(0, 0, 0, 0.0, 0.0, 0.0, 1.01),
        Pose(0, 0, 0, 0.0, 0.0, math.nan, 1.0),
        Pose(0, 0, 0, 0.0, 0.0, 1.0, math.nan),
        Pose(0, 0, 0, math.inf, 0.0, 0.0, 1.0),
    ],
)
def test_poses_that_cannot_be_are_rejected_and_counted(pose):
    poses = buffer((1.0, at_x(0)))
    assert not poses.add(2 * S, pose)
    assert poses.rejected == 1
    assert poses.newest_ns == 1 * S


def test_a_quaternion_of_almost_unit_length_becomes_one():
    poses = buffer((1.0, Pose(0, 0, 0, 0.0, 0.0, 0.0, 1.0005)))
    assert poses.at(1 * S).pose.quaternion == (0.0, 0.0, 0.0, 1.0)


def test_a_position_without_orientation_stays_without():
    poses = buffer((1.0, Pose(1.0, 0.0)), (1.1, Pose(2.0, 0.0)))
    pose = poses.at(round(1.05 * S)).pose
    assert pose.x == pytest.approx(1.5) and not pose.has_orientation


def test_order_and_repetition_of_stamps_do_not_matter():
    poses = buffer((1.2, at_x(4)), (1.0, at_x(0)), (1.1, at_x(3)), (1.1, at_x(9)))
    assert poses.at(round(1.05 * S)).pose.x == pytest.approx(1.5)
    assert poses.at(round(1.15 * S)).pose.x == pytest.approx(3.5)
    # From 1.2 s on it is the same way, whichever pose came first.
    way = poses.travelled_m(round(1.2 * S)) - poses.travelled_m(round(1.0 * S))
    assert way == pytest.approx(4.0)
    assert poses.rejected == 0


def test_the_time_offset_is_added_to_poses():
    poses = buffer((1.0, at_x(1)), pose_time_offset_s=-0.25)
    assert poses.at(round(0.75 * S)).pose == at_x(1)


def test_memory_is_bounded_by_age():
    poses = buffer(*((0.1 * i, at_x(0.1 * i)) for i in range(1000)))
    # 30 s and pose_max_gap_s before the newest.
    assert poses.at(0).reason == 'the first pose is 69.700 s later'
    # The way goes on although its beginning is forgotten.
    assert poses.travelled_m(round(99.9 * S)) == pytest.approx(99.9)


def test_the_memory_spans_the_longest_gap():
    poses = buffer((0.0, at_x(0)), (50.0, at_x(50)), pose_max_gap_s=60.0)
    assert poses.at(20 * S).pose.x == pytest.approx(20.0)


def test_a_highest_speed_in_place_of_the_parameter():
    for max_speed_mps, known in ((None, False), (math.inf, True), (1.0, False)):
        poses = PoseBuffer(TeachConfig(), max_speed_mps=max_speed_mps)
        poses.add(0, at_x(0))
        poses.add(S // 10, at_x(1e6))
        assert (poses.at(S // 20).pose is not None) is known
        assert poses.jumps == (not known)


def test_a_clock_set_back_and_a_stamp_from_the_future():
    poses = buffer(
        (1.0, at_x(0)), (1.1, at_x(1)), (5000.0, at_x(2)), (1.2, at_x(3)), (1.3, at_x(4))
    )
    assert poses.at(round(1.25 * S)).pose.x == pytest.approx(3.5)
    assert poses.newest_ns == round(1.3 * S)


def test_way_travelled():
    poses = buffer(
        (1.0, at_x(0)),
        (1.1, Pose(3.0, 4.0)),
        (1.2, Pose(503.0, 4.0)),
        (1.3, Pose(504.0, 4.0)),
        pose_max_speed_mps=100.0,
    )
    assert poses.travelled_m(round(0.9 * S)) is None
    assert poses.travelled_m(round(1.0 * S)) == 0.0
    assert poses.travelled_m(round(1.05 * S)) == pytest.approx(2.5)
    # The jump of 500 m was not driven.
    assert poses.travelled_m(round(1.15 * S)) == pytest.approx(5.0)
    assert poses.travelled_m(round(1.3 * S)) == pytest.approx(6.0)
    assert poses.travelled_m(round(9.0 * S)) == pytest.approx(6.0)


def test_clear_forgets_poses_and_keeps_counters():
    poses = buffer((1.0, at_x(0)), (1.1, at_x(1)))
    poses.add(2 * S, Pose(math.nan, 0.0))
    poses.clear()
    assert poses.at(1 * S).reason == 'no pose yet'
    assert poses.travelled_m(1 * S) is None
    assert poses.rejected == 1
