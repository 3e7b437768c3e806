# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The robot against circles and exponentials, the floor against the plan, by hand."""

import math

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop.floor import Floor
from anyloc_ros.simulate.closed_loop.robot import Robot, RobotConfig
import pytest

AT_ONCE = RobotConfig(
    acceleration_mps2=50.0, acceleration_rps2=200.0, lag_s=0.0, max_mps=2.0, max_rps=2.0
)


def test_a_circle_closes():
    robot = Robot(Pose.from_xy_yaw(1.0, 2.0, math.pi / 2), AT_ONCE)
    # Radius 0.5 / 0.25 = 2 m, to the left of north: its centre lies west, at (-1, 2).
    quarter = math.pi / 2 / 0.25
    for _ in range(10):
        way_m, turn_rad = robot.step(0.5, 0.25, quarter / 10)
        assert (way_m, turn_rad) == pytest.approx((0.5 * quarter / 10, math.pi / 20))
    assert (robot.x, robot.y, robot.yaw) == pytest.approx((-1.0, 4.0, math.pi))
    robot.step(0.5, 0.25, 3 * quarter)
    assert (robot.x, robot.y) == pytest.approx((1.0, 2.0))


def test_straight_on():
    robot = Robot(Pose.from_xy_yaw(0.0, 0.0, math.radians(30)), AT_ONCE)
    robot.step(2.0, 0.0, 0.5)
    assert (robot.x, robot.y) == pytest.approx((math.cos(math.radians(30)), 0.5))


def test_it_follows_with_a_lag():
    robot = Robot(Pose.from_xy_yaw(0.0, 0.0, 0.0), RobotConfig(lag_s=0.5, acceleration_mps2=50.0))
    for _ in range(20):
        robot.step(1.0, -1.0, 0.05)
    # One second is two time constants.
    assert robot.forward_mps == pytest.approx(1 - math.exp(-2))
    assert robot.turn_rps == pytest.approx(math.exp(-2) - 1)


def test_limits_hold():
    robot = Robot(
        Pose.from_xy_yaw(0.0, 0.0, 0.0),
        RobotConfig(lag_s=0.0, acceleration_mps2=0.8, max_mps=1.0, max_rps=0.5),
    )
    robot.step(9.0, 9.0, 0.1)
    assert robot.forward_mps == pytest.approx(0.08)
    for _ in range(20):
        robot.step(9.0, 9.0, 0.1)
    assert (robot.forward_mps, robot.turn_rps) == (1.0, 0.5)
    robot.step(-9.0, 0.0, 0.1)
    assert robot.forward_mps == pytest.approx(0.92)


@pytest.mark.parametrize(
    ('x', 'y', 'room_m'),
    [
        (10.0, 1.2, 1.2),  # the middle of a corridor of 2.4 m
        (10.0, 0.3, 0.3),
        (4.2, -0.15, 1.0),  # in a doorway that reaches from 3.2 to 5.2
        (26.0, 3.5, 0.4),  # beside the pillar that ends at 25.6
        (25.8, 4.0, math.hypot(0.2, 0.2)),  # off its corner
    ],
)
def test_room_is_the_distance_to_the_nearest_wall(x, y, room_m):
    assert Floor().room_m(x, y) == pytest.approx(room_m)
