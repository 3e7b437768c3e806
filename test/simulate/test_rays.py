# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Rays in a square room whose distances can be told by hand."""

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.plan import Wall
from anyloc_ros.simulate.rays import Outline
import numpy as np
import pytest

# Four walls of 4 m around the origin, each from its left end: east, north, west, south.
ROOM = Outline(
    [
        Wall(2, 2, 0, -1, 4),
        Wall(-2, 2, 1, 0, 4),
        Wall(-2, -2, 0, 1, 4),
        Wall(2, -2, -1, 0, 4),
    ]
)
# 91 columns, 90 degrees: the focal length is 45.5 px, and column 45 looks straight ahead.
CAMERA = Camera(91, 61, 90.0, forward_m=0.0)


def hits(x, y, yaw, camera=CAMERA):
    return ROOM.hits(camera.map_from_camera(Pose.from_xy_yaw(x, y, yaw)), camera)


@pytest.mark.parametrize('wall', range(4))
def test_straight_ahead_is_the_wall_in_front(wall):
    seen = hits(0, 0, wall * np.pi / 2)
    assert (seen.wall == wall).all()
    np.testing.assert_allclose(seen.depth_m, 2.0)
    # Two metres ahead a column is 2 / 45.5 m wide; the middle of the wall is in the middle.
    np.testing.assert_allclose(seen.footprint_m, 2 / 45.5)
    np.testing.assert_allclose(seen.along_m, 2 + (np.arange(91) - 45) * 2 / 45.5, atol=1e-9)


def test_into_a_corner():
    seen = hits(0, 0, np.pi / 4)
    assert seen.wall[0] == 1
    assert seen.wall[-1] == 0
    assert seen.depth_m[45] == pytest.approx(2 * np.sqrt(2))
    # The outermost rays go 45 degrees to the left and to the right of that, to the middles of the
    # north and the east wall, from where half a column is missing to the edge of the image.
    assert seen.along_m[0] == pytest.approx(2.0, abs=0.05)
    assert seen.along_m[-1] == pytest.approx(2.0, abs=0.05)


def test_the_footprint_is_the_way_to_the_next_column():
    seen = hits(-0.7, 0.4, 0.9)
    same = np.diff(seen.wall) == 0
    middle = (seen.footprint_m[1:] + seen.footprint_m[:-1]) / 2
    np.testing.assert_allclose(np.abs(np.diff(seen.along_m))[same], middle[same], rtol=2e-3)


def test_the_camera_is_ahead_of_the_base():
    seen = hits(0, 0, 0, Camera(91, 61, 90.0, forward_m=0.5))
    np.testing.assert_allclose(seen.depth_m, 1.5)


@pytest.mark.parametrize('place', [(5, 0, 0), (5, 0, np.pi), (2.0, 0, 0)])
def test_outside_of_the_building(place):
    with pytest.raises(ValueError, match='outside of the building'):
        hits(*place)
