# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A path whose poses can be told by hand."""

import math

from anyloc_ros.simulate.route import Route
import numpy as np
import pytest

# A square of 10 m, driven to the left from the middle of its lower side, corners of 1 m radius.
SQUARE = Route([(5, 0), (10, 0), (10, 10), (0, 10), (0, 0)], 1.0)
ARC = math.pi / 2


def of(pose):
    return pose.x, pose.y, pose.yaw


@pytest.mark.parametrize(
    ('s', 'expected'),
    [
        (0.0, (5, 0, 0)),
        (4.0, (9, 0, 0)),
        (4.0 + ARC / 2, (9 + math.sqrt(0.5), 1 - math.sqrt(0.5), math.pi / 4)),
        (4.0 + ARC, (10, 1, math.pi / 2)),
        (4.0 + ARC + 8.0, (10, 9, math.pi / 2)),
        (-1.0, (4, 0, 0)),
        (4 * 8 + 4 * ARC + 2.0, (7, 0, 0)),
    ],
)
def test_poses_of_a_square(s, expected):
    np.testing.assert_allclose(of(SQUARE.pose_at(s)), expected, atol=1e-9)


def test_length_of_a_square():
    assert SQUARE.length_m == pytest.approx(4 * 8 + 2 * math.pi)


def test_left_of_the_path():
    np.testing.assert_allclose(of(SQUARE.pose_at(1.0, 0.3)), (6, 0.3, 0), atol=1e-12)
    inner = SQUARE.pose_at(4.0 + ARC / 2, 0.5)  # half a metre nearer to the centre (9, 1)
    assert math.dist((inner.x, inner.y), (9, 1)) == pytest.approx(0.5)


def test_turning_right():
    path = Route([(5, 0), (0, 0), (0, 10), (10, 10), (10, 0)], 2.0)
    assert path.length_m == pytest.approx(4 * 6 + 4 * math.pi)
    assert of(path.pose_at(3.0 + math.pi)) == pytest.approx((0, 2, math.pi / 2))


def test_the_route_of_the_building_is_smooth_and_long_enough(world):
    route = world.route
    assert route.length_m > 60
    s = np.arange(0, route.length_m, 0.05)
    poses = np.array([of(route.pose_at(value)) for value in s])
    ways = np.linalg.norm(np.diff(poses[:, :2], axis=0), axis=1)
    turns = (np.diff(poses[:, 2]) + np.pi) % (2 * np.pi) - np.pi
    assert ways.min() > 0.0499
    assert ways.max() < 0.05 + 1e-9
    assert np.abs(turns).max() < 0.05 / 1.2 + 1e-9
    assert of(route.pose_at(route.length_m)) == pytest.approx(of(route.pose_at(0.0)))


@pytest.mark.parametrize(
    ('corners', 'radius', 'message'),
    [
        ([(5, 0), (10, 0), (10, 10), (0, 10), (0, 0)], 6.0, 'smaller radius'),
        ([(0, 0), (10, 0), (10, 10), (0, 10)], 1.0, 'begin on a straight'),
    ],
)
def test_bad_corners(corners, radius, message):
    with pytest.raises(ValueError, match=message):
        Route(corners, radius)
