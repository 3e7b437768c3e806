# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""How a robot moves along the references: what its place may be after the next image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math

from anyloc_ros.config import SequenceConfig
from anyloc_ros.localize.places import NEAR_POSITIONS, Places
from anyloc_ros.mapping.records import Keyframe
from anyloc_ros.pose import Pose
import numpy as np


@dataclass(frozen=True, slots=True)
class Motion:
    """What odometry tells between two images: the signed way ahead in metres, the turn in rad."""

    ahead_m: float
    turn_rad: float


def motion_between(before: Pose, after: Pose) -> Motion:
    """
    Return how the base moved from one pose to the next, both in one frame.

    Ahead is positive along the heading before. Without headings every way counts as ahead.
    """
    way_m = before.distance_to(after)
    if not (before.has_orientation and after.has_orientation):
        return Motion(way_m, 0.0)
    dx, dy = after.x - before.x, after.y - before.y
    ahead = math.cos(before.yaw) * dx + math.sin(before.yaw) * dy >= 0
    turn_rad = math.remainder(after.yaw - before.yaw, math.tau)
    return Motion(way_m if ahead else -way_m, turn_rad)


@dataclass(frozen=True, slots=True, eq=False)
class _Route:
    """
    The rows [start, stop) of one route.

    `along_m` (n,) is the way along it, None where the map does not know it; `loop_m` the length of
    a route that ends where it begins, with the step back to its first reference, else NaN.
    """

    start: int
    stop: int
    along_m: np.ndarray | None
    loop_m: float
    closed: bool


class Routes:
    """
    The references in driving order, and the motion model over them.

    Without odometry the place moves by `-window_back .. +window_ahead` references from one image
    to the next, each as likely. With odometry and a map that knows distances it moves by the
    measured way, give or take two sigma (`motion_sigma` times the way) and at least one usual
    step. A route that ends where it begins goes on at its beginning; others stop at their ends.

    :param references: of the map, in the order of their rows.
    """

    def __init__(
        self, references: Sequence[Keyframe], places: Places, config: SequenceConfig
    ) -> None:
        self.config = config
        self._places = places
        numbers = np.array([reference.route for reference in references])
        cuts = np.flatnonzero(np.diff(numbers)) + 1
        bounds = [0, *cuts.tolist(), len(references)]
        self._routes = [
            _route(references, start, stop, places) for start, stop in pairwise(bounds)
        ]
        self._number = np.repeat(np.arange(len(self._routes)), np.diff(bounds))
        self.step_m = places.step_m

    def spread(self, mass: np.ndarray, motion: Motion | None) -> np.ndarray:
        """Return the belief (M,) after a motion, None being unknown; its sum stays."""
        moved = np.empty_like(mass)
        for route in self._routes:
            rows = slice(route.start, route.stop)
            part = mass[rows]
            if motion is None or route.along_m is None:
                new = self._by_images(part, route)
            else:
                new = self._by_way(part, route, motion.ahead_m)
            moved[rows] = new
        return moved

    def continues(self, row: int, later: int, ahead_m: float | None, images: int) -> bool:
        """
        Return whether the place `later` follows from the place `row`.

        :param ahead_m: the way between them by odometry, None where unknown; then the number of
            images limits how far the place may have moved.
        """
        route = self._routes[self._number[row]]
        if route is not self._routes[self._number[later]]:
            # Another teach run through the same place: nothing tells how far along that one.
            near = max(NEAR_POSITIONS * self.step_m, 1.5 * abs(ahead_m or 0.0))
            return self._places.away_m(row, later) <= near
        if ahead_m is None or route.along_m is None:
            steps, period = later - row, route.stop - route.start
            back = self.config.window_back * images + NEAR_POSITIONS
            ahead = self.config.window_ahead * images + NEAR_POSITIONS
        else:
            steps = float(route.along_m[later - route.start] - route.along_m[row - route.start])
            steps, period = steps - ahead_m, route.loop_m
            back = ahead = self._reach_m(ahead_m) + NEAR_POSITIONS * self.step_m
        if route.closed:
            steps = (steps + period / 2) % period - period / 2
        return -back <= steps <= ahead

    def _reach_m(self, ahead_m: float) -> float:
        return max(2 * self.config.motion_sigma * abs(ahead_m), self.step_m)

    def _by_images(self, mass: np.ndarray, route: _Route) -> np.ndarray:
        back, ahead = self.config.window_back, self.config.window_ahead
        if route.closed and len(mass) > back + ahead:
            padded = np.concatenate([mass[-ahead:], mass, mass[:back]]) / (back + ahead + 1)
            return _window_sums(padded, back + ahead + 1)
        rows = np.arange(len(mass))
        reached = np.minimum(rows + ahead, len(mass) - 1) - np.maximum(rows - back, 0) + 1
        padded = np.concatenate([np.zeros(ahead), mass / reached, np.zeros(back)])
        return _window_sums(padded, back + ahead + 1)

    def _by_way(self, mass: np.ndarray, route: _Route, ahead_m: float) -> np.ndarray:
        reach_m = self._reach_m(ahead_m)
        at_m = route.along_m
        if not route.closed:
            centre_m = np.clip(at_m + ahead_m, at_m[0], at_m[-1])
            return _boxes(mass, centre_m, at_m, reach_m)
        if 2 * reach_m >= route.loop_m:
            # Anywhere. Odometry that jumps by kilometres must not make as many laps.
            return np.full(len(mass), mass.mean())
        # The targets are repeated beyond both ends as far as the motion reaches.
        laps = math.ceil((abs(ahead_m) + reach_m) / route.loop_m)
        offsets_m = np.arange(-laps, laps + 1) * route.loop_m
        targets_m = (at_m + offsets_m[:, None]).ravel()
        return _boxes(mass, at_m + ahead_m, targets_m, reach_m).reshape(-1, len(mass)).sum(axis=0)


