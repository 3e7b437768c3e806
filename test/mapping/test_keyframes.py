# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Which images become references."""

import math

from anyloc_ros.config import TeachConfig
from anyloc_ros.mapping.keyframes import angle_between, KeyframePolicy
from anyloc_ros.pose import Pose
import pytest

S = 10**9


def policy(every_image=False, **config):
    """Return a policy whose last reference is at the origin, at 0 s."""
    made = KeyframePolicy(
        TeachConfig(keyframe_distance_m=0.5, keyframe_angle_deg=15.0, **config),
        every_image=every_image,
    )
    made.took(0, Pose.from_xy_yaw(0.0, 0.0, 0.0))
    return made


def yawed(degrees, x=0.0):
    return Pose.from_xy_yaw(x, 0.0, math.radians(degrees))


@pytest.mark.parametrize('pose', [None, Pose(0.0, 0.0)])
def test_the_first_image_of_a_route_always_counts(pose):
    fresh = KeyframePolicy(TeachConfig())
    assert fresh.reason(0, pose) == 'first'
    fresh.took(0, pose)
    assert fresh.reason(1, pose) == ''
    fresh.begin_route()
    assert fresh.reason(2, pose) == 'first'


@pytest.mark.parametrize(
    ('pose', 'reason'),
    [
        (yawed(0, x=0.49), ''),
        (yawed(0, x=0.5), 'distance'),
        (Pose(0.3, 0.0, 0.4, 0.0, 0.0, 0.0, 1.0), 'distance'),
        (yawed(14.9), ''),
        (yawed(15.0), 'angle'),
        (yawed(-15.0), 'angle'),
        (yawed(359.0), ''),
        (Pose(0.1, 0.0), ''),
        (Pose(0.6, 0.0), 'distance'),
    ],
)
def test_way_or_turn_decide_where_there_are_poses(pose, reason):
    # Time does not, however much of it passed.
    assert policy(keyframe_period_s=1.0).reason(3600 * S, pose) == reason


def test_ten_steps_of_a_tenth_of_the_distance_are_the_distance():
    x = 0.0
    for _ in range(10):
        x += 0.05
    assert x < 0.5
    assert policy().reason(S, yawed(0, x=x)) == 'distance'


def test_time_decides_where_a_pose_is_missing():
    made = policy(keyframe_period_s=2.0)
    assert made.reason(2 * S - 1, None) == ''
    assert made.reason(2 * S, None) == 'time'
    made.took(2 * S, None)
    # The last reference has no pose: no way is known to this one.
    assert made.reason(3 * S, Pose(100.0, 0.0)) == ''
    assert made.reason(4 * S, Pose(2.0, 0.0)) == 'time'


def test_a_clock_set_back_does_not_end_the_route():
    made = policy()
    made.took(1000 * S, None)
    assert made.reason(0, None) == 'time'


def test_forced_and_every_image():
    assert policy().reason(1, yawed(0), forced=True) == 'forced'
    assert policy(every_image=True).reason(1, yawed(0)) == 'every image'


def test_a_small_angle_is_exact():
    # 1e-7 rad is below what an arc cosine of the scalar product can tell.
    a, b = Pose.from_xy_yaw(0, 0, 1.0), Pose.from_xy_yaw(0, 0, 1.0 + 1e-7)
    assert angle_between(a, b) == pytest.approx(1e-7, rel=1e-6)
    flipped = Pose(0, 0, 0, *(-value for value in b.quaternion))
    assert angle_between(a, flipped) == pytest.approx(1e-7, rel=1e-6)
    assert angle_between(a, Pose.from_xy_yaw(0, 0, 1.0 + math.pi)) == pytest.approx(math.pi)
    assert math.isnan(angle_between(a, Pose(0, 0)))
