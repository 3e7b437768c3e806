# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Odometry at the stamp of an image: between poses, a little after the last, never over a jump."""

from __future__ import annotations

from anyloc_ros.config import TeachConfig
from anyloc_ros.localize.odometer import Odometer
from anyloc_ros.pose import GeoPoint, Pose
import pytest

SECOND = 10**9


def driven(*xs_m, config=None, frame_id='odom'):
    """Return an odometer with a pose at x every tenth of a second, from second 1 on."""
    odometer = Odometer(config or TeachConfig())
    for step, x in enumerate(xs_m):
        odometer.add(SECOND + step * SECOND // 10, Pose.from_xy_yaw(x, 0.0, 0.0), frame_id)
    return odometer


def at(seconds):
    """Return a stamp."""
    return round(seconds * SECOND)


def test_nothing_is_known_of_no_pose():
    odometer = driven()
    assert odometer.at(at(1.0)) is None
    assert odometer.way_m(at(1.0), at(2.0)) is None
    assert odometer.newest_ns is None


def test_between_poses_it_is_interpolated():
    assert driven(0.0, 1.0).at(at(1.05)).x == pytest.approx(0.5)


@pytest.mark.parametrize(('seconds', 'x'), [(1.101, 1.0), (1.3, 1.0), (1.301, None), (0.9, None)])
def test_after_the_newest_it_is_the_newest_for_a_while(seconds, x):
    # pose_max_gap_s is 0.2
    pose = driven(0.0, 1.0).at(at(seconds))
    assert (pose and pose.x) == x


def test_a_jump_is_no_motion_to_the_image_after_it():
    # 50 m/s are 5 m in a tenth of a second.
    odometer = driven(0.0, 0.1, 9.0, 9.1, 9.2)
    assert odometer.at(at(1.1), at(1.0)).x == 0.1
    assert odometer.at(at(1.2), at(1.1)) is None
    assert odometer.at(at(1.3), at(1.1)) is None
    assert odometer.at(at(1.3), at(1.25)).x == 9.1
    assert odometer.at(at(1.3)).x == 9.1
    # An image within the jump knows neither the way to it nor the way from it.
    assert odometer.at(at(1.15)) is None
    # The way leaves the jump out.
    assert odometer.way_m(at(1.0), at(1.4)) == pytest.approx(0.3)


def test_a_jump_that_came_in_before_the_image_it_follows_is_seen():
    odometer = driven(0.0, 0.1, 9.0)
    assert odometer.at(at(1.05)).x == pytest.approx(0.05)
    assert odometer.at(at(1.2), at(1.05)) is None


def test_poses_that_are_forgotten_tell_nothing_of_the_way():
    odometer = driven(0.0, 0.1)
    odometer.add(at(40.0), Pose(50.0, 0.0), 'odom')
    assert odometer.at(at(40.0)).x == 50.0
    assert odometer.at(at(40.0), at(1.0)) is None


def test_another_frame_begins_anew():
    odometer = driven(0.0, 0.1)
    odometer.add(at(1.2), Pose(0.2, 0.0), 'map')
    assert odometer.frame_id == 'map'
    assert odometer.at(at(1.1)) is None
    assert odometer.at(at(1.2), at(1.1)) is None


def test_what_cannot_be_used_is_left_out():
    odometer = driven(0.0, float('nan'), 0.2)
    assert odometer.at(at(1.1)).x == pytest.approx(0.1)
    odometer.add(at(1.3), GeoPoint(91.0, 0.0), 'odom')
    assert odometer.newest_ns == at(1.2)


def test_a_receiver_gives_metres_about_its_first_point():
    odometer = Odometer(TeachConfig())
    # A thousandth of a degree of latitude is 110.574 m at the equator.
    odometer.add(at(1.0), GeoPoint(0.0, 10.0), 'gps')
    odometer.add(at(31.0), GeoPoint(0.001, 10.0), 'gps')
    assert odometer.at(at(31.0)).y == pytest.approx(110.574, abs=1e-2)


def test_cleared_it_knows_nothing():
    odometer = driven(0.0, 0.1)
    odometer.clear()
    assert odometer.at(at(1.1)) is None
