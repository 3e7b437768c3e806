# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
The building under one light, ready to be looked up: textures multiplied by the light, with mips.

Walls are kept as columns, for one ray hits one column. Each wall is halved along its length again
and again (a mip map along one axis, Williams 1983, https://doi.org/10.1145/964967.801126): a
camera sees a wall at a slant, so that its texture shrinks much more along the wall than upwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyloc_ros.simulate.light import irradiance, Light
from anyloc_ros.simulate.plan import BOUNDS, CEILING_M, lamps, Wall
from anyloc_ros.simulate.surfaces import FLOOR_PX_PER_M, Surfaces
import cv2
import numpy as np

LEVELS = 7
"""Mip levels; the coarsest column of a wall is 2**6 texels wide, half a metre."""

_LAMP_M = 0.6
_CELL_M = 0.25
"""The light is computed on a grid of this size and interpolated."""


@dataclass(frozen=True, slots=True, eq=False)
class LitSurfaces:
    """
    What the renderer reads.

    :param columns: (N, V, 3) uint8: the columns of all walls and levels, from the ceiling down.
    :param first: (walls, LEVELS) the first column of a wall at a level, and `number` how many.
    :param floor: (H, W', 3) uint8: the levels of the floor side by side, level k beginning at
        column `offsets[k]` in the top rows; the ceiling likewise.
    """

    columns: np.ndarray
    first: np.ndarray
    number: np.ndarray
    floor: np.ndarray
    ceiling: np.ndarray
    offsets: np.ndarray


def light_up(surfaces: Surfaces, light: Light) -> LitSurfaces:
    """Return the surfaces under a light."""
    places = lamps()
    on = light.lamps_on(len(places))
    parts, first, number, total = [], [], [], 0
    for wall, pixels in zip(surfaces.walls, surfaces.wall_pixels, strict=True):
        level = _expose(pixels, _on_wall(wall, places[on]), light).transpose(1, 0, 2)
        for k in range(LEVELS):
            level = level if k == 0 else _halve_rows(level)
            parts.append(level)
            first.append(total)
            number.append(len(level))
            total += len(level)
    on_floor = _on_floor(places[on])
    # The ceiling gets the light that the floor throws back.
    ceiling = _expose(surfaces.ceiling, on_floor, light)
    _draw_lamps(ceiling, places, on, light)
    floor, offsets = _side_by_side(_expose(surfaces.floor, on_floor, light))
    return LitSurfaces(
        columns=np.concatenate(parts),
        first=np.array(first).reshape(-1, LEVELS),
        number=np.array(number).reshape(-1, LEVELS),
        floor=floor,
        ceiling=_side_by_side(ceiling)[0],
        offsets=offsets,
    )


def _on_wall(wall: Wall, lit_lamps: np.ndarray) -> np.ndarray:
    """Return the light (rows, columns) on a grid over a wall, top row first."""
    u = np.linspace(0, wall.length_m, max(2, round(wall.length_m / _CELL_M)))
    z = np.linspace(CEILING_M, 0, round(CEILING_M / _CELL_M))
    points = np.empty((len(z), len(u), 3))
    points[..., 0] = wall.x + u * wall.right_x
    points[..., 1] = wall.y + u * wall.right_y
    points[..., 2] = z[:, None]
    return irradiance(points, np.array([wall.right_y, -wall.right_x, 0.0]), lit_lamps)


def _on_floor(lit_lamps: np.ndarray) -> np.ndarray:
    """Return the light (rows, columns) on a grid over the floor."""
    points = np.empty((*(round(length / _CELL_M) for length in reversed(BOUNDS.size)), 3))
    points[..., 0] = np.linspace(BOUNDS.x0, BOUNDS.x1, points.shape[1])
    points[..., 1] = np.linspace(BOUNDS.y0, BOUNDS.y1, points.shape[0])[:, None]
    points[..., 2] = 0.0
    return irradiance(points, np.array([0.0, 0.0, 1.0]), lit_lamps)


def _expose(pixels: np.ndarray, arriving: np.ndarray, light: Light) -> np.ndarray:
    """Return (H, W, 3) uint8 under the light (h, w) that arrives, as the camera records it."""
    size = pixels.shape[1], pixels.shape[0]
    # (colour * light) ** gamma, the two powers taken where there are few values.
    factor = cv2.resize(arriving**light.gamma, size, interpolation=cv2.INTER_LINEAR)
    tone = light.tone()
    exposed = np.empty_like(pixels)
    for channel in range(3):
        levels = tone[:, channel][pixels[..., channel]] * factor
        exposed[..., channel] = np.minimum(levels + 0.5, 255)
    return exposed


def _draw_lamps(ceiling: np.ndarray, places: np.ndarray, on: np.ndarray, light: Light) -> None:
    """Draw the panels of the lamps, bright or dark, in place."""
    side = round(_LAMP_M * FLOOR_PX_PER_M)
    for (x, y), lit in zip(places, on, strict=True):
        left = round((x - BOUNDS.x0 - _LAMP_M / 2) * FLOOR_PX_PER_M)
        top = round((y - BOUNDS.y0 - _LAMP_M / 2) * FLOOR_PX_PER_M)
        bright = np.minimum(light.tone()[255 if lit else 110] * (1.6 if lit else 0.6), 255)
        right, bottom = left + side, top + side
        ceiling[top:bottom, left:right] = 60
        panel = ceiling[top:bottom, left:right][1:-1, 1:-1]
        panel[...] = bright


def _halve_rows(pixels: np.ndarray) -> np.ndarray:
    """Return (N, V, 3) with pairs of rows averaged, at least one row."""
    if len(pixels) == 1:
        return pixels
    size = pixels.shape[1], len(pixels) // 2
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _side_by_side(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mip levels of (H, W, 3) in one picture, and the column where each begins."""
    levels = [pixels]
    while len(levels) < LEVELS:
        size = levels[-1].shape[1] // 2, levels[-1].shape[0] // 2
        levels.append(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA))
    offsets = np.cumsum([0] + [level.shape[1] for level in levels])
    joined = np.zeros((len(pixels), offsets[-1], 3), np.uint8)
    for level, offset in zip(levels, offsets, strict=False):
        end = offset + level.shape[1]
        joined[: len(level), offset:end] = level
    return joined, offsets[:-1]
