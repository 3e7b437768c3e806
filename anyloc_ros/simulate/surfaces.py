# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The painted building: the pixels of every wall, of the floor and of the ceiling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from anyloc_ros.simulate.canvas import Canvas, mottle
from anyloc_ros.simulate.finishes import ceiling, floor, WALL_FINISHES
from anyloc_ros.simulate.fixtures import FIXTURES
from anyloc_ros.simulate.plan import (
    BOUNDS,
    CEILING_M,
    CORRIDORS,
    DOORWAYS,
    half_turn,
    Rectangle,
    ROOMS,
    TWIN,
    Wall,
    walls,
)
import cv2
import numpy as np

WALL_PX_PER_M = 128
FLOOR_PX_PER_M = 48
_SHADE_M = 0.35
"""Corners are darker within about this distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Surfaces:
    """
    What the building is painted with, before light falls on it: uint8 RGB.

    :param walls: the geometry, and `wall_pixels` (H, W, 3) of each, top row at the ceiling.
    :param floor: (H, W, 3); row 0 is the south edge of BOUNDS and column 0 its west edge, in
        FLOOR_PX_PER_M. The ceiling likewise.
    """

    walls: tuple[Wall, ...]
    wall_pixels: tuple[np.ndarray, ...]
    floor: np.ndarray
    ceiling: np.ndarray


def paint(seed: int, *, look_alikes: bool) -> Surfaces:
    """Paint the building; with `look_alikes` the second twin stretch is a copy of the first."""
    outline = walls()
    pixels = tuple(
        _wall(wall, np.random.default_rng([seed, 1, number]))
        for number, wall in enumerate(outline)
    )
    floors = [_plane(seed, 2, floor), _plane(seed, 3, ceiling)]
    if look_alikes:
        _copy_walls(outline, pixels)
        for plane in floors:
            source, target = _part(plane, TWIN), _part(plane, half_turn(TWIN))
            target[...] = source[::-1, ::-1]
    return Surfaces(outline, pixels, *floors)


def _wall(wall: Wall, rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(wall.length_m, CEILING_M, WALL_PX_PER_M)
    WALL_FINISHES[int(rng.integers(len(WALL_FINISHES)))](canvas, rng)
    weights = np.array([fixture.weight for fixture in FIXTURES])
    u, last = float(rng.uniform(0.25, 0.8)), -1
    while u < wall.length_m:
        kinds = np.where(np.arange(len(weights)) == last, 0.0, weights)
        number = int(rng.choice(len(weights), p=kinds / kinds.sum()))
        fixture = FIXTURES[number]
        width = float(rng.uniform(*fixture.width_m))
        if u + width < wall.length_m - 0.2:
            fixture.paint(canvas, rng, u, width)
            last = number
        u += width + float(rng.uniform(0.25, 1.0))
    mottle(rng, canvas.pixels, 1.0, 1.5)
    _shade_corners(canvas.pixels)
    return canvas.pixels


def _shade_corners(pixels: np.ndarray) -> None:
    """Darken a wall towards its four edges, in place."""
    height, width = pixels.shape[:2]
    reach = _SHADE_M * WALL_PX_PER_M
    factors = [
        1 - 0.3 * np.exp(-np.minimum(line, length - 1 - line) / reach)
        for length, line in ((n, np.arange(n, dtype=np.float32)) for n in (height, width))
    ]
    factor = factors[0][:, None] * factors[1]
    pixels[...] = (pixels * factor[..., None] + 0.5).astype(np.uint8)


def _plane(
    seed: int, kind: int, finish: Callable[[np.ndarray, float, np.random.Generator], None]
) -> np.ndarray:
    """Return the floor or the ceiling, each part finished by itself."""
    height, width = (round(length * FLOOR_PX_PER_M) for length in reversed(BOUNDS.size))
    pixels = np.full((height, width, 3), 90, np.uint8)
    free = np.zeros((height, width), np.uint8)
    for number, part in enumerate(CORRIDORS + ROOMS + DOORWAYS):
        finish(_part(pixels, part), FLOOR_PX_PER_M, np.random.default_rng([seed, kind, number]))
        _part(free, part)[...] = 1
    distance = cv2.distanceTransform(free, cv2.DIST_L2, 5) / (_SHADE_M * FLOOR_PX_PER_M)
    pixels[...] = (pixels * (1 - 0.35 * np.exp(-distance))[..., None] + 0.5).astype(np.uint8)
    return pixels


def _part(pixels: np.ndarray, part: Rectangle) -> np.ndarray:
    """Return the view of a plane on one rectangle."""
    left, right = (round((x - BOUNDS.x0) * FLOOR_PX_PER_M) for x in (part.x0, part.x1))
    low, high = (round((y - BOUNDS.y0) * FLOOR_PX_PER_M) for y in (part.y0, part.y1))
    return pixels[low:high, left:right]


def _copy_walls(outline: tuple[Wall, ...], pixels: tuple[np.ndarray, ...]) -> None:
    """Copy what the two walls of TWIN show onto those of its look-alike, in place."""
    other = half_turn(TWIN)
    for y, other_y in ((TWIN.y0, other.y1), (TWIN.y1, other.y0)):
        source = _stretch(outline, pixels, y, TWIN)
        _stretch(outline, pixels, other_y, other)[...] = source


def _stretch(
    outline: tuple[Wall, ...], pixels: tuple[np.ndarray, ...], y: float, part: Rectangle
) -> np.ndarray:
    """Return the view on the wall at `y` between the ends of `part`."""
    for wall, texture in zip(outline, pixels, strict=True):
        ends = sorted((wall.x, wall.x + wall.right_x * wall.length_m))
        if wall.y == y and ends[0] <= part.x0 and part.x1 <= ends[1] and wall.right_x:
            start = min(abs(wall.x - part.x0), abs(wall.x - part.x1))
            first = round(start * WALL_PX_PER_M)
            last = first + round(part.size[0] * WALL_PX_PER_M)
            return texture[:, first:last]
    raise AssertionError(f'no wall at y {y} along all of {part}')
