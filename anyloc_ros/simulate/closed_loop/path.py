# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The taught path as a robot knows it: the references of the map, where odometry put them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from anyloc_ros.errors import MapError
from anyloc_ros.pose import Pose
import numpy as np

if TYPE_CHECKING:
    from anyloc_ros.mapping.records import Keyframe

_BEND_M = 0.2
"""The bend of the path is looked at over this way."""


class BelievedPath:
    """
    A line through the poses of the references of one route, by the way along it in metres.

    It begins at the first reference, and ends at the last one, the goal, after `length_m`. Before
    and behind it goes straight on.
    """

    def __init__(self, references: Sequence[Keyframe]) -> None:
        """
        Take the references in the order in which they were taught.

        :raises MapError: fewer than two, one without a pose, or of several routes.
        """
        poses = [reference.pose for reference in references]
        known = all(pose is not None and pose.has_orientation for pose in poses)
        if len(poses) < 2 or not known or len({r.route for r in references}) > 1:
            raise MapError(
                f'expected a route of 2 references or more, each with a pose, got {len(poses)} of '
                f'which {sum(pose is not None for pose in poses)} have one; teach with odometry'
            )
        ways_m = np.array([reference.odometry_m for reference in references], float)
        self._s_m = ways_m - ways_m[0]
        self._yaw_rad = np.unwrap([pose.yaw for pose in poses])
        self._x, self._y = np.array([pose.position[:2] for pose in poses]).T
        self._rows = {reference.id: row for row, reference in enumerate(references)}
        self.length_m = float(self._s_m[-1])

    def reference(self, reference_id: int) -> tuple[float, float]:
        """Return the way to a reference in metres, and its heading in rad."""
        row = self._rows[reference_id]
        return float(self._s_m[row]), float(self._yaw_rad[row])

    def yaw_at(self, s_m: float) -> float:
        """Return the heading of the path, in rad, counted on over whole turns."""
        return float(np.interp(s_m, self._s_m, self._yaw_rad))

    def bend_at(self, s_m: float) -> float:
        """Return how much the path turns on each metre, rad, above 0 to the left."""
        ahead, behind = s_m + _BEND_M / 2, s_m - _BEND_M / 2
        return (self.yaw_at(ahead) - self.yaw_at(behind)) / _BEND_M

    def pose_at(self, s_m: float, left_m: float = 0.0, turned_rad: float = 0.0) -> Pose:
        """Return a pose on or beside the path, turned from it, in the frame of the map."""
        yaw = self.yaw_at(s_m)
        beyond = s_m - min(max(s_m, 0.0), self.length_m)
        x, y = (float(np.interp(s_m, self._s_m, place)) for place in (self._x, self._y))
        x += beyond * np.cos(yaw) - left_m * np.sin(yaw)
        y += beyond * np.sin(yaw) + left_m * np.cos(yaw)
        return Pose.from_xy_yaw(float(x), float(y), yaw + turned_rad)
