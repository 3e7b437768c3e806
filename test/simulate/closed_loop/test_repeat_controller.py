# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The controller by hand: to which side it steers, what a match corrects, when it stops."""

import ast
import inspect
import math

from anyloc_ros.config import MonitorConfig
from anyloc_ros.errors import MapError
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.closed_loop import controller as controller_module
from anyloc_ros.simulate.closed_loop import path, permit
from anyloc_ros.simulate.closed_loop.controller import (
    ControllerConfig,
    Heard,
    RepeatController,
)
from anyloc_ros.simulate.closed_loop.path import BelievedPath
from anyloc_ros.simulate.closed_loop.permit import DRIVE, SLOW, STOP
import pytest

FOCAL_PX = 200.0
SPEED = 0.5
CONFIG = ControllerConfig(along_gain=0.25, left_gain=0.5, turn_gain=0.5, depth_m=2.0)


def reference(number, x, y, yaw, way_m):
    pose = Pose.from_xy_yaw(x, y, yaw)
    return Keyframe(100 + number, 0, number, number, pose, way_m, (240, 320))


STRAIGHT = [reference(n, 0.5 * n, 0.0, 0.0, 0.5 * n) for n in range(21)]
"""10 m along x."""


def arc():
    """Return references each 0.1 rad around a circle to the left of radius 2 m."""
    angles = [0.1 * n for n in range(16)]
    return [
        reference(n, 2 * math.sin(a), 2 - 2 * math.cos(a), a, 2 * a) for n, a in enumerate(angles)
    ]


def controller(references=STRAIGHT, config=CONFIG, **limits):
    return RepeatController(
        BelievedPath(references), SPEED, FOCAL_PX, config, MonitorConfig(**limits), max_age_s=1.0
    )


def seen(stamp_s, number, *, heading_rad=0.0, shift_rad=None, sigma=0.01):
    """Return a match with a reference, turned so far, with a shift that the turn explains."""
    shift_rad = heading_rad if shift_rad is None else shift_rad
    shift_px = FOCAL_PX * math.tan(shift_rad)
    return Heard(stamp_s, 100 + number, shift_px, heading_rad, sigma)


def test_it_stands_until_the_first_match():
    robot = controller()
    assert robot.command(0.0).forward_mps == 0
    robot.on_answer(Heard(0.1, None))
    assert (robot.command(0.1).permit, robot.command(0.1).forward_mps) == (STOP, 0.0)
    robot.on_answer(seen(0.2, 4))
    found = robot.command(0.2)
    assert (found.permit, found.forward_mps, found.turn_rps) == (DRIVE, SPEED, 0.0)
    assert robot.state == (2.0, 0.0, 0.0)


@pytest.mark.parametrize('side', [1, -1])
def test_beside_the_path_it_turns_back(side):
    robot = controller()
    # It looks along the path, and things at 2 m are seen as from 0.2 m to that side.
    robot.on_answer(seen(0.0, 4, heading_rad=0.0, shift_rad=side * 0.1))
    assert robot.state == pytest.approx((2.0, side * 0.2, 0.0))
    found = robot.command(0.0)
    assert math.copysign(1, found.turn_rps) == math.copysign(1, found.correction_rad) == -side


@pytest.mark.parametrize('side', [1, -1])
def test_turned_away_it_turns_back(side):
    robot = controller()
    robot.on_answer(seen(0.0, 4, heading_rad=side * 0.1))
    assert robot.state == pytest.approx((2.0, 0.0, side * 0.1))
    found = robot.command(0.0)
    assert math.copysign(1, found.turn_rps) == -side
    assert found.correction_rad == 0  # on the path: nothing to go back to


def test_a_match_ahead_corrects_the_way_by_its_share():
    robot = controller()
    robot.on_answer(seen(0.0, 4))
    robot.on_odometry(1.0, 0.5, 0.0)
    assert robot.state == pytest.approx((2.5, 0.0, 0.0))
    robot.on_answer(seen(1.0, 6))  # at 3.0, where 2.5 was expected
    assert robot.state == pytest.approx((2.625, 0.0, 0.0))
    robot.on_answer(seen(1.0, 5))  # at 2.5
    assert robot.state == pytest.approx((2.59375, 0.0, 0.0))


