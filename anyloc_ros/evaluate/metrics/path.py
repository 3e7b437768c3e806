# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Errors in the frame of the taught path: ahead or behind, left or right.

The path is the polyline through the taught positions, s the way along it from the first one in
metres. Left of the direction of travel is above 0 (REP-103). A position is projected on the part
of the path around the place before, because a route that crosses itself or returns on itself is
near a position in several places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from anyloc_ros.evaluate.metrics.spread import wrap
import numpy as np

WINDOW_M = 2.0
_ALIKE_M = 1e-9
"""Places of the path whose distances differ by less are equally near."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """
    Where positions are in the frame of a path, (n,) each, NaN where the position is unknown.

    `s_m` is the way along it and `left_m` the distance from it, above 0 to the left. Before the
    start and behind the end of an open path it goes straight on: s below 0 or above the length.
    """

    s_m: np.ndarray
    left_m: np.ndarray
    yaw_rad: np.ndarray
    """The direction of the path there."""


class TaughtPath:
    """
    The polyline through positions (N, 2) in metres, open or closed back to the first.

    Positions with NaN are passed over, repeated ones count once. `arc_m` (N,) has the s of each
    position, NaN where it is unknown.

    :raises ValueError: fewer than two different positions.
    """

    def __init__(self, positions: np.ndarray, *, closed: bool = False) -> None:
        positions = np.asarray(positions, float)
        known = np.flatnonzero(np.isfinite(positions).all(axis=1))
        points = positions[known]
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        self.arc_m = np.full(len(positions), np.nan)
        self.arc_m[known] = np.concatenate([[0.0], np.cumsum(steps)])[: len(known)]
        if closed and len(points):
            points = np.vstack([points, points[:1]])
        ways = np.diff(points, axis=0)
        lengths = np.linalg.norm(ways, axis=1)
        moved = lengths > 0
        if not moved.any():
            raise ValueError(
                f'positions: expected 2 different ones or more, got {len(points)} that are all '
                f'the same or none'
            )
        self.closed = closed
        self._lengths = lengths[moved]
        self._from = points[:-1][moved]
        self._ahead = ways[moved] / self._lengths[:, None]
        self._s = np.cumsum(self._lengths) - self._lengths
        self.length_m = float(self._lengths.sum())
        self._yaw = np.arctan2(self._ahead[:, 1], self._ahead[:, 0])
        self._begin, self._end = np.zeros(len(self._s)), self._lengths.copy()
        if not closed:
            self._begin[0], self._end[-1] = -np.inf, np.inf

    def project(
        self,
        positions: np.ndarray,
        yaws_rad: np.ndarray | None = None,
        *,
        around_s: Sequence[float] | np.ndarray | None = None,
        start_s: float | None = None,
        restarts: Sequence[int] = (),
        reach_m: np.ndarray | None = None,
        window_m: float = WINDOW_M,
    ) -> Projection:
        """
        Return where positions (n, 2), in the order of driving, are in the frame of the path.

        The first one, and those at `restarts` (the robot was carried), are looked for on the whole
        path; each later one within `window_m` and the way since the one before around the place
        of that. Of places equally near, the one where the robot would be had it gone on is taken;
        with yaws (n,), only places that lead the way it looks, up to a right angle, where there
        are any.

        A robot that was out of sight while it drove round a block has to be given a restart.

        :param around_s: (n,) looks around these places instead, for example for estimates around
            the truth.
        :param start_s: looks for the first one around this place.
        :param reach_m: (n,) how near some taught position is. What is found further off, by more
            than `window_m`, is not where the robot is: it was carried, or drives against the
            direction of teaching. It is looked for on the whole path again.
        """
        positions = np.asarray(positions, float)
        rows = np.full((len(positions), 3), np.nan)
        begins = set(restarts)
        s, last = start_s, None
        for number, position in enumerate(positions.tolist()):
            if number in begins:
                s = last = None
            if math.isnan(position[0]) or math.isnan(position[1]):
                continue
            moved_m = math.dist(position, last) if last is not None else 0.0
            around, expected = s, None if s is None else s + moved_m
            if around_s is not None:
                moved_m, around = 0.0, float(around_s[number])
                expected = around
                if math.isnan(around):
                    continue
            yaw = None if yaws_rad is None else float(yaws_rad[number])
            place = self._place(position, yaw, around, expected, window_m + moved_m)
            if reach_m is not None:
                for towards in (yaw, None):
                    if abs(place[1]) > reach_m[number] + window_m:
                        place = self._place(position, towards, None, None, window_m)
            rows[number] = place
            s = place[0]
            last = position
        return Projection(*rows.T)

    def _place(
        self,
        position: Sequence[float],
        yaw: float | None,
        around: float | None,
        expected: float | None,
        window_m: float,
    ) -> tuple[float, float, float]:
        """Return s, the distance to the left and the direction of the path for one position."""
        low, high = self._reach(around, window_m)
        segments, laps = self._segments(low, high)
        start_s = self._s[segments] + laps
        x, y = (position - self._from[segments]).T
        along_x, along_y = self._ahead[segments].T
        along = np.clip(
            x * along_x + y * along_y,
            np.maximum(self._begin[segments], low - start_s),
            np.minimum(self._end[segments], high - start_s),
        )
        off_x, off_y = x - along * along_x, y - along * along_y
        away = np.hypot(off_x, off_y)
        usable = np.ones(len(away), bool)
        if yaw is not None and not math.isnan(yaw):
            turned = np.abs(wrap(self._yaw[segments] - yaw))
            usable = turned <= math.pi / 2 if (turned <= math.pi / 2).any() else usable
        near = np.flatnonzero(usable & (away <= away[usable].min() + _ALIKE_M))
        places = start_s[near] + along[near]
        best = 0 if expected is None else int(np.abs(places - expected).argmin())
        row, s = near[best], float(places[best])
        left = along_x[row] * off_y[row] - along_y[row] * off_x[row]
        return (
            s % self.length_m if self.closed else s,
            math.copysign(float(away[row]), float(left)),
            float(self._yaw[segments[row]]),
        )

    def _reach(self, around: float | None, window_m: float) -> tuple[float, float]:
        """Return the lowest and the highest s that are looked at."""
        if self.closed:
            half = self.length_m / 2
            around, window_m = (half, half) if around is None else (around, min(window_m, half))
        elif around is None:
            return -window_m, self.length_m + window_m
        return around - window_m, around + window_m

    def _segments(self, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the segments that reach into [low, high], and what to add to their s."""
        if not self.closed:
            first = max(int(np.searchsorted(self._s, low, side='right')) - 1, 0)
            after = max(int(np.searchsorted(self._s, high, side='right')), first + 1)
            segments = np.arange(first, after)
            return segments, np.zeros(len(segments))
        parts = []
        for lap in range(math.floor(low / self.length_m), math.floor(high / self.length_m) + 1):
            offset = lap * self.length_m
            inside = (self._s + self._lengths >= low - offset) & (self._s <= high - offset)
            parts.append((np.flatnonzero(inside), offset))
        segments = np.concatenate([rows for rows, _ in parts])
        return segments, np.concatenate([np.full(len(rows), offset) for rows, offset in parts])

    def yaw_at(self, s_m: np.ndarray) -> np.ndarray:
        """Return the direction (n,) of the path behind each s, in rad; NaN where s is."""
        s_m = np.asarray(s_m, float)
        s_m = s_m % self.length_m if self.closed else s_m
        segments = np.searchsorted(self._s, s_m, side='right') - 1
        return np.where(np.isnan(s_m), np.nan, self._yaw[np.maximum(segments, 0)])

    def ahead_m(self, estimated_s: np.ndarray, true_s: np.ndarray) -> np.ndarray:
        """
        Return (n,) s^ - s in metres: above 0 where the estimate is ahead of the robot.

        On a closed path it is the shorter way round, within [-L / 2, L / 2).
        """
        apart = np.asarray(estimated_s, float) - np.asarray(true_s, float)
        if not self.closed:
            return apart
        half = self.length_m / 2
        return (apart + half) % self.length_m - half
