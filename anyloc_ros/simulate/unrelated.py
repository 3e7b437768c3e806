# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Images that show no robot's route: what the off-route model of a map learns from.

`python -m anyloc_ros.simulate.unrelated FILE.jpg` writes the sheet that `mapping.unrelated` reads.
"""

from __future__ import annotations

import math
import sys

from anyloc_ros.mapping.unrelated import COLUMNS, TILE_HEIGHT, TILE_WIDTH
from anyloc_ros.pose import Pose
from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.light import Light
from anyloc_ros.simulate.world import World
import cv2
import numpy as np

SEED = 7
LEAVES = 40
BUILDINGS = (1001, 1002, 1003)
VIEWS = 8
"""Pictures of each building."""

_QUALITY = 85


def unrelated_sheet() -> np.ndarray:
    """Return all pictures in one image, row by row, RGB."""
    rng = np.random.default_rng(SEED)
    pictures = [dead_leaves(rng) for _ in range(LEAVES)]
    for building in BUILDINGS:
        pictures += _views(building, rng)
    tiles = np.stack(pictures).reshape(-1, COLUMNS, TILE_HEIGHT, TILE_WIDTH, 3)
    return np.concatenate([np.concatenate(row, axis=1) for row in tiles])


def dead_leaves(rng: np.random.Generator) -> np.ndarray:
    """
    Return a picture of shapes that hide each other, boxes and discs of all sizes.

    Their sizes are such that the picture has the statistics of natural images whatever its scale
    (Lee, Mumford, Huang, International Journal of Computer Vision 41, 2001); most boxes are
    upright, as in rooms and streets.
    """
    size = TILE_HEIGHT, TILE_WIDTH
    picture = np.zeros((*size, 3), np.float32)
    least, most = 3.0, 0.4 * TILE_WIDTH
    for _ in range(900):
        radius = rng.uniform(most**-2, least**-2) ** -0.5
        centre = rng.uniform(-20, TILE_WIDTH + 20), rng.uniform(-20, TILE_HEIGHT + 20)
        colour = (rng.uniform(0, 255, 3) + rng.uniform(0, 255)) / 2
        if rng.random() < 0.4:
            where = tuple(int(value) for value in centre)
            cv2.circle(picture, where, int(radius), colour.tolist(), -1, cv2.LINE_AA)
            continue
        upright = rng.random() < 0.7
        turn_deg = 90.0 * rng.integers(2) + rng.normal(0, 4) if upright else rng.uniform(0, 180)
        sides = tuple(float(side) for side in 2 * radius * rng.uniform(0.3, 1.5, 2))
        corners = cv2.boxPoints((centre, sides, float(turn_deg)))
        cv2.fillConvexPoly(picture, corners.astype(np.int32), colour.tolist(), cv2.LINE_AA)
    light = rng.standard_normal((size[0] // 40 + 2, size[1] // 40 + 2))
    light = cv2.resize(light.astype(np.float32), size[::-1], interpolation=cv2.INTER_CUBIC)
    picture *= np.exp(0.3 * light)[:, :, None]
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.2))
    return _noisy(picture, rng)


def _views(building: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return views of a building from its corridors, to both directions and aslant."""
    world = World(building)
    light = Light(
        gain=rng.uniform(0.7, 1.1), gamma=rng.uniform(0.9, 1.3), lamps_off=0.2, seed=building
    )
    camera = Camera(width_px=TILE_WIDTH, height_px=TILE_HEIGHT)
    views = []
    for _ in range(VIEWS):
        place = world.route.pose_at(rng.uniform(0, world.route.length_m), rng.uniform(-0.5, 0.5))
        yaw = place.yaw + math.pi * rng.integers(2) + rng.normal(0, 0.3)
        picture = world.render(Pose.from_xy_yaw(place.x, place.y, yaw), camera, light)
        views.append(_noisy(cv2.GaussianBlur(picture, (0, 0), 0.6), rng))
    return views


def _noisy(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noisy = picture + rng.normal(0, 3, picture.shape) + 0.5
    return np.clip(noisy, 0, 255).astype(np.uint8)


if __name__ == '__main__':
    sheet = cv2.cvtColor(unrelated_sheet(), cv2.COLOR_RGB2BGR)
    cv2.imwrite(sys.argv[1], sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
