# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

"""
A small controller that repeats a route by what the localizer publishes and by odometry.

It keeps three numbers: how far along the taught path the robot is, how far left of it, how far
turned from it. Odometry carries them on; every accepted match corrects each by a share:

- the way along by where the reference lies;
- the turn by the heading of the query against its reference;
- the offset by the shift of the picture that this turn does not explain: a camera that stands left
  of the taught line sees things further right, the nearer the more. How near they are on the whole
  is a guess (`depth_m`). It scales the correction, and that is all: at the line the shift is 0.

So matches bound the error across the path as in bearing-only teach and repeat (Krajnik et al.,
https://arxiv.org/abs/1711.05348), and odometry bridges what lies between two answers, as in
Dall'Osto et al., https://arxiv.org/abs/2010.11326. Whether it may drive at all is decided by the
rules of docs/safety.md. It never learns where the robot truly is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
import math

from anyloc_ros.config import MonitorConfig
from anyloc_ros.parameter import Checked, parameter
from anyloc_ros.simulate.closed_loop.path import BelievedPath
from anyloc_ros.simulate.closed_loop.permit import DRIVE, Permit, SLOW, STOP
import numpy as np

HISTORY = 1000
"""States kept to look up the one at the stamp of an image: 50 s at 20 Hz."""

_SLOW_SHARE = 0.3
_STEEPEST_RAD = 0.4
_CREEP_MPS = 0.1
_STRAY_SHARE = 0.1
"""Odometry is better than this."""
_SHARPEST = 0.3
"""A robot so far inside of a bend that it would turn on the spot is past what this can steer."""


@dataclass(frozen=True, slots=True)
class ControllerConfig(Checked):
    """How the controller corrects and drives."""

    along_gain: float = parameter(
        0.15, 'share of the error along the path that a match corrects', low=0.0, high=1.0
    )
    turn_gain: float = parameter(
        0.5, 'share of the error of the heading that a match corrects', low=0.0, high=1.0
    )
    left_gain: float = parameter(
        0.2, 'share of the offset from the path that a match corrects', low=0.0, high=1.0
    )
    depth_m: float = parameter(
        3.0, 'how far away the things in view are on the whole', low=0.1, high=100.0
    )
    heading_sigma_deg: float = parameter(
        5.0, 'a heading that is less sure than this corrects nothing', low=0.0, high=90.0
    )
    approach_m: float = parameter(1.0, 'way in which it returns to the path', low=0.1, high=20.0)
    turn_m: float = parameter(0.5, 'way in which it turns as wanted', low=0.05, high=20.0)
    braking_mps2: float = parameter(0.4, 'how it slows down before the goal', low=0.01, high=20.0)
    goal_region_m: float = parameter(
        0.3, 'a match with a reference this near to the goal shows the goal', low=0.0, high=10.0
    )
    goal_early_m: float = parameter(
        0.05, 'it stops when this is left to the goal', low=0.0, high=10.0
    )
    goal_late_m: float = parameter(
        0.5, 'it gives up this far behind where the goal should have been', low=0.0, high=10.0
    )
    give_up_s: float = parameter(
        10.0, 'a robot that may not drive for so long needs help', low=0.1, high=3600.0
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What `~/matches` said of one image: stamp, and the first point if it is an accepted one.

    `reference_id` is None without an accepted match. Shift in px and heading in rad are those of
    the query against the reference, NaN where they could not be told.
    """

    stamp_s: float
    reference_id: int | None
    shift_px: float = math.nan
    heading_rad: float = math.nan
    heading_sigma: float = math.nan


@dataclass(frozen=True, slots=True)
class Command:
    """
    Speed (m/s) and turn rate (rad/s), and why.

    `correction_rad` is the heading wanted against that of the path, above 0 to the left: to which
    side the controller takes the path to be. `permit` is drive, slow or stop.
    """

    forward_mps: float
    turn_rps: float
    correction_rad: float
    permit: str
    reason: str


