# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Which references show the same place: the neighbours along a route, and what lies beside it."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.mapping.records import Keyframe
import numpy as np

NEAR_POSITIONS = 3
"""References this far apart along a route, or nearer, may show the same place."""


class Places:
    """
    The references of a map as places, by row.

    Two references show the same place when they are at most NEAR_POSITIONS apart along one route,
    or when their positions are no further apart than NEAR_POSITIONS usual steps of the map (a
    second lap, another route through the same corridor). References without a pose have only
    their route.
    """

    def __init__(self, keyframes: Sequence[Keyframe]) -> None:
        self._route = np.array([keyframe.route for keyframe in keyframes])
        self._index = np.array([keyframe.index for keyframe in keyframes])
        self._position = np.array(
            [keyframe.pose.position if keyframe.pose else (np.nan,) * 3 for keyframe in keyframes]
        )
        self._yaw = np.array(
            [keyframe.pose.yaw if keyframe.pose else np.nan for keyframe in keyframes]
        )
        self.step_m = self._usual_step_m()
        """The usual distance of successive references, 0 where no poses are known."""
        self._radius_m = NEAR_POSITIONS * self.step_m

    def same(self, row: int, rows: np.ndarray) -> np.ndarray:
        """Return (n,) bool: which of `rows` show the same place as the reference `row`."""
        along = np.abs(self._index[rows] - self._index[row]) <= NEAR_POSITIONS
        apart = self._position[rows] - self._position[row]
        near = np.einsum('ij,ij->i', apart, apart) <= self._radius_m**2
        return (along & (self._route[rows] == self._route[row])) | near

    def away_m(self, row: int, other: int) -> float:
        """Return the distance of two references, infinity where a position is not known."""
        away_m = float(np.linalg.norm(self._position[row] - self._position[other]))
        return away_m if np.isfinite(away_m) else np.inf

    def away_from(self, x: float, y: float) -> np.ndarray:
        """Return (M,) the level distance of all references from a position, NaN where unknown."""
        return np.hypot(self._position[:, 0] - x, self._position[:, 1] - y)

    def adjoin(self, row: int, other: int) -> bool:
        """Return whether two references are close and, as far as is known, face the same way."""
        turn = np.abs(np.remainder(self._yaw[row] - self._yaw[other] + np.pi, 2 * np.pi) - np.pi)
        return self.away_m(row, other) <= self._radius_m and not turn > np.pi / 4

    def _usual_step_m(self) -> float:
        steps_m = np.linalg.norm(np.diff(self._position, axis=0), axis=1)
        steps_m = steps_m[(np.diff(self._route) == 0) & np.isfinite(steps_m)]
        return float(np.median(steps_m)) if len(steps_m) else 0.0