def test_a_late_answer_is_about_the_time_of_its_image():
    robot = controller()
    robot.on_answer(seen(0.0, 4))
    for step in range(1, 11):
        robot.on_odometry(0.1 * step, 0.05, 0.0)
    # At 0.4 s it was at 2.2 m. The reference at 2.5 m was seen then: 0.3 m are missing.
    robot.on_answer(seen(0.4, 5, heading_rad=0.04))
    assert robot.state == pytest.approx((2.5 + 0.25 * 0.3, 0.0, 0.02))
    # So was this one: the state at that time has been corrected too.
    robot.on_answer(seen(0.4, 5, heading_rad=0.04))
    assert robot.state == pytest.approx((2.575 + 0.25 * 0.225, 0.0, 0.03))


def test_a_heading_that_is_not_sure_corrects_the_way_only():
    robot = controller()
    robot.on_answer(seen(0.0, 4, heading_rad=0.1, shift_rad=0.3, sigma=0.2))
    assert robot.state == (2.0, 0.0, 0.0)
    robot.on_answer(Heard(0.0, 106))  # NaN, as without the check of geometry
    assert robot.state == (2.25, 0.0, 0.0)
    robot.on_answer(Heard(0.0, 106, math.nan, 0.1, 0.01))
    assert robot.state == pytest.approx((2.4375, 0.0, 0.0))


def test_odometry_carries_it_beside_the_path():
    robot = controller()
    robot.on_answer(seen(0.0, 0))
    robot.on_odometry(1.0, 0.0, 0.5)
    robot.on_odometry(2.0, 1.0, 0.0)
    assert robot.state == pytest.approx((math.cos(0.5), math.sin(0.5), 0.5))


def test_it_follows_a_bend():
    robot = controller(arc())
    robot.on_answer(seen(0.0, 5))
    found = robot.command(0.0)
    # 0.5 m/s around 2 m.
    assert found.turn_rps == pytest.approx(0.25)
    for step in range(10):
        robot.on_odometry(step + 1.0, 0.1, 0.05)
    assert robot.state == pytest.approx((2.0, 0.0, 0.0), abs=1e-9)
    # The reference before looks 0.1 rad further right: so it has to be seen turned left.
    robot.on_answer(seen(10.0, 9, heading_rad=0.1))
    assert robot.state[1:] == pytest.approx((0.0, 0.0), abs=1e-9)


def test_inside_of_a_bend_the_way_along_the_path_is_longer():
    robot = controller(arc())
    robot.on_answer(seen(0.0, 2, heading_rad=0.0, shift_rad=0.25))  # 0.5 m left of it
    left_m = robot.state[1]
    assert left_m == pytest.approx(0.5)
    robot.on_odometry(1.0, 0.03, 0.02)
    # 0.03 m on a radius of 1.5 m are 0.02 rad, which are 0.04 m on that of 2 m.
    assert robot.state == pytest.approx((0.4 + 0.04, 0.5, 0.0), abs=1e-3)


def test_it_stops_where_the_goal_is_seen():
    robot = controller()
    robot.on_answer(seen(0.0, 18))
    robot.on_odometry(1.0, 0.96, 0.0)
    robot.on_answer(seen(1.0, 18))  # takes it back to 9.72, still short
    assert not robot.shows_goal(seen(1.0, 19)) and robot.shows_goal(seen(1.0, 20))
    robot.on_answer(seen(1.0, 20))
    assert robot.command(1.0).forward_mps > 0 and not robot.arrived
    robot.on_odometry(1.1, 0.2, 0.0)
    assert robot.state[0] > 9.95
    found = robot.command(1.1)
    assert (found.forward_mps, robot.arrived, found.reason) == (0.0, True, 'arrived')
    robot.on_answer(Heard(1.2, None))
    assert robot.command(1.2).forward_mps == 0


def test_it_slows_down_before_the_goal_and_gives_up_behind_it():
    robot = controller()
    robot.on_answer(seen(0.0, 19))
    assert robot.command(0.0).forward_mps == pytest.approx(SPEED)
    robot.on_odometry(0.1, 0.4, 0.0)
    # v^2 = 2 a s: 0.4 m/s^2 over 0.1 m.
    assert robot.command(0.1).forward_mps == pytest.approx(math.sqrt(2 * 0.4 * 0.1))
    robot.on_odometry(0.2, 0.3, 0.0)
    assert robot.command(0.2).forward_mps == pytest.approx(0.1)  # on it creeps, it may be near
    robot.on_odometry(0.3, 0.35, 0.0)
    assert robot.command(0.3).forward_mps == 0
    assert robot.gave_up == 'the goal was not seen where it should be'
    assert not robot.arrived