def _route(references: Sequence[Keyframe], start: int, stop: int, places: Places) -> _Route:
    along_m = along_route_m(references[start:stop])
    last = stop - 1
    # Only a robot that faces the same way can go on at the beginning.
    closed = last - start > 2 * NEAR_POSITIONS and places.adjoin(last, start)
    loop_m = math.nan
    if along_m is not None and closed:
        loop_m = float(along_m[-1]) + max(places.away_m(last, start), places.step_m / 2)
    return _Route(start, stop, along_m, loop_m, closed)


def along_route_m(references: Sequence[Keyframe]) -> np.ndarray | None:
    """Return (n,) the way along one route, growing; None where the map does not know it."""
    measured = [reference.odometry_m for reference in references]
    if None in measured:
        return None
    along_m = np.maximum.accumulate(np.array(measured, float) - measured[0])
    return along_m if along_m[-1] > 0 else None


def _window_sums(padded: np.ndarray, width: int) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    return np.maximum(sums[width:] - sums[:-width], 0.0)


def _boxes(
    mass: np.ndarray, centre_m: np.ndarray, targets_m: np.ndarray, reach_m: float
) -> np.ndarray:
    """
    Spread each mass evenly within `reach_m` of its centre, to the nearest targets. Both ascend.

    A target takes what falls between the middles to its neighbours, so that the belief moves as
    far as the robot on average, however short the steps are.
    """
    reach_m = max(reach_m, 1e-6)
    middles_m = (targets_m[1:] + targets_m[:-1]) / 2
    whole = np.concatenate([[0.0], np.cumsum(mass)])
    moment = np.concatenate([[0.0], np.cumsum(mass * centre_m)])
    # What lies before each middle: masses that do in whole, and parts of those it cuts.
    done = np.searchsorted(centre_m, middles_m - reach_m, side='right')
    begun = np.searchsorted(centre_m, middles_m + reach_m, side='right')
    cut = (middles_m + reach_m) * (whole[begun] - whole[done]) - (moment[begun] - moment[done])
    before = whole[done] + cut / (2 * reach_m)
    return np.maximum(np.diff(before, prepend=0.0, append=whole[-1]), 0.0)
