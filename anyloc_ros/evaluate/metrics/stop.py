# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
Stop and hold: does a robot that stops where it recognizes its goal stop there, and stay.

A drive is a sequence of images with two truths (time and way along the taught path) and one
answer: whether the stop condition holds, which is that the answer is accepted, names the goal and
is similar enough. Whatever produced the answers, the same figures come out. On a recorded drive
the robot does not act on them, so several stops may be raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from anyloc_ros.errors import ConfigError
from anyloc_ros.evaluate.metrics.intervals import (
    Estimate,
    event_rate,
    means,
    Resampling,
    RUNS,
    wilson,
)
from anyloc_ros.evaluate.metrics.spread import Spread, spread
from anyloc_ros.parameter import Checked, parameter
import numpy as np


@dataclass(frozen=True, slots=True)
class StopConfig(Checked):
    """What a stop, a false stop and a failed hold are."""

    raise_images: int = parameter(
        1,
        'images in a row on which the stop condition must hold to raise a stop',
        low=1,
        high=1000,
    )
    stop_distance_m: float = parameter(
        0.5, 'a stop is false this far before the goal, missed this far behind it', low=0.0
    )
    hold_window_m: float = parameter(
        0.5, 'w: the hold is looked at this far around the goal', low=0.0
    )
    hold_images: int = parameter(10, 'H: images of the hold window', low=1, high=100000)
    hold_needed: int = parameter(
        8, 'M: of H images, those on which the stop condition must hold', low=1, high=100000
    )
    hold_s: float = parameter(2.0, 'T: the hold window is no longer than this', low=0.0)

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        if self.hold_needed > self.hold_images:
            raise ConfigError(
                f'hold_needed: expected at most hold_images = {self.hold_images}, '
                f'got {self.hold_needed}'
            )

    def definition(self) -> str:
        """Return in words what the figures mean, to be printed beside them."""
        return (
            f'A stop is raised when the stop condition (accepted, names the goal, similar enough) '
            f'has held on {self.raise_images} image(s) in a row. It is false more than '
            f'{self.stop_distance_m:g} m before the goal; a goal is missed when the robot gets '
            f'more than {self.stop_distance_m:g} m behind it and no stop was raised, or still '
            f'up, within {self.stop_distance_m:g} m of it. A goal that was not reached is not '
            f'counted as missed or not, and among false stops only where one was raised. The hold '
            f'window opens at the first image within {self.hold_window_m:g} m of the goal on '
            f'which the condition holds, and has {self.hold_images} images or those of '
            f'{self.hold_s:g} s, if that is fewer; the hold fails when the condition holds on '
            f'fewer than {self.hold_needed} of {self.hold_images} of them (the same share of '
            f'fewer), or on no image within '
            f'{self.hold_window_m:g} m although the robot passed by or stayed that long.'
        )


@dataclass(frozen=True, slots=True, eq=False)
class StopRun:
    """
    One drive to one goal, image by image (n,), n 1 or more.

    `seconds` rises; `s_m` is the true way along the taught path, which goes on counting where a
    closed path begins again; `at_goal` bool is the stop condition. `rest_s_m` is where the robot
    came to rest in the end, NaN for a recorded drive.
    """

    seconds: np.ndarray
    s_m: np.ndarray
    at_goal: np.ndarray
    goal_s_m: float
    rest_s_m: float = math.nan

    def __post_init__(self) -> None:
        shape = np.shape(self.seconds)
        if not shape[0] or not shape == np.shape(self.s_m) == np.shape(self.at_goal):
            raise ValueError(
                f's_m and at_goal: expected shape {shape} as seconds, not empty, '
                f'got {np.shape(self.s_m)} and {np.shape(self.at_goal)}'
            )
        if not np.isfinite(self.s_m).all() or not self.goal_s_m > 0:
            raise ValueError(
                f'expected a known s_m at every image and goal_s_m above 0, got '
                f'{int((~np.isfinite(self.s_m)).sum())} unknown and {self.goal_s_m}'
            )


@dataclass(frozen=True, slots=True)
class StopOutcome:
    """
    How one drive ended; NaN or None where that cannot be said.

    `stop_err_m`: rest minus goal, above 0 is late. `stops_s_m`: where stops were raised.
    `false_stops`: how many of them too early. `missed`: got past the goal without a stop there.
    `latency_s` and `overrun_m`: from truly crossing the goal to the stop raised there, below 0
    where it came first; NaN where the goal was not crossed or no stop was raised there.
    `hold_failed`: None where the goal was not reached or the window did not end.
    `progress`: s at the first stop / s of the goal.
    """

    stop_err_m: float
    stops_s_m: tuple[float, ...]
    false_stops: int
    missed: bool
    latency_s: float
    overrun_m: float
    hold_failed: bool | None
    progress: float
    reached_m: float


