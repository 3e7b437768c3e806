# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Pixels are where the camera matrix says, and nothing flickers at a distance."""

from dataclasses import replace

from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.light import Light
from anyloc_ros.simulate.lit import light_up
from anyloc_ros.simulate.plan import BOUNDS, CEILING_M, walls
from anyloc_ros.simulate.rays import Outline
from anyloc_ros.simulate.render import render
from anyloc_ros.simulate.surfaces import FLOOR_PX_PER_M, Surfaces, WALL_PX_PER_M
import cv2
import numpy as np
import pytest

WALLS = walls()
OUTLINE = Outline(WALLS)
SOUTH = next(i for i, w in enumerate(WALLS) if w.y == 0.0 and w.x == 23.0 and w.length_m > 5)


@pytest.fixture(scope='module')
def black():
    height, width = (round(length * FLOOR_PX_PER_M) for length in reversed(BOUNDS.size))
    plane = np.zeros((height, width, 3), np.uint8)
    rows = round(CEILING_M * WALL_PX_PER_M)
    pixels = tuple(
        np.zeros((rows, max(2, round(wall.length_m * WALL_PX_PER_M)), 3), np.uint8)
        for wall in WALLS
    )
    return Surfaces(WALLS, pixels, plane, plane)


def seen(surfaces, base, camera):
    pose = camera.map_from_camera(base)
    image, _ = render(OUTLINE, light_up(surfaces, Light(lamps_off=1.0)), pose, camera)
    # The dark panels of the lamps are grey and not what is looked for: the dots are red.
    return image[..., 0].astype(float) - image[..., 1]


def centroid(picture):
    rows, columns = np.indices(picture.shape)
    return (columns * picture).sum() / picture.sum(), (rows * picture).sum() / picture.sum()


def projected(point, base, camera):
    """Return the pixel of a point (x, y, z) of the map by the textbook: K R^T (p - t)."""
    pose = camera.map_from_camera(base)
    right, down, ahead = pose[:3, :3].T @ (np.asarray(point) - pose[:3, 3])
    x, y, one = camera.matrix() @ (right / ahead, down / ahead, 1.0)
    assert one == 1.0
    return x, y


@pytest.mark.parametrize('camera', [Camera(), Camera(640, 480, 100.0, 0.5), Camera(333, 257, 60)])
@pytest.mark.parametrize('base', [(8.6, 1.5, -0.7), (5.5, 1.2, 0.0), (15.0, 1.9, -2.3)])
def test_a_dot_on_a_wall_is_at_its_pixel(black, camera, base):
    x, z = 10.7, 1.1
    pixels = list(black.wall_pixels)
    pixels[SOUTH] = pixels[SOUTH].copy()
    centre = (23.0 - x) * WALL_PX_PER_M - 0.5, (CEILING_M - z) * WALL_PX_PER_M - 0.5
    cv2.circle(pixels[SOUTH], tuple(round(16 * c) for c in centre), 16 * 6, (255, 0, 0), -1, 16, 4)
    base = Pose.from_xy_yaw(*base)
    found = centroid(seen(replace(black, wall_pixels=tuple(pixels)), base, camera))
    # A slanted disc lies not quite about the picture of its centre.
    np.testing.assert_allclose(found, projected((x, 0.0, z), base, camera), atol=0.5)


@pytest.mark.parametrize('camera', [Camera(), Camera(640, 480)])
@pytest.mark.parametrize('name', ['floor', 'ceiling'])
def test_a_dot_on_the_floor_or_ceiling_is_at_its_pixel(black, camera, name):
    x, y = 12.0, 1.4
    plane = getattr(black, name).copy()
    column, row = (x - BOUNDS.x0) * FLOOR_PX_PER_M, (y - BOUNDS.y0) * FLOOR_PX_PER_M
    centre = round(16 * (column - 0.5)), round(16 * (row - 0.5))
    cv2.circle(plane, centre, 16 * 5, (255, 0, 0), -1, 16, 4)
    base = Pose.from_xy_yaw(6.9, 1.1, 0.05)
    found = centroid(seen(replace(black, **{name: plane}), base, camera))
    point = (x, y, 0.0 if name == 'floor' else CEILING_M)
    np.testing.assert_allclose(found, projected(point, base, camera), atol=0.6)


def test_the_edges_of_walls_are_where_geometry_says(black):
    # Facing the lobby's east wall at x 31 from 5 m: its foot is 0.9 m below the lens.
    pixels = tuple(np.full_like(texture, (255, 0, 0)) for texture in black.wall_pixels)
    camera = Camera(321, 241, 80.0, 0.9, forward_m=0.0)
    base = Pose.from_xy_yaw(26.0, 1.0, 0.0)
    image = seen(replace(black, wall_pixels=pixels), base, camera)
    column = image[:, 160] / image[120, 160]
    focal = 321 / 2 / np.tan(np.radians(40))
    # The share of the pixel in which the wall ends is counted too: rows from the centre on.
    assert column[120:].sum() - 0.5 == pytest.approx(0.9 * focal / 5, abs=0.15)
    assert column[:121].sum() - 0.5 == pytest.approx(1.8 * focal / 5, abs=0.15)


def test_fine_stripes_far_away_are_grey_not_moire(black):
    # Stripes of one texel on the wall at the end of a corridor, seen from afar.
    pixels = tuple(texture.copy() for texture in black.wall_pixels)
    for texture in pixels:
        texture[:, ::2] = (255, 0, 0)
    camera = Camera(320, 240)
    image = seen(replace(black, wall_pixels=pixels), Pose.from_xy_yaw(5.0, 1.2, 0.0), camera)
    far = image[112:126, 150:170]  # the east wall of the lobby, 26 m away
    assert far.std() < 0.05 * far.mean()