def test_a_place_that_jumps_stops_it_and_corrects_nothing():
    robot = controller()
    robot.on_answer(seen(0.0, 2))
    robot.on_answer(seen(0.2, 10))
    assert robot.state == (1.0, 0.0, 0.0)
    found = robot.command(0.2)
    assert (found.permit, found.forward_mps) == (STOP, 0.0)
    assert 'jumped by 4.0 m' in found.reason
    for number in range(3):
        assert robot.command(0.4).permit == STOP
        robot.on_answer(seen(0.4 + 0.2 * number, 2))
    assert robot.command(0.8).permit == DRIVE


def test_matches_that_hold_it_back_for_ever_stop_it():
    robot = controller()
    robot.on_answer(seen(0.0, 4))
    for number in range(1, 100):
        robot.on_odometry(float(number), 0.15, 0.0)
        robot.on_answer(seen(float(number), 4))
        if robot.command(float(number)).permit == STOP:
            break
    # It takes back 0.15 m each time; odometry may be 10 % wrong, and 3 m are a jump.
    assert 20 < number < 30


def test_without_matches_it_is_slow_and_then_stops():
    robot = controller(lost_after_frames=8)
    robot.on_answer(seen(0.0, 2))
    said = []
    for number in range(1, 9):
        robot.on_answer(Heard(0.1 * number, None))
        said.append(robot.command(0.1 * number))
    assert [each.permit for each in said] == [DRIVE] + [SLOW] * 6 + [STOP]
    assert said[1].forward_mps == pytest.approx(0.3 * SPEED)
    assert said[-1].forward_mps == 0


@pytest.mark.parametrize(
    ('limits', 'way_m', 'seconds'),
    [({'lost_after_m': 2.0}, 2.0, 0.5), ({'lost_after_s': 0.5}, 0.0, 0.5)],
)
def test_way_and_time_without_a_match_stop_it_too(limits, way_m, seconds):
    robot = controller(**limits)
    robot.on_answer(seen(0.0, 2))
    robot.on_odometry(seconds, way_m, 0.0)
    robot.on_answer(Heard(seconds, None))
    assert robot.command(seconds).permit == STOP


def test_silence_stops_it_and_in_the_end_it_gives_up():
    robot = controller()
    robot.on_answer(seen(0.0, 2))
    assert robot.command(1.0).permit == DRIVE
    assert robot.command(1.1).permit == STOP
    assert robot.command(11.0).permit == STOP and not robot.gave_up
    robot.command(11.2)
    assert robot.gave_up == 'stood for 10 s: the newest answer is 11.2 s old'


def test_it_knows_nothing_of_the_truth():
    known = {'config', 'parameter', 'errors', 'pose', 'localize', 'mapping'}
    allowed = {'permit', 'path'}
    for module in (controller_module, permit, path):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith('anyloc_ros.'):
                parts = node.module.split('.')[1:]
                assert parts[0] in known or (
                    parts[:2] == ['simulate', 'closed_loop'] and parts[2] in allowed
                ), node.module


def test_a_path_needs_poses_and_one_route():
    for bad in ([STRAIGHT[0]], [*STRAIGHT[:2], Keyframe(9, 0, 2, 2, None, 1.0, (1, 1))]):
        with pytest.raises(MapError, match='a route of 2 references or more'):
            BelievedPath(bad)


def test_a_pose_beside_the_path():
    line = BelievedPath(arc())
    # A quarter of the circle less 0.07 rad on: at 1.5 rad it looks nearly along y.
    found = line.pose_at(3.0, 0.5, 0.1)
    assert (found.x, found.y) == pytest.approx((1.5 * math.sin(1.5), 2 - 1.5 * math.cos(1.5)))
    assert found.yaw == pytest.approx(1.6)
    assert BelievedPath(STRAIGHT).pose_at(12.0, -1.0).position == pytest.approx((12.0, -1.0, 0.0))
    assert BelievedPath(STRAIGHT).pose_at(-2.0).position == pytest.approx((-2.0, 0.0, 0.0))