def stop_outcome(run: StopRun, config: StopConfig) -> StopOutcome:
    """Return how one drive ended; `config.definition()` says what the words mean."""
    s_m, seconds = np.asarray(run.s_m, float), np.asarray(run.seconds, float)
    standing = _standing(np.asarray(run.at_goal, bool), config.raise_images)
    raised = np.flatnonzero(standing & ~np.append(False, standing[:-1])).tolist()
    behind_m = s_m - run.goal_s_m
    near = np.abs(behind_m) <= config.stop_distance_m
    there = [n for n in raised if near[n]]
    crossed_s = _crossing_s(seconds, behind_m)
    return StopOutcome(
        stop_err_m=run.rest_s_m - run.goal_s_m,
        stops_s_m=tuple(s_m[raised].tolist()),
        false_stops=sum(bool(behind_m[n] < -config.stop_distance_m) for n in raised),
        missed=bool(behind_m.max() > config.stop_distance_m and not (standing & near).any()),
        latency_s=float(seconds[there[0]] - crossed_s) if there else math.nan,
        overrun_m=float(behind_m[there[0]]) if there and not math.isnan(crossed_s) else math.nan,
        hold_failed=_hold_failed(seconds, behind_m, np.asarray(run.at_goal, bool), config),
        progress=float(s_m[raised[0]] / run.goal_s_m) if raised else math.nan,
        reached_m=float(s_m.max()),
    )


def _standing(at_goal: np.ndarray, images: int) -> np.ndarray:
    """Return (n,) bool: the condition has held on so many images in a row, this one included."""
    held = np.cumsum(np.append(np.zeros(images), at_goal))
    return held[images:] - held[:-images] == images


def _crossing_s(seconds: np.ndarray, behind_m: np.ndarray) -> float:
    """Return when the goal was first reached, between two images in proportion; NaN if never."""
    after = np.flatnonzero(behind_m >= 0)
    if not len(after):
        return math.nan
    at = int(after[0])
    if at == 0:
        return float(seconds[0]) if behind_m[0] == 0 else math.nan
    part = behind_m[at - 1] / (behind_m[at - 1] - behind_m[at])
    return float(seconds[at - 1] + part * (seconds[at] - seconds[at - 1]))


def _hold_failed(
    seconds: np.ndarray, behind_m: np.ndarray, at_goal: np.ndarray, config: StopConfig
) -> bool | None:
    inside = np.abs(behind_m) <= config.hold_window_m
    if not (inside & at_goal).any():
        passed = behind_m.min() <= config.hold_window_m < behind_m.max()
        inside_s = seconds[inside]
        stayed = len(inside_s) >= config.hold_images or (
            len(inside_s) > 0 and np.ptp(inside_s) >= config.hold_s
        )
        return True if passed or stayed else None
    opened = int((inside & at_goal).argmax())
    left = np.flatnonzero(~inside[opened:])
    stay = slice(opened, opened + int(left[0]) if len(left) else None)
    passed_s = seconds[stay] - seconds[opened]
    kept = at_goal[stay][passed_s <= config.hold_s][: config.hold_images]
    if len(kept) < config.hold_images and not passed_s[-1] >= config.hold_s:
        return None
    return bool(kept.sum() < math.ceil(config.hold_needed * len(kept) / config.hold_images))


@dataclass(frozen=True, slots=True)
class StopScore:
    """
    Stop and hold over several drives; `definition` says what the words mean.

    `stop_err_m` and `progress` leave out drives without a rest or a stop, `latency_s` and
    `overrun_m` those without a crossing or a stop there, `hold_failed` those that cannot be
    judged: each estimate says from how many it is. `false_stops_per_km` is per km of way along the
    path, `with_false_stop` the share of drives that had one or more.
    """

    stop_err_m: Spread
    false_stops_per_run: Estimate
    false_stops_per_km: Estimate
    with_false_stop: Estimate
    missed: Estimate
    latency_s: Spread
    overrun_m: Spread
    hold_failed: Estimate
    progress: Estimate
    runs: int
    definition: str
    outcomes: tuple[StopOutcome, ...]


def stop_score(
    runs: Sequence[StopRun], config: StopConfig, resampling: Resampling = RUNS
) -> StopScore:
    """
    Return stop and hold figures over drives that do not depend on each other.

    A drive that ended before its goal says nothing of `missed`, and nothing of false stops per run
    where it raised none: it is not counted there.

    stop_err as the along-track goal error of Claxton et al., RA-L 2024,
    https://arxiv.org/abs/2407.08162; the others are of this project, see StopConfig.definition.
    """
    outcomes = tuple(stop_outcome(run, config) for run in runs)
    falsely = np.array([outcome.false_stops for outcome in outcomes], float)
    ways_km = np.array([np.ptp(run.s_m) for run in runs], float) / 1000
    progress = np.array([outcome.progress for outcome in outcomes], float)
    judged = [o.hold_failed for o in outcomes if o.hold_failed is not None]
    reached = [
        outcome.reached_m >= run.goal_s_m - config.stop_distance_m
        for run, outcome in zip(runs, outcomes, strict=True)
    ]
    stopped = np.array([bool(outcome.stops_s_m) for outcome in outcomes], bool)
    told = falsely[stopped | np.array(reached, bool)]
    return StopScore(
        stop_err_m=spread(np.array([o.stop_err_m for o in outcomes]), resampling),
        false_stops_per_run=event_rate(told, np.ones(len(told)), resampling),
        false_stops_per_km=event_rate(falsely, ways_km, resampling),
        with_false_stop=wilson(int((told > 0).sum()), len(told)),
        missed=wilson(sum(o.missed for o in outcomes), sum(reached)),
        latency_s=spread(np.array([o.latency_s for o in outcomes]), resampling),
        overrun_m=spread(np.array([o.overrun_m for o in outcomes]), resampling),
        hold_failed=wilson(sum(judged), len(judged)),
        progress=means(progress[:, None], np.isfinite(progress), resampling)[0],
        runs=len(outcomes),
        definition=config.definition(),
        outcomes=outcomes,
    )
