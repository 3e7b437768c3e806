# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Pictures of the building: one ray for each image column, and planes for the floor and the ceiling.

The camera is level, so that a column of the image shows a column of one wall, scaled. This is the
ray casting of early games (L. Vandevenne, https://lodev.org/cgtutor/raycasting.html), with exact
pinhole geometry, and with textures averaged over what a pixel covers.
"""

from __future__ import annotations

from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.lit import LEVELS, LitSurfaces
from anyloc_ros.simulate.plan import BOUNDS, CEILING_M
from anyloc_ros.simulate.rays import Hits, Outline
from anyloc_ros.simulate.surfaces import FLOOR_PX_PER_M, WALL_PX_PER_M
import cv2
import numpy as np

_UPRIGHT_LEVELS = 5
_FAR_M = 80.0


def render(
    outline: Outline, lit: LitSurfaces, map_from_camera: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the image (H, W, 3) uint8 RGB, and the depth (W,) of the wall in each column, metres.

    :raises ValueError: the camera stands in a wall or outside of the building.
    """
    hits = outline.hits(map_from_camera, camera)
    image = _walls(outline, lit, hits, camera)
    horizon = camera.centre_px[1]
    below = np.arange(int(np.floor(horizon)) + 1, camera.height_px)
    above = np.arange(int(np.ceil(horizon)))
    over_m = CEILING_M - camera.height_m
    foot = horizon + camera.height_m * camera.focal_px / hits.depth_m
    head = horizon - over_m * camera.focal_px / hits.depth_m
    floor = _plane(lit.floor, lit, map_from_camera, camera, below, camera.height_m)
    ceiling = _plane(lit.ceiling, lit, map_from_camera, camera, above, over_m)
    # The pixel in which a wall ends shows both; that is all the smoothing the edges need.
    last, first = np.floor(foot + 0.5), np.ceil(head - 0.5)
    # A row exactly at the horizon shows neither floor nor ceiling.
    upper, _, lower = np.split(image, [len(above), below[0]])
    _lay(lower, floor, below[:, None] > last, last - below[0], last + 0.5 - foot)
    _lay(upper, ceiling, above[:, None] < first, first, head - first + 0.5)
    return image, hits.depth_m


def _walls(outline: Outline, lit: LitSurfaces, hits: Hits, camera: Camera) -> np.ndarray:
    """Return the image (H, W, 3) as if walls had no upper and lower end."""
    profiles = _profiles(outline, lit, hits)
    atlas, offsets, heights = _upright_levels(profiles)
    texels = hits.depth_m / camera.focal_px * WALL_PX_PER_M
    level = np.clip(np.rint(np.log2(texels)), 0, _UPRIGHT_LEVELS - 1).astype(np.intp)
    # The texel row of pixel y is linear in y: from the ceiling down.
    scale = heights[level] / CEILING_M
    step = hits.depth_m / camera.focal_px * scale
    start = (CEILING_M - camera.height_m) * scale - camera.centre_px[1] * step - 0.5
    rows = start[:, None] + step[:, None] * np.arange(camera.height_px)
    rows = np.clip(rows, 0, heights[level][:, None] - 1) + offsets[level][:, None]
    columns = np.broadcast_to(np.arange(len(level), dtype=np.float32)[:, None], rows.shape)
    upright = cv2.remap(atlas, rows.astype(np.float32), columns, cv2.INTER_LINEAR)
    return cv2.transpose(upright)


def _profiles(outline: Outline, lit: LitSurfaces, hits: Hits) -> np.ndarray:
    """Return what each image column sees of its wall: (W, V, 3) uint8, from the ceiling down."""
    level = np.clip(np.log2(hits.footprint_m * WALL_PX_PER_M), 0, LEVELS - 1)
    coarse = np.minimum(level.astype(np.intp) + 1, LEVELS - 1)
    fraction = hits.along_m / outline.lengths_m[hits.wall]
    total = None
    for k, share in ((coarse - 1, coarse - level), (coarse, 1 - coarse + level)):
        number = lit.number[hits.wall, k]
        place = np.clip(fraction * number - 0.5, 0, number - 1)
        left = np.minimum(place.astype(np.intp), np.maximum(number - 2, 0))
        right = np.minimum(left + 1, number - 1)
        for column, weight in ((left, left + 1 - place), (right, place - left)):
            # Weights of 1/256: 16 bits hold the sum, and are much faster than floats.
            weight = np.rint(256 * share * weight).astype(np.uint16)
            part = lit.columns[lit.first[hits.wall, k] + column] * weight[:, None, None]
            total = part if total is None else total + part
    return np.minimum(total >> 8, 255).astype(np.uint8)


def _upright_levels(profiles: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mip levels of (W, V, 3) side by side, where each begins and its length."""
    levels = [profiles]
    while len(levels) < _UPRIGHT_LEVELS:
        size = levels[-1].shape[1] // 2, len(profiles)
        levels.append(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA))
    lengths = np.array([level.shape[1] for level in levels])
    return np.concatenate(levels, axis=1), np.cumsum(lengths) - lengths, lengths


def _plane(
    atlas: np.ndarray,
    lit: LitSurfaces,
    map_from_camera: np.ndarray,
    camera: Camera,
    rows: np.ndarray,
    apart_m: float,
) -> np.ndarray:
    """Return the image rows (n, W, 3) of the floor or ceiling `apart_m` below or above."""
    depth = np.minimum(apart_m * camera.focal_px / np.abs(rows - camera.centre_px[1]), _FAR_M)
    # A pixel covers depth / focal across and depth / apart times as much along: nearer to the
    # latter, for thin lines that break into dashes look worse than soft ones.
    covered = depth / camera.focal_px * (depth / apart_m) ** 0.75 * FLOOR_PX_PER_M
    level = np.clip(np.rint(np.log2(covered)), 0, LEVELS - 1).astype(np.intp)
    scale = FLOOR_PX_PER_M / 2.0**level
    slope = (np.arange(camera.width_px) - camera.centre_px[0]) / camera.focal_px
    maps = []
    for axis, low, offset in ((0, BOUNDS.x0, lit.offsets[level]), (1, BOUNDS.y0, 0)):
        right, ahead, origin = (map_from_camera[axis, column] for column in (0, 2, 3))
        start = (origin - low + depth * ahead) * scale - 0.5 + offset
        step = depth * right * scale
        maps.append((start[:, None] + step[:, None] * slope).astype(np.float32))
    return cv2.remap(atlas, *maps, cv2.INTER_LINEAR)


def _lay(
    image: np.ndarray, plane: np.ndarray, whole: np.ndarray, edge: np.ndarray, share: np.ndarray
) -> None:
    """
    Lay a plane over the image rows (n, W, 3), in place.

    :param whole: (n, W) bool, where nothing else is seen.
    :param edge: (W,) the row in which the wall ends, and `share` of the plane in that pixel.
    """
    cv2.copyTo(plane, whole.view(np.uint8), image)
    column = np.flatnonzero((edge >= 0) & (edge < len(image)))
    row, part = edge[column].astype(np.intp), share[column, None]
    mixed = plane[row, column] * part + image[row, column] * (1 - part)
    image[row, column] = mixed + 0.5
