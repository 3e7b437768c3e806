# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Faults of odometry and clocks, and robots that are where nobody expects them."""

from __future__ import annotations

from dataclasses import replace
import math
import time

from anyloc_ros.pose import Pose
from case import case
import numpy as np
import panorama
from rig import Rig

SIM_TIME = {'use_sim_time': True}
SECOND_NS = 10**9


# The robot.


@case('the robot is carried 15 m ahead', 'LOCALIZED', quick=True)
def robot_is_kidnapped(rig: Rig) -> None:
    rig.robot.way_m += 15.0
    _until_near(rig, rig.robot.way_m)


@case('the robot is carried 15 m ahead under a cloth', 'LOCALIZED')
def robot_is_kidnapped_unseen(rig: Rig) -> None:
    rig.robot.view = lambda way_m: np.zeros((120, 160, 3), np.uint8)
    rig.ends('LOST', '')
    rig.robot.way_m += 15.0
    rig.robot.view = panorama.view
    _until_near(rig, rig.robot.way_m)


@case('the robot drives where it was never taught', 'LOST', quick=True)
def robot_leaves_the_route(rig: Rig) -> None:
    rig.robot.way_m = panorama.ELSEWHERE_M


@case('the robot drives 3 m off the route and comes back', 'LOCALIZED')
def robot_leaves_the_route_and_returns(rig: Rig) -> None:
    way_m, rig.robot.way_m = rig.robot.way_m, panorama.ELSEWHERE_M
    rig.ends('LOST', '')
    rig.robot.way_m = way_m
    _until_near(rig, way_m)


@case('the robot begins where it was never taught', 'SEARCHING', '.', localized=False)
def robot_begins_off_the_route(rig: Rig) -> None:
    rig.robot.way_m = panorama.ELSEWHERE_M
    before = len(rig.robot.answers)
    assert rig.robot.drive_until(lambda: len(rig.robot.answers) >= before + 40, 30.0)


@case('the robot drives backwards', 'LOCALIZED')
def robot_drives_backwards(rig: Rig) -> None:
    rig.robot.drive(4.0)
    rig.robot.speed_mps = -0.5
    rig.robot.drive(4.0)


# Odometry.


@case('odometry jumps by 100 m', 'LOCALIZED')
def odometry_jumps(rig: Rig) -> None:
    rig.robot.odometry = lambda pose: replace(pose, x=pose.x + 100.0)
    rig.robot.drive(1.0)


@case('odometry jumps to and fro at every image', 'LOCALIZED')
def odometry_jumps_all_the_time(rig: Rig) -> None:
    rig.robot.odometry = lambda pose: replace(pose, x=pose.x + 50.0 * (rig.robot.frames % 2))
    rig.robot.drive(2.0)


@case('odometry ends', 'LOCALIZED')
def odometry_dies(rig: Rig) -> None:
    rig.robot.odometry = lambda pose: None
    rig.robot.drive(2.0)


@case('odometry is NaN', 'LOCALIZED')
def odometry_is_nan(rig: Rig) -> None:
    rig.robot.odometry = lambda pose: Pose(math.nan, math.inf, 0.0, 0.0, 0.0, 0.0, 1.0)
    rig.robot.drive(2.0)


@case('odometry has quaternions of length 0', 'LOCALIZED')
def odometry_has_no_orientation(rig: Rig) -> None:
    rig.robot.odometry = lambda pose: Pose(pose.x, pose.y, 0.0, 0.0, 0.0, 0.0, 0.0)
    rig.robot.drive(2.0)


@case('odometry stays where it is while the robot drives on: blocked wheels', 'LOCALIZED')
def odometry_stands_still(rig: Rig) -> None:
    there = panorama.pose(rig.robot.way_m)
    rig.robot.odometry = lambda pose: there
    rig.robot.drive(3.0)


@case('odometry says three times the way: spinning wheels', 'LOCALIZED')
def odometry_is_too_fast(rig: Rig) -> None:
    rig.robot.odometry = lambda pose: Pose.from_xy_yaw(3 * pose.x, pose.y, 0.0)
    rig.robot.drive(3.0)


# Clocks.


@case(
    '`use_sim_time` is true and nobody publishes /clock',
    'STALE',
    'no /clock arrives',
    parameters=SIM_TIME,
    localized=False,
)
def no_clock(rig: Rig) -> None:
    rig.restart()
    rig.robot.clock_runs = False


@case(
    'the clock jumps back by 100 s, as a recording that begins anew',
    'LOCALIZED',
    parameters=SIM_TIME,
)
def clock_jumps_back(rig: Rig) -> None:
    rig.robot.clock_offset_ns -= 100 * SECOND_NS
    rig.robot.way_m = 5.0
    rig.robot.tick()
    rig.ends('LOCALIZED', '')
    assert 'set back' in rig.tail()


@case('the clock jumps ahead by 1000 s, images with it', 'LOCALIZED', parameters=SIM_TIME)
def clock_jumps_ahead(rig: Rig) -> None:
    rig.robot.clock_offset_ns += 1000 * SECOND_NS
    rig.robot.drive(1.0)


@case('the clock jumps ahead by 1000 s, stamps do not', 'STALE', 'stamps', parameters=SIM_TIME)
def clock_leaves_the_stamps_behind(rig: Rig) -> None:
    rig.robot.clock_offset_ns += 1000 * SECOND_NS
    rig.robot.stamp_ns = lambda now_ns: now_ns - 1000 * SECOND_NS


@case('the clock stands still, images go on', 'STALE', 'stamps', parameters=SIM_TIME)
def clock_stops(rig: Rig) -> None:
    rig.robot.clock_runs = False


@case('the clock and the camera stand still: a paused recording', 'LOCALIZED', parameters=SIM_TIME)
def recording_is_paused(rig: Rig) -> None:
    rig.robot.clock_runs = False
    rig.robot.lose_camera()
    rig.robot.drive(4.0)


def _until_near(rig: Rig, way_m: float) -> None:
    """Drive until an accepted match lies where the robot is: it may believe in the old place."""
    end_s = time.monotonic() + 20.0

    def there() -> bool:
        best = rig.robot.matches[:1]
        return bool(best) and best[0].accepted and abs(best[0].x - rig.robot.way_m) < 2.0

    assert rig.robot.drive_until(there, end_s - time.monotonic()), rig.remote.status
    assert rig.robot.way_m - way_m <= 5.0
