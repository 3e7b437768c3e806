# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""An index that does not run back while the robot goes on."""

from __future__ import annotations

from collections.abc import Sequence

from anyloc_ros.localize.places import NEAR_POSITIONS, Places
from anyloc_ros.mapping.records import Keyframe
import numpy as np


class ForemostPlace:
    """
    The farthest reference that was matched on the way so far.

    Neighbouring references look alike, and the most likely one of them changes to and fro. Within
    the place of the farthest one the index goes back by `window_back` at most; a place beyond is
    another, and is not held. Odometry that tells of driving backwards ends the hold.
    """

    def __init__(self, references: Sequence[Keyframe], places: Places, window_back: int) -> None:
        self._references = references
        self._places = places
        self._back = window_back
        self.forget()

    def forget(self) -> None:
        """Hold nothing."""
        self._row: int | None = None

    def hold(self, row: int, belief: np.ndarray) -> int:
        """Return the most likely row (belief (M,)) of the same place that is not too far back."""
        if self._row is None or self._behind(row) <= self._back:
            return row
        rows = np.arange(max(self._row - 4 * NEAR_POSITIONS, 0), self._row + 1)
        allowed = [other for other in rows.tolist() if 0 <= self._behind(other) <= self._back]
        return max(allowed, key=lambda other: belief[other])

    def took(self, row: int) -> None:
        """Take note of a match."""
        if self._row is None or self._behind(row) <= 0:
            self._row = row

    def _behind(self, row: int) -> int:
        """Return how many positions a row is behind in the same place, -1 in another place."""
        foremost, reference = self._references[self._row], self._references[row]
        behind = foremost.index - reference.index
        # Farther back is the beginning of a route that goes round.
        near = reference.route == foremost.route and abs(behind) <= 4 * NEAR_POSITIONS
        return behind if near and self._places.same(self._row, np.array([row]))[0] else -1
