# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""A closed path of straight lines and circular arcs, by arc length."""

from __future__ import annotations

from collections.abc import Sequence
import math

from anyloc_ros.pose import Pose
import numpy as np


class Route:
    """
    A loop through corners, each rounded with one radius; the heading never jumps.

    It begins at the first corner, which has to lie on the line from the last to the second, and
    ends there after `length_m`.
    """

    def __init__(self, corners: Sequence[tuple[float, float]], radius_m: float) -> None:
        """
        Round the corners (x, y) in metres.

        :raises ValueError: two corners are too near for the arcs, or the first is no straight.
        """
        points = np.asarray(corners, float)
        legs = np.roll(points, -1, axis=0) - points
        lengths = np.linalg.norm(legs, axis=1)
        yaws = np.arctan2(legs[:, 1], legs[:, 0])
        turns = (yaws - np.roll(yaws, 1) + np.pi) % (2 * np.pi) - np.pi
        if abs(turns[0]) > 1e-9:
            raise ValueError('the route has to begin on a straight line')
        cuts = radius_m * np.tan(np.abs(turns) / 2)
        straights = lengths - cuts - np.roll(cuts, -1)
        if straights.min() < 0:
            leg = int(straights.argmin())
            raise ValueError(
                f'leg {leg} of {lengths[leg]:.2f} m is shorter than its arcs of {radius_m} m '
                f'radius; use a smaller radius'
            )
        # Pieces (length, x, y, yaw, curvature) where each starts: arc, straight, arc, ...
        pieces = []
        for point, leg, yaw, turn, cut, straight in zip(
            points, legs, yaws, turns, cuts, straights, strict=True
        ):
            ahead = leg / np.linalg.norm(leg)
            back = np.array([math.cos(yaw - turn), math.sin(yaw - turn)])
            if turn:
                bend = math.copysign(1 / radius_m, turn)
                pieces.append((abs(turn) * radius_m, *(point - cut * back), yaw - turn, bend))
            pieces.append((straight, *(point + cut * ahead), yaw, 0.0))
        self._pieces = np.array(pieces)
        self._ends = np.cumsum(self._pieces[:, 0])
        self.length_m = float(self._ends[-1])

    def pose_at(self, s: float, left_m: float = 0.0) -> Pose:
        """
        Return the pose after `s` metres, which may be negative or beyond one lap.

        The heading is the one of the path, also `left_m` metres beside it.
        """
        s %= self.length_m
        number = min(int(np.searchsorted(self._ends, s, side='right')), len(self._ends) - 1)
        length, x, y, yaw, curvature = self._pieces[number].tolist()
        along = s - (self._ends[number] - length)
        turn = curvature * along
        # The chord of an arc points along half of its turn; np.sinc(t) is sin(pi t) / (pi t).
        chord = along * float(np.sinc(turn / (2 * math.pi)))
        x += chord * math.cos(yaw + turn / 2)
        y += chord * math.sin(yaw + turn / 2)
        yaw += turn
        return Pose.from_xy_yaw(x - left_m * math.sin(yaw), y + left_m * math.cos(yaw), yaw)
