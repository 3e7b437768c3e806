# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""The routes of a map as paths, and where queries and answers are in their frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math

from anyloc_ros.evaluate.judge.basis import Basis
from anyloc_ros.evaluate.metrics.localization import oracle_m
from anyloc_ros.evaluate.metrics.path import Projection, TaughtPath, WINDOW_M
from anyloc_ros.evaluate.metrics.path_error import of_references
from anyloc_ros.evaluate.metrics.spread import wrap
from anyloc_ros.evaluate.record import Taught, Truth
import numpy as np

NEAR_STEPS = 3
"""A route is closed when it ends this many usual steps from its beginning, or nearer."""
MAX_TURN_RAD = math.radians(135)
"""And when it goes on there with no sharper turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """
    One route of the map that has a length.

    `rows` (m,) are its references; `away_m` (Q,) is the distance of each query from the nearest of
    them, NaN where it is unknown.
    """

    rows: np.ndarray
    path: TaughtPath
    away_m: np.ndarray

    def local(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers within this route of references (n,) that belong to it, -1 kept."""
        return np.where(rows >= 0, np.searchsorted(self.rows, rows), -1)

    def project(self, truth: Truth, queries: np.ndarray) -> Projection:
        """Return where some queries, in the order of driving, truly are along this route."""
        return self.path.project(
            truth.positions[queries, :2], truth.yaws_rad[queries], reach_m=self.away_m[queries]
        )


def away_from_routes(taught: Taught, truth: Truth) -> dict[int, np.ndarray]:
    """Return, by number of route, (Q,) how far in m its nearest reference is from each query."""
    return {
        number: oracle_m(truth.positions, taught.positions[taught.routes == number])
        for number in np.unique(taught.routes).tolist()
    }


def routes_of(taught: Taught, away_m: Mapping[int, np.ndarray]) -> dict[int, Route]:
    """Return the routes by number; one without two different known positions has no path."""
    step_m = usual_step_m(taught)
    found = {}
    for number, distances_m in away_m.items():
        rows = np.flatnonzero(taught.routes == number)
        places = taught.positions[rows, :2]
        if len(np.unique(places[np.isfinite(places).all(axis=1)], axis=0)) < 2:
            continue
        found[number] = Route(
            rows=rows,
            path=TaughtPath(places, closed=_is_closed(places, step_m)),
            away_m=distances_m,
        )
    return found


def usual_step_m(taught: Taught) -> float:
    """Return the median level distance of successive references, NaN where nothing is known."""
    steps_m = np.linalg.norm(np.diff(taught.positions[:, :2], axis=0), axis=1)
    steps_m = steps_m[(np.diff(taught.routes) == 0) & np.isfinite(steps_m)]
    return float(np.median(steps_m)) if len(steps_m) else np.nan


def _is_closed(places: np.ndarray, step_m: float) -> bool:
    """
    Return whether a route through places (m, 2) goes on at its beginning.

    It ends near it, and a robot there need not turn back: a route out and back is open.
    """
    places = places[np.isfinite(places).all(axis=1)]
    moved = np.append(True, np.linalg.norm(np.diff(places, axis=0), axis=1) > 0)
    places = places[moved]
    if len(places) <= 2 * NEAR_STEPS + 1:
        return False
    apart_m = np.linalg.norm(places[-1] - places[0])
    begins, ends = places[1] - places[0], places[-1] - places[-2]
    turn = abs(wrap(math.atan2(*begins[::-1]) - math.atan2(*ends[::-1])))
    return bool(apart_m <= NEAR_STEPS * step_m and turn <= MAX_TURN_RAD)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """
    Where queries are in the frame of the path, (Q,) each in m, NaN where unknown.

    `along_m` above 0: the answer is ahead of the robot; `cross_m`: left of it. `offset_m` is where
    the robot truly is beside the path, above 0 to the left.
    """

    along_m: np.ndarray
    cross_m: np.ndarray
    offset_m: np.ndarray


def placed(taught: Taught, truth: Truth, basis: Basis, routes: Mapping[int, Route]) -> Placed:
    """
    Place each query and its answer on the route of its best reference.

    A query without an answer is placed on the route nearest to it. So is what is only true of it,
    its offset, where the answer names a route that is not at hand (see `at_hand`): a wrong answer
    does not move the robot.
    """
    along_m, cross_m, offset_m = (np.full(len(basis.best), np.nan) for _ in range(3))
    away_m = np.stack([route.away_m for route in routes.values()])
    nearest = np.array(list(routes))[np.nan_to_num(away_m, nan=np.inf).argmin(axis=0)]
    named = basis.best >= 0
    named_on = np.where(named, taught.routes[np.where(named, basis.best, 0)], nearest)
    beside = nearest.copy()
    for number, near in at_hand(routes).items():
        beside[(named_on == number) & near] = number
    for number, route in routes.items():
        queries = np.flatnonzero((named_on == number) | (beside == number))
        true = route.project(truth, queries)
        answered, here = named_on[queries] == number, beside[queries] == number
        rows = route.local(np.where(answered, basis.best[queries], -1))
        answers = of_references(route.path, rows)
        along_m[queries[answered]] = route.path.ahead_m(answers.s_m, true.s_m)[answered]
        cross_m[queries[answered]] = (answers.left_m - true.left_m)[answered]
        offset_m[queries[here]] = true.left_m[here]
    return Placed(along_m, cross_m, offset_m)


def at_hand(routes: Mapping[int, Route]) -> dict[int, np.ndarray]:
    """Return, by number, (Q,) bool: no other route is nearer to the query by over WINDOW_M."""
    nearest_m = np.fmin.reduce([route.away_m for route in routes.values()])
    return {number: route.away_m <= nearest_m + WINDOW_M for number, route in routes.items()}
