# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Where on the floor a round robot has room."""

from __future__ import annotations

from anyloc_ros.simulate.plan import walls
import numpy as np


class Floor:
    """The walls of the building as lines on the floor."""

    def __init__(self) -> None:
        every = walls()
        self._begin = np.array([(wall.x, wall.y) for wall in every])
        self._along = np.array([(wall.right_x, wall.right_y) for wall in every])
        self._length_m = np.array([wall.length_m for wall in every])

    def room_m(self, x: float, y: float) -> float:
        """Return the distance from a place inside of the building to the nearest wall, metres."""
        offset = np.array([x, y]) - self._begin
        place = np.clip((offset * self._along).sum(axis=1), 0.0, self._length_m)
        away = offset - place[:, None] * self._along
        return float(np.sqrt(np.square(away).sum(axis=1).min()))
