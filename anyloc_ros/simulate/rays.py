# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where the rays of the image columns meet the walls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anyloc_ros.simulate.camera import Camera
from anyloc_ros.simulate.plan import Wall
import numpy as np

_NEAR_M = 0.02
"""Nothing is nearer to the lens than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """
    The wall that each image column shows, arrays (W,).

    :param wall: number of the wall.
    :param depth_m: distance along the optical axis.
    :param along_m: from the left end of the wall.
    :param footprint_m: what one column covers along the wall.
    """

    wall: np.ndarray
    depth_m: np.ndarray
    along_m: np.ndarray
    footprint_m: np.ndarray


class Outline:
    """The walls as arrays, to be met by many rays at once."""

    def __init__(self, walls: Sequence[Wall]) -> None:
        self.lengths_m = np.array([wall.length_m for wall in walls])
        self._left = np.array([(wall.x, wall.y) for wall in walls])
        self._right = np.array([(wall.right_x, wall.right_y) for wall in walls])
        self._normal = np.stack([self._right[:, 1], -self._right[:, 0]], axis=1)

    def hits(self, map_from_camera: np.ndarray, camera: Camera) -> Hits:
        """
        Return what each column of the camera at a pose (4, 4) sees.

        :raises ValueError: the camera stands in a wall or outside of the building.
        """
        right, ahead, origin = (map_from_camera[:2, column] for column in (0, 2, 3))
        slope = (np.arange(camera.width_px) - camera.centre_px[0]) / camera.focal_px
        # Rays origin + depth * (ahead + slope * right), all walls by all columns: (S, W).
        to_wall = self._left - origin
        distance = np.sum(to_wall * self._normal, axis=1)
        across = (self._normal @ ahead)[:, None] + (self._normal @ right)[:, None] * slope
        along = (self._right @ ahead)[:, None] + (self._right @ right)[:, None] * slope
        with np.errstate(divide='ignore', invalid='ignore'):
            depth = distance[:, None] / across
            place = depth * along - np.sum(to_wall * self._right, axis=1)[:, None]
        # Rays that meet a corner may miss both walls by rounding; a nanometre closes the gap.
        met = (depth > _NEAR_M) & (place > -1e-9)
        met &= place < self.lengths_m[:, None] + 1e-9
        depth = np.where(met, depth, np.inf)
        wall = depth.argmin(axis=0)
        column = np.arange(camera.width_px)
        depth = depth[wall, column]
        # Nothing may be seen from behind.
        if not (np.isfinite(depth) & (across[wall, column] < 0)).all():
            raise ValueError(
                f'the camera at x {origin[0]:.2f}, y {origin[1]:.2f} m is in a wall or outside '
                f'of the building; expected a place on a free part of the floor plan'
            )
        across, along = across[wall, column], along[wall, column]
        # Derivative of the place along the wall by the slope, at the column.
        bend = self._right[wall] @ right - self._normal[wall] @ right / across * along
        footprint = depth * np.abs(bend) / camera.focal_px
        return Hits(wall, depth, place[wall, column], footprint)
