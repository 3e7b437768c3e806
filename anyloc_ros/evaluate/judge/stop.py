# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""Stop and hold at the goals of a map, had a robot driven these images and stopped by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.judge.basis import Basis
from anyloc_ros.evaluate.judge.figures_config import FiguresConfig
from anyloc_ros.evaluate.judge.routes import at_hand, Route
from anyloc_ros.evaluate.metrics.spread import spread
from anyloc_ros.evaluate.metrics.stop import stop_score, StopConfig, StopRun, StopScore
from anyloc_ros.evaluate.record import RunRecord, Taught
import numpy as np

NAMED_SHARE = 0.5
"""
References up to this share of `stop_distance_m` from the goal name it.

A right answer comes up to half a spacing before its reference. With a larger share it would be a
false stop; with none a robot among dense references would not hold.
"""


def stop_figures(
    record: RunRecord,
    basis: Basis,
    routes: Mapping[int, Route],
    config: FiguresConfig,
    stop: StopConfig,
) -> StopScore | None:
    """
    Return stop and hold over the goals; None where no drive leads to one.

    A drive to a goal are the queries on its route (no other route is nearer to them by more than
    2 m) where they begin before the goal. On a closed route they begin on the lap that ends at it.
    Without real time the hold window ends by images alone, and no latency is known.
    """
    drives = [
        drive
        for goal in _goals(record.taught, routes, config, NAMED_SHARE * stop.stop_distance_m)
        if (drive := _drive(record, basis, routes, goal, config, stop)) is not None
    ]
    if not drives:
        return None
    score = stop_score(drives, stop if record.real_time else replace(stop, hold_s=math.inf))
    if record.real_time:
        return score
    return replace(
        score,
        latency_s=spread(np.full(len(drives), np.nan)),
        outcomes=tuple(replace(outcome, latency_s=math.nan) for outcome in score.outcomes),
    )


def definition(config: FiguresConfig, stop: StopConfig) -> str:
    """Return in words what stop and hold mean here, to be printed beside the figures."""
    alike = (
        f' and its cosine is at least {config.stop_similarity:g}'
        if config.stop_similarity > -1
        else ''
    )
    goals = f'references {config.goals}' if config.goals else 'the last reference of each route'
    return (
        f'{stop.definition()} The goals are {goals}; --set '
        f'goals=ID,ID names others. An answer names the goal when its best reference is the '
        f'goal, or at most {NAMED_SHARE * stop.stop_distance_m:g} m from it along the route (on '
        f'another route: in the plane, facing the same way); it is similar enough when it is '
        f'accepted{alike}.'
    )


def _goals(
    taught: Taught, routes: Mapping[int, Route], config: FiguresConfig, window_m: float
) -> list[int]:
    """Return the rows of the goals; of several at the same place the first."""
    if config.goals:
        row_of = {id_: row for row, id_ in enumerate(taught.ids.tolist())}
        ids = list(dict.fromkeys(map(int, config.goals.split(','))))
        unknown = [id_ for id_ in ids if id_ not in row_of]
        if unknown:
            raise ConfigError(
                f'goals: the map has no reference {unknown[0]}; its ids are '
                f'{min(row_of)} to {max(row_of)}'
            )
        nowhere = [id_ for id_ in ids if not _has_place(row_of[id_], taught, routes)]
        if nowhere:
            raise ConfigError(
                f'goals: it is not known where reference {nowhere[0]} is on its route; name one '
                f'with a position'
            )
        return [row_of[id_] for id_ in ids]
    chosen: list[int] = []
    for route in routes.values():
        goal = int(route.rows[np.isfinite(route.path.arc_m)][-1])
        if not any(_names(taught, routes, other, window_m)[goal] for other in chosen):
            chosen.append(goal)
    return chosen


def _has_place(row: int, taught: Taught, routes: Mapping[int, Route]) -> bool:
    route = routes.get(int(taught.routes[row]))
    return route is not None and not math.isnan(route.path.arc_m[route.local(np.array([row]))[0]])


def _names(taught: Taught, routes: Mapping[int, Route], goal: int, window_m: float) -> np.ndarray:
    """Return (M,) bool: which references stand for a goal."""
    away_m = np.linalg.norm(taught.positions[:, :2] - taught.positions[goal, :2], axis=1)
    facing = np.cos(taught.yaws_rad - taught.yaws_rad[goal])
    near = (away_m <= window_m) & ~(facing < 0)
    route = routes[int(taught.routes[goal])]
    arc_m = route.path.arc_m
    near[route.rows] = np.abs(arc_m - arc_m[np.searchsorted(route.rows, goal)]) <= window_m
    return near


def _drive(
    record: RunRecord,
    basis: Basis,
    routes: Mapping[int, Route],
    goal: int,
    config: FiguresConfig,
    stop: StopConfig,
) -> StopRun | None:
    number = int(record.taught.routes[goal])
    route = routes[number]
    goal_s_m = float(route.path.arc_m[np.searchsorted(route.rows, goal)])
    queries = np.flatnonzero(at_hand(routes)[number])
    s_m = route.project(record.truth, queries).s_m
    if not len(queries) or goal_s_m <= 0:
        return None
    begin_m = goal_s_m - stop.stop_distance_m
    if route.path.closed:
        s_m = np.unwrap(s_m, period=route.path.length_m)
        s_m -= math.floor((s_m[0] - begin_m) / route.path.length_m + 1) * route.path.length_m
    if s_m[0] >= begin_m:
        return None
    best = basis.best[queries]
    names = _names(record.taught, routes, goal, NAMED_SHARE * stop.stop_distance_m)
    cosines = basis.similarity[queries]
    at_goal = basis.accepted[queries] & names[best] & ~(cosines < config.stop_similarity)
    stamps_s = (record.answers.stamps_ns[queries] - record.answers.stamps_ns[queries[0]]) / 1e9
    seconds = stamps_s if record.real_time else np.arange(len(queries), dtype=float)
    return StopRun(seconds, s_m, at_goal, goal_s_m)
