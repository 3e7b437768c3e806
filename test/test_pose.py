# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd


"""Pose arithmetic by hand."""

import math

from anyloc_ros.pose import Pose
import pytest


@pytest.mark.parametrize('yaw', [0.0, 1.0, -2.5, math.pi, -math.pi + 1e-9])
def test_yaw_comes_back(yaw):
    assert Pose.from_xy_yaw(1.0, 2.0, yaw).yaw == pytest.approx(yaw, abs=1e-7)


def test_a_quarter_turn_left_about_z():
    half = math.sqrt(0.5)
    assert Pose(0.0, 0.0, 0.0, 0.0, 0.0, half, half).yaw == pytest.approx(math.pi / 2)


def test_position_without_orientation():
    pose = Pose(3.0, 4.0, 12.0)
    assert not pose.has_orientation
    assert math.isnan(pose.yaw)
    assert pose.distance_to(Pose(0.0, 0.0, 0.0)) == 13.0