class RepeatController:
    """
    Drives along the path to its end.

    `arrived` tells that it stopped at the goal; `gave_up` says in words why it will not drive on.
    """

    def __init__(
        self,
        path: BelievedPath,
        speed_mps: float,
        focal_px: float,
        config: ControllerConfig,
        monitor: MonitorConfig,
        max_age_s: float,
    ) -> None:
        self._path = path
        self._speed_mps = speed_mps
        self._focal_px = focal_px
        self._config = config
        self._permit = Permit(monitor, max_age_s)
        self._state = np.zeros(3)
        self._history: deque[tuple[float, np.ndarray]] = deque(maxlen=HISTORY)
        self._way_m = self._corrected_m = 0.0
        self._has_place = False
        self._sees_goal = False
        self._stands_since_s: float | None = None
        self.arrived = False
        self.gave_up = ''

    @property
    def state(self) -> tuple[float, float, float]:
        """Return the way along the path and left of it, metres, and the turn from it, rad."""
        along_m, left_m, turned_rad = self._state.tolist()
        return along_m, left_m, turned_rad

    def on_odometry(self, seconds: float, way_m: float, turn_rad: float) -> None:
        """Carry the state on by what the wheels tell since the time before."""
        along_m, left_m, turned_rad = self.state
        bend = self._path.bend_at(along_m)
        # Against the path, which turns as well on the way.
        middle = turned_rad + (turn_rad - bend * way_m) / 2
        ahead_m = along_m + way_m * math.cos(middle) / max(1 - bend * left_m, _SHARPEST)
        bend_rad = self._path.yaw_at(ahead_m) - self._path.yaw_at(along_m)
        turned_rad = math.remainder(turned_rad + turn_rad - bend_rad, math.tau)
        self._state = np.array([ahead_m, left_m + way_m * math.sin(middle), turned_rad])
        self._way_m += abs(way_m)
        self._history.append((seconds, self._state))

    def on_answer(self, heard: Heard) -> None:
        """Take an answer, which is about the image of its stamp."""
        then = self._at(heard.stamp_s)
        if heard.reference_id is None:
            self._permit.rejected(heard.stamp_s)
            return
        s_m, _ = self._path.reference(heard.reference_id)
        apart_m = self._apart_m(s_m - float(then[0])) if self._has_place else 0.0
        if not self._permit.accepted(heard.stamp_s, self._way_m, apart_m):
            return
        missing = self._missing(heard, then)
        if self._has_place:
            config = self._config
            missing *= (config.along_gain, config.left_gain, config.turn_gain)
            self._corrected_m += float(missing[0])
        self._has_place = True
        self._state = self._state + missing
        self._history = deque(
            ((seconds, state + missing) for seconds, state in self._history), maxlen=HISTORY
        )
        self._sees_goal = self.shows_goal(heard)

    def shows_goal(self, heard: Heard) -> bool:
        """Return whether an answer is a match with a reference at the goal."""
        if heard.reference_id is None:
            return False
        s_m, _ = self._path.reference(heard.reference_id)
        return s_m >= self._path.length_m - self._config.goal_region_m

    def command(self, seconds: float) -> Command:
        """Return what the robot is to do now."""
        permit, reason = self._permit.advise(seconds, self._way_m)
        if self.arrived or self.gave_up:
            return Command(0.0, 0.0, 0.0, STOP, self.gave_up or 'arrived')
        if permit == STOP:
            return self._stand(seconds, reason)
        self._stands_since_s = None
        along_m, left_m, turned_rad = self.state
        left_to_go_m = self._path.length_m - along_m
        if left_to_go_m <= self._config.goal_early_m and self._sees_goal:
            self.arrived = True
            return Command(0.0, 0.0, 0.0, STOP, 'arrived')
        if left_to_go_m < -self._config.goal_late_m:
            self.gave_up = 'the goal was not seen where it should be'
            return Command(0.0, 0.0, 0.0, STOP, self.gave_up)
        share = {DRIVE: 1.0, SLOW: _SLOW_SHARE}[permit]
        braking_mps = math.sqrt(2 * self._config.braking_mps2 * max(left_to_go_m, 0.0))
        forward_mps = min(share * self._speed_mps, max(braking_mps, _CREEP_MPS))
        wanted_rad = -left_m / self._config.approach_m
        wanted_rad = max(-_STEEPEST_RAD, min(wanted_rad, _STEEPEST_RAD))
        bend = self._path.bend_at(along_m) + (wanted_rad - turned_rad) / self._config.turn_m
        return Command(forward_mps, forward_mps * bend, wanted_rad, permit, reason)

    def _stand(self, seconds: float, reason: str) -> Command:
        if self._stands_since_s is None:
            self._stands_since_s = seconds
        if seconds - self._stands_since_s > self._config.give_up_s:
            self.gave_up = f'stood for {self._config.give_up_s:g} s: {reason}'
        return Command(0.0, 0.0, 0.0, STOP, reason)

    def _at(self, stamp_s: float) -> np.ndarray:
        """Return the state at a time, the oldest known one if it was before."""
        for seconds, state in reversed(self._history):
            if seconds <= stamp_s + 1e-9:
                return state
        return self._history[0][1] if self._history else self._state

    def _apart_m(self, ahead_m: float) -> float:
        """
        Return how far a match is from what odometry tells, by itself or with those before it.

        A localizer that names one place for ever is never far off at once: each match takes the
        controller back a bit.
        """
        strayed_m = abs(self._corrected_m + ahead_m) - _STRAY_SHARE * self._way_m
        return max(abs(ahead_m), strayed_m)

    def _missing(self, heard: Heard, then: np.ndarray) -> np.ndarray:
        """Return what the state at the stamp lacks to agree with the answer, 0 if unknown."""
        s_m, yaw_rad = self._path.reference(heard.reference_id)
        missing = np.array([s_m - then[0], 0.0, 0.0])
        sure = heard.heading_sigma <= math.radians(self._config.heading_sigma_deg)
        if not sure or math.isnan(heard.shift_px):
            return missing
        # Against the path where the robot was, not where the reference lies: bends are between.
        there_m = float(then[0]) if self._has_place else s_m
        turned_rad = heard.heading_rad + yaw_rad - self._path.yaw_at(there_m)
        aside_rad = math.atan(heard.shift_px / self._focal_px) - heard.heading_rad
        missing[1] = self._config.depth_m * aside_rad - then[1]
        missing[2] = turned_rad - then[2]
        return missing
